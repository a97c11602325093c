"""TLS and passwords in both addresses, as users of managed servers have them."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.command import Rrmq, without_settings
from kit.secure_servers import BROKER_USER, PASSWORD, SecureServers, secure_servers
from kombu.exceptions import OperationalError

from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.errors import BrokerUnavailable

WRONG = "n0t-the-password@all"


@pytest.fixture(scope="module")
def servers_with_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureServers]:
    with secure_servers(tmp_path_factory.mktemp("tls")) as secure:
        yield secure


@pytest.fixture
def command(servers_with_tls: SecureServers, tmp_path: Path) -> Rrmq:
    """The command with both addresses right, and the tables made."""
    there = at(tmp_path, servers_with_tls.database_url(), servers_with_tls.broker_url())
    there.ok("db", "upgrade")
    return there


def at(home: Path, database_url: str, broker_url: str) -> Rrmq:
    return Rrmq(
        without_settings()
        | {
            "RRMQ_DATABASE_URL": database_url,
            "RRMQ_BROKER_URL": broker_url,
            "RRMQ_HOME": str(home / "home"),
        }
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The complaint of a command that failed as it should: one line, exit code 1, no password."""
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for secret in (PASSWORD, WRONG, "s3cr", "p@ss", "n0t-the", "p%40ss"):
        assert secret not in done.stderr
    return done.stderr


def test_a_job_runs_over_tls_with_passwords_full_of_special_characters(
    servers_with_tls: SecureServers,
    command: Rrmq,
    example: Path,
    tmp_path: Path,
    ended: list[subprocess.Popen[bytes]],
) -> None:
    fleet = servers_with_tls.broker_url(user=BROKER_USER, reqs="CERT_REQUIRED")
    worker = at(tmp_path, "", fleet)
    ended += [command.start("coordinator"), worker.start("worker", "--judge", "reference")]
    status = json.loads(command.ok("submit", str(example), "--watch", "--json"))
    assert (status["state"], status["matches"]["done"]) == ("succeeded", 84)
    looked = command.ok("doctor")
    assert PASSWORD not in looked
    assert "s3cr" not in looked


@pytest.mark.parametrize("verb", ["list", "coordinator"])
def test_a_wrong_database_password_is_one_line(
    servers_with_tls: SecureServers, tmp_path: Path, verb: str
) -> None:
    url = servers_with_tls.database_url(password=WRONG)
    line = one_line(at(tmp_path, url, servers_with_tls.broker_url())(verb))
    assert "password authentication failed" in line


@pytest.mark.parametrize("verb", ["list", "coordinator"])
def test_a_database_with_another_certificate_is_one_line(
    servers_with_tls: SecureServers, tmp_path: Path, verb: str
) -> None:
    url = servers_with_tls.database_url(ca=servers_with_tls.other_ca)
    line = one_line(at(tmp_path, url, servers_with_tls.broker_url())(verb))
    assert "certificate verify failed" in line


def test_a_database_under_another_name_is_one_line(
    servers_with_tls: SecureServers, tmp_path: Path
) -> None:
    url = servers_with_tls.database_url(host="127.0.0.1")
    line = one_line(at(tmp_path, url, servers_with_tls.broker_url())("list"))
    assert "does not match host name" in line


@pytest.mark.parametrize("verb", ["worker", "coordinator"])
@pytest.mark.parametrize("user", ["", BROKER_USER])
def test_a_wrong_broker_password_is_one_line(
    servers_with_tls: SecureServers, command: Rrmq, tmp_path: Path, verb: str, user: str
) -> None:
    url = servers_with_tls.broker_url(user=user, password=WRONG)
    line = one_line(at(tmp_path, command.environment["RRMQ_DATABASE_URL"], url)(verb))
    assert "invalid username-password pair" in line


@pytest.mark.parametrize("verb", ["worker", "coordinator"])
@pytest.mark.parametrize("case", ["ca", "name"])
def test_a_broker_with_another_certificate_is_one_line(
    servers_with_tls: SecureServers, command: Rrmq, tmp_path: Path, verb: str, case: str
) -> None:
    url = (
        servers_with_tls.broker_url(ca=servers_with_tls.other_ca)
        if case == "ca"
        else servers_with_tls.broker_url(host="127.0.0.1")
    )
    line = one_line(at(tmp_path, command.environment["RRMQ_DATABASE_URL"], url)(verb))
    assert "CERTIFICATE_VERIFY_FAILED" in line


def test_a_job_submitted_with_a_wrong_broker_password_is_stored_and_says_so(
    servers_with_tls: SecureServers, command: Rrmq, example: Path, tmp_path: Path
) -> None:
    url = servers_with_tls.broker_url(password=WRONG)
    done = at(tmp_path, command.environment["RRMQ_DATABASE_URL"], url)(
        "submit", str(example), "--seed", "7"
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 1)
    assert "the job is stored" in done.stderr
    assert WRONG not in done.stderr


@pytest.mark.parametrize("options", ["", "?ssl_ca_certs={other}"])
def test_both_clients_verify_without_being_asked_to(
    servers_with_tls: SecureServers, options: str
) -> None:
    bare = servers_with_tls.broker_url().partition("?")[0]
    url = bare + options.format(other=servers_with_tls.other_ca)
    with (
        pytest.raises(OperationalError, match="CERTIFICATE_VERIFY_FAILED"),
        create_app(url).connection_for_write() as connection,
    ):
        connection.ensure_connection(max_retries=1)
    with pytest.raises(BrokerUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        BrokerClient(lambda: create_app(url), redis_client(url)).epoch()


def test_verifying_nothing_must_be_asked_for(servers_with_tls: SecureServers) -> None:
    url = servers_with_tls.broker_url(ca=servers_with_tls.other_ca, reqs="none")
    BrokerClient(lambda: create_app(url), redis_client(url)).wake()
    assert BrokerClient(lambda: create_app(url), redis_client(url)).epoch()
