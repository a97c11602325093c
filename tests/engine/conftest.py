"""The real SGLang on the CPU, with a tiny random model: `make engine` builds its environment."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.sglang_process import SglangProcess, make_model, running_sglang

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def engine_python() -> Path:
    """The Python that has SGLang: of `.engine`, or of the environment in RRMQ_TEST_ENGINE."""
    environment = Path(os.environ.get("RRMQ_TEST_ENGINE", HERE.parents[1] / ".engine"))
    python = environment / "bin" / "python"
    if not python.exists():
        pytest.fail(f"no SGLang in {environment}: run `make engine`")
    return python


@pytest.fixture(scope="session")
def tiny_model(engine_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Qwen2 with random weights and a context of 8,192 tokens."""
    return make_model(engine_python, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def real_model(engine_python: Path) -> Path:
    """The folder of SmolLM2-135M-Instruct, which `make engine` puts beside SGLang."""
    folder = engine_python.parents[1] / "smollm2"
    if not (folder / "config.json").exists():
        pytest.fail(f"no model in {folder}: run `make engine`")
    return folder


@pytest.fixture(scope="session")
def sglang_server(
    engine_python: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SglangProcess]:
    """A running server for all tests; one that kills it starts it again."""
    log = tmp_path_factory.mktemp("sglang") / "server.log"
    with running_sglang(engine_python, tiny_model, log) as server:
        yield server
