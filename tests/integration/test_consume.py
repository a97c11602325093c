"""The consumer: how many messages it counts as taken."""

import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

from celery.worker import state

from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.broker.names import JUDGE_TASK
from rrm_queue.broker.serve import consume
from rrm_queue.broker.tasks import serve_batches
from rrm_queue.local.stack import Addresses

QUEUE = "rrmq.judge.test"
PATIENCE = 1.0
"""Seconds for an answer of the broker's, to the consumer of this test."""


def test_a_message_whose_acknowledgement_was_lost_takes_no_room(
    servers: Addresses, broker: BrokerClient
) -> None:
    program = [sys.executable, str(Path(__file__)), servers.broker_url]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            broker.app.send_task(JUDGE_TASK, args=[b"batch"], queue=QUEUE)
            assert process.stdout.readline() == "judged\n"
            said = process.stdout.readline()
        finally:
            process.terminate()
    assert said == "room beside 0\n"


def serve(broker_url: str) -> None:
    """Takes one message, whose acknowledgement is lost, and says how many it counts after that."""
    app = create_app(broker_url)
    app.conf.broker_transport_options |= {"socket_timeout": PATIENCE}
    broker = BrokerClient(lambda: app, redis_client(broker_url))
    judged, asked = Event(), list[int]()

    def judge(_: bytes) -> bool:
        broker.client.client_pause(int(3 * PATIENCE * 1000))
        print("judged", flush=True)
        judged.set()
        return True

    def room(taken: int) -> bool:
        asked.append(taken)
        return True

    def look() -> None:
        judged.wait()
        while state.reserved_requests:
            time.sleep(0.01)
        broker.client.ping()  # the pause is over
        asked.clear()
        while not asked:
            time.sleep(0.01)
        print(f"room beside {asked[0]}", flush=True)

    serve_batches(app, judge)
    Thread(target=look, daemon=True).start()
    consume(
        app,
        name="test",
        queues=[QUEUE],
        threads=2,
        waiting=broker.waiting,
        stopping=lambda: None,
        room=room,
    )


if __name__ == "__main__":
    serve(sys.argv[1])
