"""The options of a submission, checked and made into what a job is stored and read with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from secrets import token_hex

from msgspec import to_builtins

from rrm_queue.actions import options
from rrm_queue.actions.judges import BUILT_IN_ONLY, JudgeFiles, judge_named, read_text
from rrm_queue.actions.money import checked_limit, parse_price
from rrm_queue.actions.request_voting import most_matches, voting_of
from rrm_queue.domain import JobState, JudgeSpec, Price, Seeding, Voting
from rrm_queue.domain.jury import members
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.intake.byte_limit import UNLIMITED
from rrm_queue.intake.formats.base import Empty, Ids
from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.intake.needs import Needs
from rrm_queue.intake.reader import RowReader, Source, read
from rrm_queue.judging.kinds import kind_of, queue_of
from rrm_queue.judging.spec import (
    field_value,
    jury_of,
    needs_criteria,
    needs_reference,
    takes_criteria,
    unasked_mark,
    with_criteria,
    with_dialect,
    with_extra,
    with_logprobs,
    with_sampling,
    with_template,
    with_thinking,
)
from rrm_queue.store.queue.submission import NewJob
from rrm_queue.strategies import judges_own_pairs, limited, most_candidates, named
from rrm_queue.text import printable

MAX_TEXT = 1000
"""The most characters of a job's name, its judge and its source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitOptions:
    """How answers are read, judged and ranked: the options of a submission as a user gives them.

    Nothing is checked yet: see `request_of`. `docs/input.md` and `docs/judging.md` tell what each
    option means.
    """

    strategy: str = "knockout"
    confidence: float | None = None
    budget: int | None = None
    judge: str | Sequence[str] = "reference"
    votes: int = options.VOTES.default
    order: str = options.ORDER.default
    launch: str = options.LAUNCH.default
    stop: str | None = None
    on_no_verdict: str = options.ON_NO_VERDICT.default
    on_refused: str = options.ON_REFUSED.default
    resamples: int = options.RESAMPLES.default
    sampling: Mapping[str, object] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    template: str | PathLike[str] | None = None
    dialect: str | None = None
    thinks: bool | None = None
    criteria: str | PathLike[str] | None = None
    seed: int = options.SEED.default
    seeding: str = options.SEEDING.default
    name: str | None = None
    priority: int = options.PRIORITY.default
    format: str | None = None
    mapping: Mapping[str, str] | None = None
    empty: str = options.EMPTY.default
    labels: str = options.LABELS.default
    ids: str = options.IDS.default
    new: bool = False
    keep_going: bool = False
    logprobs: bool = False
    price: str | None = None
    max_cost: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """The options of a submission, checked: each is what it says, and they go together."""

    strategy: str
    seeding: Seeding
    spec: JudgeSpec
    voting: Voting
    seed: int
    name: str | None
    priority: int
    format: str | None
    mapping: Mapping[str, str] | None
    empty: Empty
    labels: LabelNumbers
    ids: Ids
    new: bool
    price: Price | None
    max_cost: float | None

    @property
    def needs(self) -> Needs:
        """What each tournament must have."""
        return needs_of(self.spec, self.strategy)

    @property
    def has_endpoint(self) -> bool:
        """Whether the judge is asked at the endpoint of the settings."""
        return kind_of(self.spec).has_endpoint

    @property
    def warning(self) -> str | None:
        """What is probably a mistake, though the job can be made; None if nothing is."""
        return next(filter(None, map(unasked_mark, members(self.spec))), None)

    def job(self, source: str) -> NewJob:
        """A new job over what is called `source`."""
        return NewJob(
            id=token_hex(6),
            name=self.name,
            source=printable(source)[:MAX_TEXT],
            state=JobState.QUEUED,
            strategy=self.strategy,
            seeding=self.seeding,
            judge=to_builtins(self.spec),
            queue=queue_of(self.spec),
            voting=to_builtins(self.voting),
            seed=self.seed,
            priority=self.priority,
            price=None if self.price is None else to_builtins(self.price),
            max_cost=self.max_cost,
        )

    def read(self, sources: Sequence[Source], max_bytes: int = UNLIMITED) -> RowReader:
        """The tournaments in the files, as the job reads them; see `intake.reader.read`."""
        return read(
            sources,
            needs=self.needs,
            format=self.format,
            mapping=self.mapping,
            empty=self.empty,
            labels=self.labels,
            ids=self.ids,
            max_bytes=max_bytes,
        )


