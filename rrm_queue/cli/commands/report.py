"""`rrmq report`: a job as one HTML page."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from rrm_queue.actions.app import connect, open_store, read_settings
from rrm_queue.actions.atomic_file import opened, target_of
from rrm_queue.actions.formatting import count, magnitude
from rrm_queue.actions.report_summary import Outcome, carried_words, judge_name, summary_of
from rrm_queue.actions.report_tournaments import Reading, tournaments
from rrm_queue.cli.commands.diagnose import Diagnosis, diagnosed, job_columns
from rrm_queue.cli.commands.leaderboard import rated_matches
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.leaderboard import leaderboard_notes
from rrm_queue.diagnostics.labels import Scoring
from rrm_queue.errors import UsageFault
from rrm_queue.ratings import Leaderboard, leaderboard
from rrm_queue.report import page
from rrm_queue.report.contents import Board, Judge, Report
from rrm_queue.report.size_budget import SizeBudget
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.jobs import find_job, first_error, view_job
from rrm_queue.store.views.outcomes import job_outcomes
from rrm_queue.store.views.report import carried, job_costs, job_gold
from rrm_queue.views import Carried, JobView

MEGABYTE = 1_000_000


@click.command("report")
@job_argument
@click.option(
    "-o", "--output", metavar="FILE.html", required=True, help="Where to; - is standard output."
)
@click.option("--force", is_flag=True, help="Replace FILE.html if it is there.")
@click.option(
    "--tournaments",
    "most",
    type=click.IntRange(0),
    default=200,
    show_default=True,
    help="How many tournaments to carry: all, or some that failed and an even spread.",
)
@click.option(
    "--tournament",
    "keys",
    metavar="KEY",
    multiple=True,
    help="One to carry in any case; may be given several times.",
)
@click.option(
    "--size",
    type=click.IntRange(1, 1000),
    metavar="MB",
    default=20,
    show_default=True,
    help="About how large the tournaments' texts may become together.",
)
@click.option("--no-texts", is_flag=True, help="Without prompts, answers and reasoning.")
def command(
    job: str,
    output: str,
    force: bool,
    most: int,
    keys: Sequence[str],
    size: int,
    no_texts: bool,
) -> None:
    """Write JOB as one HTML page that needs nothing but a browser.

    A summary, the leaderboard with its intervals, what the votes say of the judge, what it took,
    and tournaments that open to their bracket, answers, votes and reasoning. Nothing is loaded from
    elsewhere. The page holds prompts and answers: mind who gets it, or use --no-texts.
    """
    target = None if output == "-" else target_of(Path(output), force=force)
    if target is not None and target.suffix.lower() not in (".html", ".htm"):
        raise UsageFault(f"a report is HTML: name the file {target.stem}.html")
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database, database.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        picked = carried(tx, view.id, most, keys)
        written = 0
        with opened(target, force=force) as stream:
            for part in page(_report(tx, view, picked, size=size, texts=not no_texts)):
                written += stream.write(part.encode())
    _say(output, written, view, picked)


def _report(tx: Transaction, view: JobView, picked: Carried, *, size: int, texts: bool) -> Report:
    """The report, its tournaments still to be read."""
    board = _board(tx, view)
    diagnosis = _diagnosis(tx, view)
    outcome = Outcome(
        board, diagnosis, job_gold(tx, view.id), job_costs(tx, view.id), first_error(tx, view.id)
    )
    purse = SizeBudget(size * MEGABYTE, len(picked.ids))
    return Report(
        summary=summary_of(view, outcome, datetime.now(UTC)),
        board=None if board is None else Board(board, tuple(leaderboard_notes(view, board))),
        judge=Judge(
            judge_name(view.judge), diagnosis.judge, diagnosis.labels, diagnosis.preferred_longer
        ),
        tournaments=tournaments(Reading(tx, view, purse, texts), picked.ids),
        carried=carried_words(view, picked.ids, picked.failed, texts=texts),
        texts=texts,
    )


def _board(tx: Transaction, view: JobView) -> Leaderboard | None:
    """The leaderboard; None where the file names no generators."""
    outcomes = job_outcomes(tx, view.id)
    if not outcomes.generators:
        return None
    return leaderboard(outcomes.generators, rated_matches(outcomes), view.seed)


def _diagnosis(tx: Transaction, view: JobView) -> Diagnosis:
    """What the votes say of the judge; a row of numbers for each is in memory meanwhile."""
    return diagnosed(view, job_columns(tx, view), Scoring())


def _say(output: str, written: int, view: JobView, picked: Carried) -> None:
    held = f"{len(picked.ids):,} of {count(view.tournaments, 'tournament')}"
    click.echo(f"{output}: {magnitude(written)}B, {held}", err=True)
