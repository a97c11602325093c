"""Real files, written in each format and container, give the same tournaments."""

import pytest
from kit.intake_shapes import (
    CONTAINERS,
    Row,
    array,
    comma_separated,
    interleaved,
    jsonl,
    labelled_pair,
    many,
    only_tournaments,
    reading,
    rows_of,
    told,
    tournaments,
)
from kit.reshaping import (
    PAIRS,
    PREFERENCES,
    alpaca_eval,
    chat,
    distilabel,
    one_a_row,
    own,
    ppe,
    ultrafeedback,
)

from rrm_queue.domain import Label, Tournament
from rrm_queue.intake.formats.base import Empty

MANY = [
    "many_game24_100cand",
    "many_gsm8k_4cand",
    "many_llmfao_60cand",
    "many_zeroeval_gsm_32cand",
    "many_zeroeval_mathl5_32cand",
]
PAIRWISE = ["pairwise_hhh", "pairwise_llmbar", "pairwise_pandalm"]


WHOLE = {"rrmq": own, "ultrafeedback": ultrafeedback, "distilabel": distilabel, "chat": chat}
SPREAD = {"answers": one_a_row, "alpaca-eval": alpaca_eval}


@pytest.fixture(scope="module", params=MANY)
def rows(request: pytest.FixtureRequest) -> list[Row]:
    return many(request.param)


@pytest.fixture(scope="module")
def expected(rows: list[Row]) -> list[tuple[object, ...]]:
    return [(row["id"], row["prompt"], row["reference"], row["answers"]) for row in rows]


@pytest.mark.parametrize(
    ("shape", "container"),
    [
        (shape, container)
        for shape in WHOLE
        for container in CONTAINERS
        if (shape, container[:3]) != ("chat", "CSV")  # where a cell is a text
    ],
)
def test_whole_rows(
    rows: list[Row], expected: list[tuple[object, ...]], shape: str, container: str
) -> None:
    content = CONTAINERS[container](map(WHOLE[shape], rows))
    read = reading(content)
    assert told(only_tournaments(read)) == expected
    assert read.description.endswith(container)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("shape", SPREAD)
def test_one_row_a_candidate(
    rows: list[Row], expected: list[tuple[object, ...]], shape: str, container: str
) -> None:
    spread = [part for row in rows for part in SPREAD[shape](row)]
    assert told(tournaments(CONTAINERS[container](spread))) == expected


def test_rows_of_a_prompt_need_not_be_neighbours(
    rows: list[Row], expected: list[tuple[object, ...]]
) -> None:
    spread = [part for row in rows for part in one_a_row(row)]
    apart = list(interleaved(spread, "prompt_id"))
    assert apart != spread
    assert told(tournaments(jsonl(apart))) == expected


def test_alpaca_eval_has_a_file_for_each_model(rows: list[Row]) -> None:
    spread = [part for row in rows for part in alpaca_eval(row)]
    models = sorted({part["generator"] for part in spread})
    files = [array(part for part in spread if part["generator"] == model) for model in models]
    read = reading(*files)
    assert {
        item.key: [(c.key, c.text) for c in item.candidates] for item in only_tournaments(read)
    } == {row["id"]: sorted(row["answers"]) for row in rows}
    files_read = f"JSON array, {len(models)} files"
    assert read.description == f"AlpacaEval outputs of {len(models)} models, {files_read}"


@pytest.mark.parametrize("container", CONTAINERS)
def test_ppe(container: str) -> None:
    rows = [row for row in many("many_zeroeval_gsm_32cand") if len(row["answers"]) == 32]
    read = tournaments(CONTAINERS[container](map(ppe, rows)))
    assert [(t.key, [c.text for c in t.candidates]) for t in read] == [
        (row["id"], [text for _, text in row["answers"]]) for row in rows
    ]
    assert {t.pairs for t in read} == {
        (
            labelled_pair(0, 1, Label.FIRST),
            labelled_pair(31, 0, Label.SECOND),
            labelled_pair(1, 2, Label.TIE),
        )
    }
    golds = {tuple(candidate.gold for candidate in t.candidates) for t in read}
    assert golds == {tuple(float(number % 3 == 0) for number in range(32))}


