"""What an engine is: it answers a vote request with a vote."""

from dataclasses import dataclass, field
from typing import Protocol

from rrm_queue.domain import Vote
from rrm_queue.judging.vote_request import VoteRequest


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What engines need to know of their machine; no message carries it.

    `openai_key` is sent to `openai_base_url` and nowhere else, whatever address a job names.
    `openai_rpm` and `openai_tpm` are the most requests and tokens a minute for one model at an
    endpoint, 0 where no limit is known. `sglang_url` is the machine's own SGLang server; with
    `share_prefixes` one request computes a prefix before others use it. `hub_cache` is the folder
    where downloaded models lie, for the control tokens of their tokenizers.
    """

    openai_base_url: str = ""
    openai_key: str | None = field(default=None, repr=False)
    openai_rpm: int = 0
    openai_tpm: int = 0
    sglang_url: str = ""
    share_prefixes: bool = True
    hub_cache: str = ""


class Engine(Protocol):
    """Gives votes for judges of one kind; belongs to one event loop.

    An engine that `caps_itself` limits its requests itself, and is given all votes at once. It says
    when it sends one (`VoteRequest.progress`).
    """

    caps_itself: bool

    async def vote(self, request: VoteRequest) -> Vote:
        """The vote.

        Raises TransientFault when another try may succeed, PermanentFault when none can.
        """
        ...

    async def close(self) -> None:
        """Closes connections and processes."""
        ...
