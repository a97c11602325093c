"""A fleet that serves rewards: coordinators, workers that simulate a judge, and HTTP servers."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from functools import partial
from typing import Any

from chaos.fleet import Fleet, Size, fleet, free_port, rrmq
from chaos.hand import Kind
from chaos.parts import ProcessPart

from kit.waiting import PATIENCE, eventually
from rrm_queue.store.connection import text

TOKEN = "test-token"  # noqa: S105  # of a server that ends with its test
JUDGE = "simulated:1.0"

COME = text("""
    SELECT count(*) FROM cohort_samples s JOIN cohorts c ON c.id = s.cohort_id WHERE c.name = :name
""")
END = text("""
    WITH ended AS (UPDATE cohorts SET deadline = now() WHERE name = :name RETURNING id)
    SELECT pg_notify('rrmq_cohorts', id::text) FROM ended
""")


@dataclass(frozen=True)
class Answer:
    """What a server answered: status, headers and the decoded body."""

    status: int
    headers: Message
    body: Any


@dataclass(frozen=True)
class RewardFleet:
    """The fleet, and the addresses of its servers."""

    fleet: Fleet
    servers: list[str]

    def ask(self, method: str, path: str, body: object = None, server: int = 0) -> Answer:
        """What a server answers to one request."""
        return ask(self.servers[server], method, path, body)

    def end_cohort(self, name: str, answers: int) -> None:
        """Brings a cohort's deadline about as soon as it has so many answers."""
        given = {"name": name}

        def come() -> bool:
            with self.fleet.store() as store:
                return bool(store.scalar(COME, given) == answers)

        eventually(come, f"{name} has {answers} answers")
        with self.fleet.store() as store:
            store.execute(END, given)


def ask(server: str, method: str, path: str, body: object = None) -> Answer:
    """What the server answers to one request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server}{path}", data, method=method)  # noqa: S310
    request.add_header("Authorization", f"Bearer {TOKEN}")
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return Answer(answer.status, answer.headers, json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, json.load(error))


def group(number: int, size: int = 8, **more: object) -> dict[str, Any]:
    """The body of a request for rewards; the answer with the highest gold is the best."""
    completions = [
        {"text": f"Answer {c} to {number}.", "gold": (5 * c + number) % size} for c in range(size)
    ]
    return {
        "prompt": f"What is {number}?", "completions": completions, "judge": JUDGE, **more
    }  # fmt: skip


def samples(number: int, size: int = 8, **more: object) -> list[dict[str, Any]]:
    """The bodies of the requests for a cohort of the same answers."""
    whole = group(number, size)
    return [
        {
            "group": f"cohort-{number}",
            "size": size,
            "index": index,
            "prompt": whole["prompt"],
            "completion": completion,
            "judge": JUDGE,
            **more,
        }
        for index, completion in enumerate(whole["completions"])
    ]


@contextmanager
def reward_fleet(
    *, coordinators: int = 1, workers: int = 1, servers: int = 1, endpoint: str = ""
) -> Iterator[RewardFleet]:
    """A fleet that answers requests for rewards, gone at the end.

    Its `workers` simulate a judge; `endpoint` is where workers added later find one.
    """
    size = Size(coordinators=coordinators, workers=0, calm=True)
    with fleet(size, seed=0) as ours:
        ours.environment["RRMQ_API_TOKENS"] = TOKEN
        if endpoint:
            ours.environment["RRMQ_OPENAI_BASE_URL"] = endpoint
        for number in range(workers):
            _add(ours, f"judge-{number}", rrmq("worker", "--judge", "simulated"))
        addresses = []
        for number in range(servers):
            port = free_port()
            addresses.append(f"http://127.0.0.1:{port}")
            _add(ours, f"server-{number}", rrmq("serve", "--port", str(port)))
        for address in addresses:
            eventually(partial(_serves, address), f"{address} answers")
        yield RewardFleet(ours, addresses)


def _add(ours: Fleet, name: str, argv: list[str]) -> None:
    log = ours.home / "logs" / f"{name}.log"
    ours.parts[name] = ProcessPart(name, Kind.WORKER, argv, ours.environment, log)
    ours.parts[name].start()


def _serves(address: str) -> bool:
    try:
        return ask(address, "GET", "/health").status == 200
    except OSError:
        return False
