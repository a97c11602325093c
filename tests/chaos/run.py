"""A chaos run from its files to its audit."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.waiting import eventually

from chaos.audit import Difference, audit, left
from chaos.executor import Done, Executor
from chaos.figures import leftovers, miscounted, paid, repairs
from chaos.fleet import Fleet, Size, fleet, rrmq
from chaos.given import GivenJob, jobs
from chaos.hand import Action, Deed, Kind, schedule
from chaos.submission import killed_submit, submit
from chaos.watch import Watch
from rrm_queue.store.connection import text

VOTES = 3
_STALLED = 150.0
"""Seconds without a match after which a run that nobody disturbs any more is given up."""

_SETTLED = 90.0
"""Seconds after the jobs' end in which batches that came too late must be closed."""

STANDINGS = text("""
    SELECT t.job_id, t.key, s.candidate, s.rank, s.wins, s.losses, s.draws, s.elo, s.bt
    FROM standings s JOIN tournaments t ON t.id = s.tournament_id
""")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is asked for; `disk` says whether Postgres gets one that can be filled."""

    seed: int
    minutes: float
    kills: int
    matches: int
    disk: bool
    size: Size = field(default_factory=Size)

    @property
    def mean(self) -> float:
        """Seconds that the engine takes on average, so that the run lasts as long as the hand."""
        slots = self.size.workers * self.size.concurrency
        return min(0.5, max(0.02, 0.7 * self.minutes * 60 * slots / (2.4 * self.matches)))


@dataclass(slots=True)
class Report:
    """What was done and what was found; `began` is when the deeds' seconds begin."""

    began: float = 0.0
    deeds: list[Done] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    standings: dict[tuple[Any, ...], tuple[Any, ...]] = field(default_factory=dict)


def run(plan: Plan, say: Callable[[str], None], *, disturbed: bool, logs: Path | None) -> Report:
    """Runs the jobs, with the hand at work if `disturbed`, and audits the store."""
    given = jobs(plan.seed, plan.matches, VOTES)
    size = Size(
        plan.size.coordinators,
        plan.size.workers,
        plan.size.concurrency,
        plan.mean,
        own_disk=plan.disk,
    )
    report = Report()
    with fleet(size, plan.seed, keep=logs) as ours:
        report.differences += killed_submit(ours, given[0], say)
        submitted = {submit(ours, job): job for job in given}
        say(f"submitted: {', '.join(f'{i} {_words(j)}' for i, j in submitted.items())}")
        began = time.monotonic()
        watch = Watch(ours, list(submitted))
        watch.start()
        try:
            _disturb(plan, ours, watch, report, say, disturbed=disturbed)
            _end(ours, watch, report, say)
        finally:
            watch.stop()
        report.figures["seconds"] = round(time.monotonic() - began, 1)
        report.figures["longest_pause_seconds"] = round(watch.longest_pause, 1)
        say("auditing the store")
        with ours.store() as store:
            report.differences += audit(store, submitted, miscounted(ours.notes))
            report.figures |= repairs(store)
            report.standings = {
                (submitted[row.job_id].strategy, *row[1:3]): tuple(row[3:])
                for row in store.execute(STANDINGS)
            }
        report.figures |= paid(ours.notes)
        report.differences += leftovers(ours, report.figures)
    return report


def targets(size: Size) -> Mapping[Kind, Sequence[str]]:
    """What the hand may reach for."""
    return {
        Kind.POSTGRES: ["postgres"],
        Kind.VALKEY: ["valkey"],
        Kind.ENGINE: ["engine"],
        Kind.COORDINATOR: [f"coordinator-{number}" for number in range(size.coordinators)],
        Kind.WORKER: [f"worker-{number}" for number in range(size.workers)],
        Kind.JOB: ["job"],
    }


def deeds(plan: Plan, without: Sequence[Action]) -> list[Deed]:
    """The schedule of the plan."""
    return schedule(
        plan.seed,
        seconds=plan.minutes * 60,
        kills=plan.kills,
        targets=targets(plan.size),
        without=without,
    )


def _disturb(
    plan: Plan,
    ours: Fleet,
    watch: Watch,
    report: Report,
    say: Callable[[str], None],
    *,
    disturbed: bool,
) -> None:
    eventually(lambda: watch.progress.matches > 0, "the first match ends")
    without = [] if plan.disk else [Action.FILL]
    if not _has_verb("pause"):
        say("skipped: pausing the job (there is no `rrmq pause`)")
        without.append(Action.PAUSE)

    def tell(done: Done) -> None:
        report.deeds.append(done)
        say(f"{done}  [{watch.progress.matches} matches]")

    executor = Executor(ours, watch.jobs, tell)
    planned = deeds(plan, without) if disturbed else []
    report.began = executor.began
    report.figures["deeds_not_done"] = executor.run(planned, lambda: watch.over)
    report.figures["flushes_forged"] = executor.forged
    report.figures["done"] = dict(
        Counter(f"{done.action} {done.target.split('-')[0]}" for done in report.deeds)
    )


def _end(ours: Fleet, watch: Watch, report: Report, say: Callable[[str], None]) -> None:
    """Waits until the jobs have ended, disturbed no more; a run that stands still is a fault."""
    say("the hand rests")
    ours.heal()
    told = time.monotonic()
    while not watch.over:
        if watch.pause > _STALLED:
            what = f"nothing has moved for {_STALLED:.0f} s: {_left(ours)}"
            report.differences.append(Difference("a job ends", "run", what))
            return
        if time.monotonic() - told > 10:
            told = time.monotonic()
            say(f"{watch.progress.matches} matches, {watch.progress.votes} votes")
        list(ours.tend())
        time.sleep(0.1)
    with suppress(TimeoutError):  # the audit says what is
        eventually(lambda: not _left(ours), "nothing is out", _SETTLED)


def _left(ours: Fleet) -> list[str]:
    with ours.store() as store:
        return left(store)


def _has_verb(verb: str) -> bool:
    return subprocess.run(rrmq(verb, "--help"), capture_output=True, check=False).returncode == 0


def _words(job: GivenJob) -> str:
    return f"({job.strategy}: {len(job.tournaments)} tournaments, {job.matches} matches)"
