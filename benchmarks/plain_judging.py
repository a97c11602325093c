"""What one would write without a queue: all pairs of each row, by a plain asyncio script.

`python plain_judging.py FILE BASE_URL IN_FLIGHT OUT`; a verdict is a line of OUT.
"""

import asyncio
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp

SYSTEM = "Select Assistant 1 or Assistant 2, that is better for the given instruction. " * 30
USER = (
    "## Query\n\n{}\n\n## Assistant responses\n\n"
    "### Assistant 1\n\n{}\n\n\n### Assistant 2\n\n{}\n\n## Analysis\n\n"
    "Decide which assistant is better: \\boxed{{Assistant 1}} or \\boxed{{Assistant 2}}."
)
TRIES = 4


async def main(file: Path, base_url: str, in_flight: int, out: Path) -> None:
    """Judges all pairs of all rows."""
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    places = asyncio.Semaphore(in_flight)
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=1800)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        with out.open("a") as lines:

            async def judge(row: dict[str, Any], one: int, two: int) -> None:
                texts = [row["candidates"][place]["text"] for place in (one, two)]
                async with places:
                    said = await ask(session, base_url, USER.format(row["prompt"], *texts))
                first, second = said.rfind("{Assistant 1}"), said.rfind("{Assistant 2}")
                winner = one if first > second else two
                verdict = {"id": row["id"], "pair": [one, two], "winner": winner, "said": said}
                lines.write(json.dumps(verdict) + "\n")
                lines.flush()

            async with asyncio.TaskGroup() as matches:
                for row in rows:
                    for pair in itertools.combinations(range(len(row["candidates"])), 2):
                        matches.create_task(judge(row, *pair))


async def ask(session: aiohttp.ClientSession, base_url: str, user: str) -> str:
    """What the judge said; faults are tried again."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}]
    body = {"model": "stub", "messages": messages, "temperature": 0.6, "max_tokens": 4096}
    for number in range(TRIES):
        try:
            async with session.post(f"{base_url}/chat/completions", json=body) as response:
                response.raise_for_status()
                answer = await response.json()
                return str(answer["choices"][0]["message"]["content"])
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(2**number)
    raise RuntimeError(f"no answer after {TRIES} tries")


if __name__ == "__main__":
    source, url, lanes, target = sys.argv[1:]
    asyncio.run(main(Path(source), url, int(lanes), Path(target)))
