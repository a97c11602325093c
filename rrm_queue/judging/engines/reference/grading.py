"""Comparing an answer with the reference through math-verify, in processes made for it.

math-verify limits its time with SIGALRM, which works only in a process's main thread, and sympy is
slow to import. So both are used only here, in the children of a pool.
"""

import faulthandler
import multiprocessing
import os
import re
import signal
import threading
from pathlib import Path

from rrm_queue.judging.final_answer import final_answer, plain

SECONDS = 30
"""After so long a comparison ends its process; math-verify's own limit of 5 s a step has failed."""

_LATEX = re.compile(r"[\\^_(\[{√]")


def prepare() -> None:
    """Prepares a child: it ignores interrupts, and ends when its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def agrees(reference: str, said: str, marked: bool) -> bool:
    """Whether what a solution said is the reference.

    `marked` when `said` is a bare final answer; otherwise math-verify looks for one in it.
    """
    import math_verify

    right = final_answer(reference) or plain(reference) or reference.strip()
    if said.casefold() == right.casefold():
        return True
    with Path(os.devnull).open("w") as nowhere:
        # Its watchdog needs no GIL, which one huge integer power holds from start to end.
        faulthandler.dump_traceback_later(SECONDS, exit=True, file=nowhere)
        try:
            expected = math_verify.parse(_written(right))
            found = math_verify.parse(_written(said) if marked else said)
            return bool(math_verify.verify(expected, found))
        finally:
            faulthandler.cancel_dump_traceback_later()


def _written(answer: str) -> str:
    """The answer as math-verify reads it whole: as LaTeX, where it is more than a number."""
    return f"${answer}$" if _LATEX.search(answer) else answer


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
