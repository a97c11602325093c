"""`rrmq export`: a job's results as files that other programs read."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from rrm_queue.actions.app import connect, open_store, read_settings
from rrm_queue.actions.atomic_file import opened, target_of
from rrm_queue.actions.formatting import count
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.errors import UsageFault
from rrm_queue.exports import KINDS, export_of
from rrm_queue.exports.base import Detail, Export, Finished, Match, Row
from rrm_queue.exports.battles import Columns
from rrm_queue.exports.formats import write_json_lines, writer_of
from rrm_queue.exports.preferences import Pairs, Rating
from rrm_queue.exports.rankings import Per
from rrm_queue.exports.rewards import Reward
from rrm_queue.exports.verdicts import Verdicts
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.exports import finished_tournaments
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.views import JobView


def _word(kind: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([word.value for word in kind])


WORDS: Mapping[str, type[StrEnum]] = {
    "pairs": Pairs,
    "rating": Rating,
    "per": Per,
    "reward": Reward,
    "battle_columns": Columns,
}
"""The options that are a word of ours."""


HELP = """Write what came out of JOB for other programs.

\b
best         the best answer to each prompt
preferences  prompt, chosen, rejected, as TRL reads them
rankings     all standings
rewards      a number for each answer
battles      decided matches between generators, as arenas write them
votes        every vote with its reasoning
verdicts     what `--judge replay:FILE` reads back (JSON lines)

Tournaments without a result are left out and counted on stderr. A file appears whole or not at
all. docs/exports.md has every column.
"""


@click.command("export", help=HELP)
@job_argument
@click.option(
    "--as", "kind", type=click.Choice(list(KINDS)), required=True, help="What to write (see above)."
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to: .jsonl, .csv or .parquet; without it JSON lines go to stdout.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option(
    "--defuse",
    is_flag=True,
    help="Put ' before CSV texts that a spreadsheet would run: = + - @ and tabs.",
)
@click.option("--pairs", type=_word(Pairs), help="preferences: which; best-worst.")
@click.option("--rating", type=_word(Rating), help="preferences: the margin's; bt.")
@click.option("--margin", type=float, help="preferences: the least difference of the ratings.")
@click.option("--most", type=click.IntRange(min=1), help="preferences: at most so many a prompt.")
@click.option("--transitive", is_flag=True, default=None, help="preferences: also what follows.")
@click.option("--messages", is_flag=True, default=None, help="preferences: as chat messages.")
@click.option("--per", type=_word(Per), help="rankings: what a row is of; candidate.")
@click.option("--reward", type=_word(Reward), help="rewards: made of what; elo.")
@click.option("--battle-columns", type=_word(Columns), help="battles: named how; arena.")
def command(
    job: str, kind: str, output: str | None, force: bool, defuse: bool, **options: Any
) -> None:
    """Writes the job's rows, and says on stderr how many they are."""
    given = {
        name: WORDS[name](value) if name in WORDS else value
        for name, value in options.items()
        if value is not None
    }
    target = None if output in (None, "-") else target_of(Path(str(output)), force=force)
    write = write_json_lines if target is None else writer_of(target.suffix, defuse=defuse)
    if defuse and target is None:
        raise UsageFault("--defuse needs a CSV file: -o FILE.csv")
    export_of(kind, given)  # what does not fit is said before anything is started
    if given.get("messages") and target is not None and target.suffix.lower() == ".csv":
        raise UsageFault("a CSV cell is a text, no list of messages: name it .jsonl or .parquet")
    if kind == "verdicts" and write is not write_json_lines:
        raise UsageFault("a judge reads verdicts as JSON lines: name the file .jsonl")
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database, database.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        voting = {"voting": view.voting} if kind == "verdicts" else {}
        export = export_of(kind, given | voting)
        counted = _Counted(export)
        with opened(target, force=force) as stream:
            write(stream, export.columns, counted.rows(tx, view))
    _say(view, export, counted)


class _Counted:
    """The rows of an export, and of how many tournaments they were."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.tournaments = self.count = 0

    def rows(self, tx: Transaction, view: JobView) -> Iterator[Row]:
        """Every row of the job."""
        detail = self.export.detail
        found = finished_tournaments(
            tx,
            view.id,
            matches=detail is not Detail.NOTHING,
            votes=detail in (Detail.VERDICTS, Detail.VOTES),
            texts=detail is Detail.VOTES,
        )
        for one in found:
            self.tournaments += 1
            played = (Match(*match) for match in one.matches)
            finished = Finished(one.key, one.prompt, one.candidates, one.standings, played)
            for row in self.export.rows(finished):
                self.count += 1
                yield row


def _say(view: JobView, export: Export, counted: _Counted) -> None:
    rows, of = count(counted.count, "row"), count(counted.tournaments, "tournament")
    click.echo(f"{rows} of {of}", err=True)
    unfinished = view.tournaments - view.tournaments_failed - counted.tournaments
    for number, why in ((view.tournaments_failed, "failed"), (unfinished, "not finished")):
        if number > 0:
            click.echo(f"left out: {count(number, 'tournament')} {why}", err=True)
    if isinstance(export, Verdicts) and export.contradicted:
        problem = "of pairs that met before and ended otherwise; a recording holds the first"
        click.echo(f"left out: {export.contradicted:,} matches {problem}", err=True)
