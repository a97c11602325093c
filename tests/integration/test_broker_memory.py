"""The broker's memory: what messages take there, also after workers were killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.broker.names import JUDGE_TASK
from rrm_queue.broker.serve import consume
from rrm_queue.broker.tasks import serve_batches
from rrm_queue.local.stack import Addresses

QUEUE = "rrmq.judge.test"
BATCHES = 8
BODY = b"x" * 4_000_000


@contextmanager
def worker(servers: Addresses, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A worker that takes batches; it is killed at the end."""
    program = [sys.executable, str(Path(__file__)), servers.broker_url, *options]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def publish(broker: BrokerClient) -> None:
    for _ in range(BATCHES):
        broker.app.send_task(JUDGE_TASK, args=[BODY], queue=QUEUE)


def memory(broker: BrokerClient) -> int:
    """Bytes that all keys take; the server's own figure also counts the clients' buffers."""
    keys = list(broker.client.scan_iter())
    return sum(int(broker.client.memory_usage(key, samples=0) or 0) for key in keys)


def taken(process: subprocess.Popen[str]) -> None:
    """Waits until the worker has taken all batches."""
    assert process.stdout is not None
    for _ in range(BATCHES):
        assert process.stdout.readline() == "taken\n"


def test_killed_workers_leave_no_messages_in_the_broker(
    servers: Addresses, broker: BrokerClient
) -> None:
    out = BATCHES * len(BODY)
    before = memory(broker)
    held = []
    for _ in range(4):
        publish(broker)
        held.append(memory(broker) - before)
        with worker(servers) as process:
            taken(process)
            held.append(memory(broker) - before)
    assert max(held) / (out * 2) <= 1.5, [round(one / 2**20) for one in held]
    assert memory(broker) - before < len(BODY)


def test_a_batch_that_a_worker_refuses_goes_back_whole(
    servers: Addresses, broker: BrokerClient
) -> None:
    broker.app.send_task(JUDGE_TASK, args=[b"batch"], queue=QUEUE)
    with worker(servers, "refuse") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "refused\n"
        assert process.stdout.readline() == "refused\n"  # it came back, and is read again
    broker.client.delete(QUEUE)


def serve(broker_url: str, *, refuse: bool) -> None:
    """Takes messages and never ends one; with `refuse` it sends each back."""
    app = create_app(broker_url)
    broker = BrokerClient(lambda: app, redis_client(broker_url))

    def judge(_: bytes) -> bool:
        print("refused" if refuse else "taken", flush=True)
        return not refuse and Event().wait()

    serve_batches(app, judge)
    consume(
        app,
        name="test",
        queues=[QUEUE],
        threads=BATCHES,
        waiting=broker.waiting,
        stopping=lambda: None,
    )


if __name__ == "__main__":
    serve(sys.argv[1], refuse="refuse" in sys.argv)
