"""Cohorts: groups whose answers arrive one by one, from many clients and through several servers.

The row of a cohort is locked by whoever adds to it, so that each answer has one place and the last
one is noticed once. Its deadline is kept by the clock of the store.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rrm_queue.domain import JobId, TournamentId
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.listening import Channel, tell
from rrm_queue.views.cohorts import CohortId, CohortState, CohortView, Partial

# In the order of the rows given: two servers that begin or lock cohorts never wait for each other.
BEGIN_COHORTS = text("""
    INSERT INTO cohorts
        (job_id, name, size, prompt, reference, criteria, partial, series, state, deadline)
    SELECT job, name, size, prompt, reference, criteria, partial, series, 'gathering',
           now() + timeout * interval '1 second'
    FROM unnest(
        CAST(:job AS text[]), CAST(:name AS text[]), CAST(:size AS int[]),
        CAST(:prompt AS text[]), CAST(:reference AS text[]), CAST(:criteria AS text[]),
        CAST(:partial AS text[]), CAST(:timeout AS float8[]), CAST(:series AS text[])
    ) AS w (job, name, size, prompt, reference, criteria, partial, timeout, series)
    ON CONFLICT (job_id, name) DO NOTHING
""")

LOCK_COHORTS = text("""
    SELECT c.id
    FROM unnest(CAST(:job AS text[]), CAST(:name AS text[])) WITH ORDINALITY AS w (job, name, place)
    JOIN cohorts c ON c.job_id = w.job AND c.name = w.name
    ORDER BY w.place
    FOR UPDATE OF c
""")

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

SET_TOURNAMENTS = text("""
    UPDATE cohorts c SET tournament_id = w.tournament
    FROM unnest(CAST(:cohort AS bigint[]), CAST(:tournament AS bigint[])) AS w (cohort, tournament)
    WHERE c.id = w.cohort
""")

COHORTS = text("""
    SELECT c.id, c.job_id, c.name, c.size, c.prompt, c.reference, c.criteria, c.partial, c.state,
           c.tournament_id, extract(epoch FROM c.deadline - clock_timestamp())::float8 AS left,
           (SELECT count(*) FROM cohort_samples s WHERE s.cohort_id = c.id) AS came
    FROM cohorts c WHERE c.id = ANY(CAST(:cohorts AS bigint[]))
""")

SAMPLES = text("""
    SELECT cohort_id, place, text, gold FROM cohort_samples
    WHERE cohort_id = ANY(CAST(:cohorts AS bigint[])) ORDER BY cohort_id, place
""")

ADD_SAMPLES = text("""
    INSERT INTO cohort_samples (cohort_id, place, text, gold)
    SELECT * FROM unnest(
        CAST(:cohort AS bigint[]), CAST(:place AS int[]), CAST(:text AS text[]),
        CAST(:gold AS float8[])
    )
""")

SETTLE_COHORTS = text("""
    UPDATE cohorts c SET state = w.state, tournament_id = w.tournament
    FROM unnest(CAST(:cohort AS bigint[]), CAST(:state AS text[]), CAST(:tournament AS bigint[]))
         AS w (cohort, state, tournament)
    WHERE c.id = w.cohort
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


def lock_cohorts(tx: Connection, new: Sequence[NewCohort]) -> list[CohortView]:
    """The cohorts of these names, begun now where there is none, locked until the end of `tx`.

    All servers must ask for them in one order. No name may come twice in a job.
    """
    if not new:
        return []
    columns = {
        name: [getattr(one, name) for one in new] for name in NewCohort._fields if name != "partial"
    }
    tx.execute(BEGIN_COHORTS, {**columns, "partial": [one.partial.value for one in new]})
    bind = {"job": columns["job"], "name": columns["name"]}
    return read_cohorts(tx, tx.scalars(LOCK_COHORTS, bind))


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
    late = tx.scalars(LOCK_LATE, {"cohorts": list(cohorts)})
    return read_cohorts(tx, late) if late else []


def lock_overdue(tx: Connection, most: int, *, begun: bool = False) -> list[CohortView]:
    """Up to `most` cohorts that gather beyond their deadline, locked as by `lock_late`.

    `begun`: only those of which matches are judged already.
    """
    late = tx.scalars(LOCK_OVERDUE, {"most": most, "begun": begun})
    return read_cohorts(tx, late) if late else []


def read_cohorts(tx: Connection, cohorts: Iterable[CohortId]) -> list[CohortView]:
    """The cohorts."""
    rows = tx.execute(COHORTS, {"cohorts": list(cohorts)})
    return sorted((_view(row) for row in rows), key=lambda view: view.id)


def samples(tx: Connection, cohorts: Iterable[CohortId]) -> dict[CohortId, dict[int, Sample]]:
    """The answers that have come to each of the cohorts, by place."""
    found: dict[CohortId, dict[int, Sample]] = {cohort: {} for cohort in cohorts}
    for row in tx.execute(SAMPLES, {"cohorts": list(found)}) if found else ():
        found[row.cohort_id][row.place] = Sample(row.place, row.text, row.gold)
    return found


def add_samples(tx: Connection, new: Sequence[tuple[CohortId, Sample]]) -> None:
    """Adds answers at free places of locked cohorts."""
    if new:
        columns = {name: [getattr(one, name) for _, one in new] for name in Sample._fields}
        tx.execute(ADD_SAMPLES, {"cohort": [cohort for cohort, _ in new], **columns})


def begin_tournaments(tx: Connection, begun: Mapping[CohortId, TournamentId]) -> None:
    """Notes in which tournaments the answers of cohorts that gather are judged."""
    bind = {"cohort": list(begun), "tournament": list(begun.values())}
    tx.execute(SET_TOURNAMENTS, bind)


def settle(
    tx: Connection, ended: Sequence[tuple[CohortId, CohortState, TournamentId | None]]
) -> None:
    """Ends the gathering of locked cohorts, and tells those who wait for them."""
    if ended:
        cohorts = [cohort for cohort, _, _ in ended]
        bind = {
            "cohort": cohorts,
            "state": [state.value for _, state, _ in ended],
            "tournament": [tournament for _, _, tournament in ended],
        }
        tx.execute(SETTLE_COHORTS, bind)
        tell(tx, Channel.COHORTS, cohorts)


def _view(row: Any) -> CohortView:
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
