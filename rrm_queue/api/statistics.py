"""The statistics of jobs from Python: typed values, and data frames of them."""

from typing import TYPE_CHECKING, Any

from rrm_queue.api.app import shared_app
from rrm_queue.errors import Message, Option, UsageFault

if TYPE_CHECKING:  # they load SciPy, for which only the calls wait
    from rrm_queue.api.statistics_values import (
        JobComparison,
        JobDiagnosis,
        JobLeaderboard,
        JobReport,
    )
    from rrm_queue.api.table import ExportedRows


def leaderboard(
    job: str,
    *,
    bootstrap: bool = False,
    soft: bool = False,
    prior: bool = True,
    control: str | None = None,
    by_subset: bool = False,
    matrix: bool = False,
) -> "JobLeaderboard":
    """The generators of the job, compared over its decided matches; as `rrmq leaderboard`.

    Raises JobNotFound, and UsageFault for options that the job's votes do not allow.
    """
    from rrm_queue.actions.leaderboard_details import LeaderboardRequest
    from rrm_queue.api import statistics_values as values
    from rrm_queue.ratings.leaderboard import Method
    from rrm_queue.views.style import Control

    words = [word.value for word in Control]
    if control is not None and control not in words:
        raise UsageFault(Message(Option("control"), f" is {' or '.join(words)}, not {control!r}"))
    request = LeaderboardRequest(
        Method.BOOTSTRAP if bootstrap else Method.SANDWICH,
        soft,
        prior,
        None if control is None else Control(control),
        by_subset,
        matrix,
    )
    return values.read_leaderboard(shared_app(), job, request)


def diagnose(job: str, *, ties: str = "skip") -> "JobDiagnosis":
    """How far the job's judge can be trusted; as `rrmq diagnose`.

    Raises JobNotFound, and UsageFault for an unknown way to count ties.
    """
    from rrm_queue.api import statistics_values as values

    return values.read_diagnosis(shared_app(), job, ties)


def compare(one: str, two: str, *, disagreements: int = 5) -> "JobComparison":
    """Two jobs on the matches that they share; as `rrmq compare`.

    Raises JobNotFound, and UsageFault for one job twice.
    """
    from rrm_queue.api import statistics_values as values

    return values.read_comparison(shared_app(), one, two, disagreements)


def report(job: str) -> "JobReport":
    """What the report says of the job as a whole; its `write` writes the page of `rrmq report`.

    Raises JobNotFound.
    """
    from rrm_queue.api import statistics_values as values

    return values.read_report(shared_app(), job)


def export(job: str, kind: str, **options: Any) -> "ExportedRows":
    """The rows of `rrmq export --as kind`, with that kind's options as `docs/exports.md` has them.

    Raises JobNotFound, and UsageFault for an unknown kind or option.
    """
    from rrm_queue.api.table import exported

    return exported(shared_app(), job, kind, options)
