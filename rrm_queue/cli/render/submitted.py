"""What is said of a submission that went well."""

from rrm_queue.domain import JobState
from rrm_queue.intake.submission import Submitted
from rrm_queue.text import count

PLAIN = "rrmq's own format, JSON lines"  # what nobody needs to be told


def how_read(submitted: Submitted) -> str | None:
    """How the files were read; None where that is what everybody expects."""
    if submitted.read_as == PLAIN and not submitted.dropped:
        return None
    dropped = count(submitted.dropped, "empty answer")
    left_out = f"; {dropped} left out" if submitted.dropped else ""
    return f"read as {submitted.read_as}{left_out}"


def what_came_of_it(submitted: Submitted) -> str:
    """The job that was made, or that was made before."""
    counts = f"{count(submitted.tournaments, 'tournament')}, "
    counts += count(submitted.candidates, "candidate")
    if submitted.new:
        return f"job {submitted.job}: {counts}"
    return (
        f"job {submitted.job}, submitted before and {submitted.state}: {counts} "
        f"({_ADVICE.get(submitted.state, '--new makes another')})"
    )


_ADVICE = {
    JobState.PAUSED: "`rrmq resume` lets it go on",
    JobState.PARTIAL: "`rrmq retry` tries again what failed",
    JobState.FAILED: "`rrmq retry` tries it again",
}
