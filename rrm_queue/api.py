"""rrmq from Python: the words of the command, as functions. `docs/python.md` shows them at work.

A composition root like `cli`: it reads the same settings and starts the same local stack. What goes
wrong is an RrmqError; what the command would say on stderr is logged.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from os import PathLike, fspath
from typing import Any, TypeVar

from rrm_queue.cli import control
from rrm_queue.cli.composition import connect, open_link, open_store, read_settings
from rrm_queue.cli.opening import open_bytes
from rrm_queue.cli.request import Request, judge_of, mark_of, wake
from rrm_queue.cli.voting_options import MOST_RESAMPLES, MOST_VOTES, voting_of
from rrm_queue.cli.watch import Watcher
from rrm_queue.domain import Launch, OnNoVerdict, Order, Seeding
from rrm_queue.errors import JobFailed, UsageFault
from rrm_queue.intake.formats.base import Empty
from rrm_queue.intake.reader import Source
from rrm_queue.intake.rows import NAME, stream_of
from rrm_queue.intake.submission import submit as store_submission
from rrm_queue.messages import Voting
from rrm_queue.store.control import Retried, cancel_job, pause_job, resume_job, retry_job
from rrm_queue.store.jobs import JobView, find_job, view_job
from rrm_queue.store.results import TournamentResult, find_tournament, job_results

log = logging.getLogger("rrm_queue")

Row = Mapping[str, Any]
"""One prompt with its candidates, as a line of `docs/input.md`."""

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Job:
    """A job by its id, or by any unique beginning of it.

    `new` is False when an earlier submission of the same made it.
    """

    id: str
    new: bool = False

    def status(self) -> JobView:
        """How far it is. Raises JobNotFound."""
        return status(self.id)

    def wait(self, timeout: float | None = None) -> JobView:
        """How it ended, or that it was paused for a reason of its own (`note` tells it).

        Raises StillRunning when neither happens within `timeout` seconds.
        """
        return wait(self.id, timeout)

    def results(self, tournament: str | None = None) -> Iterator[TournamentResult]:
        """Its tournaments in the file's order, or the one with this id; streamed."""
        return results(self.id, tournament)

    def cancel(self) -> bool:
        """Stops it for good; whether there was anything to stop."""
        return control.change(
            self.id, cancel_job, control.stop, otherwise=_STOP_LATER, say=log.warning
        ).done

    def pause(self) -> bool:
        """Holds it; whether it was queued or running."""
        return control.change(
            self.id, pause_job, control.stop, otherwise=_STOP_LATER, say=log.warning
        ).done

    def resume(self) -> bool:
        """Lets it go on; whether it was paused."""
        return control.change(
            self.id,
            resume_job,
            control.go_on,
            otherwise=_GO_ON_LATER,
            processes=True,
            say=log.warning,
        ).done

    def retry(self) -> Retried:
        """Tries again what failed of it, and says how much that is."""
        return control.change(
            self.id,
            retry_job,
            control.wake,
            otherwise=_GO_ON_LATER,
            processes=True,
            say=log.warning,
        ).done


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's place; `number` is where it stood among those given, from 0."""

    rank: int
    number: int
    id: str
    text: str
    wins: int
    losses: int
    draws: int
    elo: float
    bt: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates from the best to the worst, and the job that found it."""

    job: Job
    standings: tuple[Ranked, ...]

    @property
    def best(self) -> str:
        """The best answer's text."""
        return self.standings[0].text


def submit(
    source: str | PathLike[str] | Iterable[Row],
    *,
    strategy: str = "knockout",
    judge: str = "reference",
    votes: int = 1,
    order: str = Order.BALANCED,
    launch: str = Launch.WAVES,
    stop: str = "decided",
    on_no_verdict: str = OnNoVerdict.ABSTAIN,
    resamples: int = 2,
    sampling: Mapping[str, object] | None = None,
    template: str | PathLike[str] | None = None,
    seed: int = 0,
    seeding: str = Seeding.RANDOM,
    name: str | None = None,
    priority: int = 1,
    format: str | None = None,  # noqa: A002  # the option's name
    mapping: Mapping[str, str] | None = None,
    empty: str = Empty.REFUSE,
    new: bool = False,
) -> Job:
    """Makes a job of a file or of rows; the options are those of `rrmq submit`.

    The same content with the same options is the same job, unless `new`. Raises BadInput naming the
    bad lines (of rows: their number from 1) and UsageFault for options that cannot be; then nothing
    is stored.
    """
    settings = read_settings()
    sampled = {key: str(value) for key, value in (sampling or {}).items()}
    request = Request(
        strategy=strategy,
        seeding=_word(Seeding, seeding, "seeding"),
        spec=judge_of(
            judge, settings.openai_base_url, sampled, None if template is None else fspath(template)
        ),
        voting=_voting(votes, order, launch, stop, on_no_verdict, resamples),
        seed=_within(seed, 0, 2**63 - 1, "seed"),
        name=name,
        priority=_within(priority, 1, 100, "priority"),
    )
    emptiness = _word(Empty, empty, "empty")
    with _opened(source) as opened:
        addresses = connect(settings, mark=mark_of(settings, request.spec))
        link = open_link(addresses)
        with open_store(addresses) as database:
            submitted = store_submission(
                database,
                [opened],
                request.job(opened.name),
                needs=request.needs(),
                anew=new,
                format=format,
                mapping=mapping,
                empty=emptiness,
            )
    if submitted.new:
        wake(link, say=log.warning)
    return Job(submitted.job, submitted.new)


