"""Jobs as their users see them: found by a prefix, listed, watched."""

from collections.abc import Collection

from rrm_queue.domain import JobId, JobState
from rrm_queue.errors import JobNotFound
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.rows import read_rows
from rrm_queue.text import did_you_mean
from rrm_queue.views.jobs import JobView
from rrm_queue.views.tournaments import TournamentError

FIND_OPEN_JOB = text("""
    SELECT id FROM jobs WHERE name = :name AND open AND state IN ('queued', 'running', 'paused')
    ORDER BY created_at DESC LIMIT 1
""")

FIND_JOBS = text("""
    SELECT id FROM jobs WHERE starts_with(id, :prefix) AND deleted_at IS NULL LIMIT 2
""")

# To suggest the one that was meant.
NEWEST_JOBS = text("""
    SELECT id, coalesce(name, '') AS name FROM jobs
    WHERE NOT ephemeral AND deleted_at IS NULL
    ORDER BY created_at DESC, id LIMIT 200
""")

JOBS = text("""
    SELECT j.id, j.name, j.source, j.state, j.strategy, j.seeding, j.judge, j.queue,
           j.voting, j.seed, j.priority, j.tournaments, j.tournaments_done,
           j.tournaments_failed, j.candidates, j.matches_done, j.matches_failed,
           CASE WHEN j.finished_at IS NULL THEN
               (SELECT count(*) FROM matches m WHERE m.job_id = j.id AND m.state = 'out')
           ELSE 0 END AS out,
           CASE WHEN j.finished_at IS NULL THEN
               (SELECT count(*) FROM matches m WHERE m.job_id = j.id AND m.state = 'ready')
           ELSE 0 END AS ready,
           j.votes, j.votes_reused, j.prompt_tokens, j.cached_tokens, j.completion_tokens,
           j.shareable_tokens, j.shared_tokens, j.note, j.open, j.ephemeral, j.price, j.max_cost,
           j.created_at, j.started_at, j.finished_at
    FROM jobs j
    WHERE j.deleted_at IS NULL AND (CAST(:job AS text) IS NULL OR j.id = :job)
      AND (CAST(:states AS text[]) IS NULL OR j.state = ANY(CAST(:states AS text[])))
      AND (:ephemeral OR NOT j.ephemeral)
      AND (CAST(:search AS text) IS NULL
           OR strpos(lower(concat_ws(' ', j.id, j.name, j.source, j.strategy, j.queue)),
                     lower(:search)) > 0)
      AND (CAST(:before AS text) IS NULL OR EXISTS (
          SELECT FROM jobs b WHERE b.id = :before
             AND (j.created_at < b.created_at OR (j.created_at = b.created_at AND j.id > b.id))))
    ORDER BY j.created_at DESC, j.id
    LIMIT :most
""")

ALL = {"job": None, "states": None, "ephemeral": True, "before": None, "search": None}
"""The filters of `JOBS` that leave nothing out."""

ALIKE = 0.75
"""How like two ids must be that one may be meant by the other; any two are alike by half."""

STATES = text("""
    SELECT state, count(*) AS jobs FROM jobs j
    WHERE NOT ephemeral AND deleted_at IS NULL
      AND (CAST(:search AS text) IS NULL
           OR strpos(lower(concat_ws(' ', j.id, j.name, j.source, j.strategy, j.queue)),
                     lower(:search)) > 0)
    GROUP BY state
""")

FIRST_ERROR = text("""
    SELECT key AS tournament, error FROM tournaments
    WHERE job_id = :job AND state = 'failed'
    ORDER BY id LIMIT 1
""")

# Of the matches that wait for another attempt, the last that came back.
TROUBLE = text("""
    SELECT error FROM matches
    WHERE job_id = :job AND state = 'ready' AND not_before > now()
    ORDER BY not_before DESC LIMIT 1
""")


def find_job(tx: Connection, prefix: str) -> JobId:
    """The one job whose id begins with `prefix`. Raises JobNotFound for none and for several."""
    if not prefix.isascii():
        raise JobNotFound("an id has only digits and letters")
    found = tx.scalars(FIND_JOBS, {"prefix": prefix}).all()
    if len(found) == 1 and prefix:
        return JobId(found[0])
    if not found:
        raise JobNotFound(f"no id begins with '{prefix}'{_meant(tx, prefix)}")
    raise JobNotFound(f"several ids begin with '{prefix}'; give more characters")


def _meant(tx: Connection, word: str) -> str:
    """The newest job whose id begins most alike or whose name is most alike."""
    words: dict[str, str] = {}
    for job in tx.execute(NEWEST_JOBS):
        words.setdefault(job.id[: len(word)], job.id)
        words.setdefault(job.name, f"{job.id} ({job.name})")
    return did_you_mean(word, words, ALIKE) or "; `rrmq list` shows them"


def find_open_job(tx: Connection, word: str) -> JobId:
    """The open job of this name, or else the one job whose id begins so. Raises JobNotFound."""
    for found in tx.scalars(FIND_OPEN_JOB, {"name": word}):
        return JobId(found)
    return find_job(tx, word)


def view_job(tx: Connection, job: JobId) -> JobView:
    """The job's progress. Raises JobNotFound."""
    for view in read_rows(JobView, tx.execute(JOBS, {**ALL, "job": job, "most": 1})):
        return view
    raise JobNotFound(job)


def list_jobs(
    tx: Connection,
    most: int,
    states: Collection[JobState] = (),
    before: JobId | None = None,
    *,
    ephemeral: bool = False,
    search: str | None = None,
) -> list[JobView]:
    """The newest jobs first, those in one of the states and after the job `before`.

    With `ephemeral` also the jobs that were made by requests for rewards. With `search` only those
    with this text in id, name, source, strategy or queue.
    """
    filters = {
        **ALL,
        "states": list(states) or None,
        "ephemeral": ephemeral,
        "before": before,
        "search": search,
    }
    return list(read_rows(JobView, tx.execute(JOBS, {**filters, "most": most})))


def count_states(tx: Connection, search: str | None = None) -> dict[JobState, int]:
    """How many jobs are in each state, without those that requests for rewards made."""
    rows = tx.execute(STATES, {"search": search})
    return {JobState(row.state): row.jobs for row in rows}


def first_error(tx: Connection, job: JobId) -> TournamentError | None:
    """The first failed tournament of the job, if any."""
    return next(read_rows(TournamentError, tx.execute(FIRST_ERROR, {"job": job})), None)


def trouble(tx: Connection, job: JobId) -> str | None:
    """Why matches of the job wait for another attempt; None when none waits."""
    found: str | None = tx.scalar(TROUBLE, {"job": job})
    return found
