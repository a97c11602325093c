"""The panel with the real reference and replay engines."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from kit.processes import lives
from kit.waiting import eventually

from rrm_queue.domain import JudgeSpec, NoVerdict, Verdict, Vote, Voting
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.reference.engine import ReferenceEngine
from rrm_queue.judging.sampler import RetryPolicy
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.messages import Answer, BatchMatch, JudgeBatch, MatchReport, Question

IMPATIENT = RetryPolicy(attempts=4, first_wait=0.01, longest_wait=0.05, least=0.0)


def batch_of(
    judge: JudgeSpec,
    texts: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    *,
    votes: int = 1,
    reference: str | None = "42",
) -> JudgeBatch:
    answers = [Answer(number, f"c{number}", text) for number, text in enumerate(texts)]
    return JudgeBatch(
        batch=1,
        job="job",
        judge=judge,
        questions=[Question("t", "What is six times seven?", reference, answers)],
        matches=[BatchMatch(match, *pair) for match, pair in enumerate(pairs)],
        voting=Voting(votes),
        seed=7,
    )


def run(*batches: JudgeBatch, between: Callable[[], None] = lambda: None) -> list[MatchReport]:
    """The reports of batches judged one after the other by one panel, in the matches' order."""
    reports: list[MatchReport] = []

    async def report(one: MatchReport) -> None:
        reports.append(one)

    async def judge() -> None:
        panel = BatchRunner(EngineSettings(), concurrency=8, retries=IMPATIENT)
        try:
            for batch in batches:
                await panel.judge(batch, report)
                between()
        finally:
            await panel.close()

    asyncio.run(judge())
    return sorted(reports, key=lambda one: one.match)


REFERENCE = JudgeSpec("reference")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("6 * 7 = 42\n#### 42", "6 * 7 = 41\n#### 41"),
        ("The answer is 42.", "The answer is 24."),
        (r"So $\boxed{\frac{84}{2}}$", r"So $\boxed{\frac{83}{2}}$"),
        ("It is **42**", "It is **4.2**"),
        ("6 x $7 = $42", "6 x $7 = $43"),
        ('{"answer": "42.00"}', '{"answer": "$42.50"}'),
        ("forty... I mean 42", "forty... I mean 40"),
    ],
)
def test_the_reference_judge_prefers_the_right_answer(right: str, wrong: str) -> None:
    pairs = [(0, 1), (1, 0), (0, 0), (1, 1)]
    reports = run(batch_of(REFERENCE, [right, wrong], pairs))
    assert [report.votes[0].verdict for report in reports] == [
        Verdict.FIRST,
        Verdict.SECOND,
        Verdict.TIE,
        Verdict.TIE,
    ]
    assert all(report.votes[0].model.startswith("math-verify ") for report in reports)


@pytest.mark.parametrize("reference", ["42", "6 * 7 = <<6*7=42>>42\n#### 42", r"\boxed{42}"])
def test_a_reference_may_be_a_whole_solution(reference: str) -> None:
    [report] = run(batch_of(REFERENCE, ["#### 42", "#### 7"], [(0, 1)], reference=reference))
    assert report.votes[0].verdict is Verdict.FIRST


def test_words_are_compared_as_words() -> None:
    texts = ["The answer is Paris.", "The answer is pairs."]
    [report] = run(batch_of(REFERENCE, texts, [(0, 1)], reference="paris"))
    assert report.votes[0].verdict is Verdict.FIRST


def test_a_prompt_without_a_reference_fails_for_good() -> None:
    [report] = run(batch_of(REFERENCE, ["1", "2"], [(0, 1)], reference=None))
    assert report.votes == []
    assert report.failure is not None
    assert not report.failure.transient
    assert "no reference" in report.failure.reason


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if lives(process.pid)]


def pool_processes() -> list[psutil.Process]:
    """The processes that compare answers: the fork server's children, and nobody else's."""
    servers = [
        child
        for child in living(psutil.Process().children())
        if any("multiprocessing.forkserver" in argument for argument in child.cmdline())
    ]
    return living([process for server in servers for process in server.children()])


