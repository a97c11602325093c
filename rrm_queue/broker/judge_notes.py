"""What workers found out about the judges of jobs, such as what an endpoint refuses: in Redis.

It is told again by whatever worker judges next, so it may expire.
"""

from collections.abc import Mapping

from redis import Redis

KEEP_SECONDS = 7 * 24 * 3600
LONGEST = 500  # characters


def note_key(job: str) -> str:
    """Where the note on a job's judge stands."""
    return f"rrmq:judge-note:{job}"


def write_notes(client: Redis, notes: Mapping[str, str]) -> None:
    """Keeps each job's note, the newest in place of the one before. Raises RedisError."""
    if not notes:
        return
    with client.pipeline(transaction=False) as pipe:
        for job, note in notes.items():
            pipe.set(note_key(job), note[:LONGEST], ex=KEEP_SECONDS)
        pipe.execute()


def note_on(client: Redis, job: str) -> str:
    """The note on the job's judge; empty where there is none. Raises RedisError."""
    found = client.get(note_key(job))
    text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found or "")
    return text[:LONGEST]
