"""rrmq from Python: the verbs of the command as functions; see `docs/python.md`.

It reads the same settings and starts the same local stack as the command. Errors are RrmqErrors;
what the command prints on stderr is logged.
"""

from rrm_queue.api.group_rewards import rewards, rewards_async
from rrm_queue.api.job import Job, prune, results, status, wait
from rrm_queue.api.open_jobs import append, open_job
from rrm_queue.api.people import cast_vote, return_match, skip_match, take_match, undo_vote
from rrm_queue.api.ranking import Ranked, Ranking, rank, rank_async, rank_many, rank_many_async
from rrm_queue.api.statistics import compare, diagnose, export, leaderboard, report
from rrm_queue.api.submitting import Row, submit
from rrm_queue.reward_client import RewardClient

__all__ = [
    "Job",
    "Ranked",
    "Ranking",
    "RewardClient",
    "Row",
    "append",
    "cast_vote",
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
    "return_match",
    "rewards",
    "rewards_async",
    "skip_match",
    "status",
    "submit",
    "take_match",
    "undo_vote",
    "wait",
]
