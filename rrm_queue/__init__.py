"""rrmq ranks language-model answers with a judge that reads two at a time.

The verbs of the command are functions here; see `docs/python.md`. They are imported when they are
first used, so that a process that uses none of them does not pay for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rrm_queue.api import (
        Job,
        Ranked,
        Ranking,
        append,
        compare,
        diagnose,
        export,
        leaderboard,
        open_job,
        prune,
        rank,
        rank_async,
        rank_many,
        rank_many_async,
        report,
        results,
        rewards,
        rewards_async,
        status,
        submit,
        wait,
    )
    from rrm_queue.errors import RrmqError

__version__ = "0.1.0"

__all__ = [
    "Job",
    "Ranked",
    "Ranking",
    "RrmqError",
    "__version__",
    "append",
    "compare",
    "diagnose",
    "export",
    "leaderboard",
    "open_job",
    "prune",
    "rank",
    "rank_async",
    "rank_many",
    "rank_many_async",
    "report",
    "results",
    "rewards",
    "rewards_async",
    "status",
    "submit",
    "wait",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = "rrm_queue.errors" if name == "RrmqError" else "rrm_queue.api"
    return getattr(import_module(room), name)


def __dir__() -> list[str]:
    return sorted(__all__)
