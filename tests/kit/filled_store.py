"""A store as it is in the middle of a large job, made by SQL: plausible rows, in seconds."""

from dataclasses import dataclass

from rrm_queue.domain import JobId, JobState, Seeding
from rrm_queue.store.connection import Statement, text
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue.submission import NewJob, insert_job

QUEUE = "rrmq.judge.openai"

TOURNAMENTS = text("""
    INSERT INTO tournaments (job_id, key, line, prompt, size, seed, state, planned, decided,
                             champion, finished_at)
    SELECT :job, 't' || n, n, 'What is the answer to question ' || n || '?', :size, n,
           CASE WHEN n <= :done THEN 'done' WHEN n <= :begun THEN 'running' ELSE 'waiting' END,
           CASE WHEN n <= :begun THEN :matches ELSE 0 END,
           CASE WHEN n <= :done THEN :matches ELSE 0 END,
           CASE WHEN n <= :done THEN 0 END, CASE WHEN n <= :done THEN now() END
    FROM generate_series(1, CAST(:count AS int)) AS n
""")

CANDIDATES = text("""
    INSERT INTO candidates (tournament_id, number, key, generator, text)
    SELECT t.id, c, 'c' || c, 'model-' || c % 7, 'Answer ' || c || ' to ' || t.key
    FROM tournaments t, generate_series(0, :size - 1) AS c WHERE t.job_id = :job
""")

BATCHES = text("""
    INSERT INTO batches (id, job_id, queue, state, epoch)
    OVERRIDING SYSTEM VALUE
    SELECT t.id, :job, :queue, CASE t.state WHEN 'done' THEN 'done' ELSE 'out' END, 'epoch'
    FROM tournaments t WHERE t.job_id = :job AND t.state <> 'waiting'
""")

# Of a running tournament a third of the matches is decided, a third out and a third ready.
MATCHES = text("""
    INSERT INTO matches (job_id, tournament_id, round, slot, first, second, state, batch_id, winner,
                         decided_by, decided_at)
    SELECT :job, p.id, p.one + 1, p.two, p.one, p.two, p.state,
           CASE WHEN p.state <> 'ready' THEN p.id END, CASE WHEN p.state = 'done' THEN p.one END,
           CASE WHEN p.state = 'done' THEN 'votes' END, CASE WHEN p.state = 'done' THEN now() END
    FROM (SELECT t.id, one, two,
                 CASE WHEN t.state = 'done' OR (one + two) % 3 = 0 THEN 'done'
                      WHEN (one + two) % 3 = 1 THEN 'out' ELSE 'ready' END AS state
          FROM tournaments t, generate_series(0, :size - 2) AS one,
               LATERAL generate_series(one + 1, :size - 1) AS two
          WHERE t.job_id = :job AND t.state <> 'waiting'
            AND least(two - one, one + :size - two) <= :reach
          ORDER BY t.id, one, two) AS p
""")

VOTES = text("""
    INSERT INTO votes (match_id, number, swapped, verdict, text, model, seed, prompt_tokens,
                       cached_tokens, completion_tokens, seconds, queue_seconds, query_tokens,
                       slot_tokens, samples, neutralised, key)
    SELECT m.id, 1, false, 'first', repeat('Because. ', 20), 'judge', m.id, 900, 500, 700, 10, 0.1,
           400, 600, 1, false, gen_random_uuid()
    FROM matches m WHERE m.job_id = :job AND m.state = 'done'
""")

STANDINGS = text("""
    INSERT INTO standings (tournament_id, candidate, rank, wins, losses, draws, elo, bt)
    SELECT t.id, c, c + 1, :size - 1 - c, c, 0, 1000 - c, 1.0 / (c + 1)
    FROM tournaments t, generate_series(0, :size - 1) AS c
    WHERE t.job_id = :job AND t.state = 'done'
""")

TOTALS = text("""
    UPDATE jobs SET tournaments = :count, tournaments_done = :done,
                    candidates = CAST(:count AS int) * :size,
                    matches_done = (SELECT count(*) FROM matches
                                    WHERE job_id = :job AND state = 'done'),
                    votes = (SELECT count(*) FROM matches WHERE job_id = :job AND state = 'done'),
                    started_at = now()
    WHERE id = :job
""")

# Batches have got the ids of their tournaments.
NEXT_BATCH = text("""
    SELECT setval(pg_get_serial_sequence('batches', 'id'), (SELECT max(id) FROM tournaments))
""")

ANALYZE = text("ANALYZE jobs, tournaments, candidates, matches, votes, standings, batches")


@dataclass(frozen=True, slots=True)
class Filling:
    """A round robin: how many tournaments of how many candidates, and how far they are.

    The first `done` are done, `running` more are under way, the others wait. With `reach` a
    candidate meets only those so many places before and after it on a circle.
    """

    job: str
    count: int
    size: int
    done: int
    running: int
    reach: int | None = None

    @property
    def matches(self) -> int:
        """The matches of a tournament."""
        far = self.size * (self.size - 1) // 2
        return far if self.reach is None else min(far, self.size * self.reach)

    @property
    def job_id(self) -> JobId:
        """Its job's id."""
        return JobId(self.job)


def fill(database: Database, filling: Filling, *, analyze: bool = True) -> None:
    """Adds the job and all that belongs to it; without `analyze` the server knows nothing of it."""
    with database.begin() as tx:
        insert_job(tx, _job(filling))
        parameters = {
            "job": filling.job,
            "queue": QUEUE,
            "count": filling.count,
            "size": filling.size,
            "done": filling.done,
            "begun": filling.done + filling.running,
            "matches": filling.matches,
            "reach": filling.size if filling.reach is None else filling.reach,
        }
        for statement in (TOURNAMENTS, CANDIDATES, BATCHES, MATCHES, VOTES, STANDINGS, TOTALS):
            _run(tx, statement, parameters)
        tx.execute(NEXT_BATCH)
    if analyze:
        with database.begin() as tx:
            tx.execute(ANALYZE)


def _run(tx: Transaction, statement: Statement, parameters: dict[str, object]) -> None:
    tx.execute(statement, {name: parameters[name] for name in statement.names})


def _job(filling: Filling) -> NewJob:
    return NewJob(
        id=filling.job,
        source="filled",
        state=JobState.RUNNING,
        strategy="elo",
        seeding=Seeding.RANDOM,
        judge={"kind": "openai", "argument": "judge", "base_url": "http://127.0.0.1:9/v1"},
        queue=QUEUE,
        voting={},
        seed=0,
        priority=1,
    )
