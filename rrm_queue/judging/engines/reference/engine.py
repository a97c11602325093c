"""The `reference` judge: the answer that agrees with the prompt's reference is the better one."""

import asyncio
from hashlib import blake2b
from importlib.metadata import version
from time import perf_counter
from typing import NamedTuple

from rrm_queue.domain import Verdict, Vote
from rrm_queue.errors import PermanentFault
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.reference.grading import (
    SECONDS,
    NeedsMathematics,
    agrees,
    agrees_at_once,
    prepare,
)
from rrm_queue.judging.engines.reference.pool import ComparingPool, TookTooLong
from rrm_queue.judging.engines.single_flight import SingleFlightCache
from rrm_queue.judging.final_answer import final_answer
from rrm_queue.judging.vote_request import VoteRequest

_CACHED = 65_536
_TAIL = 2_000
"""Characters at a text's end that are searched for an unmarked answer."""


class Grade(NamedTuple):
    """Whether an answer is right; `answer` is its final answer as the vote's text names it."""

    answer: str
    right: bool


def open_engine(_: EngineSettings) -> "ReferenceEngine":
    """The engine on a machine with these settings."""
    return ReferenceEngine()


class ReferenceEngine:
    """Grades both answers; both right or both wrong is a tie.

    Each text is graded once against its reference, however many matches it has; texts with the
    same final answer share a comparison. Most need no mathematics. The processes for the others
    start with the first of them.
    """

    caps_itself = False

    def __init__(self, processes: int = 2, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._pool = ComparingPool(
            processes,
            seconds=seconds,
            prepare=prepare,
            preload=["math_verify", agrees.__module__],
        )
        self._grades: SingleFlightCache[tuple[str, bytes], Grade] = SingleFlightCache(_CACHED)
        self._compared: SingleFlightCache[tuple[str, str, bool], bool] = SingleFlightCache(_CACHED)
        self._model = f"math-verify {version('math-verify')}"

    async def vote(self, request: VoteRequest) -> Vote:
        """The verdict of two grades; the vote's text names them."""
        if request.reference is None:
            raise PermanentFault(f"prompt {request.tournament!r} has no reference to compare with")
        began = perf_counter()
        one, two = await asyncio.gather(
            self._grade(request.reference, request.one.text),
            self._grade(request.reference, request.two.text),
        )
        return Vote(
            number=request.number,
            verdict=_verdict(one.right, two.right),
            swapped=request.swapped,
            text=f"Assistant 1: {one.answer}. Assistant 2: {two.answer}. "
            f"Reference: {request.reference}.",
            seed=request.seed,
            model=self._model,
            seconds=perf_counter() - began,
        )

    async def close(self) -> None:
        """Ends the processes, once their present work is done."""
        await self._pool.close()

    async def _grade(self, reference: str, text: str) -> Grade:
        digest = blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
        return await self._grades.get((reference, digest), lambda: self._read(reference, text))

    async def _read(self, reference: str, text: str) -> Grade:
        answer = final_answer(text)
        said, marked = (text[-_TAIL:], False) if answer is None else (answer, True)
        named = answer or "no marked answer"
        try:
            right = agrees_at_once(reference, said, marked=marked)
        except NeedsMathematics:
            try:
                right = await self._compared.get(
                    (reference, said, marked),
                    lambda: self._pool.run(agrees, reference, said, marked, self._seconds),
                )
            except TookTooLong:
                return Grade(f"{named} (wrong: no result in {self._seconds:g} s)", right=False)
        return Grade(f"{named} ({'right' if right else 'wrong'})", right)


def _verdict(one_right: bool, two_right: bool) -> Verdict:
    if one_right == two_right:
        return Verdict.TIE
    return Verdict.FIRST if one_right else Verdict.SECOND
