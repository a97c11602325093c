"""Takes files through TRL as its users do, and writes as JSON what came of each.

Runs with the engine's Python: `trl_reads.py MODEL TARGET FILE@TRAINER...`, the trainer `dpo`,
`reward` or `sft`. A file is loaded by `datasets`, prepared by the trainer itself and trained on for
one step.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer
from trl.data_utils import is_conversational, maybe_apply_chat_template

LOADERS: dict[str, dict[str, Any]] = {
    ".jsonl": {"path": "json"},
    # Else an empty answer, or one that says `None`, were missing.
    ".csv": {"path": "csv", "keep_default_na": False},
    ".parquet": {"path": "parquet"},
}


def trained(trainer: str, model: str, data: Dataset, folder: str) -> Any:
    """A trainer that has made one step."""
    usual = {
        "output_dir": folder,
        "max_steps": 1,
        "per_device_train_batch_size": 2,
        "use_cpu": True,
        "bf16": False,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
        "logging_steps": 1,
    }
    causal = AutoModelForCausalLM.from_pretrained(model)
    given = {"train_dataset": data, "processing_class": AutoTokenizer.from_pretrained(model)}
    if trainer == "dpo":
        made = DPOTrainer(causal, args=DPOConfig(**usual), **given)
    elif trainer == "reward":
        judge = AutoModelForSequenceClassification.from_pretrained(model, num_labels=1)
        made = RewardTrainer(judge, args=RewardConfig(**usual), **given)
    else:
        given["train_dataset"] = data.rename_column("answer", "completion")
        made = SFTTrainer(causal, args=SFTConfig(**usual), **given)
    made.train()
    return made


def told(model: str, file: str, trainer: str) -> dict[str, Any]:
    """The file's rows, what TRL takes them for, the texts that it trained on, and the loss."""
    with tempfile.TemporaryDirectory() as folder:
        loader = LOADERS[Path(file).suffix]
        data = load_dataset(**loader, data_files=file, split="train", cache_dir=folder)
        tokenizer = AutoTokenizer.from_pretrained(model)
        made = trained(trainer, model, data, folder)
        return {
            "rows": data.to_list(),
            "conversational": is_conversational(data[0]),
            "as_text": maybe_apply_chat_template(data[0], tokenizer),
            "prepared": [
                {key: tokenizer.decode(ids) for key, ids in row.items() if key.endswith("_ids")}
                for row in made.train_dataset.to_list()
            ],
            "loss": made.state.log_history[0]["loss"],
        }


def main(model: str, target: str, files: list[str]) -> None:
    found = [told(model, file, trainer) for file, trainer in (one.split("@") for one in files)]
    Path(target).write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
