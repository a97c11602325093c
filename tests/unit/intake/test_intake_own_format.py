import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rrm_queue.domain import Candidate, Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Parsed
from rrm_queue.intake.formats.fields import LONGEST_ID
from rrm_queue.intake.formats.own import parse_line

PAIR = ["four", "five"]

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1
).filter(lambda text: not text.isspace())
ids = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=LONGEST_ID
).filter(lambda text: not text.isspace())
tournaments = st.builds(
    Tournament,
    key=ids,
    prompt=texts,
    candidates=st.lists(
        st.builds(
            Candidate,
            key=ids,
            text=texts,
            generator=st.none() | texts,
            gold=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=2,
        unique_by=lambda candidate: candidate.key,
    ).map(tuple),
    line=st.integers(1, 10**9),
    reference=st.none() | texts,
)


def as_json(tournament: Tournament) -> dict[str, object]:
    return {
        "id": tournament.key,
        "prompt": tournament.prompt,
        "candidates": [
            {
                "id": candidate.key,
                "text": candidate.text,
                "generator": candidate.generator,
                "gold": candidate.gold,
            }
            for candidate in tournament.candidates
        ],
        "reference": tournament.reference,
    }


def parsed(row: object, number: int = 7) -> Tournament:
    return parse_line(json.dumps(row).encode(), str(number), number).tournament


def reason(line: bytes) -> str:
    with pytest.raises(Problem) as caught:
        parse_line(line, "7", 7)
    return caught.value.reason


@given(tournament=tournaments, ascii_only=st.booleans())
def test_a_tournament_written_as_json_parses_back_to_itself(
    tournament: Tournament, ascii_only: bool
) -> None:
    line = json.dumps(as_json(tournament), ensure_ascii=ascii_only).encode()
    assert parse_line(line + b"\r\n", "7", tournament.line) == Parsed(tournament)


@given(line=st.binary())
@example(b"[" * 100_000)
@example(b'{"x":' * 100_000)
@example(b'{"candidates":' + b"[" * 100_000)
@example(b'{"id":' + b"9" * 100_000 + b"}")
def test_arbitrary_bytes_raise_nothing_but_a_problem(line: bytes) -> None:
    assert reason(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: (
        st.lists(values, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "text", "generator", "x"]), values)
    ),
)


@given(
    row=st.dictionaries(
        st.sampled_from(["id", "prompt", "candidates", "reference", "x"]), json_values
    ),
    cut=st.none() | st.integers(0, 60),
)
def test_arbitrary_json_gives_a_tournament_or_a_problem(
    row: dict[str, object], cut: int | None
) -> None:
    line = json.dumps(row).encode()[:cut]
    try:
        tournament = parse_line(line, "7", 7).tournament
    except Problem:
        assert reason(line).isprintable()
    else:
        assert len(tournament.candidates) >= 2


def test_texts_and_objects_may_be_mixed_and_extra_keys_are_ignored() -> None:
    row = {
        "source": "somewhere",
        "prompt": " 2 + 2? ",
        "candidates": ["four\n", {"text": "five", "rating": 3, "generator": "hasty"}],
        "gold": float(1),
    }
    assert parsed(row) == Tournament(
        key="7",
        prompt=" 2 + 2? ",
        candidates=(Candidate("0", "four\n"), Candidate("1", "five", "hasty")),
        line=7,
    )


def with_gold(written: str) -> bytes:
    return f'{{"prompt": "p", "candidates": ["a", {{"text": "b", "gold": {written}}}]}}'.encode()


@pytest.mark.parametrize(
    ("written", "gold"),
    [("true", 1), ("false", 0), ("7", 7), ("-0.25", -0.25), ("1e2", 100), ("null", None)],
)
def test_gold_is_right_or_wrong_or_a_number(written: str, gold: float | None) -> None:
    found = parse_line(with_gold(written), "7", 7).tournament
    assert [candidate.gold for candidate in found.candidates] == [None, gold]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"yes"', "`candidates[1].gold` is text, expected a number"),
        ("[1]", "`candidates[1].gold` is a list, expected a number"),
        ("1e400", "`candidates[1].gold` must be a finite number"),
        ("9" * 400, "`candidates[1].gold` must be a finite number"),
    ],
)
def test_any_other_gold_is_refused(written: str, expected: str) -> None:
    assert reason(with_gold(written)) == expected


def test_ids_may_be_whole_numbers() -> None:
    row = {"id": 12, "prompt": "p", "candidates": [{"id": -1, "text": "a"}, {"text": "a"}]}
    assert parsed(row).key == "12"
    assert [candidate.key for candidate in parsed(row).candidates] == ["-1", "1"]


def test_null_means_absent_for_optional_values() -> None:
    row = {
        "id": None,
        "prompt": "p",
        "candidates": [{"id": None, "text": "a", "generator": None}, "b"],
        "reference": None,
    }
    assert parsed(row) == parsed({"prompt": "p", "candidates": ["a", "b"]})


