"""Each format's own rules, and what all formats owe: a tournament or a reason, never a fault."""

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.intake_shapes import (
    Row,
    array,
    jsonl,
    labelled_pair,
    only_tournaments,
    problems,
    reading,
    tournaments,
)

from rrm_queue.domain import Label, LabelledPair, Tournament
from rrm_queue.errors import MOST_PROBLEMS, BadInput, Problem, UsageFault
from rrm_queue.intake.formats import FORMATS, NAMES, named, recognised
from rrm_queue.intake.formats.base import (
    Empty,
    Format,
    Judgement,
    Parsed,
    Part,
    Parts,
    Piece,
    Whole,
)
from rrm_queue.intake.mapping import parse_mapping

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)
messages = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": texts})
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | messages,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "text", "response", "model", "role"]), inner)
    ),
    max_leaves=8,
)


@given(data=st.data(), known=st.sampled_from(FORMATS), empty=st.sampled_from(Empty))
def test_any_row_gives_a_tournament_or_a_printable_reason(
    data: st.DataObject, known: Format, empty: Empty
) -> None:
    row = data.draw(st.dictionaries(st.sampled_from(sorted(known.keys)), values | texts))
    try:
        found = parsed(row, known, empty)
    except Problem:
        return
    if not isinstance(found, Parsed):
        assert all(_has_a_prompt(piece) for piece in found)
        return
    tournament = found.tournament
    assert len(tournament.candidates) >= 2
    assert empty is Empty.KEEP or all(c.text.strip() for c in tournament.candidates)
    assert len({c.key for c in tournament.candidates}) == len(tournament.candidates)
    for pair in tournament.pairs:
        assert pair.first != pair.second
        assert max(pair.first, pair.second) < len(tournament.candidates)


def _has_a_prompt(piece: Piece) -> bool:
    if isinstance(piece, Part):
        return piece.prompt is None or piece.prompt.strip() != ""
    return isinstance(piece, Judgement) or all(turn.strip() for turn in piece.turns)


def parsed(row: Row, known: Format, empty: Empty) -> Sequence[Piece] | Parsed:
    if isinstance(known, Parts):
        return known.parse(row, empty)
    assert isinstance(known, Whole)
    return known.parse(row, "1", 1, empty)


@given(prompt=texts, chosen=texts, rejected=texts)
def test_the_place_of_an_answer_does_not_tell_that_it_is_preferred(
    prompt: str, chosen: str, rejected: str
) -> None:
    def placed(chosen: str, rejected: str) -> list[str]:
        row = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
        (tournament,) = tournaments(jsonl([row]))
        (pair,) = tournament.pairs
        sides = (pair.first, pair.second)
        preferred = sides[0] if pair.label is Label.FIRST else sides[1]
        assert tournament.candidates[preferred].text == chosen
        assert tournament.candidates[preferred].key == "chosen"
        return [candidate.text for candidate in tournament.candidates]

    assert placed(chosen, rejected) == placed(rejected, chosen)


@pytest.mark.parametrize(
    ("chosen", "rejected", "prompt", "answers"),
    [
        ("The sky is blue.", "The sky is green.", "The sky is", {" blue.", " green."}),
        ("It is grey.", "It is green.", "It is", {" grey.", " green."}),
        (
            "\n\nHuman: hi\n\nAssistant: Hello",
            "\n\nHuman: hi\n\nAssistant: Hey",
            "\n\nHuman: hi\n\nAssistant:",
            {" Hello", " Hey"},
        ),
    ],
)
def test_a_prompt_may_be_what_both_texts_begin_with(
    chosen: str, rejected: str, prompt: str, answers: set[str]
) -> None:
    (tournament,) = tournaments(jsonl([{"chosen": chosen, "rejected": rejected}]))
    assert tournament.prompt == prompt
    assert {candidate.text for candidate in tournament.candidates} == answers


def test_reward_bench_2_has_several_answers_on_a_side() -> None:
    row = {"id": "7", "prompt": "p", "chosen": ["a"], "rejected": ["b", "c", "d"], "subset": "s"}
    (tournament,) = tournaments(jsonl([row]))
    assert {c.text for c in tournament.candidates} == {"a", "b", "c", "d"}
    preferred = [
        tournament.candidates[pair.first if pair.label is Label.FIRST else pair.second].text
        for pair in tournament.pairs
    ]
    assert preferred == ["a"] * 3


