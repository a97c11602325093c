"""What a judgement costs beyond its judge: a job over HTTP beside a plain asyncio script.

Both judge all pairs of the same file at the same judge, a stub on the loopback, with as many
requests in flight, one after the other. The stub answers at once, in half a second, or lognormally
around that. Timed is the whole command: `rrmq submit --watch` on a stack that runs already, and the
script from its start to its end. Processor time is counted per judgement for each process.

`--profile FOLDER` records coordinator and worker with py-spy beside it.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from figures import Figure, arguments, report
from processes import processor_seconds, profiled
from rig import Fleet, add_worker, one_coordinator, rrmq, stub_judge, write_tournaments

from rrm_queue.store.connection import text

PROMPTS, SIZE, IN_FLIGHT = 100, 8, 64
JUDGEMENTS = SIZE * (SIZE - 1) // 2
COMMITS = text("SELECT sum(xact_commit) FROM pg_stat_database")
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the judge takes, how far the job may be slower than the script, and its cost."""

    name: str
    path: str
    target: float
    milliseconds: float | None = None


LATENCIES = (
    Latency("0 ms", "0/0/v1", 2.0, 2.0),
    Latency("500 ms", "0.5/0/v1", 1.02, 2.0),
    Latency("lognormal 500 ms", "0.5/1/v1", 1.02),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took: seconds of the clock, processor seconds, and commits in Postgres."""

    seconds: float
    command: float
    parts: Mapping[str, float]
    commits: int = 0

    @property
    def processor(self) -> float:
        """Processor seconds of all processes but the judge."""
        return self.command + sum(self.parts.values())


def main() -> int:
    """Exit code 0 when every target is met."""
    given = arguments(
        __doc__,
        profile={"type": Path, "metavar": "FOLDER"},
        at={"choices": [latency.name for latency in LATENCIES], "action": "append"},
    )
    prompts = PROMPTS // 10 if given.quick else PROMPTS
    figures: list[Figure] = []
    with one_coordinator() as ours, stub_judge() as judge, tempfile.TemporaryDirectory() as folder:
        add_worker(ours, "openai", "--concurrency", str(IN_FLIGHT))
        write_tournaments(warm := Path(folder, "warm.jsonl"), 4, SIZE)
        _job(ours, warm, f"{judge}/{LATENCIES[0].path}", 1)
        for number, latency in enumerate(LATENCIES, 2):
            if given.at and latency.name not in given.at:
                continue
            url = f"{judge}/{latency.path}"
            file, out = Path(folder, f"{number}.jsonl"), Path(folder, f"{number}.out")
            write_tournaments(file, prompts, SIZE, text_length=600)
            _begin(url)
            plain = _command(
                [
                    sys.executable,
                    str(HERE / "plain_judging.py"),
                    str(file),
                    url,
                    str(IN_FLIGHT),
                    str(out),
                ]
            )
            _begin(url)
            with profiled(ours, given.profile, latency.name.replace(" ", "-")):
                job = _job(ours, file, url, number)
            figures += _figures(latency, prompts * JUDGEMENTS, job, plain)
    return report(f"judgements over HTTP, {IN_FLIGHT} in flight", figures, given)


def _job(ours: Fleet, file: Path, url: str, seed: int) -> Cost:
    """A job of the file, with a seed of its own, so that no paid vote is used again."""
    options = ("--strategy", "elo", "--judge", "openai:stub", "--votes", "1", "--yes", "--watch")
    before, commits = processor_seconds(ours), _commits(ours)
    cost = _command(
        rrmq("submit", str(file), *options, "--seed", str(seed)),
        {**ours.environment, "RRMQ_OPENAI_BASE_URL": url},
    )
    after = processor_seconds(ours)
    parts = {name: after[name] - before[name] for name in before}
    return Cost(cost.seconds, cost.command, parts, _commits(ours) - commits)


def _command(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(argv, env=environment, check=False, capture_output=True, text=True)  # noqa: S603  # our own
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{argv[-1]}: {done.stderr.strip()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, spent, {})


def _figures(latency: Latency, judgements: int, job: Cost, plain: Cost) -> Iterator[Figure]:
    name = f"{latency.name}, {judgements:,} judgements"
    yield Figure(name, job.seconds, "s", plain.seconds, "s, script", latency.target, at_most=True)
    of_script = 1000 * plain.processor / judgements
    yield Figure(
        f"{latency.name}, all",
        1000 * job.processor / judgements,
        "ms CPU/judgement",
        of_script,
        "ms, script",
        latency.milliseconds,
        at_most=True,
        absolute=True,
    )
    for part, seconds in {"command": job.command, **job.parts}.items():
        yield Figure(f"{latency.name}, {part}", 1000 * seconds / judgements, "ms CPU/judgement")
    yield Figure(f"{latency.name}, Postgres", job.commits / judgements, "commits/judgement")


def _commits(ours: Fleet) -> int:
    with ours.store() as store:
        return int(store.scalar(COMMITS) or 0)


def _begin(url: str) -> None:
    with urlopen(f"{url}/chat/completions") as answer:  # noqa: S310  # our own
        answer.read()


if __name__ == "__main__":
    sys.exit(main())
