"""`rewards`: a number for each answer, for training and filtering."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, assert_never

from rrm_queue.domain import Standing
from rrm_queue.exports.base import Detail, Row, Type
from rrm_queue.views.tournaments import FinishedTournament


class Reward(StrEnum):
    """What the reward is computed from."""

    ELO = "elo"
    WIN_RATE = "win-rate"
    BT = "bt"


@dataclass(frozen=True, slots=True)
class Rewards:
    """A reward for each candidate."""

    reward: Reward = Reward.ELO
    detail: ClassVar[Detail] = Detail.NOTHING

    @property
    def columns(self) -> Mapping[str, Type]:
        """The prompt, an answer to it, and its reward."""
        names = ("tournament", "prompt", "candidate", "generator", "answer")
        return dict.fromkeys(names, Type.TEXT) | {"reward": Type.NUMBER}

    def rows(self, tournament: FinishedTournament) -> Iterator[Row]:
        """One row for each candidate, by rank."""
        for line in tournament.standings:
            who = tournament.candidate(line.candidate)
            yield {
                "tournament": tournament.key,
                "prompt": tournament.prompt,
                "candidate": who.key,
                "generator": who.generator,
                "answer": who.text,
                "reward": reward_of(line, self.reward),
            }


def reward_of(line: Standing, reward: Reward) -> float | None:
    """The reward of a standing; None for the win rate of a candidate without matches.

    `elo` is the Reward Reasoning Model's own, (Elo - 1000) / 200 + 0.5 (arXiv 2505.14674): 0.5 for
    the average, with no upper or lower bound. `win-rate` counts a draw as half. `bt` is the
    probability of a win against a candidate rated 1000, by Bradley-Terry, between 0 and 1.
    """
    match reward:
        case Reward.ELO:
            return (line.elo - 1000) / 200 + 0.5
        case Reward.WIN_RATE:
            played = line.wins + line.losses + line.draws
            return (line.wins + line.draws / 2) / played if played else None
        case Reward.BT:
            return float(1 / (1 + 10 ** ((1000 - line.bt) / 400)))
        case _:
            assert_never(reward)
