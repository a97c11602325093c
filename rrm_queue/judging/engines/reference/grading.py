"""Comparing an answer with the reference; where that takes mathematics, in a process of a pool.

math-verify limits its time with SIGALRM, which works only in a process's main thread, and sympy is
slow to import. So both are used only here, in the children of the pool (see `pool`).
"""

import faulthandler
import multiprocessing
import os
import signal
import threading
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from rrm_queue.judging.engines.reference.answer import Answer, read
from rrm_queue.judging.engines.reference.equality import same
from rrm_queue.judging.final_answer import LONGEST, final_answer, named_answer

SECONDS = 15.0
"""After so long a comparison ends its process; math-verify's own limit of 5 s a step has failed."""


class NeedsMathematics(Exception):
    """A comparison that texts and numbers do not settle."""


def prepare() -> None:
    """Prepares a child: it ignores interrupts, and ends when its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def agrees_at_once(reference: str, said: str, *, marked: bool) -> bool:
    """Whether what a solution said is the reference, by text and number alone.

    `marked` when `said` is a bare final answer. Raises NeedsMathematics where that settles nothing.
    """
    if marked or _is_short(said):
        right = same(expected(reference), read(said), _needs_mathematics)
        if right or marked:
            return right
    raise NeedsMathematics


def agrees(reference: str, said: str, marked: bool, seconds: float = SECONDS) -> bool:
    """The same with mathematics; an answer without a mark is looked for by math-verify.

    Ends its process after so many seconds.
    """
    with Path(os.devnull).open("w") as nowhere:
        # Its watchdog needs no GIL, which one huge integer power holds from start to end.
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            right = expected(reference)
            if (marked or _is_short(said)) and same(right, read(said), _same_expression):
                return True
            return not marked and _found_in(right, said)
        finally:
            faulthandler.cancel_dump_traceback_later()


@lru_cache(maxsize=1024)
def expected(reference: str) -> Answer:
    """The reference in its parts: its final answer, should it be a whole solution."""
    found = named_answer(reference) if _is_short(reference) else final_answer(reference)
    return read(found or reference)


def _is_short(text: str) -> bool:
    """Whether the text may itself be an answer: one line, and not long."""
    return len(text) <= LONGEST and "\n" not in text.strip()


def _needs_mathematics(_right: str, _said: str) -> bool:
    raise NeedsMathematics


def _same_expression(right: str, said: str) -> bool:
    import math_verify

    found = _parsed(said)
    return bool(math_verify.verify(_parsed(right), found, allow_set_relation_comp=True))


@lru_cache(maxsize=1024)
def _parsed(expression: str) -> list[Any]:
    """The expression as math-verify reads LaTeX, as it stands; empty when it is none.

    Nothing in it is taken for a unit, where `2d` would become 2, or for a box.
    """
    import math_verify

    usual = math_verify.LatexExtractionConfig()
    whole = replace(usual.normalization_config, units=False, boxed="none")
    latex = replace(usual, normalization_config=whole)
    return list(math_verify.parse(f"${expression}$", [latex], fallback_mode="no_fallback"))


def _found_in(right: Answer, text: str) -> bool:
    """Whether the last result in a solution without a mark is the reference.

    A number may stand in its words; an expression must stand in mathematics.
    """
    import math_verify

    latex, plain = math_verify.LatexExtractionConfig(), math_verify.ExprExtractionConfig()
    found = math_verify.parse(text, [latex, plain] if right.number else [latex])
    return bool(math_verify.verify(_parsed(right.expression), found))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
