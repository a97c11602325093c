"""The kinds of judge, one row each: everything that the rest of rrmq may ask about a judge.

To add a kind, add a row to `KINDS` and a folder `engines/<kind>/` with an `engine.py` that has
`open_engine(settings)`; people need no engine. Nothing else compares a kind's name.
"""

import re
from collections.abc import Sequence
from pkgutil import resolve_name

from msgspec import Struct
from msgspec.structs import replace

from rrm_queue.domain import JudgeSpec, judging
from rrm_queue.errors import UsageFault
from rrm_queue.text import did_you_mean

INSTANT_CAPACITY = 1024
"""Matches that a worker holds for an instant judge, so that it never waits for the coordinator."""

_QUEUE = "rrmq.judge."
_ENGINES = "rrm_queue.judging.engines"
_NAME = re.compile(r"[\w.-]+(?:[/:][\w.-]+)*")


class Kind(Struct, frozen=True):
    """What is true of every judge of one kind."""

    name: str

    argument: str = ""
    """What follows the colon, as the help shows it; empty where nothing may follow."""
    short_names: tuple[str, ...] = ()
    """Judges of this kind that users name without the kind."""
    reads_argument: str = ""
    """`module:function` in the engine's folder that turns the argument into its stored form.

    It raises UsageFault for a bad one.
    """
    checks_argument: str = ""
    """`module:function` in the engine's folder that refuses a submission by the argument.

    It raises BadInput or UsageFault.
    """
    argument_is_file: bool = False
    """The argument is a path: stored in full, shown in reports without its folders."""
    has_endpoint: bool = False
    """The judge is reached at a base URL, with this machine's key for it."""

    needs_reference: bool = False
    """It compares with the prompt's reference, so each prompt must have one."""
    needs_gold: bool = False
    """It decides by the candidates' gold, so each candidate must have one."""
    writes: bool = False
    """It reads a prompt and writes its reasoning: it has sampling settings and may have a template.
    """
    dialect: str = ""
    """How its verdict is read unless the judge says otherwise: a name in `judging.dialects`."""
    costs: bool = False
    """Its votes are paid for, so they are kept and used again."""

    instant: bool = False
    """It answers at once, so a worker holds many matches for it."""
    queue_per_model: bool = False
    """Each argument has a queue of its own; otherwise the kind has one queue."""
    needs_server: bool = False
    """Its worker needs an inference server, and serves no other judge beside it."""
    by_people: bool = False
    """People judge, each match leased to one of them at a time: no message and no worker."""

    @property
    def usage(self) -> tuple[str, ...]:
        """How users name judges of this kind."""
        spelled = f"{self.name}:{self.argument}" if self.argument else self.name
        return (*self.short_names, spelled)

    @property
    def engine(self) -> str:
        """The module that has `open_engine`; it is imported only when an engine is opened."""
        return f"{_ENGINES}.{self.name}.engine"

    def capacity(self, concurrency: int) -> int:
        """Matches that a worker with `concurrency` votes in flight holds at once."""
        return INSTANT_CAPACITY if self.instant else concurrency

    def stored_argument(self, argument: str) -> str:
        """The argument as a job stores it. Raises UsageFault."""
        if not self.reads_argument:
            return argument
        return str(resolve_name(f"{_ENGINES}.{self.name}.{self.reads_argument}")(argument))

    def check_argument(self, argument: str) -> None:
        """Raises BadInput or UsageFault when no job can be submitted with this argument."""
        if self.checks_argument:
            resolve_name(f"{_ENGINES}.{self.name}.{self.checks_argument}")(argument)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("reference", needs_reference=True, instant=True),
        Kind(
            "replay",
            argument="FILE",
            argument_is_file=True,
            checks_argument="engine:check_file",
            instant=True,
        ),
        Kind(
            "simulated",
            argument="ACCURACY",
            reads_argument="skill:stored_skill",
            needs_gold=True,
            instant=True,
        ),
        Kind(
            "openai",
            argument="MODEL",
            has_endpoint=True,
            writes=True,
            dialect="boxed-loose",
            costs=True,
        ),
        Kind(
            "sglang",
            argument="NAME",
            short_names=("rrm-7b", "rrm-32b"),
            writes=True,
            dialect="boxed",
            costs=True,
            queue_per_model=True,
            needs_server=True,
        ),
        Kind("human", by_people=True),
    )
}

JURY = Kind(judging.JURY)
"""Several judges that one worker serves together; what is true of it depends on them."""

USAGE = tuple(spelled for kind in KINDS.values() for spelled in kind.usage)
"""How every judge is named; capitals stand for what the user puts there."""

NAMES = tuple(usage.partition(":")[0] for usage in USAGE)
"""The same without what follows a colon."""

SERVED_TOGETHER = (
    *(kind.name for kind in KINDS.values() if not (kind.needs_server or kind.by_people)),
    JURY.name,
)
"""Kinds that one worker can serve together."""

