"""`rrmq diagnose`: how far a job's judge can be trusted, and how far it agrees with labels."""

from typing import NamedTuple

import click
import numpy as np

from rrm_queue.actions.app import connect, open_store, read_settings
from rrm_queue.actions.schemas import diagnosis_shape, json_line
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.diagnosis import findings_view, labels_view
from rrm_queue.cli.render.terminal import screen
from rrm_queue.columns import LABELS, REASONS, VERDICTS, LabelColumns, MatchColumns, VoteColumns
from rrm_queue.diagnostics.label_report import LabelReport, label_report
from rrm_queue.diagnostics.labels import Scoring, TieLabels
from rrm_queue.diagnostics.length import LongerWins, longer_wins
from rrm_queue.diagnostics.report import DecidedMatches, JudgeReport, judge_report
from rrm_queue.diagnostics.votes import Votes, codes
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.diagnostics import label_columns, match_columns, vote_columns
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.views import JobView


@click.command("diagnose")
@job_argument
@click.option(
    "--ties",
    type=click.Choice([ties.value for ties in TieLabels]),
    default=TieLabels.SKIP.value,
    show_default=True,
    help="What a pair counts whose label is a tie: nothing, half for any verdict, or right for a "
    "tie alone.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(job: str, ties: str, as_json: bool) -> None:
    """Say how far the judge of JOB can be trusted, by its votes so far.

    Slot bias, flips between the two orders, votes without a verdict, agreement of votes, coins and
    draws, cycles (A > B > C > A) and length, each with a 95 % interval and what it means: `fine`,
    `look`, `worry`, or `open` where there is too little to tell. Where the file labels its pairs,
    the agreement with the labels as well. docs/statistics.md has the definitions and bounds.
    """
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database, database.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        columns = job_columns(tx, view)
    diagnosis = diagnosed(view, columns, Scoring(TieLabels(ties)))
    if as_json:
        click.echo(json_line(diagnosis_shape(view, *diagnosis)))
        return
    console = screen()
    for renderable in findings_view(view, diagnosis.judge, console.width):
        console.print(renderable)
    for renderable in labels_view(diagnosis.labels, diagnosis.preferred_longer, console.width):
        console.print(renderable)


class Diagnosis(NamedTuple):
    """Everything that is said of a job's judge; no labels where the file has none.

    `preferred_longer` is how often the longer answer wins by the labels.
    """

    judge: JudgeReport
    labels: list[LabelReport]
    preferred_longer: LongerWins | None


class JobColumns(NamedTuple):
    """What a diagnosis is made of."""

    votes: VoteColumns
    matches: MatchColumns
    labels: LabelColumns


def job_columns(tx: Transaction, view: JobView) -> JobColumns:
    """The job's votes, matches and labels so far."""
    job = view.id
    return JobColumns(vote_columns(tx, job), match_columns(tx, job), label_columns(tx, job))


def diagnosed(view: JobView, columns: JobColumns, scoring: Scoring) -> Diagnosis:
    """All that these columns say of the job's judge."""
    cast, matches, labels = columns
    votes = Votes(
        cast.matches,
        cast.numbers,
        cast.swapped.astype(np.bool_),
        codes(VERDICTS)[cast.verdicts],
    )
    decided = DecidedMatches(
        matches.tournaments,
        matches.firsts,
        matches.seconds,
        matches.winners.astype(np.uint8),
        matches.coins.astype(np.bool_),
        matches.lengths.astype(np.float64),
        matches.others.astype(np.float64),
    )
    judge = judge_report(votes, list(map(str, REASONS)), cast.reasons, decided, view.voting)
    return Diagnosis(
        judge, _agreement(view, votes, labels, scoring), _preferred_longer(matches, labels)
    )


def _agreement(
    view: JobView, votes: Votes, labels: LabelColumns, scoring: Scoring
) -> list[LabelReport]:
    """The agreement with labels, a pair's votes turned to the pair's own order."""
    if not len(labels.labels):
        return []
    ids, rows = np.unique(labels.matches, return_index=True)
    places = np.searchsorted(ids, votes.matches)
    held = ids[np.minimum(places, len(ids) - 1)] == votes.matches
    places, labelled = places[held], votes.where(held)
    turned = labels.turned[rows].astype(np.bool_)
    return label_report(
        codes(LABELS)[labels.labels[rows]],
        Votes(places, labelled.numbers, labelled.swapped ^ turned[places], labelled.verdicts),
        labels.parts[rows],
        labels.subsets,
        view.voting.votes,
        scoring,
    )


def _preferred_longer(matches: MatchColumns, labels: LabelColumns) -> LongerWins | None:
    """How often the longer answer wins by the labels, with which the judge's habit compares."""
    if not len(labels.labels):
        return None
    order = np.argsort(matches.matches)
    rows = order[np.searchsorted(matches.matches, labels.matches, sorter=order)]
    preferred = codes(LABELS)[labels.labels]
    winners = np.where((labels.turned == 1) & (preferred > 0), 3 - preferred, preferred)
    return longer_wins(
        matches.tournaments[rows],
        matches.lengths[rows].astype(np.float64),
        matches.others[rows].astype(np.float64),
        winners.astype(np.uint8),
    )
