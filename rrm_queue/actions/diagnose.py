"""How far a job's judge can be trusted, and how far it agrees with labels."""

from dataclasses import replace
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.diagnostics.diagnosis import Diagnosis, diagnosis_of
from rrm_queue.diagnostics.labels import Scoring, TieLabels
from rrm_queue.diagnostics.people import people_report
from rrm_queue.diagnostics.vote_findings import JobSettings
from rrm_queue.domain.jury import members
from rrm_queue.judging.kinds import kind_of
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.diagnostics import decided_matches, job_votes, labelled_matches
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.people import people_votes
from rrm_queue.strategies import bracket_of
from rrm_queue.views.jobs import JobView


class JobDiagnosis(NamedTuple):
    """A job and the diagnosis of its judge."""

    view: JobView
    diagnosis: Diagnosis


def diagnose(app: App, job: str, ties: TieLabels = TieLabels.SKIP) -> JobDiagnosis:
    """The diagnosis of the job's judge by the votes so far. Raises JobNotFound."""
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        return JobDiagnosis(view, read_diagnosis(tx, view, Scoring(ties)))


def read_diagnosis(tx: Transaction, view: JobView, scoring: Scoring) -> Diagnosis:
    """The diagnosis; a row of numbers for each vote is in memory meanwhile."""
    job = view.id
    votes, matches = job_votes(tx, job), decided_matches(tx, job)
    judges = members(view.judge)
    labelled = labelled_matches(tx, job, matches)
    settings = JobSettings(
        view.voting,
        bracket=bracket_of(view.strategy) is not None,
        template=any(judge.template for judge in judges),
    )
    names = [judge.label for judge in judges]
    diagnosis = diagnosis_of(votes, matches, labelled, settings, scoring, names)
    if not kind_of(view.judge).by_people:
        return diagnosis
    return replace(diagnosis, people=people_report(people_votes(tx, job), labelled, scoring))
