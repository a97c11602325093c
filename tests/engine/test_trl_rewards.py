"""TRL's own GRPO trainer, on the CPU, trains on rewards of `rrmq serve`: alone and in parts."""

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.reward_server import JUDGE, RewardServer, reward_server

TRAINER = Path(__file__).with_name("trl_rewarded.py")
HOUSE = TRAINER.parents[2]
GENERATIONS, STEPS = 4, 3
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(HOUSE),
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
}


@pytest.fixture(scope="module")
def server() -> Iterator[RewardServer]:
    with reward_server() as running:
        yield running


@pytest.mark.parametrize("processes", [1, 2])
def test_grpo_trains(
    server: RewardServer, engine_python: Path, tiny_model: Path, tmp_path: Path, processes: int
) -> None:
    launcher = [str(engine_python)]
    if processes > 1:
        launcher += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    # Of two processes each holds a half of every group.
    per_device = GENERATIONS // processes
    subprocess.run(
        [*launcher, TRAINER, tiny_model, tmp_path / "told", str(per_device)],
        check=True,
        env={
            **ENVIRONMENT,
            **server.environment,
            "RRMQ_REWARDS": json.dumps({"judge": JUDGE}),
        },
    )
    told = [json.loads((tmp_path / f"told.{rank}").read_text()) for rank in range(processes)]
    for step in range(STEPS):
        groups = _groups([one["calls"][step] for one in told])
        assert [len(group) for group in groups.values()] == [GENERATIONS]
        for group in groups.values():
            assert _follows_length(group)
    # What the trainer logs is the mean of the rewards that it was given.
    for step, logged in enumerate(told[0]["logged"]):
        given = [reward for one in told for reward in one["calls"][step]["rewards"]]
        assert logged == pytest.approx(sum(given) / len(given), abs=1e-5)


def test_the_example_makes_its_first_step(
    server: RewardServer, engine_python: Path, tiny_model: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [engine_python, HOUSE / "examples" / "grpo.py", tiny_model],
        check=True,
        cwd=tmp_path,
        env={**ENVIRONMENT, **server.environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert 0 <= float(done.stdout.splitlines()[-1].removeprefix("rewards: ")) <= 1


def _groups(calls: list[dict[str, Any]]) -> dict[str, list[tuple[str, float]]]:
    """The answers with their rewards, by prompt, of all processes."""
    groups = defaultdict(list)
    for call in calls:
        for prompt, answer, reward in zip(
            call["prompts"], call["completions"], call["rewards"], strict=True
        ):
            groups[prompt].append((answer, reward))
    return groups


def _follows_length(group: list[tuple[str, float]]) -> bool:
    """Whether the longer of two answers has no smaller reward, as the judge prefers it."""
    return all(
        one[1] >= two[1] - 1e-6
        for one in group
        for two in group
        if len(one[0].strip()) > len(two[0].strip())
    )
