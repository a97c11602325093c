"""inspect_ai, with a scorer that asks about a pair: `python -m peers.with_inspect FILE RESULT`.

A second run recovers the log of the first and retries it.
"""

import os
import sys
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval, eval_retry, task  # noqa: A004  # its name
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import recover_eval_log
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model
from inspect_ai.scorer import Score, accuracy, scorer
from inspect_ai.solver import solver

from peers.task import ADDRESS, IN_FLIGHT, SAMPLING, finished, messages, read_pairs, verdict

os.environ |= {"PEER_BASE_URL": ADDRESS, "PEER_API_KEY": "none"}


@solver  # type: ignore[untyped-decorator]
def nothing() -> Any:
    """Answers nothing: the answers are given."""

    async def solve(state: Any, generate: Any) -> Any:  # noqa: ARG001  # given by inspect_ai
        return state

    return solve


@scorer(metrics=[accuracy()])  # type: ignore[untyped-decorator]
def first_is_better() -> Any:
    """1 where the judge prefers the first answer."""

    async def score(state: Any, target: Any) -> Any:  # noqa: ARG001  # given by inspect_ai
        pair = state.metadata
        system, user = messages(state.input_text, pair["first"], pair["second"])
        asked = [
            ChatMessageSystem(content=system["content"]),
            ChatMessageUser(content=user["content"]),
        ]
        said = (await get_model(role="grader").generate(asked)).completion
        return Score(value=int(verdict(said) == 1), answer=str(verdict(said)), explanation=said)

    return score


@task  # type: ignore[untyped-decorator]
def judging(file: str) -> Any:
    """A sample for each pair."""
    samples = [
        Sample(
            id=pair.name,
            input=pair.prompt,
            target="1",
            metadata={"first": pair.first, "second": pair.second},
        )
        for pair in read_pairs(file)
    ]
    return Task(dataset=MemoryDataset(samples), solver=nothing(), scorer=first_is_better())


def main(file: str, result: str) -> None:
    """Judges all pairs, or goes on with a run that was killed."""
    logs = Path(f"{result}.logs")
    how = {"log_dir": str(logs), "max_samples": IN_FLIGHT, "display": "none"}
    if before := sorted(logs.glob("*.eval")):
        recover_eval_log(str(before[-1]))
        (done,) = eval_retry(str(max(logs.glob("*.eval"))), **how)
    else:
        config = GenerateConfig(max_connections=IN_FLIGHT, **SAMPLING)
        grader = get_model("openai-api/peer/judge", config=config)
        (done,) = eval(judging(file), model="none", model_roles={"grader": grader}, **how)
    finished(sum(bool(sample.scores) for sample in done.samples or []))


if __name__ == "__main__":
    main(*sys.argv[1:3])
