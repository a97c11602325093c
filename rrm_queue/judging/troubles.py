"""What a worker knows of requests that were not answered and are tried again, job by job."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class JobTrouble:
    """A job's samples that are asked for; `reason` is the last fault of one that is not answered.

    `waiting` counts those that are not with an engine now, `faulty` those with a fault.
    """

    samples: int = 0
    waiting: int = 0
    faulty: int = 0
    reason: str = ""


class SampleTrouble:
    """One sample's part of it."""

    def __init__(self, job: JobTrouble) -> None:
        self._job = job
        self._faulty = False

    def fault(self, reason: str) -> None:
        """The sample was not answered, and will be asked for again."""
        self._job.reason = reason
        if not self._faulty:
            self._job.faulty += 1
            self._faulty = True

    @contextmanager
    def asking(self) -> Iterator[None]:
        """The sample's request is with an engine."""
        self._job.waiting -= 1
        try:
            yield
        finally:
            self._job.waiting += 1

    def end(self) -> None:
        """The sample was answered or given up."""
        self._job.faulty -= self._faulty


class Troubles:
    """The troubles of all jobs of a worker; any thread may look."""

    def __init__(self) -> None:
        self._jobs: dict[str, JobTrouble] = {}

    @contextmanager
    def sample(self, job: str) -> Iterator[SampleTrouble]:
        """A sample of the job, while it is asked for."""
        trouble = self._jobs.setdefault(job, JobTrouble())
        sample = SampleTrouble(trouble)
        trouble.samples += 1
        trouble.waiting += 1
        try:
            yield sample
        finally:
            sample.end()
            trouble.waiting -= 1
            trouble.samples -= 1
            if not trouble.samples:
                del self._jobs[job]

    def now(self) -> dict[str, tuple[str, int]]:
        """For each job with a fault that is not over: its reason, and how many requests wait."""
        jobs = list(self._jobs.items())
        return {job: (of.reason, of.waiting) for job, of in jobs if of.faulty}
