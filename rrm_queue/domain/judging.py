"""Judges, how a match is voted on, and votes."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

JURY = "jury"
"""The kind of a jury."""


class JudgeSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """A judge, `kind[:argument]`, and the settings of judges that write text.

    `name` is what its file calls it; it changes no vote. `dialect` is how its verdict is read, see
    `judging.dialects`; empty: as its kind does. `thinks`: whether it always reasons before a mark
    such as `</think>`; None: as its kind does. `criteria` are shown to it with every prompt.
    `base_url` is the endpoint; its key is not part of this. `template` is the source of a prompt
    template that replaces RRM's. `regex` is what the text must match. With `logprobs` the endpoint
    is asked for the log probabilities of its tokens, and votes carry a probability. `omit` names
    sampling parameters that are not sent, `extra` holds more fields of the request's body.
    """

    kind: str
    argument: str = ""
    base_url: str | None = None
    temperature: float = 0.6
    top_p: float = 1.0
    max_tokens: int = 8192
    regex: str | None = None
    template: str | None = None
    logprobs: bool = False
    name: str = ""
    dialect: str = ""
    thinks: bool | None = None
    criteria: str | None = None
    omit: tuple[str, ...] = ()
    extra: dict[str, Any] = {}

    def __str__(self) -> str:
        if self.jury:
            return " + ".join(judge.label for judge in self.jury)
        return f"{self.kind}:{self.argument}" if self.argument else self.kind

    @property
    def jury(self) -> tuple["JudgeSpec", ...]:
        """The judges of a jury; none of a single judge.

        They are in the argument, as JSON: a field of their own would change the bytes of every
        judge in a message.
        """
        return _judges_in(self.argument) if self.kind == JURY else ()

    @property
    def label(self) -> str:
        """What tells the judge from others in a jury: of a judge's file its name too."""
        return f"{self.name}@{self.argument}" if self.name else str(self)


def jury_spec(judges: Sequence[JudgeSpec]) -> JudgeSpec:
    """These judges as one jury."""
    return JudgeSpec(JURY, msgspec.json.encode(judges).decode())


@lru_cache(maxsize=256)
def _judges_in(argument: str) -> tuple[JudgeSpec, ...]:
    return msgspec.json.decode(argument, type=tuple[JudgeSpec, ...])


class Order(StrEnum):
    """Which answer of a pair a vote shows first.

    `balanced`: as the tournament's orientation says, and the other way in every even vote.
    `fixed`: the file's order in every vote. `random`: by each vote's seed. `both`: as `balanced`,
    with as many votes in one order as in the other.
    """

    BALANCED = "balanced"
    FIXED = "fixed"
    RANDOM = "random"
    BOTH = "both"


class Launch(StrEnum):
    """How votes are started: only those that are needed for sure, or all at once."""

    WAVES = "waves"
    ALL = "all"


class Stop(StrEnum):
    """When a match has enough votes: once it is decided, after the last vote, or at a lead.

    `lead`: at a lead of so many votes or, with `Voting.evidence`, at one that tells enough.
    """

    DECIDED = "decided"
    NEVER = "never"
    LEAD = "lead"


class OnNoVerdict(StrEnum):
    """What a vote counts for when it has no verdict after all its resamples.

    `abstain`: nothing. `draw`: half a vote for each side. `coin`: the side that its seed picks.
    `fail`: the match fails.
    """

    ABSTAIN = "abstain"
    DRAW = "draw"
    COIN = "coin"
    FAIL = "fail"


class OnRefused(StrEnum):
    """What becomes of a match that the judge refuses for itself, such as one that is too long.

    `fail`: it fails, and so does its tournament. `lose`: where the match is too long, the longer
    answer loses; otherwise as `abstain`. `abstain`: a draw, or a coin where the strategy needs a
    winner.
    """

    FAIL = "fail"
    LOSE = "lose"
    ABSTAIN = "abstain"


class Voting(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a match is voted on; `lead` is the least lead at which `Stop.LEAD` stops.

    Where `evidence` is not 0, `Stop.LEAD` stops when the judge prefers the leading answer with that
    probability, see `judging.evidence`. `lead` is then the least lead that can say so: a worker of
    a version before stops there, and the coordinator sends the match again where more is needed.
    `resamples` is how many more samples a vote without a verdict gets. With `keep_going` a judge
    that gives no verdicts does not pause its job. `votes` are those of all `judges` together, an
    equal number each, see `domain.jury`.
    """

    votes: int = 1
    order: Order = Order.BALANCED
    launch: Launch = Launch.WAVES
    stop: Stop = Stop.DECIDED
    lead: int = 0
    on_no_verdict: OnNoVerdict = OnNoVerdict.ABSTAIN
    resamples: int = 2
    keep_going: bool = False
    on_refused: OnRefused = OnRefused.FAIL
    judges: int = 1
    evidence: float = 0.0


class Verdict(StrEnum):
    """What one vote says; `first` is the answer that the vote showed first.

    A judge may say `tie` if it compares with what it knows, or if its dialect has a word for it.
    """

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    NONE = "none"


class NoVerdict(StrEnum):
    """Why a vote gave no verdict; at most 16 characters each.

    `refused`: the judge said that it will not answer. `filtered`: a content filter stopped the
    prompt or the answer. `empty`: it wrote nothing. `unreadable`: what the endpoint sent is no
    completion.
    """

    TRUNCATED = "truncated"
    NO_BOX = "no box"
    OFF_MENU = "off the menu"
    REFUSED = "refused"
    FILTERED = "filtered"
    EMPTY = "empty"
    UNREADABLE = "unreadable"


class Vote(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sampled judgement; `swapped` when the match's second candidate was shown first.

    Tokens and seconds are sums over the vote's `samples`, and 0 for judges that write no text.
    `query_tokens` is the prompt's length up to the end of the query, `slot_tokens` up to the end of
    the answer in slot 1: what prompts can share. `neutralised`: a text in the prompt was changed,
    see `judging.sanitize`. `key` identifies a vote that is paid for, see `judging.vote_key`.
    `margin` is how clearly the judge prefers an answer: 1 slightly, 2 strongly, 0 if it does not
    say. `probability` is the judge's own probability that the answer shown first is better, from
    the log probabilities of its verdict; None where it is not known. `person` is the name of who
    cast it, None for a vote of a model.
    """

    number: int
    verdict: Verdict
    swapped: bool = False
    no_verdict: NoVerdict | None = None
    text: str = ""
    seed: int = 0
    model: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    queue_seconds: float = 0.0
    query_tokens: int = 0
    slot_tokens: int = 0
    samples: int = 1
    neutralised: bool = False
    key: UUID | None = None
    margin: int = 0
    probability: float | None = None
    person: str | None = None
