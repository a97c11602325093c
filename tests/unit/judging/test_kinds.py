"""The table of judges: every row can be used, and no two of them are confused."""

import subprocess
import sys
from importlib import import_module
from pkgutil import resolve_name

import pytest

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import PermanentFault, UsageFault
from rrm_queue.judging.engines import open_engine
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.kinds import (
    KINDS,
    QUEUES_OF_PEOPLE,
    SERVED_ALONE,
    SERVED_TOGETHER,
    USAGE,
    Kind,
    find_judge,
    kind_of,
    name_of,
    queue_of,
    served_kind,
    worker_name,
    worker_queue,
)
from rrm_queue.judging.spec import jury_of

JUDGES = [
    JudgeSpec("reference"),
    JudgeSpec("replay", "/here/f"),
    JudgeSpec("simulated", "0.8"),
    JudgeSpec("openai", "org/model", base_url="https://host/v1"),
    JudgeSpec("sglang", "rrm-7b"),
    JudgeSpec("sglang", "org/model:v1"),
]


WITH_ENGINE = [kind for kind in KINDS.values() if not kind.by_people]


@pytest.mark.parametrize("kind", WITH_ENGINE, ids=lambda kind: str(kind.name))
def test_what_a_row_names_in_its_engines_folder_is_there(kind: Kind) -> None:
    assert callable(import_module(kind.engine).open_engine)
    for function in filter(None, (kind.reads_argument, kind.checks_argument)):
        assert callable(resolve_name(f"{kind.engine.removesuffix('.engine')}.{function}"))


@pytest.mark.parametrize("judge", JUDGES, ids=str)
def test_a_judge_is_named_as_it_is_asked_for(judge: JudgeSpec) -> None:
    assert find_judge(name_of(judge)) == (KINDS[judge.kind], judge.argument)


@pytest.mark.parametrize("judge", JUDGES, ids=str)
def test_the_workers_of_a_judges_queue_serve_its_kind(judge: JudgeSpec) -> None:
    served = worker_name(queue_of(judge))
    assert served_kind(served) is kind_of(judge)
    assert worker_queue(served) == queue_of(judge)


def test_how_judges_are_named_and_served() -> None:
    assert ", ".join(USAGE) == (
        "reference, replay:FILE, simulated:ACCURACY, openai:MODEL, rrm-7b, rrm-32b, sglang:NAME, "
        "human"
    )
    assert SERVED_TOGETHER == ("reference", "replay", "simulated", "openai", "jury")
    assert SERVED_ALONE == ("rrm-7b", "rrm-32b", "sglang:NAME")
    assert queue_of(JudgeSpec("sglang", "rrm-7b")) == "rrmq.judge.rrm-7b"
    assert queue_of(JudgeSpec("openai", "m")) == "rrmq.judge.openai"


def test_people_need_no_worker_and_no_engine() -> None:
    people = JudgeSpec("human")
    assert find_judge("human") == (KINDS["human"], "")
    assert QUEUES_OF_PEOPLE == (queue_of(people),) == ("rrmq.judge.human",)
    with pytest.raises(UsageFault, match="no worker serves 'human'"):
        served_kind("human")
    with pytest.raises(PermanentFault, match="no engine for human"):
        open_engine(people, EngineSettings())
    with pytest.raises(UsageFault, match="people cannot be in a jury"):
        jury_of([JudgeSpec("reference"), people])
    for wrong in ("human:", "human:ada"):
        with pytest.raises(UsageFault, match="unknown judge"):
            find_judge(wrong)


@pytest.mark.parametrize("name", ["sglang:", "sglang", "sglang:replay", "openai:m", "rrm-8b", ""])
def test_what_no_worker_serves_is_refused(name: str) -> None:
    with pytest.raises(UsageFault, match="no worker serves"):
        served_kind(name)


def test_capacities() -> None:
    held = {name: kind.capacity(64) for name, kind in KINDS.items()}
    instant = {"reference", "replay", "simulated"}
    assert held == {name: 1024 if name in instant else 64 for name in KINDS}


def test_a_judge_of_another_version_has_no_traits_and_no_engine() -> None:
    unknown = JudgeSpec("oracle", "x")
    assert kind_of(unknown) == Kind("oracle")
    assert queue_of(unknown) == "rrmq.judge.oracle"
    with pytest.raises(PermanentFault, match="no engine for oracle:x"):
        open_engine(unknown, EngineSettings())


def test_naming_judges_loads_no_engine() -> None:
    program = (
        "import sys; from pathlib import PurePath; from rrm_queue.judging.spec import parse_spec;"
        "[parse_spec(name, base_url='http://h', folder=PurePath('/'))"
        " for name in ('reference', 'replay:f', 'simulated:0.8', 'openai:m', 'rrm-7b')];"
        "loaded = [m for m in sys.modules if m.endswith('.engine') or m in ('aiohttp', 'jinja2')];"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