def test_a_comparing_process_that_is_killed_is_replaced() -> None:
    killed: list[int] = []

    def kill_pool() -> None:
        for process in pool_processes():
            killed.append(process.pid)
            with suppress(psutil.NoSuchProcess):  # the pool itself ends the rest of a broken pool
                process.kill()

    first = batch_of(REFERENCE, [r"#### \sqrt{1764}", r"#### \sqrt{49}"], [(0, 1)])
    second = batch_of(REFERENCE, [r"#### 6 \cdot 7", r"#### \sqrt{64}"], [(0, 1)])
    reports = run(first, second, between=kill_pool)
    assert killed
    assert [report.votes[0].verdict for report in reports] == [Verdict.FIRST] * 2


ENDLESS = r"9^{999 \cdot 999 \cdot 999}"
"""It holds the GIL for minutes, so that no signal is heard."""

HOSTILE = [
    ENDLESS,
    r"9^{9^{9^9}}",
    r"\frac{" * 60 + "1" + "}{2}" * 60,
    "(" * 100 + "1" + ")" * 100,
    "1000000000!",
    r"\sqrt{" * 40 + "2" + "}" * 40,
    r"\begin{pmatrix}" * 20,
    "{" * 199 + "}" * 199,
]
"""Answers that take for ever to compute, or to read."""


def test_a_hostile_answer_is_wrong_and_holds_up_no_other() -> None:
    async def judge(texts: list[str]) -> list[Vote]:
        engine = ReferenceEngine(seconds=3)
        try:
            right = Answer(0, "right", "#### 42")
            others = [Answer(n, f"c{n}", f"#### {text}") for n, text in enumerate(texts, 1)]
            requests = [
                VoteRequest("t", "p", "42", right, other, 1, 1, False, REFERENCE)
                for other in others
            ]
            return await asyncio.gather(*map(engine.vote, requests))
        finally:
            await engine.close()

    votes = asyncio.run(judge([*HOSTILE, r"6 \cdot 7", r"\sqrt{1764}"]))
    assert "wrong: no result in 3 s" in votes[0].text
    ends = [vote.verdict for vote in votes]
    assert ends == [Verdict.FIRST] * len(HOSTILE) + [Verdict.TIE] * 2


ORPHANS = """
import asyncio, os, psutil, signal
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.judging.engines.reference.engine import ReferenceEngine
from rrm_queue.messages import Answer
from rrm_queue.domain import JudgeSpec

async def vote():
    answers = Answer(0, "a", "#### x + 1"), Answer(1, "b", "#### x + 2")
    engine = ReferenceEngine()
    await engine.vote(VoteRequest("t", "p", "3", *answers, 1, 1, False, JudgeSpec("reference")))
    print(*(child.pid for child in psutil.Process().children(recursive=True)), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(vote())
"""


def test_the_comparing_processes_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        orphans = [int(pid) for pid in parent.stdout.readline().split()]
    assert parent.returncode == -signal.SIGKILL
    assert len(orphans) >= 3
    eventually(lambda: not any(map(lives, orphans)), "all end with their parent")


@pytest.fixture
def recording(tmp_path: Path) -> JudgeSpec:
    """A judge that recalls that c0 beat c1 and drew with c2."""
    lines = [
        {"tournament": "t", "first": "c1", "second": "c0", "winner": "c0"},
        {"tournament": "t", "first": "c0", "second": "c2", "winner": None},
    ]
    path = tmp_path / "recorded.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return JudgeSpec("replay", str(path))


def test_recorded_verdicts_are_found_in_either_order(recording: JudgeSpec) -> None:
    reports = run(batch_of(recording, "abc", [(0, 1), (1, 0), (2, 0)]))
    verdicts = [report.votes[0].verdict for report in reports]
    assert verdicts == [Verdict.FIRST, Verdict.SECOND, Verdict.TIE]


