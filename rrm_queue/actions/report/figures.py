"""What a job's report and its page show of the whole job."""

from datetime import UTC, datetime
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.diagnose import read_diagnosis
from rrm_queue.actions.leaderboard import leaderboard_notes
from rrm_queue.actions.report.summary import Findings, judge_name, summary_of
from rrm_queue.diagnostics.labels import Scoring
from rrm_queue.ratings.leaderboard import leaderboard
from rrm_queue.reports.contents import Board, Judge, Summary
from rrm_queue.reports.subsets import subset_table
from rrm_queue.reports.win_matrix import win_matrix
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.jobs import find_job, first_error, view_job
from rrm_queue.store.views.outcomes import generator_matches
from rrm_queue.store.views.report import job_costs, job_gold
from rrm_queue.store.views.style import tournament_subsets
from rrm_queue.views.jobs import JobView


class JobFigures(NamedTuple):
    """A job's summary, its leaderboard and its judge; `board` is None without generators."""

    summary: Summary
    board: Board | None
    judge: Judge


def read_figures(tx: Transaction, view: JobView) -> JobFigures:
    """The figures of the job so far; a row of numbers for each vote is in memory meanwhile."""
    board = _board(tx, view)
    diagnosis = read_diagnosis(tx, view, Scoring())
    found = Findings(
        None if board is None else board.board,
        diagnosis,
        job_gold(tx, view.id),
        job_costs(tx, view.id),
        first_error(tx, view.id),
    )
    return JobFigures(
        summary_of(view, found, datetime.now(UTC)),
        board,
        Judge(judge_name(view.judge), diagnosis),
    )


def _board(tx: Transaction, view: JobView) -> Board | None:
    generators, matches = generator_matches(tx, view.id)
    if not generators:
        return None
    found = leaderboard(generators, matches, view.seed)
    order = [row.generator for row in found.rows]
    heat = win_matrix(generators, matches, order)
    subsets = subset_table(generators, matches, tournament_subsets(tx, view.id), order, view.seed)
    notes = tuple(leaderboard_notes(view, found))
    return Board(found, notes, heat if len(heat) > 2 else (), subsets)


def job_figures(app: App, job: str) -> JobFigures:
    """The figures of the job so far. Raises JobNotFound."""
    with app.begin() as tx:
        return read_figures(tx, view_job(tx, find_job(tx, job)))
