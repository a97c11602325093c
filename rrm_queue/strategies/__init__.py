"""The strategies, one row each.

To add one, add a file to this folder, a function to `making` and a row to `_REGISTRY`.
"""

import re
from collections.abc import Callable, Sequence
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from rrm_queue.domain import CandidateNumber, Seeding
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.strategies import making
from rrm_queue.strategies.base import Finished, Pairings, Strategy
from rrm_queue.strategies.making import Options
from rrm_queue.text import did_you_mean

__all__ = [
    "NAMES",
    "Bracket",
    "Finished",
    "Pairings",
    "Strategy",
    "bracket_of",
    "judges_all_pairs",
    "judges_own_pairs",
    "limited",
    "most_candidates",
    "named",
    "plans_in_order",
    "stops_early",
]


class Bracket(Enum):
    """The kind of bracket that a strategy plays."""

    SINGLE = "single elimination"
    DOUBLE = "double elimination"


MOST_ADAPTIVE = 128
"""A round of so many takes the coordinator 0.3 to 0.8 s of processor time, of 256 up to 7 s."""


class _Entry(Struct, frozen=True):
    """How to make a strategy, and what the rest of rrmq may ask about it.

    `counts` is what the number after its name counts; empty where no number may follow. `least` is
    the smallest such number. `bracket` is the bracket that it plays, which a seeding can order.
    `own_pairs`: it judges the pairs that the file names. `all_pairs`: every pair meets once.
    `has_settings`: words may follow its name, which it reads itself. `stops_early`: it may end
    before all of its matches are played. `most_candidates`: how many it can rank; None: as many
    as any.
    """

    make: Callable[[Options], Strategy]
    counts: str = ""
    least: int = 1
    bracket: Bracket | None = None
    own_pairs: bool = False
    all_pairs: bool = False
    has_settings: bool = False
    stops_early: bool = False
    most_candidates: int | None = None


_REGISTRY: dict[str, _Entry] = {
    "elo": _Entry(making.elo, all_pairs=True),
    "knockout": _Entry(making.knockout, bracket=Bracket.SINGLE),
    "sampled": _Entry(making.sampled, counts="opponents of each candidate", least=2),
    "swiss": _Entry(making.swiss, counts="rounds"),
    "double-elimination": _Entry(making.double_elimination, bracket=Bracket.DOUBLE),
    "pivot": _Entry(making.pivot, counts="pivots"),
    "pairs": _Entry(making.pairs, own_pairs=True),
    "adaptive": _Entry(
        making.adaptive, has_settings=True, stops_early=True, most_candidates=MOST_ADAPTIVE
    ),
}

NAMES = tuple(_REGISTRY)
"""What `--strategy` accepts; some may be followed by a colon and a number, as `sampled:12`."""


def named(
    text: str,
    *,
    seeding: Seeding = Seeding.RANDOM,
    pairs: Sequence[tuple[CandidateNumber, CandidateNumber]] = (),
) -> Strategy:
    """The strategy that `--strategy` calls `text`, such as `knockout` or `sampled:12`.

    `seeding` orders the candidates in a bracket. `pairs` are the file's own pairs; only strategies
    that judge them read them. Raises UsageFault for an unknown name, for a number that is not
    allowed after the name, and for a seeding where there is no bracket.
    """
    name, colon, argument = text.partition(":")
    entry = _REGISTRY.get(name)
    if entry is None:
        meant = did_you_mean(name, NAMES) or ";"
        raise UsageFault(f"unknown strategy '{name}'{meant} choose one of {', '.join(NAMES)}")
    if seeding is not Seeding.RANDOM and not entry.bracket:
        brackets = " and ".join(name for name in NAMES if _REGISTRY[name].bracket)
        raise UsageFault(f"{name} has no bracket, so it takes no seeding; only {brackets} do")
    after = argument if colon else None
    number = None if after is None or entry.has_settings else _number(name, entry, after)
    return entry.make(Options(number, after, seeding, tuple(pairs)))


def limited(text: str, confidence: float | None, matches: int | None) -> str:
    """The strategy's text with these limits, where they are given.

    Raises UsageFault where the strategy takes none.
    """
    if confidence is None and matches is None:
        return text
    from rrm_queue.strategies.adaptive import Adaptive
    from rrm_queue.strategies.adaptive_settings import checked_confidence, spell_settings

    strategy = named(text)
    if not isinstance(strategy, Adaptive):
        limits = (Option("confidence"), " and ", Option("budget"))
        raise UsageFault(Message(*limits, f" are for the strategy adaptive, not for {text}"))
    if confidence is not None:
        strategy = replace(strategy, confidence=checked_confidence(confidence))
    return spell_settings(strategy if matches is None else replace(strategy, most=matches))


def stops_early(text: str) -> bool:
    """Whether the strategy may end before all of its matches are played."""
    entry = _REGISTRY.get(text.partition(":")[0])
    return entry is not None and entry.stops_early


def most_candidates(text: str) -> int | None:
    """How many candidates the strategy can rank; None: as many as any."""
    entry = _REGISTRY.get(text.partition(":")[0])
    return entry.most_candidates if entry else None


def bracket_of(text: str) -> Bracket | None:
    """The bracket that the strategy plays; None where it has none or is unknown here."""
    entry = _REGISTRY.get(text.partition(":")[0])
    return entry.bracket if entry else None


def judges_all_pairs(text: str) -> bool:
    """Whether the strategy judges every pair once, whatever the results."""
    entry = _REGISTRY.get(text.partition(":")[0])
    return entry is not None and entry.all_pairs


def judges_own_pairs(text: str) -> bool:
    """Whether the strategy judges the pairs that the file names."""
    entry = _REGISTRY.get(text.partition(":")[0])
    return entry is not None and entry.own_pairs


def plans_in_order(text: str) -> bool:
    """Whether a match that is planned later always has a later place in its tournament."""
    try:
        return not named(text).looks_back  # then it counts through a schedule
    except UsageFault:
        return False


def _number(name: str, entry: _Entry, argument: str) -> int:
    if not entry.counts:
        raise UsageFault(f"{name} takes no number: write {name}, not '{name}:{argument}'")
    if not re.fullmatch("[0-9]{1,6}", argument) or int(argument) < entry.least:
        raise UsageFault(
            f"'{name}:{argument}': the number after the colon counts {entry.counts}, "
            f"from {entry.least} to 999999"
        )
    return int(argument)
