"""The statistics of jobs from Python, as the values that the command prints."""

from typing import TYPE_CHECKING

from rrm_queue.api.app import shared_app

if TYPE_CHECKING:  # it loads SciPy, for which only the calls wait
    from rrm_queue.actions.compare import JobComparison


def compare(one: str, two: str, disagreements: int = 5) -> "JobComparison":
    """Two jobs on the matches that they share, with the most telling disagreements.

    Raises JobNotFound, and UsageFault for one job twice.
    """
    from rrm_queue.actions.compare import compare as action

    return action(shared_app(), one, two, disagreements)
