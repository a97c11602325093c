"""Whatever an engine or a worker says of a vote can be sent, counted and stored."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Counter

from rrm_queue.domain import Verdict, Vote
from rrm_queue.judging.bounds import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST,
    STRONGEST,
    bounded,
    bounded_failure,
    seconds,
    share,
    whole,
)
from rrm_queue.messages import Failure, MatchReport, Outcomes, decode, encode

NUMBERS = st.sampled_from([0, 1, 2, 3, MOST, MOST + 1, -1]) | st.integers(-(2**80), 2**80)
TIMES = st.sampled_from([0.0, 0.5, nan, inf]) | st.floats() | NUMBERS.map(float)
TEXTS = st.sampled_from(["", "plain", "\0", "\ud800"]) | st.text(
    st.characters(exclude_categories=())
)

VOTES = st.builds(
    Vote,
    st.just(1),
    st.sampled_from(Verdict),
    text=TEXTS,
    model=TEXTS,
    seed=NUMBERS,
    prompt_tokens=NUMBERS,
    cached_tokens=NUMBERS,
    completion_tokens=NUMBERS,
    seconds=TIMES,
    queue_seconds=TIMES,
    query_tokens=NUMBERS,
    slot_tokens=NUMBERS,
    samples=NUMBERS,
    margin=NUMBERS,
    probability=st.none() | TIMES,
)


@given(VOTES)
def test_every_vote_can_be_sent_counted_and_stored(vote: Vote) -> None:
    kept = bounded(vote)
    outcomes = Outcomes(1, "job", "worker", [MatchReport(1, [kept])])
    assert decode(encode(outcomes), Outcomes) == outcomes
    for count in (kept.prompt_tokens, kept.cached_tokens, kept.completion_tokens):
        assert 0 <= count <= MOST
        Counter("tokens", "Tokens.", registry=None).inc(count)
    assert 1 <= kept.samples <= MOST
    assert 0 <= kept.seed < 2**63
    assert 0 <= kept.seconds < inf
    assert 0 <= kept.margin <= STRONGEST
    assert kept.probability is None or 0 <= kept.probability <= 1
    assert "\0" not in kept.text + kept.model
    assert bounded(kept) is kept


def test_a_vote_within_its_bounds_is_left_alone() -> None:
    vote = Vote(1, Verdict.FIRST, text="größer 🙂", prompt_tokens=MOST, seconds=1.5)
    assert bounded(vote) is vote


@pytest.mark.parametrize(
    ("said", "kept"),
    [(-1, 0), (2**40, MOST), (2**70, MOST), (nan, 0), (inf, 0), (7.9, 7), (True, 0), ("7", 0)],
)
def test_a_count_of_tokens(said: object, kept: int) -> None:
    assert whole(said) == kept


@pytest.mark.parametrize(
    ("said", "kept"), [(-1, 0.0), (nan, 0.0), (inf, 0.0), (1e300, 1e9), (2**70, 1e9), (None, 0.0)]
)
def test_a_time(said: object, kept: float) -> None:
    assert seconds(said) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [(0, 0.0), (1, 1.0), (0.3, 0.3), *((bad, None) for bad in (-0.1, 1.1, nan, inf, True, "0.5"))],
)
def test_a_probability(said: object, kept: float | None) -> None:
    assert share(said) == kept


@pytest.mark.parametrize(
    ("verdict", "margin", "probability"),
    [(Verdict.SECOND, 2, 0.2), (Verdict.TIE, 0, 0.2), (Verdict.NONE, 0, None)],
)
def test_only_a_vote_for_one_answer_has_a_margin_and_one_without_a_verdict_no_probability(
    verdict: Verdict, margin: int, probability: float | None
) -> None:
    kept = bounded(Vote(1, verdict, margin=9, probability=0.2))
    assert (kept.margin, kept.probability) == (margin, probability)


def test_texts_are_cut_and_cleaned() -> None:
    vote = bounded(Vote(1, Verdict.FIRST, text="a" * (LONGEST_TEXT + 1), model="m\0\ud800"))
    assert (len(vote.text), vote.model) == (LONGEST_TEXT, "m\ufffd\ufffd")
    assert len(bounded_failure(Failure("x" * 5000, transient=True)).reason) == LONGEST_NAME
