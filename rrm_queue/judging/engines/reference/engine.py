"""The `reference` judge: the answer that agrees with the prompt's reference is the better one."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import version
from time import perf_counter

from rrm_queue.domain import Verdict, Vote
from rrm_queue.errors import PermanentFault, TransientFault
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.reference.grading import agrees, prepare
from rrm_queue.judging.engines.single_flight import SingleFlightCache
from rrm_queue.judging.final_answer import final_answer
from rrm_queue.judging.vote_request import VoteRequest

_CACHED = 65_536
_TAIL = 2_000
"""Characters at a text's end that are searched for an unmarked answer."""


def open_engine(_: EngineSettings) -> "ReferenceEngine":
    """The engine on a machine with these settings."""
    return ReferenceEngine()


class ReferenceEngine:
    """Grades both answers; both right or both wrong is a tie.

    Gradings are cached by reference and final answer, so a tournament costs about as many
    comparisons as it has different answers. The processes start with the first comparison.
    """

    caps_itself = False

    def __init__(self, processes: int = 2) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._gradings: SingleFlightCache[tuple[str, str, bool], bool] = SingleFlightCache(_CACHED)
        self._model = f"math-verify {version('math-verify')}"

    async def vote(self, request: VoteRequest) -> Vote:
        """The verdict of two gradings; the vote's text names them."""
        if request.reference is None:
            raise PermanentFault(f"prompt {request.tournament!r} has no reference to compare with")
        began = perf_counter()
        (one, one_right), (two, two_right) = await asyncio.gather(
            self._grade(request.reference, request.one.text),
            self._grade(request.reference, request.two.text),
        )
        return Vote(
            number=request.number,
            verdict=_verdict(one_right, two_right),
            swapped=request.swapped,
            text=f"Assistant 1: {one}. Assistant 2: {two}. Reference: {request.reference}.",
            seed=request.seed,
            model=self._model,
            seconds=perf_counter() - began,
        )

    async def close(self) -> None:
        """Ends the processes, once their present work is done."""
        if self._pool is not None:
            await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
            self._pool = None

    async def _grade(self, reference: str, text: str) -> tuple[str, bool]:
        """The final answer, as the vote's text names it, and whether it is right."""
        answer = final_answer(text)
        said = text[-_TAIL:] if answer is None else answer
        marked = answer is not None
        right = await self._gradings.get(
            (reference, said, marked), lambda: self._compare(reference, said, marked)
        )
        return f"{answer or 'no marked answer'} ({'right' if right else 'wrong'})", right

    async def _compare(self, reference: str, said: str, marked: bool) -> bool:
        pool = self._pool = self._pool or _start(self._processes)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(pool, agrees, reference, said, marked)
        except BrokenProcessPool as error:
            if self._pool is pool:
                self._pool = None
            raise TransientFault("a process that compares answers died") from error


def _start(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["math_verify", agrees.__module__])
    return ProcessPoolExecutor(processes, mp_context=context, initializer=prepare)


def _verdict(one_right: bool, two_right: bool) -> Verdict:
    if one_right == two_right:
        return Verdict.TIE
    return Verdict.FIRST if one_right else Verdict.SECOND
