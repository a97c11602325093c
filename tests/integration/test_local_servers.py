"""The local stack's servers: started once, killed, broken, moved, and back with their data."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kit.homes import remove
from kit.local_stacks import (
    SERVERS,
    assert_data,
    callers,
    first_pids,
    kill_servers,
    leave_data,
    pid_of,
    pids,
    postgres,
    valkey,
)
from kit.waiting import PATIENCE, eventually

from rrm_queue.errors import StackFault
from rrm_queue.local import binaries
from rrm_queue.local.daemon import Daemon
from rrm_queue.local.stack import Addresses, LocalStack

pytestmark = pytest.mark.slow  # servers are started, and killed, in every test


def test_six_first_callers_get_one_server_each(home: Path) -> None:
    results = callers(home, "stack.ensure_services()")
    assert {code for code, _ in results} == {0}, results
    assert len({output for _, output in results}) == 1
    assert len(first_pids(home, "postgres")) == 1
    assert len(first_pids(home, "valkey-server")) == 1
    assert postgres(LocalStack(home).ensure_services(), "select current_database()") == [("rrmq",)]


def test_killed_servers_come_back_with_their_data(home: Path) -> None:
    stack = LocalStack(home)
    leave_data(stack.ensure_services())
    kill_servers(home)
    assert_data(stack.ensure_services())


def test_notes_of_a_killed_server_that_name_a_stranger_do_not_stop_the_next(home: Path) -> None:
    stack = LocalStack(home)
    leave_data(stack.ensure_services())
    kill_servers(home)
    for note in (home / "postgres/postmaster.pid", home / "sockets/.s.PGSQL.5432.lock"):
        lines = note.read_text().splitlines(keepends=True)
        note.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
    assert_data(stack.ensure_services())


def test_down_then_up_keeps_the_data(home: Path) -> None:
    stack = LocalStack(home)
    leave_data(stack.ensure_services())
    assert stack.down() == ["valkey", "postgres"]
    assert not pids(home, "postgres")
    assert not pids(home, "valkey-server")
    assert stack.down() == []
    assert_data(stack.ensure_services())


def test_half_a_cluster_is_never_taken_for_a_whole_one(home: Path) -> None:
    (home / "postgres.new-left").mkdir(parents=True)
    (home / "postgres.new-left" / "PG_VERSION").write_text("18\n")
    assert postgres(LocalStack(home).ensure_services(), "select 1") == [(1,)]
    assert not list(home.glob("postgres.new-*"))


@pytest.mark.parametrize("name", ["x" * 120, "with space, comma & 100%"])
def test_a_long_or_odd_home_works(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    stack = LocalStack(home)
    try:
        addresses = stack.ensure_services()
        leave_data(addresses)
        sockets = Path(addresses.broker_url.removeprefix("redis+socket://")).parent
        assert sockets.stat().st_mode & 0o777 == 0o700
    finally:
        stack.down()
    assert not sockets.exists()


def test_two_homes_do_not_disturb_each_other(home: Path, tmp_path: Path) -> None:
    other = LocalStack(tmp_path / "other")
    try:
        leave_data(LocalStack(home).ensure_services())
        assert postgres(other.ensure_services(), "select to_regclass('kept')") == [(None,)]
    finally:
        assert other.down() == ["valkey", "postgres"]
    assert_data(LocalStack(home).ensure_services())


def test_a_setting_wins_over_the_wheels(home: Path, tmp_path: Path) -> None:
    real = binaries.postgres_folder(None)
    programs = [real / "initdb", real / "postgres", binaries.valkey_server(None)]
    for program in programs:
        wrapper = tmp_path / program.name
        wrapper.write_text(f'#!/bin/sh\n: >"{tmp_path}/$(basename "$0").used"\nexec {program} "$@"')
        wrapper.chmod(0o755)
    chosen = LocalStack(home, postgres_bin=tmp_path, valkey_bin=tmp_path / "valkey-server")
    chosen.ensure_services()
    assert {path.stem for path in tmp_path.glob("*.used")} == {path.name for path in programs}


def test_a_missing_program_is_one_line_and_doctor_names_it(home: Path, tmp_path: Path) -> None:
    stack = LocalStack(home, postgres_bin=tmp_path / "nowhere")
    with pytest.raises(StackFault, match="RRMQ_POSTGRES_BIN") as fault:
        stack.ensure_services()
    assert "\n" not in str(fault.value)
    part = stack.inspect()[0]
    assert not part.running
    assert "RRMQ_POSTGRES_BIN" in str(part.remedy)


def test_a_home_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    stack = LocalStack(tmp_path / "home")
    with pytest.raises(StackFault, match="RRMQ_HOME") as fault:
        stack.ensure_services()
    assert "\n" not in str(fault.value)
    assert not any(part.running for part in stack.inspect())
    assert stack.down() == []


def test_an_interrupt_in_the_terminal_leaves_the_servers_alone(home: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from rrm_queue.local.stack import LocalStack\n"
        "LocalStack(Path(sys.argv[1])).ensure_services(); print('up', flush=True); input()"
    )
    terminal = subprocess.Popen(
        [sys.executable, "-c", script, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with terminal:
        assert terminal.stdout is not None
        assert terminal.stdout.readline() == b"up\n"
        before = first_pids(home, "postgres") + first_pids(home, "valkey-server")
        os.killpg(terminal.pid, signal.SIGINT)
        assert terminal.wait(PATIENCE) != 0
    assert [part.running for part in LocalStack(home).inspect()[:2]] == [True, True]
    assert first_pids(home, "postgres") + first_pids(home, "valkey-server") == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("tool", ["unshare", "setpriv"])
def test_root_runs_postgres_under_another_identity(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    namespaces = subprocess.run(["unshare", "--user", "true"], check=False).returncode == 0
    first = LocalStack(home)
    leave_data(first.ensure_services())
    first.down()
    only = tmp_path / "only"
    only.mkdir()
    (only / tool).symlink_to(shutil.which(tool) or tool)
    monkeypatch.setenv("PATH", str(only))
    if tool == "unshare" and not namespaces:
        with pytest.raises(StackFault, match="ordinary user"):
            first.ensure_services()
        return
    assert_data(first.ensure_services())
    owner = (home / "postgres" / "PG_VERSION").stat().st_uid
    assert owner == (0 if tool == "unshare" else 65534)


def test_inspect_tells_a_crash_from_a_rest_and_starts_nothing(home: Path) -> None:
    stack = LocalStack(home)
    assert [part.remedy for part in stack.inspect()] == ["`rrmq up`"] * 4
    assert not home.exists()
    stack.ensure_services()
    assert [(part.name, part.running) for part in stack.inspect()] == [
        ("postgres", True),
        ("valkey", True),
        ("coordinator", False),
        ("worker", False),
    ]
    kill_servers(home)
    eventually(lambda: Daemon("postgres", home).crashed, "Postgres is gone")
    crashed = stack.inspect()[0]
    assert not crashed.running
    assert str(home / "logs" / "postgres.log") in str(crashed.remedy)
    assert not pids(home, "postgres")


def replaced_soon(stack: LocalStack) -> Addresses:
    """Starts what must be started anew; a server counts as broken after ten seconds at most."""
    began = time.monotonic()
    addresses = stack.ensure_services()
    assert time.monotonic() - began < 40
    return addresses


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("harm", ["its socket is removed", "it is frozen"])
def test_a_server_that_lives_and_does_not_serve_is_replaced(
    home: Path, name: str, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack = LocalStack(home)
    leave_data(stack.ensure_services())
    before = pid_of(name, home)
    if harm == "it is frozen":
        os.kill(before, signal.SIGSTOP)
    else:
        socket = {"postgres": ".s.PGSQL.5432", "valkey": "valkey.sock"}[name]
        (home / "sockets" / socket).unlink()
    addresses = replaced_soon(stack)
    assert pid_of(name, home) != before
    assert_data(addresses)
    assert [record.message.endswith(": it is replaced") for record in caplog.records] == [True]


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("made_anew", [False, True])
def test_a_server_whose_data_folder_was_removed_is_replaced(
    home: Path, name: str, made_anew: bool
) -> None:
    stack = LocalStack(home)
    leave_data(stack.ensure_services())
    before = pid_of(name, home)
    if made_anew:
        stack.down()
        shutil.copytree(home / name, home / "copy", symlinks=True)
        stack.ensure_services()
        before = pid_of(name, home)
        (home / name).rename(home / "moved")
        (home / "copy").rename(home / name)
    else:
        remove(home / name)
    addresses = replaced_soon(stack)
    assert pid_of(name, home) != before
    leave_data(addresses) if not made_anew and name == "postgres" else None
    with valkey(addresses) as client:
        client.set("kept", "42")
    assert_data(addresses)
