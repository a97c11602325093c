"""Cached prompt tokens over the most that could be, on the real SGLang on the CPU.

A round robin of 8 on a cold cache, of a model with random weights: as rrmq sends it, with one
request that computes a shared prefix ahead of the others, and with every request at once. The
environment is that of `make engine`, or the one that RRMQ_TEST_ENGINE names.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from figures import Figure, arguments, report
from rig import TESTS, SglangProcess, shared_prefixes

TARGET = 0.97
CONTEXT = 8192


def main() -> int:
    """Exit code 0 when nearly all that may be shared is shared."""
    given = arguments(__doc__)
    python = Path(os.environ.get("RRMQ_TEST_ENGINE", TESTS.parent / ".engine"), "bin", "python")
    if not python.exists():
        print(f"no SGLang in {python.parents[1]}: run `make engine`", file=sys.stderr)
        return 1
    figures = []
    with tempfile.TemporaryDirectory(prefix="rrmq-engine-") as folder:
        model = Path(folder, "model")
        maker = [python, TESTS / "kit" / "make_model.py"]
        subprocess.run([*maker, model, str(CONTEXT)], check=True, capture_output=True)  # noqa: S603  # our own
        server = SglangProcess(python, model, Path(folder, "server.log"))
        try:
            server.start()
            for votes in (1, 5):
                batch = shared_prefixes.batch_of(votes)
                led, at_once = (
                    median(
                        shared_prefixes.share_of_bound(
                            batch, shared_prefixes.judged(server, batch, share=share)
                        )
                        for _ in range(1 if given.quick else 3)
                    )
                    for share in (True, False)
                )
                name = f"{votes} votes a match" if votes > 1 else "1 vote a match"
                bound = "the bound"
                figures.append(Figure(f"{name}, prefixes led", led, "", 1.0, bound, TARGET))
                figures.append(Figure(f"{name}, all at once", at_once, "", 1.0, bound))
        finally:
            server.kill()
    return report("shared prompts, cached over bound", figures, given)


if __name__ == "__main__":
    sys.exit(main())
