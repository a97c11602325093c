"""What is asked for by a submission, whoever makes it: the options as values, and their job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from msgspec import to_builtins

from rrm_queue.actions.control import to_stderr
from rrm_queue.actions.settings import settings_fingerprint
from rrm_queue.domain import JobState, JudgeSpec, Seeding, Voting
from rrm_queue.errors import BrokerUnavailable, UsageFault
from rrm_queue.intake.needs import Needs
from rrm_queue.judging.kinds import kind_of, queue_of
from rrm_queue.judging.spec import (
    needs_reference,
    parse_spec,
    with_sampling,
    with_template,
)
from rrm_queue.store.tables import Job
from rrm_queue.strategies import judges_own_pairs, named
from rrm_queue.text import printable

if TYPE_CHECKING:
    from rrm_queue.broker.client import BrokerClient
    from rrm_queue.config import Settings

LONGEST_WORD = 1000  # characters


@dataclass(frozen=True, slots=True)
class Request:
    """How the answers are to be ranked. Raises UsageFault for an unknown strategy."""

    strategy: str
    seeding: Seeding
    spec: JudgeSpec
    voting: Voting
    seed: int
    name: str | None
    priority: int

    def __post_init__(self) -> None:
        named(self.strategy, seeding=self.seeding)
        if self.name:
            _speakable(self.name, "--name")

    def needs(self) -> Needs:
        """What each tournament must have."""
        return Needs(
            reference=needs_reference(self.spec),
            gold=kind_of(self.spec).needs_gold,
            pairs=judges_own_pairs(self.strategy),
        )

    def job(self, source: str) -> Job:
        """A new job over what is called `source`."""
        return Job(
            id=token_hex(6),
            name=self.name or None,
            source=printable(source)[:LONGEST_WORD],
            state=JobState.QUEUED,
            strategy=self.strategy,
            seeding=self.seeding,
            judge=to_builtins(self.spec),
            queue=queue_of(self.spec),
            voting=to_builtins(self.voting),
            seed=self.seed,
            priority=self.priority,
        )


def judge_of(
    judge: str, base_url: str, sampling: Mapping[str, str], template: str | None
) -> JudgeSpec:
    """The judge that the options describe; what it needs from files is there and readable."""
    spec = parse_spec(_speakable(judge, "--judge"), base_url=base_url, folder=Path.cwd())
    kind_of(spec).check_argument(spec.argument)
    spec = with_sampling(spec, sampling)
    if template is None:
        return spec
    try:
        return with_template(spec, Path(template).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageFault(f"{template} is no readable template: {error}") from error


def fingerprint_of(settings: "Settings", spec: JudgeSpec) -> str:
    """The mark of the settings that a local worker needs for this judge (see `connect`)."""
    return settings_fingerprint(settings) if kind_of(spec).has_endpoint else ""


def wake(link: "BrokerClient", say: Callable[[str], None] = to_stderr) -> None:
    """Tells the coordinator; a broker that is away only costs it the time to look by itself."""
    try:
        link.wake()
    except BrokerUnavailable as error:
        say(f"{error}; the job is stored and starts when it is back")


def _speakable(text: str, what: str) -> str:
    """`text`, if it can stand in a table and on a terminal."""
    if len(text) > LONGEST_WORD or not text.isprintable():
        raise UsageFault(f"{what} must be printable text of at most {LONGEST_WORD} characters")
    return text