def status(job: str) -> JobView:
    """How far the job is. Raises JobNotFound."""
    addresses = connect(read_settings())
    with open_store(addresses) as database, database.begin() as tx:
        return view_job(tx, find_job(tx, job))


def wait(job: str, timeout: float | None = None) -> JobView:
    """The job when it has ended, or was paused for a reason of its own.

    Raises JobNotFound, and StillRunning when neither happens within `timeout` seconds.
    """
    settings = read_settings()
    addresses = connect(settings)
    with open_store(addresses) as database:
        with database.begin() as tx:
            found = find_job(tx, job)
        return Watcher(settings, addresses, database, _Logged()).follow(
            found, inf if timeout is None else timeout
        )


def results(job: str, tournament: str | None = None) -> Iterator[TournamentResult]:
    """The job's tournaments in the file's order, or the one with this id; streamed.

    One that is not done has no standings. Raises JobNotFound and TournamentNotFound, as soon as the
    first is asked for.
    """
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database, database.begin() as tx:
        found = find_job(tx, job)
        if tournament is not None:
            find_tournament(tx, found, tournament)
        yield from job_results(tx, found, tournament)


def rank(
    prompt: str,
    candidates: Iterable[str | Row],
    *,
    judge: str = "reference",
    reference: str | None = None,
    strategy: str = "elo",
    timeout: float | None = None,
    **options: Any,
) -> Ranking:
    """The candidates from the best to the worst, as the judge sees them; waits for it.

    Every pair meets, unless another `strategy` is asked for; other options are those of `submit`
    that are not about a file. Asked the same again, it answers with the job that has found it.
    Raises BadInput, StillRunning after `timeout` seconds, and JobFailed when there is no ranking in
    the end.
    """
    if unfit := options.keys() & {"format", "mapping", "empty"}:
        raise UsageFault(f"{', '.join(sorted(unfit))}: a file's options, not one prompt's")
    given = list(candidates)
    row: dict[str, Any] = {"prompt": prompt, "candidates": given}
    if reference is not None:
        row["reference"] = reference
    job = submit([row], judge=judge, strategy=strategy, **options)
    ended = job.wait(timeout)
    [result] = job.results()
    if not result.standings:
        raise JobFailed(f"{job.id} is {ended.state}: {result.error or ended.note or 'no reason'}")
    return Ranking(job, tuple(_ranked(result, given)))


_STOP_LATER = "workers stop when it is back"
_GO_ON_LATER = "it goes on when it is back"


class _Logged:
    """Where a watcher that nobody looks at says what it sees."""

    def show(self, view: JobView) -> None:
        """Shows nothing."""

    def say(self, note: str) -> None:
        """Logs what keeps the job waiting."""
        log.warning(note)


def _ranked(result: TournamentResult, given: list[str | Row]) -> Iterator[Ranked]:
    for line in result.standings:
        one = line.standing
        answer = given[one.candidate]
        text = answer if isinstance(answer, str) else str(answer["text"])
        yield Ranked(
            one.rank, one.candidate, line.key, text,
            one.wins, one.losses, one.draws, one.elo, one.bt,
        )  # fmt: skip


@contextmanager
def _opened(source: str | PathLike[str] | Iterable[Row]) -> Iterator[Source]:
    if not isinstance(source, str | PathLike):
        yield Source(NAME, stream_of(source))
        return
    path = fspath(source)
    with open_bytes(path) as stream:
        yield Source(path, stream)


def _voting(
    votes: int, order: str, launch: str, stop: str, on_no_verdict: str, resamples: int
) -> Voting:
    return voting_of(
        _within(votes, 1, MOST_VOTES, "votes"),
        _word(Order, order, "order"),
        _word(Launch, launch, "launch"),
        stop,
        _word(OnNoVerdict, on_no_verdict, "on_no_verdict"),
        _within(resamples, 0, MOST_RESAMPLES, "resamples"),
    )


def _word(words: type[Word], word: str, what: str) -> Word:
    """The member that is spelled so. Raises UsageFault naming those there are."""
    try:
        return words(word)
    except ValueError as error:
        raise UsageFault(f"{what} is {', '.join(words)}, not {word!r}") from error


def _within(number: int, low: int, high: int, what: str) -> int:
    """The number, which may not be outside. Raises UsageFault."""
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise UsageFault(f"{what} is a whole number from {low} to {high}, not {number!r}")
    return number
