"""The addresses that trainers call as they are: each speaks a trainer's own requests.

What a trainer cannot say stands in the address: `size`, the answers to one prompt, and all other
fields of `POST /v1/rewards`, such as `judge` and `kind`. A token may be its password, as in
`http://rrmq:TOKEN@host:8765/v1/openrlhf?size=8`. See `docs/how-to/trainers.md`.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from rrm_queue.errors import UsageFault
from rrm_queue.intake.formats.dialogues import answer_after
from rrm_queue.web.reward_fields import AnyRewardFields, RewardFields, SampleFields
from rrm_queue.web.routes.rewards import group_rewards, sample_reward
from rrm_queue.web.serving import Served, Serving

router = APIRouter(tags=["trainers"])

Fields = TypeVar("Fields", bound=AnyRewardFields)

MOST_QUERIES = 256
"""Answers in one request; each is held by the server."""


class OpenRlhfFields(BaseModel):
    """What OpenRLHF sends: `query` is prompt and answer together, a label is a reference."""

    model_config = ConfigDict(extra="ignore")

    query: list[str] = Field(min_length=1, max_length=MOST_QUERIES)
    prompts: list[str]
    labels: list[str | None]


@router.post("/openrlhf", summary="A reward for each answer, as OpenRLHF asks for it")
async def openrlhf(served: Served, request: Request, fields: OpenRlhfFields) -> Response:
    """For `--reward.remote_url` (OpenRLHF 0.11, `utils/agent.py`)."""
    if not len(fields.query) == len(fields.prompts) == len(fields.labels):
        raise UsageFault("query, prompts and labels must be equally many")
    answers = [
        _answer(query, prompt) for query, prompt in zip(fields.query, fields.prompts, strict=True)
    ]
    rewards = await asyncio.gather(
        *(
            _sample(served, request, {"prompt": p, "completion": a, "reference": r or None})
            for p, a, r in zip(fields.prompts, answers, fields.labels, strict=True)
        )
    )
    return JSONResponse({"rewards": rewards, "scores": rewards, "extra_logs": {}})


class SlimeFields(BaseModel):
    """What slime sends: one answer; the label is a reference."""

    model_config = ConfigDict(extra="ignore")

    prompt: str | list[dict[str, Any]]
    response: str
    label: str | None = None


@router.post("/slime", summary="The reward of an answer, as slime asks for it")
async def slime(served: Served, request: Request, fields: SlimeFields) -> Response:
    """For `--rm-type remote_rm --rm-url` (slime 0.3, `rollout/rm_hub`): the body is the reward."""
    asked = {
        "prompt": fields.prompt,
        "completion": fields.response,
        "reference": fields.label or None,
    }
    return JSONResponse(await _sample(served, request, asked))


class CompareFields(BaseModel):
    """What NeMo Gym sends to compare the responses to one conversation."""

    model_config = ConfigDict(extra="ignore")

    conversation_history: list[dict[str, Any]]
    response_objs: list[dict[str, Any]]
    principle: str | None = None


@router.post("/nemo-gym/compare", summary="Rewards for responses, as NeMo Gym asks for them")
async def compare(served: Served, request: Request, fields: CompareFields) -> Response:
    """As the resources server `genrm_compare` answers."""
    asked = {
        "messages": fields.conversation_history,
        "completions": [_said(response) for response in fields.response_objs],
        "criteria": fields.principle,
    }
    judged = await group_rewards(served, request, _fields(RewardFields, request, asked))
    metrics = {"matches": judged["matches"], "votes": judged["votes"]}
    return JSONResponse(
        {"rewards": judged["rewards"], "comparison_results": None, "metrics": metrics}
    )


class VerifyFields(BaseModel):
    """What NeMo Gym sends to verify one rollout; what else it says is sent back."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    responses_create_params: dict[str, Any]
    response: dict[str, Any]
    principle: str | None = None
    rollout_index: int | None = Field(None, alias="_ng_rollout_index")


@router.post("/nemo-gym/verify", summary="The reward of a rollout, as NeMo Gym asks for it")
async def verify(served: Served, request: Request, fields: VerifyFields) -> Response:
    """As `genrm_compare` answers; the rollouts of a prompt are gathered until `size` are there."""
    said = fields.responses_create_params.get("input")
    asked = {
        "prompt": said if isinstance(said, str) else _conversation(said),
        "completion": _said(fields.response),
        "index": fields.rollout_index,
        "criteria": fields.principle,
    }
    reward = await _sample(served, request, asked)
    return JSONResponse({**fields.model_dump(by_alias=True), "reward": reward})


async def _sample(served: Serving, request: Request, asked: Mapping[str, Any]) -> float | None:
    """The reward of one answer of the next group of its prompt."""
    fields = _fields(SampleFields, request, asked, partial="judge")
    return (await sample_reward(served, request, fields))["reward"]


def _fields(
    kind: type[Fields], request: Request, asked: Mapping[str, Any], **defaults: str
) -> Fields:
    """The fields of a request: those in the address, and before them what the trainer sent.

    Raises RequestValidationError.
    """
    sent = {name: value for name, value in asked.items() if value is not None}
    try:
        return kind.model_validate({**defaults, **request.query_params, **sent})
    except ValidationError as error:
        faults = [{**fault, "loc": ("query", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error


def _answer(query: str, prompt: str) -> str:
    answer = answer_after(prompt, query)
    if answer is None:
        raise UsageFault("a query does not hold its prompt: was it cut to fit the model?")
    return answer


def _conversation(said: object) -> list[dict[str, Any]]:
    """The messages of a request to the Responses API, their parts as those of chat messages."""
    messages = said if isinstance(said, list) else []
    return [
        {"role": one.get("role", "user"), "content": _text(one.get("content"))}
        for one in messages
        if isinstance(one, dict) and one.get("type", "message") == "message"
    ]


def _said(response: Mapping[str, Any]) -> str:
    """The answer in an object of the Responses API: the text of its messages, no reasoning."""
    items = response.get("output")
    messages = [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []
    return "\n".join(_text(one.get("content")) for one in messages if one.get("type") == "message")


def _text(content: object) -> str:
    """A text, or the texts of its parts."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    return "".join(
        part["text"]
        for part in content
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    )