def test_a_pair_that_is_recorded_in_both_orders_answers_in_each_by_its_own(
    recording: JudgeSpec,
) -> None:
    turned = {"tournament": "t", "first": "c0", "second": "c1", "winner": "c1"}
    silent = {"tournament": "t", "first": "c2", "second": "c0", "winner": None}
    with Path(recording.argument).open("a") as file:
        for line in (turned, silent | {"no_verdict": "off the menu"}):
            file.write(f"{json.dumps(line)}\n")
    pair, silence = run(batch_of(recording, "abc", [(0, 1), (2, 0)], votes=2))
    assert [(v.swapped, v.verdict) for v in pair.votes] == [
        (False, Verdict.SECOND),
        (True, Verdict.SECOND),
    ], "who stands second wins"
    assert [(v.verdict, v.no_verdict) for v in silence.votes] == [
        (Verdict.NONE, NoVerdict.OFF_MENU),
        (Verdict.TIE, None),
    ]


def test_votes_come_in_waste_free_waves_with_even_ones_swapped(recording: JudgeSpec) -> None:
    decided, drawn = run(batch_of(recording, "abc", [(0, 1), (0, 2)], votes=5))
    assert [(v.number, v.swapped, v.verdict) for v in decided.votes] == [
        (1, False, Verdict.FIRST),
        (2, True, Verdict.SECOND),
        (3, False, Verdict.FIRST),
    ]
    assert [v.number for v in drawn.votes] == [1, 2, 3, 4, 5]
    assert len({v.seed for v in drawn.votes}) == 5


def test_one_bad_match_leaves_the_others_alone(recording: JudgeSpec) -> None:
    good, unrecorded, unknown = run(batch_of(recording, "abc", [(0, 1), (1, 2), (0, 9)]))
    assert good.failure is None
    assert unrecorded.failure is not None
    assert "no recorded verdict for t / c1 / c2" in unrecorded.failure.reason
    assert not unrecorded.failure.transient
    assert unknown.failure is not None
    assert "unexpected: KeyError(9)" in unknown.failure.reason


def test_a_recording_that_changes_is_read_again(recording: JudgeSpec) -> None:
    path = Path(recording.argument)

    def record_the_rest() -> None:
        line = {"tournament": "t", "first": "c1", "second": "c2", "winner": "c2"}
        path.write_text(path.read_text() + json.dumps(line) + "\n")

    batch = batch_of(recording, "abc", [(1, 2)])
    before, after = run(batch, batch, between=record_the_rest)[:2]
    assert before.failure is not None
    assert after.votes[0].verdict is Verdict.SECOND


def test_a_bad_recording_fails_its_matches_with_the_line(recording: JudgeSpec) -> None:
    path = Path(recording.argument)
    with path.open("a") as file:
        file.write("not JSON\n")
    [report] = run(batch_of(recording, "abc", [(0, 1)]))
    assert report.failure is not None
    assert f"{path}:3: " in report.failure.reason
    path.unlink()
    [report] = run(batch_of(recording, "abc", [(0, 1)]))
    assert report.failure is not None
    assert "No such file" in report.failure.reason


def test_a_judge_without_an_engine_fails_its_matches() -> None:
    [report] = run(batch_of(JudgeSpec("oracle"), "ab", [(0, 1)]))
    assert report.failure is not None
    assert "no engine for oracle" in report.failure.reason


def test_what_the_report_raises_ends_the_batch(recording: JudgeSpec) -> None:
    async def report(one: MatchReport) -> None:
        raise ConnectionError(one.match)

    async def judge() -> None:
        panel = BatchRunner(EngineSettings(), concurrency=1)
        await panel.judge(batch_of(recording, "abc", [(0, 1)]), report)

    with pytest.raises(ExceptionGroup) as ended:
        asyncio.run(judge())
    assert ended.group_contains(ConnectionError)
