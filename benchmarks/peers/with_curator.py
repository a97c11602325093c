"""Bespoke Curator, whose cache resumes a run: `python -m peers.with_curator FILE RESULT`."""

import sys
from typing import Any

from bespokelabs import curator

from peers.task import ADDRESS, IN_FLIGHT, SAMPLING, finished, messages, read_pairs, verdict

_NO_LIMIT = 10**9


class Judge(curator.LLM):  # type: ignore[misc]  # of a package that is only in its environment
    """Asks about a row's pair."""

    def prompt(self, input: dict[str, str]) -> list[dict[str, str]]:  # noqa: A002  # the base's name
        """The judge's messages."""
        return messages(input["prompt"], input["first"], input["second"])

    def parse(self, input: dict[str, str], response: str) -> dict[str, Any]:  # noqa: A002
        """The row of the result."""
        return {"pair": input["name"], "winner": verdict(response) or 0, "said": response}


def main(file: str, result: str) -> None:
    """Judges all pairs."""
    judge = Judge(
        model_name="judge",
        backend="openai",
        generation_params=SAMPLING,
        backend_params={
            "base_url": ADDRESS,
            "api_key": "none",
            "max_concurrent_requests": IN_FLIGHT,
            "max_requests_per_minute": _NO_LIMIT,
            "max_tokens_per_minute": _NO_LIMIT,
        },
    )
    rows = [pair._asdict() for pair in read_pairs(file)]
    found = judge(rows, working_dir=f"{result}.cache").dataset
    found.to_json(result)
    finished(len(found))


if __name__ == "__main__":
    main(*sys.argv[1:3])
