"""What doctor says of the broker's memory, on a real Valkey."""

from collections.abc import Iterator

import pytest
from kit.waiting import eventually
from redis import Redis

from rrm_queue.actions.doctor import Check, memory_check
from rrm_queue.broker.client import redis_client
from rrm_queue.broker.memory import memory_of
from rrm_queue.local.stack import Addresses

SETTINGS = ("maxmemory", "maxmemory-policy", "appendonly", "save")


@pytest.fixture
def server(servers: Addresses) -> Iterator[Redis]:
    """A server that has its own settings again after the test."""
    with redis_client(servers.broker_url) as client:
        before = {name: client.config_get(name)[name] for name in SETTINGS}
        yield client
        for name, value in before.items():
            client.config_set(name, value)
        # a server that writes its first file does not end when it is asked to
        eventually(
            lambda: not client.info("persistence")["aof_rewrite_in_progress"], "the file is written"
        )


def check(server: Redis, **settings: str | int) -> Check:
    for name, value in settings.items():
        server.config_set(name.replace("_", "-"), value)
    return memory_check(memory_of(server))


def test_the_local_stacks_broker_is_well(server: Redis) -> None:
    found = check(server)
    assert found.well
    assert "no maxmemory; kept on disk" in found.detail


def test_a_broker_that_evicts_is_wrong(server: Redis) -> None:
    found = check(server, maxmemory="1gb", maxmemory_policy="allkeys-lru")
    assert not found.well
    assert "of 1,024.0 MiB (maxmemory), allkeys-lru" in found.detail
    assert "maxmemory-policy noeviction" in str(found.remedy)


def test_a_policy_without_a_limit_is_well(server: Redis) -> None:
    assert check(server, maxmemory_policy="allkeys-lru").well


def test_a_full_broker_is_wrong(server: Redis) -> None:
    found = check(server, maxmemory=1, maxmemory_policy="noeviction")
    assert not found.well
    assert "raise `maxmemory`" in str(found.remedy)


def test_a_broker_that_writes_nothing_to_disk_is_noted(server: Redis) -> None:
    found = check(server, appendonly="no", save="")
    assert found.well
    assert "not kept on disk" in found.detail


def test_a_server_that_forbids_config_is_told_apart(servers: Addresses, server: Redis) -> None:
    server.acl_setuser(
        "managed",
        enabled=True,
        nopass=True,
        keys=["*"],
        categories=["+@all"],
        commands=["-config"],
    )
    try:
        with redis_client(servers.broker_url) as client:
            client.auth("any", "managed")
            assert "cannot be read: CONFIG is forbidden" in memory_check(memory_of(client)).detail
    finally:
        server.acl_deluser("managed")