QUEUES_OF_PEOPLE = tuple(f"{_QUEUE}{kind.name}" for kind in KINDS.values() if kind.by_people)
"""Queues of which no message is sent: people take their matches one by one."""

SERVED_ALONE = tuple(usage for kind in KINDS.values() if kind.needs_server for usage in kind.usage)
"""Judges that need a worker of their own, as users name them."""

_SHORT = {name: kind for kind in KINDS.values() for name in kind.short_names}


def kind_of(judge: JudgeSpec) -> Kind:
    """The judge's kind; one with no traits for a kind that only another version knows."""
    if judge.jury:
        return _kind_of_jury([kind_of(member) for member in judge.jury])
    return KINDS.get(judge.kind) or Kind(judge.kind)


def _kind_of_jury(kinds: Sequence[Kind]) -> Kind:
    """What is true of a jury of judges of these kinds: what any of them needs or does."""
    return replace(
        JURY,
        argument_is_file=any(kind.argument_is_file for kind in kinds),
        has_endpoint=any(kind.has_endpoint for kind in kinds),
        needs_reference=any(kind.needs_reference for kind in kinds),
        needs_gold=any(kind.needs_gold for kind in kinds),
        writes=any(kind.writes for kind in kinds),
        costs=any(kind.costs for kind in kinds),
    )


def is_known(judge: JudgeSpec) -> bool:
    """Whether this version knows the judge's kind."""
    return all(member.kind in KINDS for member in judge.jury or (judge,))


def find_judge(text: str) -> tuple[Kind, str]:
    """The kind and the argument that `text` names. Raises UsageFault unless both fit together."""
    name, colon, argument = text.strip().partition(":")
    argument = argument.strip()
    if not colon and name in _SHORT:
        return _SHORT[name], name
    kind = KINDS.get(name)
    if kind is None or bool(colon) != bool(kind.argument) or bool(argument) != bool(colon):
        raise _unknown(text)
    if kind.queue_per_model and not _names_a_queue(argument):
        raise _unknown(text)
    return kind, argument


def name_of(judge: JudgeSpec) -> str:
    """The judge as users name it: its short name where it has one."""
    short = judge.argument in kind_of(judge).short_names
    return judge.argument if short else str(judge)


def dialect_of(judge: JudgeSpec) -> str:
    """The dialect in which the judge says its verdict."""
    return judge.dialect or kind_of(judge).dialect


def is_kind(name: str) -> bool:
    """Whether judges are named by this word, alone or before a colon."""
    return name in KINDS or name in _SHORT


def titled(judge: JudgeSpec) -> str:
    """The judge as people read it: with the name that its file gives it."""
    return f"{judge.name} ({judge})" if judge.name else str(judge)


def judge_name(judge: JudgeSpec) -> str:
    """The judge with the endpoint that it is reached at, whatever its settings."""
    return f"{judge} {judge.base_url}" if judge.base_url else str(judge)


def queue_of(judge: JudgeSpec) -> str:
    """The queue of the judge's batches."""
    kind = kind_of(judge)
    return f"{_QUEUE}{judge.argument if kind.queue_per_model else kind.name}"


def worker_queue(name: str) -> str:
    """The queue of a worker that serves `name`: a kind, a short name or `sglang:NAME`."""
    kind, _, model = name.partition(":")
    per_model = kind in KINDS and KINDS[kind].queue_per_model
    return f"{_QUEUE}{model if per_model else name}"


def worker_name(queue: str) -> str:
    """What the workers of `queue` serve, as `rrmq worker --judge` takes it; see `worker_queue`."""
    name = queue.removeprefix(_QUEUE)
    if name in SERVED_TOGETHER or name in KINDS or name in _SHORT:
        return name
    return next(f"{kind.name}:{name}" for kind in KINDS.values() if kind.queue_per_model)


def served_kind(name: str) -> Kind:
    """The kind of judge that a worker serves as `name`, as `rrmq worker --judge` takes it.

    Raises UsageFault for a name that no worker can serve.
    """
    if name in SERVED_TOGETHER:
        return KINDS.get(name, JURY)
    try:
        kind, _ = find_judge(name)
    except UsageFault:
        kind = None
    if kind is None or not kind.needs_server:
        known = ", ".join((*SERVED_TOGETHER, *SERVED_ALONE))
        raise UsageFault(f"no worker serves {name!r}; a worker serves {known}")
    return kind


def _names_a_queue(argument: str) -> bool:
    """Whether a model's name can name a queue, and is not the name of another kind's queue."""
    return _NAME.fullmatch(argument) is not None and argument not in KINDS


def _unknown(text: str) -> UsageFault:
    name, _, argument = text.partition(":")
    written = next((usage for usage in USAGE if usage.startswith(f"{name}:")), None)
    meant = f"; did you mean {written}?" if written and not argument else did_you_mean(name, NAMES)
    return UsageFault(f"unknown judge {text!r}{meant or ';'} choose one of {', '.join(USAGE)}")
