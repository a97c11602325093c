"""What a caller gets for a group: rewards in the order in which it gave the answers."""

from collections.abc import Sequence

from typing_extensions import TypedDict

from rrm_queue.actions.rewards.asked import places_of
from rrm_queue.actions.schemas import Tokens
from rrm_queue.domain import CandidateNumber, Result, TournamentState
from rrm_queue.views.cohorts import CohortView
from rrm_queue.views.groups import JudgedGroup
from rrm_queue.views.rewards import RewardFormula


class RewardsShape(TypedDict):
    """Rewards, ranks (1 is best) and Bradley-Terry ratings by the places of the answers.

    All are null for an answer of which the judge decided no match, and `error` says why when the
    group cannot be judged. `tournament` is null for a group of equal answers, which needs no judge.
    """

    rewards: list[float | None]
    ranks: list[int | None]
    ratings: list[float | None]
    kind: str
    job: str | None
    tournament: str | None
    matches: int
    votes: int
    tokens: Tokens
    error: str | None


class SampleShape(TypedDict):
    """The reward of one answer of a cohort; `answers` is how many of its `size` came in time."""

    reward: float | None
    rank: int | None
    rating: float | None
    kind: str
    group: str
    index: int
    size: int
    answers: int
    job: str
    tournament: str | None
    error: str | None


NO_VERDICTS = "the judge gave no verdict in any match"
NO_VERDICT = "the judge gave no verdict in any match of an answer whose reward is null"


def rewards_shape(group: JudgedGroup, formula: RewardFormula) -> RewardsShape:
    """The rewards of a group that is over."""
    from rrm_queue.ratings.rewards import rewards  # it loads SciPy and pandas

    places, results = _in_order(group)
    computed = rewards(list(places.values()), results, group.seed, formula)
    return {
        "rewards": computed.rewards,
        "ranks": computed.ranks,
        "ratings": computed.ratings,
        "kind": formula.kind.value,
        "job": group.job,
        "tournament": group.key,
        "matches": group.matches,
        "votes": group.votes,
        "tokens": {
            "prompt": group.prompt_tokens,
            "cached": group.cached_tokens,
            "completion": group.completion_tokens,
        },
        "error": group.error or _missing(computed.rewards),
    }


def sample_shape(
    cohort: CohortView, place: int, judged: JudgedGroup | None, formula: RewardFormula
) -> SampleShape:
    """The reward of the answer at a place of a cohort; without `judged` all answers are equal."""
    from rrm_queue.ratings.rewards import equal_rewards, rewards

    if judged is None:
        places = dict.fromkeys(range(cohort.size), 0)
        computed = equal_rewards(cohort.size, formula)
    else:
        places, results = _in_order(judged)
        computed = rewards(list(places.values()), results, judged.seed, formula)
    number = list(places).index(place)
    reward = computed.rewards[number]
    error = judged.error if judged is not None else None
    return {
        "reward": reward,
        "rank": computed.ranks[number],
        "rating": computed.ratings[number],
        "kind": formula.kind.value,
        "group": cohort.name,
        "index": place,
        "size": cohort.size,
        "answers": len(places),
        "job": cohort.job,
        "tournament": None if judged is None else judged.key,
        "error": error or (NO_VERDICTS if reward is None else None),
    }


def equal_shape(places: int, formula: RewardFormula) -> RewardsShape:
    """The rewards of a group whose answers are all the same text: all are equally good."""
    from rrm_queue.ratings.rewards import equal_rewards

    computed = equal_rewards(places, formula)
    return {
        "rewards": computed.rewards,
        "ranks": computed.ranks,
        "ratings": computed.ratings,
        "kind": formula.kind.value,
        "job": None,
        "tournament": None,
        "matches": 0,
        "votes": 0,
        "tokens": {"prompt": 0, "cached": 0, "completion": 0},
        "error": None,
    }


def _in_order(group: JudgedGroup) -> tuple[dict[int, int], list[Result]]:
    """The candidate at each place, and what the judge decided; nothing of a group that failed.

    Candidates are numbered by their first place, and matches follow by their numbers: so nothing
    depends on the order in which the answers arrived.
    """
    places = places_of(group.keys)
    numbers = enumerate(dict.fromkeys(places.values()))
    new: dict[int, CandidateNumber] = {old: CandidateNumber(number) for number, old in numbers}
    decided = [] if group.state is TournamentState.FAILED else group.results
    results = [
        Result(new[r.first], new[r.second], None if r.winner is None else new[r.winner])
        for r in decided
    ]
    return {place: int(new[old]) for place, old in places.items()}, sorted(results, key=_pair)


def _pair(result: Result) -> tuple[int, int]:
    return min(result.first, result.second), max(result.first, result.second)


def _missing(rewards: Sequence[float | None]) -> str | None:
    """Why rewards are missing, if some are."""
    if None not in rewards:
        return None
    return NO_VERDICTS if all(reward is None for reward in rewards) else NO_VERDICT
