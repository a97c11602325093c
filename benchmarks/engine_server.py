"""The SGLang that the engine's benchmark runs: a 7B model's shape on a GPU, a tiny one on a CPU."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from rrm_worker.engine_flags import judging_flags
from rrm_worker.engine_process import HOST, EngineProcess, free_port, launch_command
from rrm_worker.health import Health

ROOT = Path(__file__).parents[1]
KIT = ROOT / "tests" / "kit"

CONTEXT = 8192
START_SECONDS = 900  # a GPU compiles kernels and captures graphs at its first start

TOKENS, ROWS = 151_936, 152_064
"""Of the 7B Qwen2: tokens that its tokenizer knows, and rows of its embedding."""

SHAPE_7B = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18_944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": ROWS,
    "max_position_embeddings": CONTEXT,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-6,
    "rope_theta": 1_000_000.0,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}

GPU_FLAGS = (
    "--load-format=dummy",
    "--attention-backend=triton",
    "--sampling-backend=pytorch",
    "--grammar-backend=none",
    "--dtype=bfloat16",
    "--max-running-requests=256",
    "--random-seed=1",
)


class Engine(NamedTuple):
    """An SGLang to launch: its Python, its model's folder, and what it is started with."""

    python: str
    model: Path
    flags: Sequence[str]
    environment: dict[str, str]


@asynccontextmanager
async def serving(engine: Engine, log: Path) -> AsyncIterator[str]:
    """The URL of a server that runs as the worker's own child would."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    command = launch_command(engine.python, str(engine.model), port, judging_flags(engine.flags))
    with log.open("w") as written:
        process = EngineProcess(command, engine.environment, lambda line: print(line, file=written))
        await process.start()
        try:
            await _until_up(process, url)
            yield url
        finally:
            await process.stop()


async def _until_up(process: EngineProcess, url: str) -> None:
    """Returns when the server answers; raises RuntimeError when it ends or takes too long."""
    async with Health(url) as health:
        up = asyncio.create_task(health.until_up())
        died = asyncio.create_task(process.died())
        await asyncio.wait({up, died}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if died.done():
            raise RuntimeError(f"SGLang ended: {died.result()}")
        if not up.done():
            raise RuntimeError(f"SGLang is not up after {START_SECONDS} s")
        died.cancel()


def cpu_engine(python: str | None, folder: Path) -> Engine:
    """The engine of the tests: 0.1 million random weights on the CPU."""
    environment = Path(os.environ.get("RRMQ_TEST_ENGINE", ROOT / ".engine"))
    python = python or str(environment / "bin" / "python")
    _make_model(python, folder)
    sys.path.append(str(KIT.parent))
    from kit.sglang_process import FLAGS, engine_environment

    return Engine(python, folder, FLAGS, engine_environment(Path(python)))


def gpu_engine(python: str | None, folder: Path) -> Engine:
    """A model of a 7B Qwen2's shape, whose weights SGLang makes up."""
    python = python or sys.executable
    _make_model(python, folder)
    stretch(folder, SHAPE_7B)
    return Engine(python, folder, GPU_FLAGS, os.environ | {"HF_HUB_OFFLINE": "1"})


def stretch(folder: Path, shape: dict[str, Any]) -> None:
    """Gives the tiny model's folder another shape, and its tokenizer a word for every token.

    Without words for them most sampled tokens would be no text, and cost rrmq nothing to keep.
    """
    (folder / "model.safetensors").unlink()
    config = folder / "config.json"
    tiny = json.loads(config.read_text())
    special = {name: tiny.get(name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    config.write_text(json.dumps(shape | special))
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary |= {f"Ġw{number:x}": number for number in range(len(vocabulary), TOKENS)}
    file.write_text(json.dumps(tokenizer))


def _make_model(python: str, folder: Path) -> None:
    try:
        command = [python, str(KIT / "make_model.py"), str(folder), str(CONTEXT)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    except OSError as error:
        raise RuntimeError(f"no Python of SGLang's at {python}: {error}") from error
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode().strip().splitlines()[-1]
        raise RuntimeError(f"{python} cannot make a model: {words}") from error


def gpu_name() -> str | None:
    """The first NVIDIA GPU's name and driver, if there is one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, check=False)  # noqa: S603
    lines = done.stdout.decode().splitlines()
    return lines[0] if done.returncode == 0 and lines else None


def torch_version(engine: Engine) -> str:
    """The version of PyTorch that the engine runs on."""
    ask = [engine.python, "-c", "from importlib.metadata import version as v; print(v('torch'))"]
    return subprocess.run(ask, capture_output=True, check=True, text=True).stdout.strip()  # noqa: S603
