"""A real file gives the same job, whatever format and container it is written in.

Not only is what is read the same: the second submission finds the first one's job, and where it is
made anew the store holds the same rows.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from kit.intake_shapes import CONTAINERS, Row, array, interleaved, jsonl, many, piped, rows_of
from kit.reshaping import (
    PAIRS,
    PREFERENCES,
    alpaca_eval,
    answer_lists,
    chat,
    conversations,
    distilabel,
    mt_bench,
    one_a_row,
    own,
    ppe,
    ranked,
    ultrafeedback,
)

from rrm_queue.domain import JobId, JobState, Seeding
from rrm_queue.intake.formats.base import Empty
from rrm_queue.intake.reader import Source
from rrm_queue.intake.submission import Submitted, submit
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue.submission import NewJob

Encode = Callable[[Iterable[Row]], bytes]

TOURNAMENTS = text("""
    SELECT key, prompt, reference, pairs, subset, size, seed, state
    FROM tournaments WHERE job_id = :job ORDER BY id
""")
CANDIDATES = text("""
    SELECT t.key, c.number, c.key, c.generator, c.text, c.gold
    FROM candidates c JOIN tournaments t ON t.id = c.tournament_id
    WHERE t.job_id = :job ORDER BY t.id, c.number
""")


def submitted(
    database: Database, *files: bytes, name: str, empty: Empty = Empty.REFUSE, anew: bool = False
) -> Submitted:
    job = NewJob(
        id=name,
        source="a file",
        state=JobState.QUEUED,
        strategy="elo",
        seeding=Seeding.RANDOM,
        judge={"kind": "replay", "argument": "x"},
        queue="q",
        voting={},
        seed=7,
        priority=1,
    )
    sources = [Source(f"{place}.in", piped(content)) for place, content in enumerate(files)]
    return submit(database, sources, job, empty=empty, anew=anew)


def stored(database: Database, job: JobId) -> list[Any]:
    with database.begin() as tx:
        return [*tx.execute(TOURNAMENTS, {"job": job}), *tx.execute(CANDIDATES, {"job": job})]


def same(
    database: Database, plain: bytes, others: Iterable[list[bytes]], empty: Empty = Empty.REFUSE
) -> Submitted:
    """The job of the plain file, which all the others give as well."""
    first = submitted(database, plain, name="first", empty=empty)
    assert first.new
    rows = stored(database, first.job)
    assert len(rows) == first.tournaments + first.candidates
    for number, files in enumerate(others):
        again = submitted(database, *files, name=f"again{number}", empty=empty)
        assert (again.new, again.job) == (False, first.job), again.read_as
        anew = submitted(database, *files, name=f"anew{number}", empty=empty, anew=True)
        assert stored(database, anew.job) == rows, again.read_as
    return first


def named(row: Row) -> Row:
    """The row of our own format whose answers are called by their models, as elsewhere."""
    found = own(row)
    for candidate in found["candidates"]:
        candidate["id"] = candidate["generator"]
    return found


def grouped(rows: list[Row]) -> bytes:
    """One answer a row, no two of a prompt side by side, the first of each in the file's order."""
    spread = [part for row in rows for part in one_a_row(row)]
    return CONTAINERS["CSV, zstd"](interleaved(spread, "prompt_id"))


@pytest.mark.parametrize("name", ["many_llmfao_60cand", "many_gsm8k_4cand", "many_game24_100cand"])
def test_many_candidates(database: Database, name: str) -> None:
    rows = many(name)
    plain = jsonl(map(named, rows))
    spread = [part for row in rows for part in alpaca_eval(row)]
    files = [[encode(map(named, rows))] for encode in CONTAINERS.values()]
    whole = (ultrafeedback, distilabel, answer_lists, ranked)
    shapes = [[jsonl(map(shape, rows))] for shape in whole]
    packed = [[CONTAINERS["Parquet"](map(shape, rows))] for shape in (ultrafeedback, distilabel)]
    talked = [[array(chat(row) | {"candidates": _chat_named(row)} for row in rows)]]
    parts = [[grouped(rows)], [CONTAINERS["JSON array, gzip"](spread)]]
    parts += [[jsonl(part for row in rows for part in conversations(row))]]
    same(database, plain, [*files, *shapes, *packed, *talked, *parts])


