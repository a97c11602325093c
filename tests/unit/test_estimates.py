"""What a job will cost: the arithmetic against published figures and against play."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.examples import examples

from rrm_queue.domain import (
    Candidate,
    JudgeSpec,
    LabelledPair,
    Launch,
    Order,
    Seeding,
    Stop,
    Tournament,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.estimates import (
    CHARACTERS,
    PUBLISHED,
    PromptShape,
    Scale,
    expected_votes,
    hours,
    prompt_shape,
    prompt_tokens,
)
from rrm_queue.judging.prompt import messages
from rrm_queue.judging.voting import wave

RRM = JudgeSpec("sglang", "rrm-7b")
AGREEMENTS = (0.6, 0.7, 0.8, 0.9, 0.95)


@pytest.mark.parametrize(
    ("votes", "published"),
    [
        (5, (4.07, 3.89, 3.63, 3.32, 3.16)),
        (3, (2.48, 2.42, 2.32, 2.18, 2.095)),
        (33, (27.65, 24.26, 21.25, 18.89, 17.89)),
    ],
)
def test_expected_votes_of_a_majority(votes: int, published: tuple[float, ...]) -> None:
    found = [expected_votes(Voting(votes), agreement) for agreement in AGREEMENTS]
    assert found == pytest.approx(published, abs=0.006)


VOTINGS = st.builds(
    lambda votes, stop, lead, both: Voting(
        votes=2 * votes if both else votes,
        stop=stop,
        lead=min(lead, votes) if stop is Stop.LEAD else 0,
        order=Order.BOTH if both else Order.BALANCED,
    ),
    st.integers(1, 9),
    st.sampled_from(Stop),
    st.integers(1, 4),
    st.booleans(),
)


def played(voting: Voting, agreement: float, chance: random.Random) -> int:
    """The votes of one match, cast wave by wave as the panel does."""
    votes: list[Vote] = []
    while numbers := wave(votes, voting):
        for number in numbers:
            right = chance.random() < agreement
            votes.append(Vote(number, Verdict.FIRST if right else Verdict.SECOND))
    return len(votes)


@examples(0.3)
@given(VOTINGS, st.sampled_from((0.5, 0.7, 0.9, 1.0)))
def test_expected_votes_are_the_mean_of_many_matches(voting: Voting, agreement: float) -> None:
    chance = random.Random(0)
    counts = [played(voting, agreement, chance) for _ in range(1500)]
    mean = sum(counts) / len(counts)
    sd = (sum((count - mean) ** 2 for count in counts) / len(counts)) ** 0.5
    # Five standard errors: of 30 examples not one in 10,000 runs fails by chance.
    assert abs(expected_votes(voting, agreement) - mean) <= 5 * sd / len(counts) ** 0.5 + 1e-9


def test_as_many_votes_as_are_launched() -> None:
    assert expected_votes(Voting(5, launch=Launch.ALL)) == 5
    assert expected_votes(Voting(7, stop=Stop.NEVER)) == pytest.approx(7)
    assert expected_votes(Voting(1001), 1.0) == pytest.approx(501)


@pytest.mark.parametrize(
    ("order", "votes", "share"),
    [(Order.FIXED, 1, 0.605), (Order.BALANCED, 2, 0.628), (Order.FIXED, 5, 0.920)],
)
def test_what_16_answers_can_share(order: Order, votes: float, share: float) -> None:
    """All pairs of 16 answers of 500 tokens; system and template 386 tokens, query 150."""
    tokens = prompt_tokens(150, 16 * 500, 16, 120, votes, PromptShape(350, 36), order)
    assert tokens.shareable / tokens.prompt == pytest.approx(share, abs=0.001)


@given(st.integers(0, 40), st.integers(0, 1000), st.floats(1, 9), st.sampled_from(Order))
def test_no_more_is_shared_than_is_sent(
    size: int, matches: int, votes: float, order: Order
) -> None:
    tokens = prompt_tokens(30, 100 * size, size, matches, votes, PromptShape(200, 20), order)
    assert 0 <= tokens.shareable <= tokens.prompt


def tournament(*answers: str, pairs: int = 0) -> Tournament:
    candidates = tuple(Candidate(str(n), answer) for n, answer in enumerate(answers))
    own = tuple(LabelledPair(0, n) for n in range(1, pairs + 1))  # type: ignore[arg-type]
    return Tournament("t", "What is it?", candidates, 1, pairs=own)


def test_a_job_is_weighed_by_its_prompts_to_the_letter() -> None:
    """Of two answers there is one match, and its prompt is the one that the judge would read."""
    scale = Scale("knockout", Seeding.RANDOM, RRM, Voting())
    scale.add(tournament("It is one.", "It is another one."))
    chat = messages(RRM, "What is it?", "It is one.", "It is another one.").messages
    assert scale.tokens.prompt * CHARACTERS == pytest.approx(sum(len(m["content"]) for m in chat))
    assert (scale.matches, scale.votes, scale.most_votes) == (1, 1, 1)


@pytest.mark.parametrize(
    ("strategy", "matches"),
    [("knockout", 7), ("elo", 28), ("pairs", 3), ("double-elimination", 15)],
)
def test_the_strategy_says_how_many_matches(strategy: str, matches: int) -> None:
    scale = Scale(strategy, Seeding.RANDOM, JudgeSpec("reference"), Voting(5), 0.8)
    for _ in range(2):
        scale.add(tournament(*"abcdefgh", pairs=3))
    assert (scale.tournaments, scale.candidates, scale.matches) == (2, 16, 2 * matches)
    assert scale.most_votes == 10 * matches
    assert scale.votes == pytest.approx(3.63 * 2 * matches, rel=1e-3)
    assert scale.tokens.prompt == 0


def test_a_template_of_ones_own_is_weighed() -> None:
    template = "Judge.\n---\nQ: {{ question }}\nA: {{ answer_1 }}\nB: {{ answer_2 }}\nWho?"
    shape = prompt_shape(JudgeSpec("openai", "m", template=template))
    assert shape is not None
    assert shape.head * CHARACTERS == len("Judge.Q: ")
    assert shape.tail * CHARACTERS == len("\nA: \nB: \nWho?")
    assert prompt_shape(JudgeSpec("reference")) is None


def test_hours_at_the_published_pace() -> None:
    assert hours(5.15 * 3600, PUBLISHED["rrm-7b"]) == pytest.approx(1)


def test_equal_texts_cost_no_vote() -> None:
    texts = ["a", "a", "b", "b", "b", "c"]
    candidates = tuple(Candidate(str(n), one) for n, one in enumerate(texts))
    for strategy, matches, equal in (("elo", 15, 4.0), ("knockout", 5, 5 * 8 / 30)):
        scale = Scale(strategy, Seeding.RANDOM, JudgeSpec("reference"), Voting())
        scale.add(Tournament("t", "p", candidates, 1))
        assert (scale.matches, scale.equal) == (matches, pytest.approx(equal))
        assert scale.votes == pytest.approx(matches - equal)
