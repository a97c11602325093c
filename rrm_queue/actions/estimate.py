"""A dry run: everything is read and checked, and what the job would take is estimated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.request import Request
from rrm_queue.domain import JudgeSpec, Price, Spent, Tournament
from rrm_queue.domain.price import HOUR
from rrm_queue.errors import (
    MOST_PROBLEMS,
    BadInput,
    Message,
    Option,
    Problem,
    SchemaMismatch,
    StackFault,
    StoreUnavailable,
)
from rrm_queue.estimates import CHARACTERS, PUBLISHED, Rate, Scale, hours
from rrm_queue.intake.byte_limit import UNLIMITED
from rrm_queue.intake.reader import RowReader, Source
from rrm_queue.judging.kinds import kind_of, name_of
from rrm_queue.judging.prompt import shown
from rrm_queue.seeds import derive
from rrm_queue.store.views.throughput import last_throughput
from rrm_queue.views.jobs import Throughput

LINES = 2**32
"""More than a file has: a tournament's place and its line make one number, for half the memory."""


GUESS = 1_500
"""Tokens of a vote where no job tells: what a reasoning judge writes (arXiv 2505.14674)."""


class Written(NamedTuple):
    """How many tokens a vote is expected to write, and where the number comes from."""

    tokens: float
    source: str


class Sample(NamedTuple):
    """The first prompt of the files and its first answer, as the judge will see them."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would take; `rate` is None where nothing is known of its judge's speed.

    `agreement` is the share of votes that is expected to side with the majority of their match.
    `unread` are the columns that no format reads. `written` is what a vote is expected to write;
    None for a judge that writes nothing.
    """

    scale: Scale
    agreement: float
    read_as: str
    dropped: int
    unread: tuple[str, ...]
    sample: Sample
    rate: Rate | None = None
    written: Written | None = None
    price: Price | None = None

    @property
    def completion_tokens(self) -> float:
        """The tokens that the judge is expected to write."""
        return self.scale.votes * self.written.tokens if self.written else 0.0

    @property
    def cost(self) -> float | None:
        """What the job is expected to cost; None without a price, or where its time is unknown.

        No prompt token is expected from a cache.
        """
        if self.price is None or (self.price.by_time and self.hours is None):
            return None
        prompt = self.scale.tokens.prompt
        return self.price.of(Spent(prompt, 0, self.completion_tokens, (self.hours or 0) * HOUR))

    @property
    def hours(self) -> float | None:
        """How long the votes take at the rate."""
        return hours(self.scale.votes, self.rate) if self.rate else None

    @property
    def gpu_hours(self) -> float | None:
        """The hours of all GPUs together, where their number is known."""
        gpus = self.rate.gpus if self.rate else None
        return self.hours * gpus if self.hours is not None and gpus else None


def scale_of(request: Request, agreement: float) -> Scale:
    """An empty scale for the request's tournaments."""
    return Scale(request.strategy, request.seeding, request.spec, request.voting, agreement)


def estimate(
    sources: Sequence[Source], request: Request, agreement: float, max_bytes: int = UNLIMITED
) -> Estimate:
    """Reads the files and estimates the job, without a rate yet (see `expected_rate`).

    Raises BadInput naming up to MOST_PROBLEMS bad lines, and InputTooLarge when the files unpack to
    more than `max_bytes`.
    """
    reader, scale = request.read(sources, max_bytes), scale_of(request, agreement)
    first = _weigh(reader, scale, ", ".join(source.name for source in sources))
    sample = sample_of(first, request.spec)
    read_as, dropped = reader.description, reader.dropped
    return Estimate(scale, agreement, read_as, dropped, reader.unread, sample)


def sample_of(tournament: Tournament, spec: JudgeSpec) -> Sample:
    """A prompt and an answer, as a judge that writes text sees them in its own prompt."""
    texts = (tournament.prompt, tournament.candidates[0].text)
    if not kind_of(spec).writes:
        return Sample(*texts)
    return Sample(*(shown(spec, text) for text in texts))


