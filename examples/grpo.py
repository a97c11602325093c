"""The first step of GRPO with TRL on rewards of `rrmq serve`: `python examples/grpo.py [MODEL]`.

It trains on the problems of `gsm8k.jsonl`, on a CPU too. The judge compares final answers with the
right ones and needs no model; `judge="openai:MODEL"` or `"rrm-7b"` asks one.
"""

import json
import sys
from pathlib import Path

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from rrm_queue.integrations.trl import reward_function

MODEL = "Qwen/Qwen2.5-0.5B-Instruct"
SIZE = 4

lines = Path(__file__).with_name("gsm8k.jsonl").read_text(encoding="utf-8").splitlines()
problems = [json.loads(line) for line in lines]
trainer = GRPOTrainer(
    model=sys.argv[1] if len(sys.argv) > 1 else MODEL,
    reward_funcs=reward_function(num_generations=SIZE, reference="answer", judge="reference"),
    args=GRPOConfig(
        output_dir="grpo",
        num_generations=SIZE,
        per_device_train_batch_size=SIZE,
        max_completion_length=64,
        max_steps=1,
        logging_steps=1,
        report_to="none",
        bf16=False,  # as a CPU needs it
    ),
    train_dataset=Dataset.from_list(
        [{"prompt": one["prompt"], "answer": str(one["reference"])} for one in problems]
    ),
)
trainer.train()
print("rewards:", trainer.state.log_history[0]["rewards/rrmq/mean"])