def test_several_messages_stand_under_their_roles() -> None:
    prompt = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "2 + 2?"}]},
    ]
    (tournament,) = tournaments(jsonl([{"prompt": prompt, "candidates": ["a", "b"]}]))
    assert tournament.prompt == "System: Be brief.\n\nUser: 2 + 2?"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"label": "x"}, (labelled_pair(0, 1, Label.FIRST),)),
        ({"label": 2}, (labelled_pair(0, 1, Label.SECOND),)),
        ({"label": "tie"}, (labelled_pair(0, 1, Label.TIE),)),
        ({"pairs": [{"first": 2, "second": "x"}]}, (labelled_pair(1, 0, None),)),
        (
            {"pairs": [{"first": 2, "second": "x", "label": "x"}]},
            (labelled_pair(1, 0, Label.SECOND),),
        ),
        ({}, ()),
    ],
)
def test_pairs_and_labels_of_our_own_format(extra: Row, expected: tuple[LabelledPair, ...]) -> None:
    row = {"prompt": "p", "candidates": [{"id": "x", "text": "a"}, {"id": 2, "text": "b"}]}
    (tournament,) = tournaments(jsonl([row | extra]))
    assert tournament.pairs == expected


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"candidates": ["a", "b"], "label": "c"}, "`label` is 'c', expected '0', '1' or 'tie'"),
        ({"candidates": ["a", "b", "c"], "label": "0"}, "`label` is for two candidates, but there"),
        ({"candidates": ["a", "b"], "pairs": [{"first": 0}]}, "`pairs[0].second` is missing"),
        (
            {"candidates": ["a", "b"], "pairs": [{"first": 0, "second": 7}]},
            "no candidate has this id",
        ),
        ({"candidates": ["a", "b"], "pairs": [{"first": 0, "second": 0}]}, "on both sides"),
        ({"candidates": ["a", "b"], "pairs": [], "label": 0}, "write the labels inside `pairs`"),
        ({"response_a": "a", "response_b": "b", "label": "c"}, "`label` is 'c', expected one of"),
        ({"response_1": "a", "response_2": "b", "sampled_conflict_pairs": [[0, 2]]}, "below 2"),
        ({"response_1": "a", "response_2": " "}, "`response_2` is empty"),
        ({"chosen": "a", "rejected": [{"role": "assistant"}]}, "`rejected[0].content` is missing"),
    ],
)
def test_a_reason_names_the_place(row: Row, reason: str) -> None:
    ((line, said),) = problems(jsonl([{"prompt": "p"} | row]))
    assert line == 1
    assert reason in said


def test_an_id_of_rows_names_the_prompt_or_the_answer() -> None:
    same = [{"id": "q", "prompt": "p", "text": text} for text in "ab"]
    own = [{"id": text, "prompt": "p", "text": text} for text in "ab"]
    (by_prompt,), (by_answer,) = tournaments(jsonl(same)), tournaments(jsonl(own))
    assert (by_prompt.key, [c.key for c in by_prompt.candidates]) == ("q", ["0", "1"])
    assert (by_answer.key, [c.key for c in by_answer.candidates]) == ("1", ["a", "b"])
    mixed = [{"id": i, "prompt": "p", "text": t} for i, t in zip("qqrr", "abcd", strict=True)]
    ((line, said),) = problems(jsonl(mixed))
    assert line == 2
    assert "the id 'q' is already used on line 1" in said


def test_one_prompt_id_has_one_prompt() -> None:
    rows = [
        {"prompt_id": 1, "prompt": p, "text": t} for p, t in [("p", "a"), ("q", "b"), ("p", "c")]
    ]
    assert problems(jsonl(rows)) == [
        (2, "line 1 has the same id but another prompt"),
    ]


def test_files_are_joined_and_problems_name_theirs() -> None:
    rows = [{"instruction": f"i{n}", "output": "o", "generator": "m"} for n in range(2)]
    others = [{**row, "generator": "n"} for row in rows]
    joined = reading(
        array(rows), array([*others, {"instruction": "i", "output": "", "generator": "n"}])
    )
    items = list(joined)
    found = [item for item in items if isinstance(item, Tournament)]
    (problem,) = (item for item in items if isinstance(item, Problem))
    assert [[c.key for c in item.candidates] for item in found] == [["m", "n"]] * 2
    assert [item.key for item in found] == ["1:1", "1:2"]
    assert str(BadInput("all", [problem])) == (
        "1.in:3: `output` is empty; "
        "empty='drop' leaves it out, empty='keep' makes a candidate of it"
    )


def test_one_input_has_one_format() -> None:
    pairs, answers = {"prompt": "p", "chosen": "a", "rejected": "b"}, {"prompt": "p", "text": "a"}
    ((line, said),) = problems(jsonl([pairs]), jsonl([answers]))
    assert line == 1
    assert said.startswith(
        "the file holds one answer a row, but the file before it holds TRL preference pairs"
    )


def recognised_name(row: Row) -> str | None:
    known = recognised(row)
    return known.name if known else None


def test_a_format_can_be_forced() -> None:
    row = {"prompt": "p", "chosen": "a", "rejected": "b", "response_a": "c", "response_b": "d"}
    assert recognised_name(row) == "preference"
    (tournament,) = tournaments(jsonl([row]), format="pairwise")
    assert [c.text for c in tournament.candidates] == ["c", "d"]
    assert all(named(name).name == name for name in NAMES)
    with pytest.raises(UsageFault, match="no format is called"):
        reading(b"", format="xml")


