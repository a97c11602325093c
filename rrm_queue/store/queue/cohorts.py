"""Cohorts: groups whose answers arrive one by one, from many clients and through several servers.

The row of a cohort is locked by whoever adds to it, so that each answer has one place and the last
one is noticed once. Its deadline is kept by the clock of the store.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rrm_queue.domain import JobId, TournamentId
from rrm_queue.store.connection import Connection, Row, text
from rrm_queue.store.listening import Channel, tell
from rrm_queue.views.cohorts import CohortId, CohortState, CohortView, Partial

BEGIN_COHORT = text("""
    INSERT INTO cohorts
        (job_id, name, size, prompt, reference, criteria, partial, series, state, deadline)
    VALUES (:job, :name, :size, :prompt, :reference, :criteria, :partial, :series, 'gathering',
            now() + :timeout * interval '1 second')
    ON CONFLICT (job_id, name) DO NOTHING
""")

LOCK_COHORT = text("SELECT id FROM cohorts WHERE job_id = :job AND name = :name FOR UPDATE")

LOCK_SERIES = text("SELECT pg_advisory_xact_lock(hashtextextended(:job || ' ' || :series, 0))")

LOCK_NEWEST = text("""
    SELECT id FROM cohorts WHERE job_id = :job AND series = :series
    ORDER BY id DESC LIMIT 1 FOR UPDATE
""")

LOCK_LATE = text("""
    SELECT id FROM cohorts
    WHERE id = ANY(CAST(:cohorts AS bigint[])) AND state = 'gathering' AND deadline <= now()
    FOR UPDATE SKIP LOCKED
""")

# Of cohorts that nobody waits for too: their clients may have died.
LOCK_OVERDUE = text("""
    SELECT id FROM cohorts
    WHERE state = 'gathering' AND deadline <= now() AND (tournament_id IS NOT NULL OR NOT :begun)
    ORDER BY deadline LIMIT :most
    FOR UPDATE SKIP LOCKED
""")

SET_TOURNAMENT = text("UPDATE cohorts SET tournament_id = :tournament WHERE id = :cohort")

COHORTS = text("""
    SELECT c.id, c.job_id, c.name, c.size, c.prompt, c.reference, c.criteria, c.partial, c.state,
           c.tournament_id, extract(epoch FROM c.deadline - clock_timestamp())::float8 AS left,
           (SELECT count(*) FROM cohort_samples s WHERE s.cohort_id = c.id) AS came
    FROM cohorts c WHERE c.id = ANY(CAST(:cohorts AS bigint[]))
""")

SAMPLES = text("""
    SELECT place, text, gold FROM cohort_samples WHERE cohort_id = :cohort ORDER BY place
""")

ADD_SAMPLE = text("""
    INSERT INTO cohort_samples (cohort_id, place, text, gold)
    VALUES (:cohort, :place, :text, :gold)
""")

SETTLE_COHORT = text("""
    UPDATE cohorts SET state = :state, tournament_id = :tournament WHERE id = :cohort
""")


class Sample(NamedTuple):
    """An answer of a cohort at its place."""

    place: int
    text: str
    gold: float | None


class NewCohort(NamedTuple):
    """A cohort as the request that begins it describes it; `timeout` in seconds."""

    job: JobId
    name: str
    size: int
    prompt: str
    reference: str | None
    criteria: str | None
    partial: Partial
    timeout: float
    series: str | None = None


def lock_cohort(tx: Connection, new: NewCohort) -> CohortView:
    """The cohort of this name, begun now if there is none, locked until the transaction ends."""
    tx.execute(BEGIN_COHORT, new._asdict())
    cohort = tx.scalar(LOCK_COHORT, {"job": new.job, "name": new.name})
    (view,) = read_cohorts(tx, [CohortId(cohort)])
    return view


def lock_newest(tx: Connection, job: JobId, series: str) -> CohortView | None:
    """The newest cohort of a series, locked, if there is one.

    No other transaction begins a cohort of the series until this one ends.
    """
    bind = {"job": job, "series": series}
    tx.execute(LOCK_SERIES, bind)
    cohort = tx.scalar(LOCK_NEWEST, bind)
    return None if cohort is None else read_cohorts(tx, [CohortId(cohort)])[0]


def lock_late(tx: Connection, cohorts: Sequence[CohortId]) -> list[CohortView]:
    """Those of the cohorts that gather beyond their deadline, locked.

    One that another transaction holds is left out: it settles the cohort, or the next look does.
    """
    late = tx.scalars(LOCK_LATE, {"cohorts": list(cohorts)}).all()
    return read_cohorts(tx, late) if late else []


def lock_overdue(tx: Connection, most: int, *, begun: bool = False) -> list[CohortView]:
    """Up to `most` cohorts that gather beyond their deadline, locked as by `lock_late`.

    `begun`: only those of which matches are judged already.
    """
    late = tx.scalars(LOCK_OVERDUE, {"most": most, "begun": begun}).all()
    return read_cohorts(tx, late) if late else []


def read_cohorts(tx: Connection, cohorts: Iterable[CohortId]) -> list[CohortView]:
    """The cohorts."""
    rows = tx.execute(COHORTS, {"cohorts": list(cohorts)})
    return sorted((_view(row) for row in rows), key=lambda view: view.id)


def samples(tx: Connection, cohort: CohortId) -> list[Sample]:
    """The answers that have come, by place."""
    rows = tx.execute(SAMPLES, {"cohort": cohort})
    return [Sample(row.place, row.text, row.gold) for row in rows]


def add_sample(tx: Connection, cohort: CohortId, sample: Sample) -> None:
    """Adds an answer at a free place of a locked cohort."""
    tx.execute(ADD_SAMPLE, {"cohort": cohort, **sample._asdict()})


def begin_tournament(tx: Connection, cohort: CohortId, tournament: TournamentId) -> None:
    """Notes that the answers of a cohort that gathers are judged in this tournament."""
    tx.execute(SET_TOURNAMENT, {"cohort": cohort, "tournament": tournament})


def settle(
    tx: Connection, cohort: CohortId, state: CohortState, tournament: TournamentId | None
) -> None:
    """Ends the gathering of a locked cohort, and tells those who wait for it."""
    bind = {"cohort": cohort, "state": state.value, "tournament": tournament}
    tx.execute(SETTLE_COHORT, bind)
    tell(tx, Channel.COHORTS, [cohort])


def _view(row: Row) -> CohortView:
    return CohortView(
        id=row.id,
        job=row.job_id,
        name=row.name,
        size=row.size,
        prompt=row.prompt,
        reference=row.reference,
        criteria=row.criteria,
        partial=Partial(row.partial),
        state=CohortState(row.state),
        left=row.left,
        came=row.came,
        tournament=row.tournament_id,
    )
