"""Samples of EleutherAI's lm-evaluation-harness: `{doc_id, doc, arguments, resps, …}`.

Source: what `lm_eval --log_samples` writes. `resps` is a list with a list of texts for each
request; `arguments` has the request's prompt as `[[prompt, …]]` or
`{"gen_args_0": {"arg_0": prompt}}`. A task with several filters writes each sample once for each.
"""

from collections.abc import Iterator

from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Empty, Part, Parts
from rrm_queue.intake.formats.entrants import answer_text
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    identifier,
    is_absent,
    is_text,
    kind,
    listed,
    text,
)
from rrm_queue.intake.formats.prompts import missing_prompt

_QUESTIONS = ("question", "problem", "prompt", "query", "instruction", "input")
_PASSAGES = ("passage", "context")


def _parts(row: Row, empty: Empty) -> list[Part]:
    prompt, number = _prompt(row), identifier(row.get("doc_id"), "doc_id")
    return [
        Part(
            group=f"text:{prompt}",
            key=None,
            row_id=number,
            prompt=prompt,
            candidate=None,
            text=answer_text(said, place, empty),
            generator=None,
            reference=None,
            subset=None,
            sample=None if number is None else f"{number}:{place}",
        )
        for said, place in _answers(row)
    ]


def _answers(row: Row) -> Iterator[tuple[object, str]]:
    for request, samples in enumerate(listed(row.get("resps", MISSING), "resps")):
        texts = samples if isinstance(samples, list) else [samples]
        for number, said in enumerate(texts):
            place = f"resps[{request}][{number}]"
            if not (said is None or is_text(said)):
                raise Problem(f"`{place}` is {kind(said)}, not text: only generated text is judged")
            yield said, place


def _prompt(row: Row) -> str:
    """The document's question, which is the same for every model; else what the model was sent.

    What was sent may hold other examples and a model's chat template.
    """
    if not is_absent(row.get("prompt")):
        return text(row["prompt"], "prompt")
    doc = row.get("doc")
    values = doc if isinstance(doc, dict) else {}
    question = next((values[name] for name in _QUESTIONS if _says(values.get(name))), None)
    if question is not None:
        passages = [values[name] for name in _PASSAGES if _says(values.get(name))]
        return "\n\n".join([*passages, question])
    return _sent(row)


def _sent(row: Row) -> str:
    match row.get("arguments"):
        case [[str(prompt), *_], *_] | {"gen_args_0": {"arg_0": str(prompt)}}:
            return text(prompt, "arguments")
    raise Problem(missing_prompt({"arguments": row.get("arguments")}))


def _says(value: object) -> bool:
    return is_text(value) and value.strip() != "" and "\0" not in value


LM_EVAL = Parts(
    name="lm-eval",
    title="lm-eval samples",
    keys=frozenset({"doc_id", "doc", "arguments", "resps", "prompt"}),
    recognise=lambda row: "resps" in row,
    lists=frozenset({"resps"}),
    parse=_parts,
)