def test_an_unknown_row_is_one_problem_that_names_its_keys() -> None:
    rows = [{"question": "p", "a1": "a", "a2": "b"}] * 5
    ((line, said),) = problems(jsonl(rows))
    assert line == 1
    assert said.startswith(
        "no known format has the keys `question`, `a1`, `a2`; rename them with mapping="
    )
    mapping = parse_mapping(["prompt=question", "response_a=a1", "response_b=a2"])
    assert len(tournaments(jsonl(rows), mapping=mapping)) == 5
    ((_, said),) = problems(jsonl(rows), mapping=parse_mapping(["prompt=query"]))
    assert "there is no 'query' among `question`" in said


@pytest.mark.parametrize("word", ["prompt", "=a", "prompt=", "promt=a"])
def test_a_mapping_that_makes_no_sense_is_refused(word: str) -> None:
    with pytest.raises(UsageFault):
        parse_mapping([word])


@given(
    answers=st.lists(st.sampled_from(["", " ", None, "x", "y"]), min_size=2, max_size=7),
    own=st.booleans(),
)
def test_dropping_leaves_out_just_the_empty(answers: list[str | None], own: bool) -> None:
    prompt, texts = ("prompt", "candidates") if own else ("instruction", "generations")
    row = {prompt: "p", texts: answers}
    full = [(str(n), text) for n, text in enumerate(answers) if text and text.strip()]
    read = reading(jsonl([row]), empty=Empty.DROP)
    (item,) = read
    if len(full) < 2:
        assert isinstance(item, Problem)
        assert "a ranking needs at least 2" in item.reason
    else:
        assert isinstance(item, Tournament)
        assert [(c.key, c.text) for c in item.candidates] == full
        assert read.dropped == len(answers) - len(full)


def test_reading_many_bad_rows_of_an_array_stops_at_the_most_problems() -> None:
    assert len(problems(array([{"prompt": "p", "candidates": []}] * 50))) == MOST_PROBLEMS


def test_numbers_of_an_array_are_kept_as_they_are_written() -> None:
    content = b'[{"prompt": "p", "candidates": ["a", "b"], "reference": 1.50}]'
    assert tournaments(content)[0].reference == "1.50"
    assert json.loads(content)[0]["reference"] == 1.5


NOTHING: list[object] = [None, "", " \n", [{"role": "assistant", "content": " \n"}], []]
NOTHING += [[{"role": "assistant", "content": [{"type": "text", "text": ""}]}]]
ROWS: dict[str, Callable[[object], Row]] = {
    "rrmq": lambda said: {"prompt": "p", "candidates": ["a", {"text": said}, "b"]},
    "preference": lambda said: {"prompt": "p", "chosen": said, "rejected": "b"},
    "ppe": lambda said: {"prompt": "p", "response_1": "a", "response_2": said, "response_3": "b"},
    "pairwise": lambda said: {"prompt": "p", "response_a": "a", "response_b": said},
    "ultrafeedback": lambda said: {
        "instruction": "p",
        "completions": [{"response": "a"}, {"response": said}, {"response": "b"}],
    },
    "distilabel": lambda said: {"instruction": "p", "generations": ["a", said, "b"]},
}


@pytest.mark.parametrize("known", ROWS)
@pytest.mark.parametrize("said", NOTHING)
def test_an_empty_answer_is_refused_or_left_out_or_kept(known: str, said: object) -> None:
    row = ROWS[known](said)
    answers = 2 if known in ("preference", "pairwise") else 3
    assert recognised_name(row) == known
    ((_, reason),) = problems(jsonl([row]))
    assert "is empty" in reason or "is null" in reason
    left = reading(jsonl([row]), empty=Empty.DROP)
    (item,) = left
    assert (left.dropped, isinstance(item, Problem)) == ((0, True) if answers == 2 else (1, False))
    (tournament,) = tournaments(jsonl([row]), empty=Empty.KEEP)
    texts_kept = [candidate.text for candidate in tournament.candidates]
    assert len(texts_kept) == answers
    (blank,) = (text for text in texts_kept if not text.strip())
    assert blank == (" \n" if said in (NOTHING[2], NOTHING[3]) else "")


@pytest.mark.parametrize("said", NOTHING)
def test_an_empty_answer_in_a_row_of_its_own(said: object) -> None:
    rows = [{"prompt": "p", "response": text} for text in ("a", said, "b")]
    assert problems(jsonl(rows))[0][0] == 2
    left = reading(jsonl(rows), empty=Empty.DROP)
    assert [[c.text for c in item.candidates] for item in only_tournaments(left)] == [["a", "b"]]
    assert left.dropped == 1
    (tournament,) = tournaments(jsonl(rows), empty=Empty.KEEP)
    assert [c.text.strip() for c in tournament.candidates] == ["a", "", "b"]


def test_an_answer_that_is_missing_is_never_kept() -> None:
    rows = [{"prompt": "p", "candidates": [{"text": "a"}, {"id": "x"}]}]
    assert problems(jsonl(rows), empty=Empty.KEEP) == [(1, "`candidates[1].text` is missing")]
