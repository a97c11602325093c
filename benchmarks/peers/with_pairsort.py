"""pairsort, with a function that asks the judge: `python -m peers.with_pairsort FILE RESULT`.

Prompts are sorted in threads, several at once. Judgements are kept in its own cache. It chooses the
pairs itself; of eight answers it compares all.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import httpx
import pairsort
from pairsort.api import FunctionJudge

from peers.task import ADDRESS, IN_FLIGHT, SAMPLING, finished, messages, read_rows, verdict

AT_ONCE = 8
"""Prompts; each has up to 28 pairs out."""

_SHARE = {1: 1.0, 2: 0.0, None: 0.5}
_room = BoundedSemaphore(IN_FLIGHT)
_client = httpx.Client(timeout=1800, limits=httpx.Limits(max_connections=IN_FLIGHT))


def ask(question: str, first: str, second: str, context: str) -> float:  # noqa: ARG001  # given
    """The first answer's share of the vote."""
    body = {"model": "judge", "messages": messages(context, first, second), **SAMPLING}
    with _room:
        response = _client.post(f"{ADDRESS}/chat/completions", json=body)
    response.raise_for_status()
    return _SHARE[verdict(response.json()["choices"][0]["message"]["content"])]


def main(file: str, result: str) -> None:
    """Sorts every prompt's answers."""
    judge = FunctionJudge(ask, name="judge", cache_dir=f"{result}.cache")
    judge.max_concurrency = 28

    def sort(row: dict[str, Any]) -> tuple[dict[str, Any], int]:
        found = pairsort.sort(
            row["candidates"],
            "Which answer is better?",
            judge=judge,
            objective=row["prompt"],
            both_orders=False,
            refine_rounds=0,
        )
        return {"id": row["id"], "order": found.ids}, int(found.usage["pairs"])

    with ThreadPoolExecutor(AT_ONCE) as pool, Path(result).open("w") as out:
        rows, counts = zip(*pool.map(sort, read_rows(file)), strict=True)
        out.writelines(json.dumps(row) + "\n" for row in rows)
    finished(sum(counts))


if __name__ == "__main__":
    main(*sys.argv[1:3])