def needs_of(spec: JudgeSpec, strategy: str) -> Needs:
    """What a job of this judge and strategy needs of each tournament."""
    own_pairs = judges_own_pairs(strategy)
    judges = members(spec)
    return Needs(
        reference=any(map(needs_reference, judges)),
        gold=kind_of(spec).needs_gold,
        pairs=own_pairs,
        takes_criteria=any(map(takes_criteria, judges)),
        criteria=any(map(needs_criteria, judges)),
        matches=None if own_pairs else named(strategy).matches,
        candidates=most_candidates(strategy),
    )


def request_of(
    given: SubmitOptions, openai_base_url: str, files: JudgeFiles = BUILT_IN_ONLY
) -> Request:
    """The options, checked. `openai_base_url` is where `openai` judges are asked.

    `files` are the judges' files that may be named. Raises UsageFault for the first option that
    cannot be: what it needs from files is read as well.
    """
    seeding = options.SEEDING.checked(given.seeding)
    named(given.strategy, seeding=seeding)
    price = None if given.price is None else parse_price(given.price)
    spec = judge_of(given, openai_base_url, files)
    voting = voting_of(given, by_people=kind_of(spec).by_people)
    return Request(
        strategy=limited(given.strategy, given.confidence, most_matches(given.budget, voting)),
        seeding=seeding,
        spec=spec,
        voting=voting,
        seed=options.SEED.checked(given.seed),
        name=_checked_text(given.name, "name") if given.name else None,
        priority=options.PRIORITY.checked(given.priority),
        format=given.format,
        mapping=given.mapping,
        empty=options.EMPTY.checked(given.empty),
        labels=options.LABELS.checked(given.labels),
        ids=options.IDS.checked(given.ids),
        new=given.new,
        price=price,
        max_cost=checked_limit(given.max_cost, price),
    )


def parse_sampling(words: Iterable[str]) -> dict[str, str]:
    """The sampling settings that words such as `temperature=0.7` give. Raises UsageFault."""
    return dict(_pair(word, "temperature=0.7") for word in words)


def parse_extra(words: Iterable[str]) -> dict[str, object]:
    """The fields that words such as `reasoning_effort=low` give. Raises UsageFault."""
    pairs = [_pair(word, "reasoning_effort=low") for word in words]
    return {name: field_value(value) for name, value in pairs}


def _pair(word: str, example: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise UsageFault(f"{word!r} has no `=`; write it as {example}")
    return name.strip(), value


def judge_of(
    given: SubmitOptions, openai_base_url: str, files: JudgeFiles = BUILT_IN_ONLY
) -> JudgeSpec:
    """The judge, or the jury where several are named. Raises UsageFault."""
    names = [given.judge] if isinstance(given.judge, str) else list(given.judge)
    judges = [_judge_of(name, given, openai_base_url, files) for name in names]
    return judges[0] if len(judges) == 1 else jury_of(judges)


def _judge_of(
    name: str, given: SubmitOptions, openai_base_url: str, files: JudgeFiles
) -> JudgeSpec:
    """One judge with its sampling, its prompt and its dialect.

    What an option says stands above what the judge's file says.
    """
    name = _checked_text(name, "judge")
    spec = judge_named(name, base_url=openai_base_url, files=files)
    if kind_of(spec).argument_is_file and not files.by_path:
        raise UsageFault(f"judge '{name}' reads a file of the server: submit it there")
    kind_of(spec).check_argument(spec.argument)
    sampling = {key: "" if value is None else str(value) for key, value in given.sampling.items()}
    spec = with_extra(with_sampling(spec, sampling), given.extra)
    spec = with_logprobs(spec) if given.logprobs else spec
    if given.template is not None:
        spec = with_template(spec, read_text(Path(given.template), "the template"))
    if given.dialect is not None:
        spec = with_dialect(spec, given.dialect)
    if given.thinks is not None:
        spec = with_thinking(spec, given.thinks)
    if given.criteria is not None:
        return with_criteria(spec, read_text(Path(given.criteria), "the criteria"))
    return spec if spec.criteria is None else with_criteria(spec, spec.criteria)


def _checked_text(text: str, option: str) -> str:
    """`text`, if it can stand in a table and on a terminal."""
    if len(text) > MAX_TEXT or not text.isprintable():
        limits = f" must be printable text of at most {MAX_TEXT} characters"
        raise UsageFault(Message(Option(option), limits))
    return text
