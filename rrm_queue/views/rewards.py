"""How rewards are computed, as a caller asks for it."""

from dataclasses import dataclass
from enum import StrEnum


class RewardKind(StrEnum):
    """What a reward is computed from.

    `bt`: the chance to beat an average answer of the group, by Bradley-Terry. `elo`: the Reward
    Reasoning Model's formula, (Elo - 1000) / 200 + 0.5 (arXiv 2505.14674), of the mean Elo over
    many orders of the matches. `winrate`: the share of matches won, with a win and a loss added.
    `rank`: 1 for the best, 0 for the worst, evenly spaced. `best`: 1 for the best, 0 for all
    others. Equal answers share a rank, and share the 1 of the best.
    """

    BT = "bt"
    ELO = "elo"
    WINRATE = "winrate"
    RANK = "rank"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class RewardFormula:
    """A kind of reward; `center` takes the group's mean away, `scale` divides by its deviation.

    The deviation is the standard deviation in the group. Equal rewards stay as they are.
    """

    kind: RewardKind = RewardKind.BT
    center: bool = False
    scale: bool = False
