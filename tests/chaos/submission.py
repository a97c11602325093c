"""How a run's jobs come into the store, and one that is killed on its way."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace

from kit.waiting import eventually

from chaos.audit import Difference
from chaos.fleet import Fleet, rrmq
from chaos.given import GivenJob, line
from rrm_queue.store.connection import text

_HALF_A_FILE = 2500
"""Lines of the submission that is killed: more than are copied at once."""

ROWS = text("""
    SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM tournaments) AS tournaments,
           (SELECT count(*) FROM candidates) AS candidates
""")

# A submission that has copied a part of its file and waits for the rest of it.
SUBMITTING = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'rrmq' AND state = 'idle in transaction'
      AND query LIKE '%COPY candidates%'
""")


def submit(ours: Fleet, job: GivenJob) -> str:
    """The id of the job, submitted by `rrmq submit`."""
    file = ours.home / f"{job.strategy}.jsonl"
    job.write(file)
    said = ours.command("submit", str(file), *_options(job))
    return said.split(":")[0].removeprefix("job ").strip()


def _options(job: GivenJob) -> list[str]:
    options = {
        "--strategy": job.strategy,
        "--seed": str(job.seed),
        "--votes": str(job.votes),
        "--judge": "openai:chaos",
    }
    return [word for option in options.items() for word in option]


def killed_submit(ours: Fleet, job: GivenJob, say: Callable[[str], None]) -> Iterator[Difference]:
    """Kills a submission whose file is half read: nothing of it may be in the store."""
    process = subprocess.Popen(
        rrmq("submit", "-", *_options(job)),
        env=ours.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    try:
        for number in range(_HALF_A_FILE):
            given = job.tournaments[number % len(job.tournaments)]
            process.stdin.write(line(replace(given, key=f"half-{number}")).encode())
        process.stdin.flush()
        eventually(lambda: _submitting(ours), "the submission has copied a part of its file")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.close()
    eventually(lambda: not _submitting(ours), "its session is gone")
    with ours.store() as store:
        rows = store.execute(ROWS).one()._asdict()
    say(f"a submission was killed with half its file read: {rows}")
    if any(rows.values()):
        yield Difference("a killed submission leaves nothing", "submit", str(rows))


def _submitting(ours: Fleet) -> bool:
    with ours.store() as store:
        return bool(store.scalar(SUBMITTING))
