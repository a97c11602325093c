"""Rows in each format, and what they hold when they are read again."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from rrm_queue.domain import Standing
from rrm_queue.errors import UsageFault
from rrm_queue.exports.base import Type
from rrm_queue.exports.formats import FORMULA, WRITERS, writer_of
from rrm_queue.exports.rewards import Reward, reward_of

COLUMNS = {"text": Type.TEXT, "whole": Type.WHOLE, "truth": Type.TRUTH, "texts": Type.TEXTS}
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | TEXT,
            "whole": st.integers(-(2**63), 2**63 - 1),
            "truth": st.booleans(),
            "texts": st.lists(TEXT),
        }
    )
)


def written(ending: str, rows: list[dict[str, object]], *, defuse: bool = False) -> bytes:
    stream = io.BytesIO()
    writer_of(ending, defuse=defuse)(stream, COLUMNS, rows)
    return stream.getvalue()


@given(ROWS)
def test_json_lines_and_parquet_hold_every_value(rows: list[dict[str, object]]) -> None:
    assert [json.loads(line) for line in written(".jsonl", rows).splitlines()] == rows
    table = parquet.read_table(io.BytesIO(written(".parquet", rows)))
    assert table.column_names == list(COLUMNS)
    assert table.to_pylist() == rows


@given(ROWS)
def test_csv_changes_no_text_unless_asked(rows: list[dict[str, object]]) -> None:
    for defuse in (False, True):
        data = written(".csv", rows, defuse=defuse).decode()
        found = list(csv.DictReader(io.StringIO(data, newline="")))
        for cells, row in zip(found, rows, strict=True):
            text = str(row["text"] or "")
            unsafe = defuse and text.startswith(FORMULA)
            assert cells["text"] == ("'" + text if unsafe else text)
            assert json.loads(cells["texts"]) == row["texts"]
            assert (int(cells["whole"]), json.loads(cells["truth"])) == (row["whole"], row["truth"])


def test_an_unknown_file_ending_is_refused() -> None:
    for ending in ("", ".txt", ".json", ".jsonl.gz"):
        with pytest.raises(UsageFault, match="ends in one of"):
            writer_of(ending)
    for ending in WRITERS:
        if ending != ".csv":
            with pytest.raises(UsageFault, match="only CSV"):
                writer_of(ending, defuse=True)


def test_rewards_are_those_of_their_definitions() -> None:
    line = Standing(0, 1, wins=2, losses=1, draws=1, elo=1100.0, bt=1400.0)  # type: ignore[arg-type]
    assert reward_of(line, Reward.ELO) == 1.0
    assert reward_of(line, Reward.WIN_RATE) == 0.625
    assert reward_of(line, Reward.BT) == pytest.approx(10 / 11)
    alone = Standing(0, 1, 0, 0, 0, 1000.0, 1000.0)  # type: ignore[arg-type]
    assert [reward_of(alone, reward) for reward in Reward] == [0.5, None, 0.5]
