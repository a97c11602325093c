"""`rewards`: a number for each answer, for training and filtering."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, assert_never

from rrm_queue.domain import Standing
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.exports.base import Detail, Row, Type
from rrm_queue.views.style import Control
from rrm_queue.views.tournaments import FinishedTournament


class Reward(StrEnum):
    """What the reward is computed from."""

    ELO = "elo"
    WIN_RATE = "win-rate"
    BT = "bt"


@dataclass(frozen=True, slots=True)
class Rewards:
    """A reward for each candidate; with `control` a controlled one beside it.

    `handicap` says of the texts of a tournament how many points each owes to its style.
    """

    reward: Reward = Reward.BT
    control: Control | None = None
    handicap: Callable[[Sequence[str]], Sequence[float]] | None = None
    detail: ClassVar[Detail] = Detail.NOTHING

    def __post_init__(self) -> None:
        if self.control is not None and self.reward is not Reward.BT:
            raise UsageFault(Message(Option("control"), " needs ", Option("reward", "bt")))

    @property
    def columns(self) -> Mapping[str, Type]:
        """The prompt, an answer to it, and its reward."""
        names = ("tournament", "prompt", "candidate", "generator", "answer")
        numbers = ("reward",) if self.control is None else ("reward", "controlled")
        return dict.fromkeys(names, Type.TEXT) | dict.fromkeys(numbers, Type.NUMBER)

    def rows(self, tournament: FinishedTournament) -> Iterator[Row]:
        """One row for each candidate, by rank."""
        owed = self._owed(tournament)
        for line in tournament.standings:
            who = tournament.candidate(line.candidate)
            controlled = {"controlled": chance(line.bt - owed[line.candidate])} if owed else {}
            yield {
                "tournament": tournament.key,
                "prompt": tournament.prompt,
                "candidate": who.key,
                "generator": who.generator,
                "answer": who.text,
                "reward": reward_of(line, self.reward),
                **controlled,
            }

    def _owed(self, tournament: FinishedTournament) -> Sequence[float]:
        """The points that each candidate owes to its style; empty without control."""
        if self.handicap is None:
            return ()
        return self.handicap([candidate.text for candidate in tournament.candidates])


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
            return chance(line.bt)
        case _:
            assert_never(reward)


def chance(points: float) -> float:
    """The probability of a win against a candidate rated 1000."""
    return float(1 / (1 + 10 ** ((1000 - points) / 400)))
