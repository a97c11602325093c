"""`rrmq export`: a job's results as files that other programs read."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.export import Exported, ExportRequest, export
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.options.ranges import WholeNumbers
from rrm_queue.exports import KINDS
from rrm_queue.exports.battles import Columns
from rrm_queue.exports.preferences import Pairs, Rating
from rrm_queue.exports.rankings import Per
from rrm_queue.exports.rewards import Reward
from rrm_queue.text import count
from rrm_queue.views.style import Control


def _word(kind: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([word.value for word in kind])


WORDS: Mapping[str, type[StrEnum]] = {
    "pairs": Pairs,
    "rating": Rating,
    "per": Per,
    "reward": Reward,
    "battle_columns": Columns,
    "control": Control,
}
"""The options that are one word of a list."""

HELP = """Write the results of JOB for other programs.

\b
best         the best answer to each prompt
preferences  prompt, chosen, rejected, as TRL reads them
rankings     all standings
rewards      a number for each answer
battles      decided matches between generators, as arenas write them
votes        every vote with its reasoning
verdicts     a recording that `--judge replay:FILE` reads (JSON lines)

Tournaments without a result are left out; their number is printed on stderr. A file appears whole
or not at all. docs/exports.md lists every column.
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
    help="The file, .jsonl, .csv or .parquet; without it, JSON lines go to stdout.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option(
    "--defuse",
    is_flag=True,
    help="Put ' before CSV texts that a spreadsheet would run as formulas: = + - @ and tabs.",
)
@click.option(
    "--drop-tied",
    is_flag=True,
    default=None,
    help="best: only answers that the votes put first: none by a coin, none that share the rank.",
)
@click.option("--pairs", type=_word(Pairs), help="preferences: which pairs; by default best-worst.")
@click.option(
    "--rating", type=_word(Rating), help="preferences: the rating of the margin; by default bt."
)
@click.option("--margin", type=float, help="preferences: the smallest difference of the ratings.")
@click.option("--most", type=WholeNumbers(min=1), help="preferences: the most pairs of a prompt.")
@click.option(
    "--transitive",
    is_flag=True,
    default=None,
    help="preferences: also pairs that follow from others: A > B and B > C give A > C.",
)
@click.option("--messages", is_flag=True, default=None, help="preferences: texts as chat messages.")
@click.option(
    "--include-failed",
    is_flag=True,
    default=None,
    help="votes: also those of failed tournaments; the column tournament_failed tells which.",
)
@click.option("--per", type=_word(Per), help="rankings: what a row holds; by default a candidate.")
@click.option("--reward", type=_word(Reward), help="rewards: the kind of reward; by default bt.")
@click.option(
    "--control",
    type=_word(Control),
    help="rewards: a column of the reward as if all answers had the same length, or the same "
    "length and Markdown; with --reward bt.",
)
@click.option(
    "--battle-columns",
    type=_word(Columns),
    help="battles: the names of the columns; by default arena.",
)
def command(
    job: str, kind: str, output: str | None, force: bool, defuse: bool, **options: Any
) -> None:
    """Writes the job's rows, and says on stderr how many there are."""
    given = {
        name: WORDS[name](value) if name in WORDS else value
        for name, value in options.items()
        if value is not None
    }
    target = None if output in (None, "-") else Path(str(output))
    with App() as app:
        _say(export(app, job, ExportRequest(kind, given, target, force, defuse)))


def _say(written: Exported) -> None:
    rows, of = count(written.rows, "row"), count(written.tournaments, "tournament")
    click.echo(f"{rows} of {of}", err=True)
    view = written.view
    failed = view.tournaments_failed - written.failed
    unfinished = view.tournaments - failed - written.tournaments
    for number, why in ((failed, "failed"), (unfinished, "not finished")):
        if number > 0:
            click.echo(f"left out: {count(number, 'tournament')} {why}", err=True)
    if written.contradicted:
        repeated = count(written.contradicted, "match")
        problem = "whose pair met before and ended otherwise; a recording holds the first match"
        click.echo(f"left out: {repeated} {problem}", err=True)
