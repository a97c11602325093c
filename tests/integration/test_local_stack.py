import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from kit.waiting import PATIENCE, eventually

from rrm_queue.errors import StackFault, StackStopped
from rrm_queue.local import binaries
from rrm_queue.local.daemon import Daemon, one_at_a_time
from rrm_queue.local.stack import Addresses, LocalStack

SLEEP = "import time; time.sleep(600)"
IGNORE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
LINGER = (
    "import signal, time;"
    "signal.signal(signal.SIGTERM, lambda *_: time.sleep(1.5) or exit()); print('up', flush=True);"
)
FORK = "import os; os.fork();"

pytestmark = pytest.mark.slow  # servers and processes are started, and killed, in every test


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    yield home
    LocalStack(home).down()


@pytest.fixture
def daemon(home: Path) -> Daemon:
    for name in ("run", "logs"):
        (home / name).mkdir(parents=True)
    return Daemon("worker", home)


def sleepers(home: Path, program: str = SLEEP) -> LocalStack:
    """A stack whose processes run a little program; their command lines name the home."""
    argv = [sys.executable, "-c", program, str(home)]
    return LocalStack(home, processes={"coordinator": argv, "worker": argv})


def start(daemon: Daemon, program: str) -> None:
    argv = [sys.executable, "-c", program]
    daemon.ensure(lambda: argv, {}, lambda: daemon.pid is not None, PATIENCE)


def postgres(addresses: Addresses, statement: str) -> list[tuple[object, ...]]:
    url = addresses.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def valkey(addresses: Addresses) -> "redis.Redis":
    return redis.Redis(
        unix_socket_path=addresses.broker_url.removeprefix("redis+socket://"),
        decode_responses=True,
    )


def leave_data(addresses: Addresses) -> None:
    postgres(addresses, "create table kept as select 42 as number")
    with valkey(addresses) as client:
        client.set("kept", "42")
        client.execute_command("WAITAOF", 1, 0, int(1000 * PATIENCE))


def assert_data(addresses: Addresses) -> None:
    assert postgres(addresses, "select number from kept") == [(42,)]
    with valkey(addresses) as client:
        assert client.get("kept") == "42"


