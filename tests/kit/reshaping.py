"""Rows of real files, as `intake_shapes` gives them, in the shape that each format has."""

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
