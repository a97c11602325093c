"""Rows of real files, as `intake_shapes` gives them, in the shape that each format has."""

import json

from kit.intake_shapes import Row


def own(row: Row) -> Row:
    answers = [{"text": text, "generator": model} for model, text in row["answers"]]
    return {
        "id": row["id"],
        "prompt": row["prompt"],
        "candidates": answers,
        "reference": row["reference"],
    }


def ultrafeedback(row: Row) -> Row:
    completions = [{"model": model, "response": text} for model, text in row["answers"]]
    common = {"id": row["id"], "reference": row["reference"]}
    return common | {"instruction": row["prompt"], "completions": completions}


def distilabel(row: Row) -> Row:
    return {
        "id": row["id"],
        "instruction": row["prompt"],
        "generations": [text for _, text in row["answers"]],
        "generation_models": [model for model, _ in row["answers"]],
        "reference": row["reference"],
    }


def chat(row: Row) -> Row:
    own_row = own(row)
    for candidate in own_row["candidates"]:
        candidate["text"] = [{"role": "assistant", "content": candidate["text"]}]
    prompt = [{"role": "user", "content": [{"type": "text", "text": row["prompt"]}]}]
    return own_row | {"prompt": prompt}


def one_a_row(row: Row) -> list[Row]:
    return [
        {
            "prompt_id": row["id"],
            "prompt": row["prompt"],
            "response": text,
            "model": model,
            "reference": row["reference"],
        }
        for model, text in row["answers"]
    ]


def alpaca_eval(row: Row) -> list[Row]:
    return [
        {
            "id": row["id"],
            "instruction": row["prompt"],
            "output": text,
            "generator": model,
            "reference": row["reference"],
        }
        for model, text in row["answers"]
    ]


def ppe(row: Row) -> Row:
    """Every third response is right."""
    size = len(row["answers"])
    responses = {
        f"response_{number}": text for number, (_, text) in enumerate(row["answers"], start=1)
    }
    return {
        "question_id": row["id"],
        "prompt": row["prompt"],
        **responses,
        "model_name": "one-model",
        "scores": [number % 3 == 0 for number in range(size)],
        "mean_score": 0.5,
        "sampled_conflict_pairs": [[0, 1], [size - 1, 0], [1, 2]],
    }


def sides(row: Row) -> Row:
    """The preferred and the other response of a row of a pairwise file whose label is no tie."""
    preferred, other = {"a": ("a", "b"), "b": ("b", "a")}[row["label"]]
    return {"chosen": row[f"response_{preferred}"], "rejected": row[f"response_{other}"]}


def texts(row: Row) -> Row:
    """TRL's standard format with an explicit prompt; RewardBench's with a subset."""
    return {"id": row["id"], "subset": row.get("subset"), "prompt": row["prompt"], **sides(row)}


def _asked(row: Row) -> list[Row]:
    return [{"role": "user", "content": row["prompt"]}]


def _said(row: Row) -> dict[str, list[Row]]:
    return {key: [{"role": "assistant", "content": text}] for key, text in sides(row).items()}


def messages(row: Row) -> Row:
    """TRL's conversational format with an explicit prompt."""
    return texts(row) | {"prompt": _asked(row)} | _said(row)


def whole_conversations(row: Row) -> Row:
    """UltraFeedback as the Alignment Handbook has it: a prompt, and conversations that hold it."""
    return texts(row) | {key: _asked(row) + said for key, said in _said(row).items()}


def implicit(row: Row) -> Row:
    """TRL's conversational format with an implicit prompt."""
    return {key: value for key, value in whole_conversations(row).items() if key != "prompt"}


PREFERENCES = {
    "texts": texts,
    "messages": messages,
    "whole conversations": whole_conversations,
    "implicit": implicit,
}


def answer_lists(row: Row) -> Row:
    """Lists of texts with their models, and Alpaca's prompt in two parts."""
    instruction, blank, given = row["prompt"].partition("\n\n")
    split = {"instruction": instruction, "input": given}
    return {
        "id": row["id"],
        **(split if blank and given.strip() else {"prompt": row["prompt"]}),
        "responses": [text for _, text in row["answers"]],
        "models": [model for model, _ in row["answers"]],
        "reference": row["reference"],
    }


