"""A virtual environment for each tool, made once."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def python_in(folder: Path, packages: Sequence[str]) -> str | None:
    """The Python of an environment with these packages; None where they do not install."""
    python, noted = folder / "bin" / "python", folder / "installed"
    if noted.exists():
        return str(python)
    _run(sys.executable, "-m", "venv", "--clear", str(folder))
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    done = _run(*pip, *packages)
    if done.returncode:
        print(f"not installed: {folder.name}: {done.stderr.strip().splitlines()[-1]}")
        return None
    noted.write_text("\n".join(packages))
    return str(python)


def version_in(python: str, package: str) -> str:
    """The version of the package there."""
    asked = f"from importlib.metadata import version; print(version({package!r}))"
    return _run(python, "-c", asked).stdout.strip()


def tokenizers_in(folder: Path) -> dict[str, str]:
    """The setting that lets tiktoken read the files that litellm brings, where no network is."""
    found = next(folder.glob("lib/*/site-packages/litellm/litellm_core_utils/tokenizers"), None)
    return {"TIKTOKEN_CACHE_DIR": str(found)} if found else {}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
