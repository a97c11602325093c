"""What an engine is: it answers a vote request with a vote."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from rrm_queue.domain import Vote
from rrm_queue.judging.judge_notes import JudgeNotes
from rrm_queue.judging.vote_request import VoteRequest


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What engines need to know of their machine; no message carries it.

    `openai_key`, `openai_headers` and `openai_query` (parameters of the URL) are sent to
    `openai_base_url` and nowhere else, whatever address a job names. `proxies` are the addresses
    of proxies by scheme, and under `no` the hosts that are reached without one.
    `openai_rpm` and `openai_tpm` are the most requests and tokens a minute for one model at an
    endpoint, 0 where no limit is known. `sglang_url` is the machine's own SGLang server; with
    `share_prefixes` one request computes a prefix before others use it. `hub_cache` is the folder
    where downloaded models lie, for the control tokens of their tokenizers. Engines put into
    `notes` what a job's owner should know.
    """

    openai_base_url: str = ""
    openai_key: str | None = field(default=None, repr=False)
    openai_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    openai_query: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    openai_rpm: int = 0
    openai_tpm: int = 0
    sglang_url: str = ""
    share_prefixes: bool = True
    hub_cache: str = ""
    notes: JudgeNotes = field(default_factory=JudgeNotes, repr=False, compare=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message, log or vote may hold, the longest first.

        A parameter of the URL may be a key, but for the version that Azure wants there.
        """
        found = {self.openai_key or "", *self.openai_headers.values()}
        found |= {value for name, value in self.openai_query.items() if name != "api-version"}
        found |= {password for proxy in self.proxies.values() if (password := _password(proxy))}
        return tuple(sorted(found - {""}, key=len, reverse=True))


def _password(address: str) -> str:
    """The password in an address such as a proxy's; empty where there is none."""
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return ""


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
