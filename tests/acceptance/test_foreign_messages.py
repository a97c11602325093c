"""Whatever a neighbour on the broker puts into the queues: refused, not run, and work goes on."""

import base64
import json
import pickle
import signal
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kit.command import Rrmq
from kit.waiting import PATIENCE, eventually

from rrm_queue.broker.app import SERIALIZER, create_app
from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.names import COORDINATOR_QUEUE, JUDGE_TASK, WAKE_TASK
from rrm_queue.broker.transport import CONTENT_TYPE
from rrm_queue.local.stack import Addresses

PICKLE = "application/x-python-serialize"
QUEUES = {
    "coordinator": (COORDINATOR_QUEUE, WAKE_TASK),
    "worker": ("rrmq.judge.reference", JUDGE_TASK),
}
HUGE = 100 * 2**20
MARK = "X-MARK-OF-A-FOREIGN-MESSAGE"


class Trap:
    """Whoever unpickles it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.write_text, (self.path, "executed")


@pytest.fixture
def command(rrmq_there: Rrmq, broker: BrokerClient) -> Rrmq:
    """The command on servers with nothing in them."""
    return rrmq_there


@pytest.fixture
def logs(command: Rrmq, tmp_path: Path) -> Iterator[dict[str, Path]]:
    """The logs of a coordinator and a worker, which live until the end of the test."""
    files = {name: tmp_path / f"{name}.log" for name in QUEUES}
    running = []
    for name, file in files.items():
        with file.open("wb") as out:
            running.append(
                subprocess.Popen(
                    command.argv(name), env=command.environment, stdout=out, stderr=out
                )
            )
    try:
        yield files
        for process in running:
            assert process.poll() is None, "a message ended it"
            process.send_signal(signal.SIGTERM)
        assert [process.wait(PATIENCE) for process in running] == [0, 0]
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()


def envelope(body: bytes, content: str, task: str, /, **headers: object) -> dict[str, Any]:
    """A message as Celery puts it into Redis."""
    return {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "binary",
        "content-type": content,
        "headers": {"lang": "py", "task": task, "id": "00-foreign", **headers},
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": "00-foreign",
            "delivery_info": {"exchange": "", "routing_key": "x"},
        },
    }


def ours(*arguments: object, **embedded: object) -> bytes:
    return msgspec.msgpack.encode([list(arguments), {}, embedded])


def foreign(task: str, trap: Path) -> Iterator[bytes]:
    """What no process of ours sends; each must be refused with one line of the log."""
    body = ours(MARK.encode())
    yield from (b"", b"\xff\xfe\x00", b"{", b"[" * 100_000, b"null", b"[]", b'"text"', b"{}")
    whole = envelope(body, CONTENT_TYPE, task)
    for key in ("body", "content-type", "headers", "properties"):
        odd: object
        for odd in (None, 7, [], "x"):
            yield json.dumps(whole | {key: odd}).encode()
    for content, bytes_ in (
        (PICKLE, pickle.dumps(([Trap(trap)], {}, {}))),
        (PICKLE, pickle.dumps(Trap(trap))),
        (CONTENT_TYPE, pickle.dumps(Trap(trap))),
        ("application/json", b"[[], {}, {}]"),
        ("application/x-yaml", b"!!python/object/apply:os.system [exit]"),
        (CONTENT_TYPE, b""),
        (CONTENT_TYPE, body[:-3]),
        (CONTENT_TYPE, b"\x91" * 100_000),
        (CONTENT_TYPE, ours(MARK, chain=[{"task": task}])),
    ):
        yield json.dumps(envelope(bytes_, content, task)).encode()
    for headers in (
        {"task": "os.system"},
        {"task": ["x"]},
        {"id": 7},
        {"eta": "3000-01-01"},
        {"expires": "x"},
    ):
        yield json.dumps(envelope(body, CONTENT_TYPE, task, **headers)).encode()
    yield json.dumps(envelope(b"x", CONTENT_TYPE, task, compression="application/x-gzip")).encode()
    other = JUDGE_TASK if task == WAKE_TASK else WAKE_TASK
    yield json.dumps(envelope(body, CONTENT_TYPE, other)).encode()
    # Ours in form, and no message in content.
    yield json.dumps(envelope(body, CONTENT_TYPE, task)).encode()
    yield json.dumps(envelope(ours(MARK), CONTENT_TYPE, task)).encode()
    yield json.dumps(envelope(ours(b"\x91" * 100_000), CONTENT_TYPE, task)).encode()


def refused(log: Path) -> int:
    return sum("dropped" in line or "refused" in line for line in log.read_text().splitlines())


def _has_refused(log: Path, many: int) -> bool:
    return refused(log) >= many


def _has_nothing_left(broker: BrokerClient) -> bool:
    """Whether all messages are gone; the last one may go only after its job is seen to end."""
    waiting = [broker.waiting(queue) for queue, _ in QUEUES.values()]
    return waiting == [0, 0] and broker.client.hlen("unacked") == 0


def works(command: Rrmq, example: Path) -> bool:
    status = json.loads(command.ok("submit", str(example), "--watch", "--json"))
    return bool(status["state"] == "succeeded" and status["matches"]["done"] == 84)


def test_nothing_foreign_is_run_kept_or_quoted_and_work_goes_on(
    command: Rrmq, broker: BrokerClient, logs: dict[str, Path], example: Path, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    assert works(command, example)
    for name, (queue, task) in QUEUES.items():
        messages = list(foreign(task, trap))
        broker.client.lpush(queue, *messages)
        eventually(partial(_has_refused, logs[name], len(messages)), f"{name} refuses")
        assert refused(logs[name]) == len(messages), "one line each, none twice"
    assert works(command, example)
    assert not trap.exists()
    eventually(partial(_has_nothing_left, broker), "nothing is kept")
    for log in logs.values():
        assert MARK not in log.read_text()
        assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("name", QUEUES)
def test_a_message_of_100_megabytes_is_refused(
    command: Rrmq, broker: BrokerClient, logs: dict[str, Path], example: Path, name: str
) -> None:
    queue, task = QUEUES[name]
    message = json.dumps(envelope(ours(b"x" * HUGE), CONTENT_TYPE, task))
    broker.client.lpush(queue, message)
    eventually(lambda: refused(logs[name]) == 1, "it is refused")
    assert works(command, example)
    eventually(partial(_has_nothing_left, broker), "nothing is kept")


def test_only_our_own_content_is_accepted(servers: Addresses) -> None:
    app = create_app(servers.broker_url)
    assert app.conf.accept_content == [SERIALIZER]
    assert app.conf.task_serializer == SERIALIZER
    with app.connection_for_read() as connection:
        assert type(connection.transport).__module__ == "rrm_queue.broker.transport"


def test_a_worker_loads_nothing_of_store_coordinator_or_strategies(
    command: Rrmq, logs: dict[str, Path], example: Path, tmp_path: Path
) -> None:
    """With a broker's address alone; `-X importtime` writes a line for every module loaded."""
    alone = {k: v for k, v in command.environment.items() if k != "RRMQ_DATABASE_URL"}
    python, *module = command.argv("worker")
    told = tmp_path / "imports"
    with told.open("wb") as out:
        worker = subprocess.Popen([python, "-X", "importtime", *module], env=alone, stderr=out)
    try:
        eventually(
            lambda: "rrm_worker.worker" in told.read_text() and _serves(command), "it serves"
        )
        assert works(command, example)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE) == 0
    loaded = {line.rpartition("|")[2].strip() for line in told.read_text().splitlines()}
    assert {"rrm_worker.worker", "rrm_queue.judging.batch_runner", "rrm_queue.broker.app"} <= loaded
    rooms = ("store", "coordinator", "strategies", "ratings", "intake", "local")
    forbidden = tuple(f"rrm_queue.{room}" for room in rooms)
    libraries = ("sqlalchemy", "sqlmodel", "psycopg", "alembic")
    assert not {name for name in loaded if name.startswith((*forbidden, *libraries))}


def _serves(command: Rrmq) -> bool:
    return "2 live workers" in command("doctor").stdout