def pids(home: Path, program: str) -> list[int]:
    """Living processes of `program` whose command line names something in `home`."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        named = any(str(home) in word for word in line)
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if named and alive and program in Path(line[0].split()[0]).name:
            found.append(process.pid)
    return found


def kill_servers(home: Path) -> None:
    for name in ("postgres", "valkey"):
        pid = Daemon(name, home).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)


def callers(home: Path, action: str) -> list[tuple[int, str]]:
    """Six processes that do `action` with a stack at the same time; exit codes and output."""
    script = (
        "import sys; from pathlib import Path; from rrm_queue.local.stack import LocalStack\n"
        f"argv = [sys.executable, '-c', {SLEEP!r}, sys.argv[1]]\n"
        "stack = LocalStack(Path(sys.argv[1]), processes={'coordinator': argv, 'worker': argv})\n"
        f"print({action})"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=-1, stderr=-2, text=True)
        for _ in range(6)
    ]
    return [(caller.wait(PATIENCE), caller.communicate()[0]) for caller in running]


def test_six_first_callers_get_one_server_each(home: Path) -> None:
    results = callers(home, "stack.ensure_services()")
    assert {code for code, _ in results} == {0}, results
    assert len({output for _, output in results}) == 1
    assert len(pids(home, "postgres")) == 1
    assert len(pids(home, "valkey-server")) == 1
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
        before = pids(home, "postgres") + pids(home, "valkey-server")
        os.killpg(terminal.pid, signal.SIGINT)
        assert terminal.wait(PATIENCE) != 0
    assert [part.running for part in LocalStack(home).inspect()[:2]] == [True, True]
    assert pids(home, "postgres") + pids(home, "valkey-server") == before


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


def test_six_callers_start_each_process_once(home: Path) -> None:
    results = callers(home, "stack.ensure_processes({})")
    assert {code for code, _ in results} == {0}, results
    assert len(pids(home, "python")) == 2
    assert sleepers(home).down() == ["worker", "coordinator"]
    assert not pids(home, "python")


def test_a_killed_process_is_found_dead_and_started_again(home: Path) -> None:
    stack = sleepers(home)
    stack.ensure_processes({})
    worker = Daemon("worker", home)
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    eventually(lambda: worker.pid is None, "the worker is gone")
    stack.ensure_processes({})
    assert worker.pid not in {None, first}
    assert len(pids(home, "python")) == 2


def test_a_child_that_a_killed_process_left_behind_does_not_pass_for_it(home: Path) -> None:
    stack = sleepers(home, FORK + SLEEP)
    stack.ensure_processes({})
    worker = Daemon("worker", home)
    first = worker.pid
    assert first is not None
    eventually(lambda: len(pids(home, "python")) == 4, "both have a child")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: worker.pid is None, "the worker is gone")
    assert worker.held()
    stack.ensure_processes({})
    assert worker.pid not in {None, first}
    eventually(lambda: len(pids(home, "python")) == 4, "both have a child")


def test_processes_of_another_mark_are_started_anew(home: Path) -> None:
    stack = sleepers(home)

    def pids() -> list[int | None]:
        return [Daemon(name, home).pid for name in ("coordinator", "worker")]

    stack.ensure_processes({}, fingerprint="one key")
    first = pids()
    stack.ensure_processes({}, fingerprint="one key")
    stack.ensure_processes({})
    assert pids() == first
    stack.ensure_processes({}, fingerprint="another key")
    assert None not in pids()
    assert not set(pids()) & set(first)


def test_a_process_gets_the_environment_it_is_given_and_no_other(home: Path) -> None:
    program = "import os, sys, time; print(sorted(os.environ), os.getcwd(), flush=True);"
    sleepers(home, program + SLEEP).ensure_processes({"RRMQ_HOME": str(home)})
    log = home / "logs" / "worker.log"
    said = eventually(log.read_text, "it says its environment")
    assert "RRMQ_HOME" in said
    assert "HOME'" not in said.replace("RRMQ_HOME'", "")
    assert said.endswith(" /\n")


def test_a_process_that_dies_at_once_is_a_fault_with_its_last_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rrm_queue.local.stack._SETTLING", PATIENCE)
    with pytest.raises(StackFault, match="the database is on fire") as fault:
        sleepers(home, "raise SystemExit('the database is on fire')").ensure_processes({})
    assert f"(log: {home}/logs/" in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_deaf_process_is_ended_by_force(daemon: Daemon) -> None:
    start(daemon, IGNORE + SLEEP)
    eventually(lambda: daemon.log.read_text() == "up\n", "it is up")
    assert daemon.end(signal.SIGTERM, 0.2)
    assert daemon.pid is None
    assert not daemon.crashed


def test_a_large_log_is_put_aside_at_the_next_start(daemon: Daemon) -> None:
    daemon.log.write_bytes(b"x" * 10_000_001)
    start(daemon, "print('fresh', flush=True);" + SLEEP)
    eventually(lambda: daemon.log.read_text() == "fresh\n", "the new log has a line")
    assert daemon.log.with_suffix(".log.1").stat().st_size == 10_000_001


SERVERS = ("postgres", "valkey")


def pid_of(name: str, home: Path) -> int:
    pid = Daemon(name, home).pid
    assert pid is not None
    return pid


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
    addresses = stack.ensure_services()
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
        shutil.rmtree(home / name)
    addresses = stack.ensure_services()
    assert pid_of(name, home) != before
    leave_data(addresses) if not made_anew and name == "postgres" else None
    with valkey(addresses) as client:
        client.set("kept", "42")
    assert_data(addresses)


@pytest.mark.parametrize("anew", [False, True])
def test_the_processes_of_a_removed_home_end_by_themselves(home: Path, anew: bool) -> None:
    stack = sleepers(home)
    leave_data(stack.ensure_services())
    stack.ensure_processes({})
    names = ("coordinator", "worker", "guard", *SERVERS)
    running = [pid_of(name, home) for name in names]
    time.sleep(1)  # the guard looks every half second
    shutil.rmtree(home)
    if anew:
        leave_data(stack.ensure_services())
        stack.ensure_processes({})
    eventually(lambda: not any(map(is_alive, running)), "all have ended")
    if anew:
        new = [pid_of(name, home) for name in names]
        assert_data(stack.ensure_services())
        assert [pid_of(name, home) for name in names] == new


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_up(home: Path) -> None:
    """Waits until the processes of the stack have said so."""
    logs = [Daemon(name, home).log for name in ("worker", "coordinator")]
    eventually(lambda: all(log.read_text() == "up\n" for log in logs), "both are up")


def test_down_tells_what_it_waits_for(home: Path) -> None:
    stack = sleepers(home, LINGER + SLEEP)
    stack.ensure_processes({})
    wait_until_up(home)
    pids = [pid_of(name, home) for name in ("worker", "coordinator")]
    said: list[str] = []
    stack.down(said.append)
    assert said == [
        f"waiting for the worker (pid {pids[0]}) to end: it finishes the matches that it has begun",
        f"waiting for the coordinator (pid {pids[1]}) to end: it records what has arrived",
    ]


def test_down_tells_that_it_waits_for_another_command(home: Path) -> None:
    stack = sleepers(home)
    stack.ensure_processes({})
    said: list[str] = []
    thread = threading.Thread(target=stack.down, args=[said.append])
    with one_at_a_time(home / "run" / "stack.lock"):
        thread.start()
        eventually(lambda: said, "it says something")
    thread.join(PATIENCE)
    assert said[0] == "waiting for another command that starts or stops the stack"
    assert not thread.is_alive()


def test_what_down_stopped_is_started_only_by_what_came_after_it(home: Path) -> None:
    stack = sleepers(home)
    stack.ensure_services()
    earlier = time.time()
    stack.refuse_if_stopped(earlier)
    stack.down()
    for start_again in (stack.refuse_if_stopped, lambda since: stack.ensure_services(since=since)):
        with pytest.raises(StackStopped, match="rrmq down"):
            start_again(earlier)
    with pytest.raises(StackStopped, match="rrmq down"):
        stack.ensure_processes({}, since=earlier)
    assert not pids(home, "postgres")
    assert not pids(home, "python")
    stack.ensure_services()
    stack.ensure_services(since=earlier)
    stack.refuse_if_stopped(earlier)


def test_a_start_that_waits_for_a_down_does_not_undo_it(home: Path) -> None:
    stack = sleepers(home, LINGER + SLEEP)
    stack.ensure_processes({})
    wait_until_up(home)
    thread = threading.Thread(target=stack.down)
    earlier = time.time()
    thread.start()
    eventually((home / "run" / "stopped").exists, "the stack is being stopped")
    with pytest.raises(StackStopped):
        stack.ensure_services(since=earlier)
    thread.join(PATIENCE)
    assert not pids(home, "postgres")