def test_questions_and_answers_in_files_of_their_own(database: Database) -> None:
    """The questions come first or last: the order of the answers is the order of the prompts."""
    rows = [row | {"reference": None} for row in many("many_llmfao_60cand")]
    joined = [mt_bench(row) for row in rows]
    questions = jsonl(question for question, _ in joined)
    answers = jsonl(answer for _, parts in joined for answer in parts)
    same(database, jsonl(map(named, rows)), [[questions, answers], [answers, questions]])


def _chat_named(row: Row) -> list[Row]:
    return [
        {"id": one["generator"], **one, "text": [{"role": "assistant", "content": one["text"]}]}
        for one in own(row)["candidates"]
    ]


def test_a_file_for_each_model(database: Database) -> None:
    rows = many("many_zeroeval_mathl5_32cand")
    spread = [part for row in rows for part in alpaca_eval(row)]
    models = sorted({part["generator"] for part in spread})
    files = [array(part for part in spread if part["generator"] == model) for model in models]
    first = {row["id"] for row in rows if models[0] in dict(row["answers"])}
    # Prompts and answers come in the order of the files, those of the first model's file first.
    ordered = [row | {"answers": sorted(row["answers"])} for row in rows]
    ordered.sort(key=lambda row: row["id"] not in first)
    same(database, jsonl(map(named, ordered)), [files])


def test_responses_in_columns(database: Database) -> None:
    rows = [row for row in many("many_zeroeval_gsm_32cand") if len(row["answers"]) == 32]
    plain = [
        {
            "id": row["id"],
            "prompt": row["prompt"],
            "candidates": [
                {
                    "id": f"response_{number + 1}",
                    "text": said,
                    "generator": "one-model",
                    "gold": number % 3 == 0,
                }
                for number, (_, said) in enumerate(row["answers"])
            ],
            "pairs": [
                {"first": "response_1", "second": "response_2", "label": "response_1"},
                {"first": "response_32", "second": "response_1", "label": "response_1"},
                {"first": "response_2", "second": "response_3", "label": "tie"},
            ],
        }
        for row in rows
    ]
    same(database, jsonl(plain), [[encode(map(ppe, rows))] for encode in CONTAINERS.values()])


@pytest.mark.parametrize("name", ["pairwise_hhh", "pairwise_llmbar", "pairwise_pandalm"])
def test_pairs_with_labels(database: Database, name: str) -> None:
    """PandaLM's with the answers that a model left empty."""
    rows = rows_of(name)
    plain = [
        {
            "id": row["id"],
            "prompt": row["prompt"],
            "candidates": [{"id": side, "text": row[f"response_{side}"]} for side in ("a", "b")],
            "label": row["label"],
            "subset": row.get("subset"),
        }
        for row in rows
    ]
    keys = ("id", "prompt", "response_a", "response_b", "label", "subset")
    given = [{key: row.get(key) for key in keys} for row in rows]
    others = [[encode(given)] for encode in CONTAINERS.values()]
    others += [[jsonl(map(shape, rows))] for shape in PAIRS.values()]
    told = same(database, jsonl(plain), others, Empty.KEEP)
    assert (told.tournaments, told.candidates) == (len(rows), 2 * len(rows))


@pytest.mark.parametrize("name", ["pairwise_hhh", "pairwise_llmbar", "pairwise_pandalm"])
def test_preferences(database: Database, name: str) -> None:
    """RewardBench's and TRL's, explicit and implicit, as texts and as messages."""
    rows = [row for row in rows_of(name) if row["label"] != "tie"]
    others = [
        [encode(map(shape, rows))]
        for shape in PREFERENCES.values()
        for container, encode in CONTAINERS.items()
        if shape is PREFERENCES["texts"] or not container.startswith("CSV")
    ]
    same(database, jsonl(map(PREFERENCES["texts"], rows)), others, Empty.KEEP)