def ranked(row: Row) -> Row:
    """Nectar's objects without their ranks."""
    answers = [{"answer": text, "model": model} for model, text in row["answers"]]
    common = {"id": row["id"], "reference": row["reference"]}
    return common | {"prompt": row["prompt"], "answers": answers}


def conversations(row: Row) -> list[Row]:
    """A conversation for each answer, as Arena-Hard writes them."""
    return [
        {
            "uid": row["id"],
            "messages": [
                {"role": "user", "content": row["prompt"]},
                {"role": "assistant", "content": {"answer": text}},
            ],
            "model": model,
            "reference": row["reference"],
        }
        for model, text in row["answers"]
    ]


def mt_bench(row: Row) -> tuple[Row, list[Row]]:
    """MT-bench's question and its answers."""
    answers = [
        {"question_id": row["id"], "model_id": model, "choices": [{"index": 0, "turns": [text]}]}
        for model, text in row["answers"]
    ]
    return {"question_id": row["id"], "turns": [row["prompt"]]}, answers


_SIGNS = {"a": "A>B", "b": "B>A", "tie": "A=B"}
_HOT = {"a": "winner_model_a", "b": "winner_model_b", "tie": "winner_tie"}


def _pair(row: Row, first: str, second: str, **more: object) -> Row:
    """The answers of a pairwise row under two names, with its id and what else is given."""
    return {"id": row["id"], first: row["response_a"], second: row["response_b"], **more}


def judgebench(row: Row) -> Row:
    more = {"question": row["prompt"], "label": _SIGNS[row["label"]], "source": row.get("subset")}
    return _pair(row, "response_A", "response_B", **more)


def auto_j(row: Row) -> Row:
    label = {"a": 0, "b": 1, "tie": 2}[row["label"]]
    more = {"prompt": row["prompt"], "label": label, "scenario": row.get("subset")}
    return _pair(row, "response 1", "response 2", **more)


def llmbar(row: Row) -> Row:
    label = {"a": 1, "b": 2, "tie": 0}[row["label"]]
    more = {"input": row["prompt"], "label": label, "subset": row.get("subset")}
    return _pair(row, "output_1", "output_2", **more)


def shp(row: Row) -> Row:
    label = {"a": 1, "b": 0, "tie": 0.5}[row["label"]]
    more = {"history": row["prompt"], "labels": label, "domain": row.get("subset")}
    return _pair(row, "human_ref_A", "human_ref_B", **more)


def helpsteer3(row: Row) -> Row:
    context = [{"role": "user", "content": row["prompt"]}]
    label = {"a": -2, "b": 3, "tie": 0}[row["label"]]
    more = {"context": context, "overall_preference": label, "domain": row.get("subset")}
    return _pair(row, "response1", "response2", **more)


def kaggle(row: Row) -> Row:
    """Turns as JSON, and the winner in one of three columns."""
    turns = {key: json.dumps([row[key]]) for key in ("prompt", "response_a", "response_b")}
    marks = {column: int(key == row["label"]) for key, column in _HOT.items()}
    return {"id": row["id"], **turns, **marks, "subset": row.get("subset")}


def arena(row: Row) -> Row:
    asked = {"role": "user", "content": row["prompt"]}
    said = {
        f"conversation_{side}": [asked, {"role": "assistant", "content": row[f"response_{side}"]}]
        for side in "ab"
    }
    winner = {"a": "model_a", "b": "model_b", "tie": "tie (bothbad)"}[row["label"]]
    return {"id": row["id"], **said, "winner": winner, "subset": row.get("subset"), "turn": 1}


PAIRS = {
    "judgebench": judgebench,
    "auto-j": auto_j,
    "llmbar": llmbar,
    "shp": shp,
    "helpsteer3": helpsteer3,
    "pairwise": kaggle,
    "arena": arena,
}
"""Labelled pairs as each public format writes them."""


def sharegpt(row: Row) -> Row:
    """LLaMA-Factory's preferences: one message a side, in ShareGPT's words."""
    answers = {key: {"from": "gpt", "value": text} for key, text in sides(row).items()}
    asked = [{"from": "human", "value": row["prompt"]}]
    return {"id": row["id"], "subset": row.get("subset"), "conversations": asked, **answers}


def single_messages(row: Row) -> Row:
    answers = {key: {"role": "assistant", "content": text} for key, text in sides(row).items()}
    return texts(row) | answers


PREFERENCES |= {"sharegpt": sharegpt, "single messages": single_messages}
