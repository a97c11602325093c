"""Fixtures that every kind of test shares: real servers in a home folder of their own."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings

from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.local.stack import Addresses, LocalStack
from rrm_queue.seeds import derive
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.database import Database
from rrm_queue.store.schema import upgrade

# A shell ignores Ctrl-C in what it starts in the background, and processes of tests inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no reason to fail. `make test-fast` chooses the profile `fast`.
settings.register_profile(
    "full", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fast", settings.get_profile("full"), max_examples=20)
settings.load_profile("full")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """A PostgreSQL and a Valkey from the wheels, for the whole run."""
    stack = LocalStack(tmp_path_factory.mktemp("servers"))
    try:
        yield stack.ensure_services()
    finally:
        stack.down()


@pytest.fixture(scope="session")
def template(servers: Addresses) -> str:
    """The name of a database with tables and no rows; to copy it is faster than to migrate."""
    name = "template_rrmq"
    with autocommit(servers.database_url) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    empty = Database(url_of(servers, name))
    upgrade(empty)
    empty.close()
    return name


@pytest.fixture
def database(
    servers: Addresses, template: str, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A store with tables and no rows, in a database of the test's own."""
    with database_copy(servers, template, request.node.nodeid) as own:
        yield own


@pytest.fixture(scope="module")
def module_database(
    servers: Addresses, template: str, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A store for all tests of a module; none of them may leave a change behind."""
    with database_copy(servers, template, request.node.nodeid) as own:
        yield own


@contextmanager
def database_copy(servers: Addresses, template: str, owner: str) -> Iterator[Database]:
    """A copy of the template, dropped at the end."""
    name = f"test_{derive(owner):x}"
    with autocommit(servers.database_url) as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    own = Database(url_of(servers, name))
    try:
        yield own
    finally:
        own.close()
        with autocommit(servers.database_url) as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def broker(servers: Addresses) -> Iterator[BrokerClient]:
    """A broker with nothing in it."""
    client = redis_client(servers.broker_url)
    client.flushall()
    app = create_app(servers.broker_url)
    yield BrokerClient(lambda: app, client)
    app.close()
    client.close()


@contextmanager
def autocommit(url: str) -> Iterator[Connection]:
    """A connection that runs each statement by itself, as CREATE DATABASE wants it."""
    with Database(url).connect_alone() as connection:
        yield connection


def url_of(servers: Addresses, name: str) -> str:
    """The address of another database of the same server."""
    return servers.database_url.replace("/rrmq?", f"/{name}?")
