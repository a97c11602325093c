"""How `adaptive` is written with its goal and its limits, such as `adaptive:order,matches=60`."""

import math
import re
from contextlib import suppress

from msgspec.structs import replace

from rrm_queue.errors import UsageFault
from rrm_queue.strategies.adaptive import Adaptive, Goal


def parse_settings(argument: str | None) -> Adaptive:
    """The strategy from what follows `adaptive:`; None if nothing does.

    A goal, and then or instead `confidence=P` and `matches=N`, separated by commas. Raises
    UsageFault.
    """
    strategy = Adaptive()
    for place, part in enumerate([] if argument is None else argument.split(",")):
        name, _, value = part.partition("=")
        if place == 0 and part in set(Goal):
            strategy = replace(strategy, goal=Goal(part))
        elif name == "confidence":
            strategy = replace(strategy, confidence=checked_confidence(value))
        elif name == "matches" and re.fullmatch("[1-9][0-9]{0,5}", value):
            strategy = replace(strategy, most=int(value))
        else:
            raise UsageFault(
                f"'adaptive:{argument}': write adaptive:best or adaptive:order, and if you like "
                ",confidence=0.95 or ,matches=60 behind it (1 to 999999)"
            )
    return strategy


def checked_confidence(value: object) -> float:
    """The confidence that is given as text or as a number. Raises UsageFault."""
    number = math.nan
    with suppress(ValueError, TypeError):
        number = float(str(value))
    if not 0.5 < number < 1:
        raise UsageFault(f"the confidence is above 0.5 and below 1, not {value}")
    return number


def spell_settings(strategy: Adaptive) -> str:
    """The text that `parse_settings` reads, with the name in front and without what is default."""
    default = Adaptive(strategy.goal)
    confidence = f",confidence={strategy.confidence:g}"
    return (
        f"{strategy.name}:{strategy.goal}"
        + (confidence if strategy.confidence != default.confidence else "")
        + ("" if strategy.most is None else f",matches={strategy.most}")
    )
