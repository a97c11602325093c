"""The command as its users run it: a process."""

import os
import subprocess
import sys
from dataclasses import dataclass

from kit.waiting import PATIENCE


@dataclass(frozen=True)
class Rrmq:
    """Runs `rrmq` under one environment."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, file: bytes = b"") -> subprocess.CompletedProcess[str]:
        """The command, run to its end."""
        done = subprocess.run(
            self.argv(*arguments),
            env=self.environment,
            input=file,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    def ok(self, *arguments: str, file: bytes = b"") -> str:
        """What a command that succeeds prints."""
        done = self(*arguments, file=file)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The command, running."""
        return subprocess.Popen(
            self.argv(*arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "rrm_queue.cli.main", *arguments]


def without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RRMQ_")}
