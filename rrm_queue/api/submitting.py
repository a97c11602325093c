"""Submitting from Python: a file or rows, with the options of `rrmq submit`."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from os import PathLike, fspath
from typing import Any, TypeVar

from rrm_queue.actions.app import connect, open_broker, open_store, read_settings
from rrm_queue.actions.input_files import open_bytes
from rrm_queue.actions.request import Request, fingerprint_of, judge_of, wake
from rrm_queue.api.job import Job, log
from rrm_queue.cli.options.voting import MOST_RESAMPLES, MOST_VOTES, voting_of
from rrm_queue.domain import Launch, OnNoVerdict, Order, Seeding, Voting
from rrm_queue.errors import UsageFault
from rrm_queue.intake.formats.base import Empty
from rrm_queue.intake.reader import Source
from rrm_queue.intake.rows import NAME, stream_of
from rrm_queue.intake.submission import submit as store_submission

Row = Mapping[str, Any]
"""One prompt with its candidates, as a line of `docs/input.md`."""

Word = TypeVar("Word", bound=StrEnum)


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
        addresses = connect(settings, fingerprint=fingerprint_of(settings, request.spec))
        link = open_broker(addresses)
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
