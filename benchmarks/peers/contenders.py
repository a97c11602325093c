"""The tools that judge, and how each of them is run."""

import itertools
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rig import Fleet

from peers.costs import Run
from peers.environments import python_in, tokenizers_in, version_in
from peers.task import IN_FLIGHT
from rrm_queue.store.connection import text

BENCHMARKS = Path(__file__).parents[1]
_JUDGED = text("SELECT matches_done FROM jobs ORDER BY created_at DESC LIMIT 1")


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool with a module here; without packages it runs in this Python."""

    name: str
    module: str
    packages: tuple[str, ...] = ()


PEERS = (
    Peer("script", "script"),
    Peer("pairsort", "with_pairsort", ("pairsort", "httpx")),
    Peer("curator", "with_curator", ("bespokelabs-curator",)),
    Peer("distilabel", "with_distilabel", ("distilabel[openai]", "requests")),
    Peer("inspect_ai", "with_inspect", ("inspect-ai", "openai")),
)


@dataclass(frozen=True, slots=True)
class Installed:
    """A peer in its environment; `version` is empty for the script."""

    peer: Peer
    python: str
    version: str
    folder: Path

    def run(self, file: Path, work: Path, address: str) -> Run:
        """It on this file; a second run in the same folder goes on with the first."""
        mine = {
            "JUDGE_URL": f"{address}/v1",
            "IN_FLIGHT": str(IN_FLIGHT),
            "PYTHONPATH": str(BENCHMARKS),
            "TELEMETRY_ENABLED": "false",
        }
        result = str(work / "result.jsonl")
        command = (self.python, "-m", f"peers.{self.peer.module}", str(file), result)
        environment = {**os.environ, **mine, **tokenizers_in(self.folder)}
        return Run(command, environment, work / "log")


def installed(peer: Peer, environments: Path) -> Installed | None:
    """The peer in an environment of its own; None where it does not install."""
    folder = environments / peer.name
    if not peer.packages:
        return Installed(peer, sys.executable, "", folder)
    python = python_in(folder, peer.packages)
    if python is None:
        return None
    return Installed(peer, python, version_in(python, peer.packages[0].partition("[")[0]), folder)


class Rrmq:
    """rrmq with its servers, a coordinator and a worker, which run already."""

    def __init__(self, fleet: Fleet, seeds: Iterator[int] | None = None) -> None:
        self._fleet = fleet
        self._seeds = seeds or itertools.count(1)

    def run(self, file: Path, work: Path) -> Run:
        """A job with a seed of its own, so that it reuses no votes; run again, it goes on."""
        seed = str(next(self._seeds))
        options = ("--strategy", "elo", "--judge", "openai:judge", "--seed", seed, "--watch")
        command = (sys.executable, "-m", "rrm_queue", "submit", str(file), *options)
        return Run(command, self._fleet.environment, work / "log", self._daemons, self._judged)

    def start(self) -> None:
        """Starts again what was killed; returns when the servers answer."""
        self._fleet.heal()

    def _daemons(self) -> Iterator[int]:
        for name, part in self._fleet.parts.items():
            if name != "engine":
                yield from part.pids()

    def _judged(self) -> int:
        with self._fleet.store() as store:
            return int(store.scalar(_JUDGED))