def _weigh(reader: RowReader, scale: Scale, source: str) -> Tournament:
    """Adds all tournaments to the scale; returns the first.

    Ids are remembered by their hashes, so that memory grows by some bytes a tournament only.
    """
    problems: list[Problem] = []
    spots: dict[int, int] = {}
    place, sample = 0, None
    for item in reader:
        if isinstance(item, Problem):
            problems.append(item)
            continue
        first = spots.setdefault(derive(item.key), place * LINES + item.line)
        if len(spots) == scale.tournaments:
            problems.append(reader.repeat(item.key, place, item.line, *divmod(first, LINES)))
        else:
            scale.add(item)
            sample = sample or item
        place += 1
        if len(problems) == MOST_PROBLEMS:
            break
    if problems or sample is None:
        raise BadInput(source, sorted(problems, key=lambda p: (p.source or "", p.line or 0)))
    return sample


def with_history(
    app: App, estimate: Estimate, request: Request, rate: float | None, gpus: int | None
) -> Estimate:
    """The estimate with what the judge's last job in the store tells: its speed, and its texts."""
    last = last_job(app, request.spec)
    return replace(
        estimate,
        rate=expected_rate(last, request.spec, rate, gpus),
        written=expected_text(last, request.spec),
        price=request.price,
    )


def expected_rate(
    last: Throughput | None, judge: JudgeSpec, given: float | None, gpus: int | None
) -> Rate | None:
    """The rate to expect: as given, as the judge's last job had, or as published."""
    if given is not None:
        return Rate(given, gpus, Message("as given by ", Option("rate")))
    if last is None:
        return PUBLISHED.get(name_of(judge))
    written = f", {last.completion_tokens / last.votes:,.0f} tokens a vote"
    source = f"as measured in job {last.job}{written if last.completion_tokens else ''}"
    return Rate(last.votes / last.seconds, gpus, source)


def expected_text(last: Throughput | None, judge: JudgeSpec) -> Written | None:
    """What a vote writes: as in the judge's last job, or a guess within its budget."""
    if not kind_of(judge).writes:
        return None
    if last is not None and last.completion_tokens:
        return Written(last.completion_tokens / last.votes, f"as measured in job {last.job}")
    return Written(min(GUESS, judge.max_tokens), "a guess: no job with this judge has ended here")


def last_job(app: App, judge: JudgeSpec) -> Throughput | None:
    """The judge's last job; None as well where the store is away or of another version.

    No local stack is set up to look for one: a new one holds no job yet.
    """
    if app.local and not app.settings.home.expanduser().exists():
        return None
    try:
        with app.begin() as tx:
            return last_throughput(tx, judge)
    except (StoreUnavailable, StackFault, SchemaMismatch):
        return None


def estimate_shape(estimate: Estimate) -> dict[str, Any]:
    """The estimate as JSON; null where nothing is known."""
    scale, tokens, rate = estimate.scale, estimate.scale.tokens, estimate.rate
    return {
        "dry_run": True,
        "tournaments": scale.tournaments,
        "candidates": scale.candidates,
        "matches_at_most": scale.matches,
        "matches_without_question": round(scale.equal, 1),
        "votes": {
            "expected": round(scale.votes),
            "at_most": scale.most_votes,
            "agreement": estimate.agreement,
            "stops_early": scale.stops_early,
        },
        "prompt_tokens": {
            "total": round(tokens.prompt),
            "computed_when_shared": round(tokens.prompt - tokens.shareable),
            "characters_per_token": CHARACTERS,
        },
        "rate": rate
        and {
            "votes_per_second": rate.votes_per_second,
            "gpus": rate.gpus,
            "source": rate.source,
        },
        "hours": estimate.hours,
        "gpu_hours": estimate.gpu_hours,
        "read_as": estimate.read_as,
        "dropped": estimate.dropped,
        "unread_columns": list(estimate.unread),
        "sample": estimate.sample._asdict(),
        "completion_tokens": estimate.written
        and {
            "total": round(estimate.completion_tokens),
            "per_vote": estimate.written.tokens,
            "source": estimate.written.source,
        },
        "price": None if estimate.price is None else str(estimate.price),
        "cost": estimate.cost,
    }
