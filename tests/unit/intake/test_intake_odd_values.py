"""A wrong value anywhere in a row of any format is one printable line, never a fault."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.intake_shapes import Row, array, jsonl, parquet, reading

from rrm_queue.domain import Tournament
from rrm_queue.intake.formats import FORMATS, recognised
from rrm_queue.intake.formats.base import Empty, Ids
from rrm_queue.intake.formats.labels import LabelNumbers

USER = {"role": "user", "content": "Name a fruit."}
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": {"x": 1}}}
SAID = {"role": "assistant", "content": [{"type": "text", "text": "A pear."}], "tool_calls": [CALL]}
TALK = {"conversations": [{"from": "human", "value": "Hi"}], "history": [["q", "a"]], "system": "s"}
PAIR = {"model_a": "m", "model_b": "n", "id": 1, "subset": "s", "reference": 2.5, "turn": 1}

ROWS: dict[str, Row] = {
    "rrmq": {
        "id": 1.0,
        "prompt": [USER],
        "candidates": [{"text": "a", "id": 7, "gold": True}, SAID, {"content": "c", "model": "m"}],
        "pairs": [{"first": "7", "second": "1", "label": "tie"}],
        "reference": "r",
    },
    "preference": {"chosen": [USER, SAID], "rejected": {"from": "gpt", "value": "b"}, **TALK},
    "openai-preference": {
        "input": {"messages": [USER]},
        "preferred_output": [SAID],
        "non_preferred_output": [SAID],
    },
    "helpsteer2": {"prompt": "p", "response_1": "a", "response_2": "b", "preference_strength": 1},
    "ppe": {
        "prompt": "p",
        "response_1": "a",
        "response_2": "b",
        "scores": [True, False],
        "sampled_conflict_pairs": [[0, 1]],
    },
    "pairwise": {
        "prompt": ["p"],
        "response_a": ["a"],
        "response_b": ["b"],
        "winner_tie": 1,
        **PAIR,
    },
    "arena": {"conversation_a": [USER, SAID], "conversation_b": [USER, SAID], "winner": 1, **PAIR},
    "judgebench": {"question": "p", "response_A": "a", "response_B": "b", "label": "A>B"},
    "llmbar": {"input": "p", "output_1": "a", "output_2": "b", "label": 1},
    "helpsteer3": {"context": [USER], "response1": "a", "response2": "b", "overall_preference": -1},
    "pandalm": {"instruction": "p", "input": "q", "response1": "a", "response2": "b", "idx": 1},
    "auto-j": {"prompt": "p", "response 1": "a", "response 2": "b", "label": 2, "scenario": "s"},
    "shp": {"history": "p", "human_ref_A": "a", "human_ref_B": "b", "labels": 0, "domain": "d"},
    "ultrafeedback": {"instruction": "p", "completions": [{"response": "a", "model": "m"}, "b"]},
    "distilabel": {"instruction": "p", "generations": ["a", "b"], "generation_models": ["m", "n"]},
    "lm-eval": {
        "doc_id": 1,
        "doc": {"passage": "q"},
        "arguments": {"gen_args_0": {"arg_0": "p"}},
        "resps": [["a", "b"]],
    },
    "batch-requests": {"custom_id": "c", "body": {"messages": [USER]}},
    "batch-results": {
        "custom_id": "c",
        "response": {"body": {"model": "m", "choices": [{"message": SAID}]}},
    },
    "mt-bench-answers": {
        "question_id": 1,
        "model_id": "m",
        "choices": [{"turns": ["a", {"content": "b"}]}],
    },
    "mt-bench-judgements": {
        "question_id": 1,
        "judge": ["g"],
        "baseline": "m",
        "model": "n",
        "games": [{"score": "A>B"}, {"score": "B>A"}],
    },
    "alpaca-eval": {"instruction": "p", "input": "q", "output": ["a", "b"], "generator": "m"},
    "answers": {"prompt": "p", "response": SAID, "model": "m", "uid": "u", "candidate_id": 3},
    "nectar": {
        "prompt": "p",
        "answers": [{"answer": "a", "rank": 1.0}, {"answer": "b", "rank": 2}],
    },
    "answer-lists": {"prompt": "p", "outputs": [{"text": "a"}, SAID], "models": ["m", "n"]},
    "conversations": {
        "uid": "u",
        "messages": [USER, {"role": "assistant", "content": {"answer": "a"}}],
    },
    "mt-bench-questions": {"question_id": 1, "turns": ["p", {"content": "q"}], "category": "c"},
}

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None, True, 0, -1, 1e308, 10**30, 1.5, "", " ", "\0", "x\ty", "[", "[null]", "7", [], [[]],
        [None], ["a"], [1, 2], {}, {"role": "user"}, {"role": 3, "content": "x"}, {"a": {"b": []}},
        [{"role": "assistant", "content": None}], [{"from": 1, "value": "x"}], {"messages": []},
        [{"role": "assistant", "content": [None]}], [{"content": "x"}], {"text": {"text": "x"}},
        [{"role": "assistant", "content": [{"type": [], "text": 3}]}], {"answer": None}, ["a", {}],
        {"role": "assistant", "tool_calls": {"x": 1}}, {"role": "assistant", "tool_calls": [3]},
        {"role": "assistant", "function_call": {"name": [], "arguments": "x"}}, [[1, 2, 3]],
    ]
)  # fmt: skip


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to all values inside a value."""
    inner: list[tuple[Any, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = [path] if path else []
    return found + [place for key, item in inner for place in places(item, (*path, key))]


def changed(row: Row, path: tuple[Any, ...], value: object) -> Row:
    row = copy.deepcopy(row)
    target: Any = row
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return row


def test_there_is_a_row_of_every_format() -> None:
    assert list(ROWS) == [known.name for known in FORMATS]
    for name, row in ROWS.items():
        known = recognised(row)
        assert known is not None
        assert known.name == name


@given(
    data=st.data(),
    name=st.sampled_from(sorted(ROWS)),
    empty=st.sampled_from(Empty),
    labels=st.sampled_from(LabelNumbers),
    ids=st.sampled_from(Ids),
    encode=st.sampled_from([jsonl, array]),
)
def test_an_odd_value_anywhere_is_one_line(
    data: st.DataObject, name: str, empty: Empty, labels: LabelNumbers, ids: Ids, encode: Any
) -> None:
    row = ROWS[name]
    for _ in range(data.draw(st.integers(1, 2))):
        row = changed(row, data.draw(st.sampled_from(places(row))), data.draw(ODD))
    content = encode([ROWS[name], row, row])
    for item in reading(content, format=name, empty=empty, labels=labels, ids=ids):
        if isinstance(item, Tournament):
            assert item.prompt.strip()
            assert len(item.candidates) >= 2
        else:
            assert item.reason.isprintable()
            assert len(item.reason) < 1000


@pytest.mark.parametrize("name", ["rrmq", "preference", "nectar", "answer-lists"])
def test_parquet_gives_the_same_rows(name: str) -> None:
    row = {
        key: value for key, value in ROWS[name].items() if key in ("prompt", "answers", "models")
    }
    answers = [{"text": "a", "model": "m"}, {"text": "b", "model": "n"}]
    whole = {
        "rrmq": row | {"prompt": "p", "candidates": answers},
        "preference": {"chosen": [USER, {**USER, "role": "assistant"}], "rejected": [USER, USER]},
        "nectar": row,
        "answer-lists": row | {"outputs": answers},
    }[name]
    in_lines, in_parquet = list(reading(jsonl([whole]))), list(reading(parquet([whole])))
    assert in_lines == in_parquet
    assert isinstance(in_lines[0], Tournament)
