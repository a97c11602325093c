"""The statistics of jobs from Python: typed values, and data frames of them."""

from typing import TYPE_CHECKING, Any

from rrm_queue.api.app import shared_app

if TYPE_CHECKING:  # they load SciPy, for which only the calls wait
    from rrm_queue.api.statistics_values import (
        JobComparison,
        JobDiagnosis,
        JobLeaderboard,
        JobReport,
    )
    from rrm_queue.api.table import ExportedRows


def leaderboard(
    job: str, *, bootstrap: bool = False, soft: bool = False, prior: bool = True
) -> "JobLeaderboard":
    """The generators of the job, compared over its decided matches; as `rrmq leaderboard`.

    Raises JobNotFound, and UsageFault for options that the job's votes do not allow.
    """
    from rrm_queue.api import statistics_values as values

    return values.read_leaderboard(shared_app(), job, bootstrap=bootstrap, soft=soft, prior=prior)


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
