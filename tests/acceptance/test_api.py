"""rrmq from Python, over a local stack: the examples of the docs, a model as judge, and faults."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from kit.command import Rrmq
from kit.waiting import PATIENCE

DOCS = Path(__file__).parents[2] / "docs" / "python.md"


def python(rrmq: Rrmq, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A Python that finds the local stack of `rrmq`."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=rrmq.environment | settings,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def said(rrmq: Rrmq, code: str, **settings: str) -> Any:
    """What the code prints, read as JSON."""
    done = python(rrmq, "-c", f"import json, rrm_queue\n{code}", **settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Judge(BaseHTTPRequestHandler):
    """A model that prefers the answer `forty-two`, whichever stands first."""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        better = 1 if asked.rindex("forty-two") < asked.rindex("forty-three") else 2
        message = {"content": f"I have thought. </think> \\boxed{{Assistant {better}}}"}
        body = json.dumps({"model": "m", "choices": [{"message": message}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        pass


@pytest.fixture
def model() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Judge)
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_examples_of_the_docs_are_true(rrmq: Rrmq, tmp_path: Path) -> None:
    code = (
        f"import doctest, os, sys; os.chdir({str(tmp_path)!r}); "
        f"sys.argv[1:] = ['-v', '-o', 'ELLIPSIS', {str(DOCS)!r}]; sys.exit(doctest._test())"
    )
    done = python(rrmq, "-c", code)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("\nok\n") >= 10


def test_a_model_ranks_a_few_answers(rrmq: Rrmq, model: str) -> None:
    code = """
ranking = rrm_queue.rank(
    "What is 17+25?",
    [{"id": "a", "text": "forty-three"}, {"id": "b", "text": "forty-two"}],
    judge="openai:gpt-x", votes=3, timeout=60,
)
lines = [(line.rank, line.id, line.number, line.wins) for line in ranking.standings]
print(json.dumps([ranking.best, lines, ranking.job.status().votes]))
"""
    best, lines, votes = said(rrmq, code, RRMQ_OPENAI_BASE_URL=model)
    assert best == "forty-two"
    assert lines == [[1, "b", 1, 1], [2, "a", 0, 0]]
    assert votes == 2, "the third vote could change nothing"


def test_python_and_the_command_see_the_same_job(rrmq: Rrmq, example: Path) -> None:
    code = f"""
job = rrm_queue.submit({str(example)!r}, strategy="swiss:2", name="from Python")
ended = job.wait(timeout=60)
results = [[r.key, r.champion] for r in job.results()]
[one] = job.results("bakery")
print(json.dumps([job.id, job.new, ended.state, results, one.key]))
"""
    job, new, state, results, one = said(rrmq, code)
    assert (new, state, one) == (True, "succeeded", "bakery")
    shown = [json.loads(line) for line in rrmq.ok("results", job, "--json").splitlines()]
    assert results == [[line["tournament"], line["champion"]] for line in shown]
    assert json.loads(rrmq.ok("status", job, "--json"))["name"] == "from Python"
    again = rrmq.ok("submit", str(example), "--strategy", "swiss:2", "--name", "other", "--json")
    assert json.loads(again)["job"] == job


def test_a_job_is_paused_resumed_and_cancelled(rrmq: Rrmq) -> None:
    code = """
from rrm_queue.errors import StillRunning
rows = ({"prompt": f"{n}?", "candidates": ["1", "2"], "reference": "1"} for n in range(9))
job = rrm_queue.submit(rows, judge="sglang:nobody")  # no worker serves it
try:
    job.wait(timeout=0.5)
except StillRunning as error:
    said = str(error)
states = [job.pause(), job.status().state, job.resume(), job.resume(), job.status().state,
          job.retry().tournaments, job.delete(), job.cancel(), job.cancel(), job.wait().state,
          job.delete()]
print(json.dumps([said, job.id, states]))
"""
    text, job, states = said(rrmq, code)
    assert job in text
    assert states[:4] == [True, "paused", True, False]
    assert states[4] in ("queued", "running")
    assert states[5:] == [0, False, True, False, "cancelled", True]


@pytest.mark.parametrize(
    ("call", "kind", "part"),
    [
        ("rrm_queue.submit('/nowhere.jsonl')", "BadInput", "/nowhere.jsonl"),
        ("rrm_queue.submit([])", "BadInput", "empty"),
        ("rrm_queue.submit([{'prompt': 'p', 'candidates': ['a', {1}]}])", "BadInput", "rows:1"),
        ("rrm_queue.submit([], strategy='none')", "UsageFault", "none"),
        ("rrm_queue.submit([], order='up')", "UsageFault", "balanced"),
        ("rrm_queue.submit([], votes=0)", "UsageFault", "votes"),
        ("rrm_queue.submit([], seed=-1)", "UsageFault", "seed"),
        ("rrm_queue.submit([], judge='me')", "UsageFault", "judge"),
        ("rrm_queue.submit([], format='none')", "UsageFault", "none"),
        ("rrm_queue.rank('p', ['a', ''], empty='drop')", "UsageFault", "empty"),
        ("rrm_queue.status('zz')", "JobNotFound", "zz"),
        ("list(rrm_queue.results('zz'))", "JobNotFound", "zz"),
        ("rrm_queue.wait('zz')", "JobNotFound", "zz"),
    ],
)
def test_what_goes_wrong_is_of_one_family(rrmq: Rrmq, call: str, kind: str, part: str) -> None:
    code = f"""
try:
    {call}
except rrm_queue.RrmqError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""
    name, text = said(rrmq, code)
    assert name == kind
    assert part in text


def test_threads_share_connections_and_a_forked_child_opens_its_own(rrmq: Rrmq) -> None:
    code = """
import os
from concurrent.futures import ThreadPoolExecutor
rows = [{"prompt": "1+1?", "candidates": ["2", "3"], "reference": "2"}]
with ThreadPoolExecutor(6) as pool:  # the first calls of this process, at the same time
    made = list(pool.map(lambda seed: rrm_queue.submit(rows, seed=seed), range(6)))
    ended = list(pool.map(lambda job: job.wait(timeout=60).state, made))
child = os.fork()
if child == 0:
    os._exit(0 if rrm_queue.status(made[0].id).state == "succeeded" else 1)
_, status = os.waitpid(child, 0)
after = rrm_queue.status(made[0].id).state
print(json.dumps([len({job.id for job in made}), ended, os.waitstatus_to_exitcode(status), after]))
"""
    assert said(rrmq, code) == [6, ["succeeded"] * 6, 0, "succeeded"]


def test_a_stack_that_was_stopped_between_two_calls_is_started_again(rrmq: Rrmq) -> None:
    code = f"""
import subprocess
rows = [{{"prompt": "1+2?", "candidates": ["2", "3"], "reference": "3"}}]
job = rrm_queue.submit(rows)
subprocess.run({rrmq.argv("down")!r}, check=True, stdout=subprocess.DEVNULL)
[result] = job.results()
subprocess.run({rrmq.argv("down")!r}, check=True, stdout=subprocess.DEVNULL)
print(json.dumps([result.key, job.wait(timeout=60).state]))
"""
    key, state = said(rrmq, code)
    assert (key, state) == ("1", "succeeded")


def test_importing_it_loads_nothing_else(rrmq: Rrmq) -> None:
    code = """
import sys
loaded = [n for n in sys.modules if n.startswith("rrm_queue.") or n in {"celery", "rich"}]
print(json.dumps([loaded, hasattr(rrm_queue, "nothing"), "rank" in dir(rrm_queue)]))
"""
    assert said(rrmq, code) == [[], False, True]
