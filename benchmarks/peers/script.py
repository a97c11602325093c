"""A plain asyncio script, as one writes it by hand: `python -m peers.script FILE RESULT`.

It repeats a request that failed, and a judgement that is in its result is not asked for again.
"""

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import TextIO

import aiohttp

from peers.task import ADDRESS, IN_FLIGHT, SAMPLING, Pair, finished, messages, read_pairs, verdict

ATTEMPTS = 4


async def ask(session: aiohttp.ClientSession, pair: Pair) -> str | None:
    """What the judge says; None where every attempt failed."""
    body = {"model": "judge", "messages": messages(*pair[1:]), **SAMPLING}
    for attempt in range(ATTEMPTS):
        try:
            async with session.post(f"{ADDRESS}/chat/completions", json=body) as response:
                if response.status == 200:
                    return str((await response.json())["choices"][0]["message"]["content"])
        except (aiohttp.ClientError, TimeoutError):
            pass
        await asyncio.sleep(2**attempt * random.uniform(0.5, 1.5))
    return None


def judged_before(result: Path) -> set[str]:
    """The names of the pairs in the result; a last line that was cut off does not count."""
    lines = result.read_text().splitlines(keepends=True) if result.exists() else []
    return {json.loads(line)["pair"] for line in lines if line.endswith("\n")}


async def judge_all(pairs: list[Pair], result: TextIO) -> None:
    """Asks for all of them, so many at once."""
    room = asyncio.Semaphore(IN_FLIGHT)
    no_limit = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=1800)
    async with aiohttp.ClientSession(connector=no_limit, timeout=timeout) as session:

        async def judge(pair: Pair) -> None:
            async with room:
                said = await ask(session, pair)
            line = {"pair": pair.name, "winner": verdict(said or ""), "said": said}
            result.write(json.dumps(line) + "\n")
            result.flush()

        await asyncio.gather(*map(judge, pairs))


def main(file: str, name: str) -> None:
    """Judges what the result does not have yet."""
    result = Path(name)
    before = judged_before(result)
    pairs = [pair for pair in read_pairs(file) if pair.name not in before]
    with result.open("a") as out:
        asyncio.run(judge_all(pairs, out))
    finished(len(judged_before(result)))


if __name__ == "__main__":
    main(*sys.argv[1:3])
