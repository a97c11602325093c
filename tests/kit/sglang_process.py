"""A real SGLang server on the CPU, in a process group of its own."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from rrm_worker.engine_process import free_port

from kit.waiting import PATIENCE, eventually_by

START_SECONDS = 250  # 30 on idle cores; a busy machine needs several times as long

_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # on few cores these two are the difference between 0.1 s and 5 s a request
    "OMP_NUM_THREADS": "1",
    "TORCHDYNAMO_DISABLE": "1",
}

FLAGS = (
    "--device=cpu",
    "--attention-backend=torch_native",
    "--sampling-backend=pytorch",
    "--grammar-backend=llguidance",  # xgrammar kills the CPU server
    "--dtype=float32",
    "--max-total-tokens=65536",
    "--max-running-requests=16",
    "--disable-cuda-graph",
    "--enable-metrics",
    "--enable-cache-report",
    "--skip-server-warmup",
    "--sleep-on-idle",
    "--random-seed=1",
)


CONTEXT = 8192


MODELS = {"qwen2", "llama"}
"""What the tests serve; SGLang imports all two hundred models that it knows unless told not to."""


def engine_environment(python: Path) -> dict[str, str]:
    """The environment of the SGLang that this Python has.

    From 0.5.16 on SGLang's own CPU platform wants kernels that no wheel has, so `make engine`
    installs another (`tests/engine/cpu_platform`); with it the variable must not be set.
    """
    packages = python.parents[1] / "lib"
    files = packages.glob("python*/site-packages/sglang/srt/models/*.py")
    others = sorted({file.stem for file in files} - MODELS)
    environment = os.environ | _ENVIRONMENT | {"SGLANG_DISABLED_MODEL_ARCHS": ",".join(others)}
    if not any(packages.glob("python*/site-packages/sglang_torch_cpu.py")):
        environment["SGLANG_USE_CPU_ENGINE"] = "1"
    return environment


def make_model(python: Path, folder: Path, *, seed: int = 0) -> Path:
    """Makes a model in the folder with the weights of this seed, by an engine's Python."""
    script = str(Path(__file__).with_name("make_model.py"))
    command = [str(python), script, str(folder), str(CONTEXT), str(seed)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@contextmanager
def running_sglang(python: Path, model: Path, log: Path) -> Iterator["SglangProcess"]:
    """A server that runs while the context is open; who kills it starts it again."""
    server = SglangProcess(python, model, log)
    try:
        server.start()
        yield server
    finally:
        server.kill()


class SglangProcess:
    """One server at a time at the same `url`; it can be killed and started again."""

    def __init__(self, python: Path, model: Path, log: Path) -> None:
        self._environment = engine_environment(python)
        self._command = [str(python), "-m", "sglang.launch_server", "--model-path", str(model)]
        self._log = log
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """The server's process id, which is its group's too."""
        assert self._process is not None, "the server has not been started"
        return self._process.pid

    def start(self) -> None:
        """Returns once the server answers; raises when it dies or takes too long."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "--host=127.0.0.1", f"--port={self._port}", *FLAGS],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually_by(self._process, self._log, self._healthy, "SGLang answers", START_SECONDS)

    def kill(self) -> None:
        """Ends the server and all its processes at once, as a machine's failure would."""
        assert self._process is not None, "the server has not been started"
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def flush(self) -> None:
        """Empties the cache; waits until the server is idle, without which it cannot."""
        assert self._status("POST", "/flush_cache?timeout=60") == 200

    def _healthy(self) -> bool:
        try:
            return self._status("GET", "/health") == 200
        except (OSError, HTTPException):
            return False

    def _status(self, method: str, path: str) -> int:
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)) as connection:
            connection.request(method, path)
            return connection.getresponse().status