def labelled(read: list[Tournament]) -> list[tuple[object, ...]]:
    """Prompt, both texts, the preferred one and the subset, whatever the order of the two."""
    found: list[tuple[object, ...]] = []
    for tournament in read:
        (pair,) = tournament.pairs
        texts = [tournament.candidates[number].text for number in (pair.first, pair.second)]
        assert pair.label is not None
        preferred = {Label.FIRST: texts[0], Label.SECOND: texts[1], Label.TIE: None}[pair.label]
        found.append((tournament.key, tournament.prompt, set(texts), preferred, tournament.subset))
    return found


def with_answers(name: str) -> list[Row]:
    """The rows of a pairwise file but those of PandaLM's in which a model gave no answer."""
    return [row for row in rows_of(name) if row["response_a"].strip() and row["response_b"].strip()]


@pytest.mark.parametrize("shape", PAIRS)
@pytest.mark.parametrize("name", PAIRWISE)
def test_labelled_pairs_of_public_formats(name: str, shape: str) -> None:
    rows = with_answers(name)
    expected = [
        (
            row["id"],
            row["prompt"],
            {row["response_a"], row["response_b"]},
            preferred_text(row),
            row.get("subset"),
        )
        for row in rows
    ]
    read = reading(jsonl(map(PAIRS[shape], rows)))
    assert labelled(only_tournaments(read)) == expected
    assert read.unread == ()


def preferred_text(row: Row) -> str | None:
    texts: dict[str, str | None] = {"a": row["response_a"], "b": row["response_b"], "tie": None}
    return texts[row["label"]]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", PAIRWISE)
def test_pairs_with_labels(name: str, container: str) -> None:
    rows = with_answers(name)
    expected = [
        (
            row["id"],
            row["prompt"],
            {row["response_a"], row["response_b"]},
            preferred_text(row),
            row.get("subset"),
        )
        for row in rows
    ]
    encode = CONTAINERS[container]
    assert labelled(tournaments(encode(rows))) == expected
    ids = {"a": "x", "b": "y", "tie": "tie"}
    of_our_own = [
        {
            "id": row["id"],
            "prompt": row["prompt"],
            "candidates": [
                {"id": "x", "text": row["response_a"]},
                {"id": "y", "text": row["response_b"]},
            ],
            "label": ids[row["label"]],
            "subset": row.get("subset"),
        }
        for row in rows
    ]
    assert labelled(tournaments(encode(of_our_own))) == expected
    in_pairs = [
        {key: value for key, value in row.items() if key != "label"}
        | {"pairs": [{"first": "y", "second": "x", "label": row["label"]}]}
        for row in of_our_own
    ]
    assert labelled(tournaments(encode(in_pairs))) == expected


@pytest.mark.parametrize("container", [c for c in CONTAINERS if not c.startswith("CSV")])
@pytest.mark.parametrize("name", PAIRWISE)
@pytest.mark.parametrize("shape", PREFERENCES)
def test_preference_pairs(name: str, shape: str, container: str) -> None:
    rows = [row for row in with_answers(name) if row["label"] != "tie"]

    read = tournaments(CONTAINERS[container](map(PREFERENCES[shape], rows)))
    assert labelled(read) == [
        (
            row["id"],
            row["prompt"],
            {row["response_a"], row["response_b"]},
            preferred_text(row),
            row.get("subset"),
        )
        for row in rows
    ]
    first = [tournament.candidates[0].key for tournament in read]
    share = first.count("chosen") / len(first)
    assert 0.35 < share < 0.65


@pytest.mark.parametrize(
    ("name", "empties"), [("many_llmfao_60cand", 69), ("many_zeroeval_mathl5_32cand", 1)]
)
def test_empty_answers_are_refused_or_dropped_and_counted(name: str, empties: int) -> None:
    rows = rows_of(name)
    content = jsonl(rows)
    assert not all(isinstance(item, Tournament) for item in reading(content))
    dropping = reading(content, empty=Empty.DROP)
    kept = [
        [candidate["text"] for candidate in row["candidates"] if candidate["text"].strip()]
        for row in rows
    ]
    assert [[c.text for c in item.candidates] for item in only_tournaments(dropping)] == kept
    assert dropping.dropped == empties


def test_columns_are_mapped() -> None:
    rows = many("many_gsm8k_4cand")
    renamed = [
        {"question": part["prompt"], "who": part["model"], "said": part["response"]}
        for row in rows
        for part in one_a_row(row)
    ]
    mapping = {"prompt": "question", "model": "who", "response": "said"}
    read = tournaments(comma_separated(renamed), mapping=mapping)
    assert [told([item])[0][1::2] for item in read] == [
        (row["prompt"], row["answers"]) for row in rows
    ]
