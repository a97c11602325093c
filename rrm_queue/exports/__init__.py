"""Exports: a job's results for other programs. One module for each kind, listed in `KINDS`."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.exports.base import Export
from rrm_queue.exports.battles import Battles
from rrm_queue.exports.best import Best
from rrm_queue.exports.preferences import Preferences
from rrm_queue.exports.rankings import Rankings
from rrm_queue.exports.rewards import Rewards
from rrm_queue.exports.verdicts import Verdicts
from rrm_queue.exports.votes import Votes

KINDS: Mapping[str, type[Export]] = {
    "best": Best,
    "preferences": Preferences,
    "rankings": Rankings,
    "rewards": Rewards,
    "battles": Battles,
    "votes": Votes,
    "verdicts": Verdicts,
}
"""The class of each kind of export, by name. The fields of the class are its options."""


def export_of(kind: str, options: Mapping[str, Any]) -> Export:
    """The export of this kind with these options. Raises UsageFault for an unknown option."""
    made = KINDS[kind]
    known = {one.name for one in fields(made)}  # type: ignore[arg-type]  # each is a dataclass
    for name in options:
        if name not in known:
            raise UsageFault(Message(Option(name), " does not go with ", Option("kind", kind)))
    return made(**options)
