"""What is printed after a submission that went well."""

from dataclasses import asdict

import click

from rrm_queue.actions.schemas import json_line
from rrm_queue.domain import JobState
from rrm_queue.intake.appending import AppendedFile
from rrm_queue.intake.submission import Submitted
from rrm_queue.text import count

PLAIN = "rrmq's own format, JSON lines"
"""The usual description of files, which is not printed."""


def print_submitted(submitted: Submitted, *, as_json: bool) -> None:
    """Prints the job as JSON, or in a sentence; how its files were read goes to stderr."""
    if as_json:
        click.echo(json_line(asdict(submitted)))
        return
    if read_as := _how_read(submitted):
        click.echo(read_as, err=True)
    click.echo(_what_was_made(submitted))


def print_appended(appended: AppendedFile, *, as_json: bool) -> None:
    """Prints what was added to an open job as JSON, or in a sentence."""
    if as_json:
        click.echo(json_line(asdict(appended)))
        return
    if read_as := _how_read(appended):
        click.echo(read_as, err=True)
    added = f"{count(appended.tournaments, 'tournament')}, "
    added += count(appended.candidates, "candidate")
    joined = f"; {appended.joined} were there before" if appended.joined else ""
    click.echo(f"job {appended.job}: added {added}{joined}")


def _how_read(submitted: Submitted | AppendedFile) -> str | None:
    """How the files were read; None for rrmq's own format."""
    if submitted.read_as == PLAIN and not submitted.dropped:
        return None
    dropped = count(submitted.dropped, "empty answer")
    left_out = f"; {dropped} left out" if submitted.dropped else ""
    return f"read as {submitted.read_as}{left_out}"


def _what_was_made(submitted: Submitted) -> str:
    """The job that was made, now or by the same submission before."""
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
