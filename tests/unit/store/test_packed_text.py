"""Reasoning as the store keeps it: it comes back as it was, and takes no more room than before."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.store.database import storable
from rrm_queue.store.packed_text import SHORTEST, pack, unpack

SHARED = Path(__file__).parents[4] / "shared" / "data"

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


@given(TEXTS.map(lambda text: text * 3), st.none() | st.integers(0, 500))
def test_a_text_comes_back_or_its_end(text: str, longest: int | None) -> None:
    whole = storable(text)
    assert unpack(pack(text)) == whole
    assert unpack(pack(text), longest) == (
        whole if longest is None else whole[::-1][:longest][::-1]
    )


@given(TEXTS)
def test_a_text_is_packed_only_where_that_makes_it_smaller(text: str) -> None:
    plain, packed = pack(text)
    size = len(storable(text).encode())
    assert packed is None or (plain == "" and len(packed) < size and size >= SHORTEST)


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded texts of judges are not there")
def test_what_real_judges_wrote_takes_little_more_than_half() -> None:
    lines = (SHARED / "judge_texts_boxed.jsonl").read_text().splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    stored = [pack(text) for text in texts]
    assert [unpack(one) for one in stored] == texts
    kept = sum(len(one.packed or one.plain.encode()) for one in stored)
    assert kept < 0.6 * sum(len(text.encode()) for text in texts)
