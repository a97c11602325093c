"""The stack of docker-compose.yml in a project of the test's own, and what Docker says of it."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"

IMAGE, GPU_IMAGE = "rrmq-compose-test", "rrmq-compose-test-gpu"

SERVING = ("--profile", "serve")
"""The server of HTTP is a service that must be asked for."""


def run(
    *argv: str, check: bool = True, env: Mapping[str, str] | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[str]:
    """A command at the project's root, to its end; what it wrote is in the failure."""
    done = subprocess.run(argv, cwd=ROOT, env=env, input=stdin, capture_output=True, check=False)
    said = subprocess.CompletedProcess(
        argv, done.returncode, done.stdout.decode(), done.stderr.decode()
    )
    if check and done.returncode:
        raise AssertionError(f"{' '.join(argv)}: {done.returncode}\n{said.stdout}\n{said.stderr}")
    return said


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def compose_command() -> tuple[str, ...]:
    """Compose as Docker's plugin, or as the program of its own that it was before."""
    for argv in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(argv[0]) and run(*argv, "version", check=False).returncode == 0:
            return argv
    raise AssertionError("neither `docker compose` nor `docker-compose` is here")


@dataclass
class Stack:
    """One Compose project. `figures` are printed when all is over."""

    folder: Path
    project: str = field(default_factory=lambda: f"rrmq-test-{secrets.token_hex(3)}")
    postgres_password: str = field(default_factory=lambda: f"p@ss/{secrets.token_hex(12)}:%41?#")
    redis_password: str = field(default_factory=lambda: secrets.token_hex(16))
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    figures: dict[str, str] = field(default_factory=dict)
    local: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ports = {name: free_port() for name in ("postgres", "redis", "serve")}
        self._compose = compose_command()

    @cached_property
    def environment(self) -> dict[str, str]:
        """What Compose fills in; nothing of the caller's own settings."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RRMQ_", "COMPOSE_", "PG", "POSTGRES_", "REDIS_", "API_"))
        }
        return kept | {
            "POSTGRES_PASSWORD": self.postgres_password,
            "REDIS_PASSWORD": self.redis_password,
            "POSTGRES_PORT": str(self.ports["postgres"]),
            "REDIS_PORT": str(self.ports["redis"]),
            "API_PORT": str(self.ports["serve"]),
            "RRMQ_API_TOKENS": self.token,
            "RRMQ_IMAGE": IMAGE,
            "RRMQ_CONCURRENCY": "32",
            "RRMQ_OPENAI_BASE_URL": "http://endpoint:8000/v1",
            "RRMQ_OPENAI_API_KEY": "key-of-the-operator",
            "TEXTS": str(SHARED / "judge_texts_boxed.jsonl"),
            "SECONDS_A_VOTE": "0.6",
            "CHARACTERS_A_VOTE": "6000",
            "COMPOSE_HTTP_TIMEOUT": "300",
        }

    @cached_property
    def host_environment(self) -> dict[str, str]:
        """The environment of `rrmq` on the host; the password as an address needs it."""
        from urllib.parse import quote

        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RRMQ_", "PG"))
        }
        password = quote(self.postgres_password, safe="")
        database = f"postgresql://rrmq:{password}@127.0.0.1:{self.ports['postgres']}/rrmq"
        return kept | {
            "RRMQ_DATABASE_URL": database,
            "RRMQ_BROKER_URL": f"redis://:{self.redis_password}@127.0.0.1:{self.ports['redis']}/0",
            "RRMQ_OPENAI_BASE_URL": self.environment["RRMQ_OPENAI_BASE_URL"],
            "RRMQ_HOME": str(self.folder / "home"),
        }

    def compose(
        self, *arguments: str, check: bool = True, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[str]:
        """`docker compose ARGUMENTS` on this project."""
        return run(*self.compose_argv(*arguments), check=check, env=self.environment, stdin=stdin)

    def compose_argv(self, *arguments: str) -> list[str]:
        files = ["-f", "docker-compose.yml", "-f", "tests/compose/compose.test.yml"]
        return [*self._compose, "--project-name", self.project, *files, *arguments]

    def rrmq(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`rrmq ARGUMENTS` on the host, against this stack."""
        argv = [sys.executable, "-m", "rrm_queue.cli.main", *arguments]
        return run(*argv, check=check, env=self.host_environment)

    def status(self, job: str) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.rrmq("status", job, "--json").stdout)
        return status

    def containers(self, service: str) -> list[str]:
        """The ids of a service's containers that run, the first replica first."""
        project = f"label=com.docker.compose.project={self.project}"
        wanted = f"label=com.docker.compose.service={service}"
        numbered = '{{.Label "com.docker.compose.container-number"}} {{.ID}}'
        listing = run("docker", "ps", "--no-trunc", "--filter", project, "--filter", wanted,
                      "--format", numbered).stdout  # fmt: skip
        rows = [line.split() for line in listing.splitlines()]
        return [row[1] for row in sorted(rows, key=lambda row: int(row[0]))]

    def container(self, service: str) -> str:
        [only] = self.containers(service)
        return only

    def everything(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every container that runs, as `docker inspect` tells of it, by its service."""
        project = f"label=com.docker.compose.project={self.project}"
        for id_ in run("docker", "ps", "-q", "--filter", project).stdout.split():
            told = inspect(id_)
            yield told["Config"]["Labels"]["com.docker.compose.service"], told

    def well(self, service: str, count: int) -> bool:
        """Whether so many containers of a service run, and all are healthy."""
        ids = self.containers(service)
        return len(ids) == count and all(health(id_) == "healthy" for id_ in ids)

    def down(self) -> None:
        self.compose(*SERVING, "down", "--volumes", "--remove-orphans", check=False)


def inspect(id_: str) -> dict[str, Any]:
    """What Docker tells of a container or image; its present state."""
    found: dict[str, Any] = json.loads(run("docker", "inspect", id_).stdout)[0]
    return found


def health(id_: str) -> str:
    state = inspect(id_)["State"]
    return str(state["Health"]["Status"]) if state["Running"] else "ended"
