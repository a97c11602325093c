"""Trains with TRL's GRPO on rewards of `rrmq serve`, and writes what it was given as JSON.

Runs with the engine's Python: `trl_rewarded.py MODEL TARGET PER_DEVICE`, alone or in several
processes. Each process writes `TARGET.RANK`.
"""

import json
import os
import sys
import tempfile
from typing import Any

from datasets import Dataset
from transformers import AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

from rrm_queue.integrations.trl import Rewards, reward_function

GENERATIONS = 4
STEPS = 3
PROMPTS = ["Why is the sky blue?", "What is a prime?", "Name a river.", "Who wrote Faust?"]


def train(model: str, target: str, per_device: int) -> None:
    """Makes a few steps."""
    ask = reward_function(num_generations=GENERATIONS, name="judged")
    calls: list[dict[str, Any]] = []

    def judged(prompts: list[Any], completions: list[Any], **rest: Any) -> Rewards:
        rewards = ask(prompts=prompts, completions=completions, **rest)
        calls.append({"prompts": prompts, "completions": completions, "rewards": rewards})
        return rewards

    with tempfile.TemporaryDirectory() as folder:
        trainer = GRPOTrainer(
            model,
            judged,
            args=GRPOConfig(
                output_dir=folder,
                max_steps=STEPS,
                per_device_train_batch_size=per_device,
                num_generations=GENERATIONS,
                max_completion_length=16,
                use_cpu=True,
                bf16=False,
                report_to="none",
                save_strategy="no",
                disable_tqdm=True,
                logging_steps=1,
            ),
            train_dataset=Dataset.from_dict({"prompt": PROMPTS}),
            processing_class=AutoTokenizer.from_pretrained(model),
        )
        trainer.train()
    logged = [one["rewards/judged/mean"] for one in trainer.state.log_history if "reward" in one]
    with open(f"{target}.{os.environ.get('RANK', '0')}", "w") as file:  # noqa: PTH123
        json.dump({"calls": calls, "logged": logged}, file)


if __name__ == "__main__":
    train(sys.argv[1], sys.argv[2], int(sys.argv[3]))
