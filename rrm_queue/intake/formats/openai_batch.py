"""OpenAI's batch files, which vLLM reads and writes too: requests and their results, joined.

Source: OpenAI's guide to the Batch API. A request is `{custom_id, body: {model, messages}}`; a
result is `{custom_id, response: {body: {model, choices}}, error}`. Submit both files together.
"""

from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Empty, Part, Parts, Piece, Question
from rrm_queue.intake.formats.entrants import answer_text
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    identifier,
    is_absent,
    kind,
    listed,
    optional_text,
)
from rrm_queue.intake.formats.messages import prose


def _request(row: Row, _empty: Empty) -> list[Piece]:
    key, body = _key(row), _object(row.get("body", MISSING), "body")
    name = next((name for name in ("messages", "input", "prompt") if name in body), "messages")
    prompt = prose(body.get(name, MISSING), f"body.{name}")
    return [Question(f"id:{key}", key, (prompt,), None, None)]


def _result(row: Row, empty: Empty) -> list[Piece]:
    key = _key(row)
    if is_absent(row.get("response")):
        raise Problem("`response` is null: this request failed; remove it, or ask again")
    body = _object(_object(row["response"], "response").get("body", MISSING), "response.body")
    choices = listed(body.get("choices", MISSING), "response.body.choices")
    return [
        Part(
            group=f"id:{key}",
            key=key,
            row_id=None,
            prompt=None,
            candidate=None,
            text=_said(choice, f"response.body.choices[{place}]", empty),
            generator=optional_text(body.get("model"), "response.body.model"),
            reference=None,
            subset=None,
        )
        for place, choice in enumerate(choices)
    ]


def _said(choice: object, place: str, empty: Empty) -> str | None:
    found = _object(choice, place)
    name = "text" if "text" in found else "message"
    return answer_text(found.get(name, MISSING), f"{place}.{name}", empty)


def _object(value: object, place: str) -> Row:
    if not isinstance(value, dict):
        raise Problem(f"`{place}` is missing" if value is MISSING else _no_object(value, place))
    return value


def _no_object(value: object, place: str) -> str:
    return f"`{place}` is {kind(value)}, expected an object"


def _key(row: Row) -> str:
    key = identifier(row.get("custom_id"), "custom_id")
    if key is None:
        raise Problem("`custom_id` is missing; it joins results with their requests")
    return key


BATCH_REQUESTS = Parts(
    name="batch-requests",
    title="requests of an OpenAI batch",
    keys=frozenset({"custom_id", "body"}),
    recognise=lambda row: "custom_id" in row and "body" in row,
    parse=_request,
    joins=True,
)

BATCH_RESULTS = Parts(
    name="batch-results",
    title="results of an OpenAI batch",
    keys=frozenset({"custom_id", "response"}),
    recognise=lambda row: "custom_id" in row and "response" in row,
    parse=_result,
    joins=True,
)
