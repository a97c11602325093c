"""The `openai:MODEL` judge: a prompt at any OpenAI-compatible chat endpoint."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import aiohttp

from rrm_queue.domain import JudgeSpec, NoVerdict, Vote
from rrm_queue.errors import PermanentFault, PromptFiltered, RequestRejected
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.http_errors import fault_of
from rrm_queue.judging.engines.openai.adaptation import AdaptedEndpoint
from rrm_queue.judging.engines.openai.connection import Connection
from rrm_queue.judging.engines.openai.wire import (
    payload_of,
    prompt_of,
    vote_of,
    vote_without_verdict,
)
from rrm_queue.judging.prompt import Rendered
from rrm_queue.judging.vote_request import VoteRequest

log = logging.getLogger(__name__)

_MOST_PROBES = 8
"""Requests for one vote whose parameters may be refused: an endpoint may name one at a time."""


def open_engine(settings: EngineSettings) -> "OpenAIEngine":
    """The engine on a machine with these settings."""
    return OpenAIEngine(settings)


class OpenAIEngine:
    """Sends requests over one pool of connections; the caller limits how many are in flight.

    An endpoint that refuses some of our parameters is sent requests without them: what it refuses
    is kept for all later requests to the same model.
    """

    caps_itself = False

    def __init__(
        self, settings: EngineSettings, *, total_seconds: float = 1800, connect_seconds: float = 10
    ) -> None:
        timeout = aiohttp.ClientTimeout(total=total_seconds, sock_connect=connect_seconds)
        self._connection = Connection(settings, timeout)
        self._notes = settings.notes
        self._endpoints: dict[tuple[str, str], AdaptedEndpoint] = {}

    async def vote(self, request: VoteRequest) -> Vote:
        """The vote in the endpoint's completion, its reasoning included."""
        judge = request.judge
        if not judge.base_url:
            raise PermanentFault(f"judge {judge} has no base URL")
        prompt = prompt_of(request)
        endpoint = self._endpoints.setdefault((judge.base_url, judge.argument), AdaptedEndpoint())
        began = perf_counter()
        try:
            return await self._vote(request, prompt, endpoint, judge.base_url)
        except PromptFiltered as fault:
            seconds = perf_counter() - began
            return vote_without_verdict(request, prompt, NoVerdict.FILTERED, fault.detail, seconds)

    async def close(self) -> None:
        """Ends the connections."""
        await self._connection.close()

    async def _vote(
        self, request: VoteRequest, prompt: Rendered, endpoint: AdaptedEndpoint, base_url: str
    ) -> Vote:
        payload, own = payload_of(request, prompt), frozenset(request.judge.extra)
        for _ in range(_MOST_PROBES):
            sent = endpoint.applied(payload, own)
            if _grows(request) and sent == endpoint.applied(_at_first(request, payload), own):
                raise PermanentFault("the endpoint allows no longer answer than before")
            began = perf_counter()
            answer = await self._connection.post(base_url, sent)
            if answer.status == 200:
                vote = vote_of(request, prompt, answer.body, perf_counter() - began)
                self._say(request.judge, endpoint.answered(sent, vote.prompt_tokens))
                return vote
            now = datetime.now(UTC)
            fault = fault_of(answer.origin, answer.status, answer.headers, answer.body, now)
            news = endpoint.applied(payload, own) == sent  # another request may have learned it
            if news and isinstance(fault, RequestRejected):
                endpoint.learn(answer.status, answer.body, sent, own)
            if endpoint.applied(payload, own) == sent:
                break
        endpoint.forget_unproven()
        raise fault

    def _say(self, judge: JudgeSpec, adapted: list[str]) -> None:
        """Tells what was changed for an endpoint, in the log and in the job's status."""
        if adapted:
            said = "; ".join(adapted)
            log.warning("%s at %s: %s", judge, judge.base_url, said)
            self._notes.say(judge, said)


def _grows(request: VoteRequest) -> bool:
    """Whether the request asks for more tokens than the judge's own, as an answer was cut off."""
    return request.budget > request.judge.max_tokens and "max_tokens" not in request.judge.omit


def _at_first(request: VoteRequest, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The body with the judge's own budget, as it was sent for the answer that was cut off."""
    return {**payload, "max_tokens": request.judge.max_tokens}
