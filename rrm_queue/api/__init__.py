"""rrmq from Python: the words of the command, as functions. `docs/python.md` shows them at work.

A composition root like `cli`: it reads the same settings and starts the same local stack. What goes
wrong is an RrmqError; what the command would say on stderr is logged.
"""

from rrm_queue.api.job import Job, results, status, wait
from rrm_queue.api.ranking import Ranked, Ranking, rank
from rrm_queue.api.submitting import Row, submit

__all__ = ["Job", "Ranked", "Ranking", "Row", "rank", "results", "status", "submit", "wait"]