@pytest.mark.parametrize(
    ("written", "reference"),
    [('"x = 2"', "x = 2"), ("42", "42"), ("-0.50", "-0.50"), ("1e3", "1e3"), ("1" * 30, "1" * 30)],
)
def test_a_reference_is_text_or_a_number_as_it_is_written(written: str, reference: str) -> None:
    line = f'{{"prompt": "p", "candidates": ["a", "b"], "reference": {written}}}'
    assert parse_line(line.encode(), "1", 1).tournament.reference == reference


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"candidates": PAIR}, "`prompt` is missing"),
        ({"prompt": "p"}, "`candidates` is missing"),
        ({"prompt": None, "candidates": PAIR}, "`prompt` is null, expected text"),
        ({"prompt": 3, "candidates": PAIR}, "`prompt` is a number, expected text"),
        ({"prompt": 3.5, "candidates": PAIR}, "`prompt` is a decimal number, expected text"),
        (
            {"prompt": ["p"], "candidates": PAIR},
            "`prompt[0]` is text, expected a message: `role` and `content`",
        ),
        ({"prompt": " \n", "candidates": PAIR}, "`prompt` is empty"),
        (
            {"prompt": "a\0b", "candidates": PAIR},
            "`prompt` holds a NUL character, which PostgreSQL cannot store",
        ),
        ({"prompt": "p", "candidates": {"a": "b"}}, "`candidates` is an object, expected a list"),
        ({"prompt": "p", "candidates": "ab"}, "`candidates` is text, expected a list"),
        (
            {"prompt": "p", "candidates": []},
            "`candidates` has no answers; a ranking needs at least 2",
        ),
        (
            {"prompt": "p", "candidates": ["a"]},
            "`candidates` has 1 answer; a ranking needs at least 2",
        ),
        (
            {"prompt": "p", "candidates": ["a", ""]},
            "`candidates[1]` is empty; empty='keep' makes a candidate of it",
        ),
        (
            {"prompt": "p", "candidates": ["a", "b", None]},
            "`candidates[2]` is null; empty='drop' leaves it out, empty='keep' makes a candidate "
            "of it",
        ),
        (
            {"prompt": "p", "candidates": ["a", True]},
            "`candidates[1]` is a boolean, expected text or an object with `text`",
        ),
        (
            {"prompt": "p", "candidates": [{"text": " "}, "b"]},
            "`candidates[0].text` is empty; empty='keep' makes a candidate of it",
        ),
        ({"prompt": "p", "candidates": [{"id": "a"}, "b"]}, "`candidates[0].text` is missing"),
        (
            {"prompt": "p", "candidates": ["a", {"text": "\0"}]},
            "`candidates[1].text` holds a NUL character, which PostgreSQL cannot store",
        ),
        (
            {"prompt": "p", "candidates": ["a", {"text": "b", "generator": 7}]},
            "`candidates[1].generator` is a number, expected text",
        ),
        (
            {"prompt": "p", "candidates": ["a", "b", {"id": 1, "text": "c"}]},
            "`candidates[1]` and `candidates[2]` have the same id '1'",
        ),
        (
            {"id": 1.5, "prompt": "p", "candidates": PAIR},
            "`id` is a decimal number, expected text or a whole number",
        ),
        (
            {"id": True, "prompt": "p", "candidates": PAIR},
            "`id` is a boolean, expected text or a whole number",
        ),
        ({"id": "", "prompt": "p", "candidates": PAIR}, "`id` is empty"),
        ({"id": "a\tb", "prompt": "p", "candidates": PAIR}, "`id` holds a control character"),
        (
            {"id": "a" * 201, "prompt": "p", "candidates": PAIR},
            "`id` has 201 characters; 200 are allowed",
        ),
        (
            {"prompt": "p", "candidates": [{"id": [], "text": "a"}, "b"]},
            "`candidates[0].id` is a list, expected text or a whole number",
        ),
        (
            {"prompt": "p", "candidates": PAIR, "reference": True},
            "`reference` is a boolean, expected text or a number",
        ),
        ({"prompt": "p", "candidates": PAIR, "reference": ""}, "`reference` is empty"),
        ([1], "not a tournament: Expected `object`, got `array`"),
        ({"x": float("nan")}, "not JSON: NaN is not a JSON number; write null for a missing value"),
    ],
)
def test_the_reason_names_the_place(row: object, expected: str) -> None:
    assert reason(json.dumps(row).encode()) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"prompt" "p"}', "not JSON: expecting ':' delimiter at column 11"),
        ('{"é": "ü" "p"}'.encode(), "not JSON: expecting ',' delimiter at column 11"),
        (b'{"prompt": "p\n', "not JSON: unterminated string starting at column 12"),
        (b'{"prompt": "p"} {}', "not JSON: extra data at column 17"),
        (b'{"prompt":"\xff"}', "invalid UTF-8 at byte 12"),
        (b'{"ignored":"\xed\xa0\x80"}', "invalid UTF-8 at byte 13"),
    ],
)
def test_a_line_that_is_not_json_is_refused_at_its_column(line: bytes, expected: str) -> None:
    assert reason(line) == expected


@pytest.mark.parametrize("key", ["prompt", "ignored"])
@pytest.mark.parametrize("text", [r"\ud800", r"\ud800abcdefgh", r"\udc00", r"\ud800\ud800"])
def test_half_of_a_surrogate_pair_is_refused(key: str, text: str) -> None:
    line = f'{{"{key}": "{text}", "candidates": ["a", "b"]}}'
    expected = r"not JSON: a \u escape is half of a surrogate pair, which is not a character"
    assert reason(line.encode()) == expected


def test_equal_texts_under_different_ids_are_allowed() -> None:
    assert len(parsed({"prompt": "p", "candidates": ["a", "a"]}).candidates) == 2
