"""The probability of the answer shown first, from the logprobs of the verdict's token."""

from math import exp, inf, log, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import JudgeSpec
from rrm_queue.judging.engines.openai import logprobs as openai
from rrm_queue.judging.engines.sglang import logprobs as sglang
from rrm_queue.judging.probability import REACH, TOP_LOGPROBS, Token, sureness

RRM = JudgeSpec("sglang", "rrm-7b", logprobs=True)
SURE = log(0.999)


def judge(dialect: str) -> JudgeSpec:
    return JudgeSpec("openai", "m", dialect=dialect, logprobs=True)


def said(*parts: str | dict[str, float]) -> list[Token]:
    """Tokens of a text; of one with alternatives the first was written."""
    tokens = []
    for part in parts:
        chances = {part: 0.999, "…": 0.001} if isinstance(part, str) else part
        top = [(text, log(chance)) for text, chance in chances.items()]
        tokens.append(Token(next(iter(chances)), top))
    return tokens


def probability(spec: JudgeSpec, tokens: list[Token]) -> float | None:
    return sureness(spec, tokens, "".join(token.text for token in tokens))


THOUGHT = ["They", " differ", ".", "</think>", "\n\n"]


@pytest.mark.parametrize("written", ["1", "2"])
def test_at_the_digit_of_rrms_box(written: str) -> None:
    other = "2" if written == "1" else "1"
    digit = {written: 0.6, other: 0.3, "3": 0.05, "}": 0.05}
    tokens = said(*THOUGHT, r"\boxed", "{", "Assistant", " ", digit, "}", "<|im_end|>")
    text = "".join(token.text for token in tokens[:-1])
    expected = 2 / 3 if written == "1" else 1 / 3
    assert sureness(RRM, tokens, text) == pytest.approx(expected)


def test_tokens_that_say_the_same_count_together() -> None:
    digit = {" 1": 0.4, " 2": 0.2, " 1}": 0.2, " 2}": 0.1}
    tokens = said(*THOUGHT, r"\boxed{", "Assistant", digit, "}")
    assert probability(RRM, tokens) == pytest.approx(0.6 / 0.9)


@pytest.mark.parametrize(
    ("dialect", "parts", "expected"),
    [
        ("brackets", ["Final", ": ", "[[", {"B": 0.8, "A": 0.1, "C": 0.1}, "]]"], 1 / 9),
        ("brackets", ["[[", {"C": 0.5, "A": 0.3, "B": 0.1}, "]]"], 0.75),
        ("brackets", ["[", {"[A": 0.9, "[B": 0.1}, "]]", ".", " It", " is", " right"], 0.9),
        ("answer-tag", ["<answer>", {"A": 0.7, "B": 0.3}, "</answer>"], 0.7),
        ("boxed-loose", [r"\boxed{\text{", "Assistant ", {"2": 0.5, "1": 0.5}, "}}"], 0.5),
        ("json:winner", ['{"winner": "', {"A": 0.25, "B": 0.75}, '", "why": "', "x", '"}'], 0.25),
    ],
)
def test_at_the_token_that_tells_the_answers_apart(
    dialect: str, parts: list[str | dict[str, float]], expected: float
) -> None:
    assert probability(judge(dialect), said(*parts)) == pytest.approx(expected)


def test_the_last_mark_counts_not_one_that_the_judge_corrected() -> None:
    first, last = {"A": 0.9, "B": 0.1}, {"B": 0.8, "A": 0.2}
    tokens = said("[[", first, "]]", " No", ".\n\n", "[[", last, "]]")
    assert probability(judge("brackets"), tokens) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("dialect", "parts"),
    [
        ("brackets", ["[[", {"A": 0.9, "C": 0.1}, "]]"]),
        ("brackets", ["I", " cannot", " tell", "."]),
        ("graded", ["[[", {"A": 0.9, "B": 0.1}, {">": 0.9, "<": 0.1}, "B", "]]"]),
        ("scores", ["7", " ", {"8": 0.6, "6": 0.4}]),
        ("brackets", ["[[", {"A": 0.9, "B": 0.1}, "]]", *[" so"] * REACH]),
        ("brackets", []),
    ],
    ids=["other unlikely", "no verdict", "a grade", "two scores", "far from the end", "no tokens"],
)
def test_none_where_it_cannot_be_told(dialect: str, parts: list[str | dict[str, float]]) -> None:
    assert probability(judge(dialect), said(*parts)) is None


def test_none_where_the_tokens_do_not_make_up_the_text() -> None:
    tokens = said("[[", {"A": 0.9, "B": 0.1}, "]]")
    assert sureness(judge("brackets"), tokens, "Sure: [[A]]") is None


def test_sglangs_logprobs_are_read() -> None:
    written = [(SURE, 1, r"\boxed{Assistant"), (log(0.6), 2, " 1"), (SURE, 3, "}")]
    top = [[written[0]], [written[1], (log(0.2), 4, " 2")], [written[2]]]
    spec = JudgeSpec("sglang", "m", template="t", logprobs=True)
    tokens = sglang.tokens_of(written, top)
    assert sureness(spec, tokens, r"\boxed{Assistant 1}") == pytest.approx(0.75)


def test_openais_logprobs_are_read_with_a_written_token_that_is_not_among_the_likeliest() -> None:
    content = [
        {"token": "[[", "logprob": SURE, "top_logprobs": []},
        {"token": "B", "logprob": log(0.1), "top_logprobs": [{"token": "A", "logprob": log(0.9)}]},
        {"token": "]]", "logprob": SURE, "bytes": [93, 93], "top_logprobs": []},
    ]
    tokens = openai.tokens_of({"content": content, "refusal": None})
    assert sureness(judge("brackets"), tokens, "[[B]]") == pytest.approx(0.9)


@pytest.mark.parametrize(
    "odd", [None, [], {}, 7, {"content": None}, {"content": [{"token": 1}]}, {"tokens": ["a"]}]
)
def test_odd_logprobs_cost_only_the_probability(odd: object) -> None:
    assert openai.tokens_of(odd) == []
    assert sglang.tokens_of(odd, odd) == []
    assert sglang.tokens_of([(0.0, 1, "a")], odd) == []


@given(st.lists(st.tuples(st.sampled_from("AB"), st.floats(-50, 0)), min_size=2, max_size=9))
def test_it_is_the_share_of_all_tokens_for_the_first(top: list[tuple[str, float]]) -> None:
    tokens = [*said("[["), Token(top[0][0], top), *said("]]")]
    found = probability(judge("brackets"), tokens)
    sides = {side: sum(exp(p) for text, p in top if text == side) for side in "AB"}
    if len({text for text, _ in top}) < 2:
        assert found is None
    else:
        assert found == pytest.approx(sides["A"] / sum(sides.values()))


@pytest.mark.parametrize("odd", [nan, -inf, 1e9])
def test_odd_numbers_give_no_impossible_probability(odd: float) -> None:
    tokens = [*said("[["), Token("A", [("A", odd), ("B", log(0.5))]), *said("]]")]
    found = probability(judge("brackets"), tokens)
    assert found is None or found != found or 0 <= found <= 1


def test_no_endpoint_is_asked_for_more_tokens_than_all_of_them_give() -> None:
    assert openai.ASKED == {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
    assert TOP_LOGPROBS <= 5  # Fireworks' limit; OpenAI and vLLM allow 20
