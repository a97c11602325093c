"""Which judge a name stands for, and the judges that come with rrmq."""

from pathlib import Path

import pytest

from rrm_queue.actions.judges import (
    BUILT_IN,
    JudgeFiles,
    judge_named,
    listed,
    local_files,
    served_files,
)
from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import UsageFault
from rrm_queue.judging.dialects import read_verdict
from rrm_queue.judging.kinds import dialect_of
from rrm_queue.judging.prompt import messages
from rrm_queue.judging.spec import needs_criteria, unasked_mark

URL = "http://127.0.0.1:9/v1"
MINE = "model = 'openai:mine'\ndialect = 'scores'\n"
BUILT_INS = ("arena-hard", "criteria", "llmbar", "mt-bench", "rm-r1", "two-scores")

ENDINGS = {
    "arena-hard": ("My final verdict is [[B>A]]", "second"),
    "criteria": ("[[C]]", "tie"),
    "llmbar": ("Therefore, Output (a) is better.", "first"),
    "mt-bench": ("Final verdict: [[B]]", "second"),
    "rm-r1": ("<eval>...</eval>\n<answer>[[A]]</answer>", "first"),
    "two-scores": ("7 8\nThe second is more exact.", "second"),
}


def named(text: str, files: JudgeFiles = JudgeFiles()) -> JudgeSpec:  # noqa: B008  # it is frozen
    return judge_named(text, base_url=URL, files=files)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JudgeFiles:
    (tmp_path / "here" / "judges").mkdir(parents=True)
    (tmp_path / "home" / "judges").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    return local_files(tmp_path / "home")


def test_a_name_is_looked_for_here_then_at_home_then_among_those_that_come_with_rrmq(
    files: JudgeFiles,
) -> None:
    here, home = files.folders
    assert named("mt-bench@openai:m", files).dialect == "brackets"
    (home / "mt-bench.toml").write_text("dialect = 'scores'")
    assert named("mt-bench@openai:m", files).dialect == "scores"
    (here / "mt-bench.toml").write_text("dialect = 'graded'")
    assert named("mt-bench@openai:m", files).dialect == "graded"
    assert named("rrm-7b", files) == JudgeSpec("sglang", "rrm-7b")
    shown = {judge["name"]: judge["source"] for judge in listed(files.folders)}
    assert shown["mt-bench"] == str(Path("judges/mt-bench.toml"))
    assert shown["arena-hard"] == BUILT_IN
    assert set(BUILT_INS) < shown.keys()


def test_a_file_is_given_by_its_path_and_its_model_may_be_replaced(files: JudgeFiles) -> None:
    Path("mine.toml").write_text(MINE)
    assert str(named("mine.toml", files)) == "openai:mine"
    assert named("mine.toml", files).name == "mine"
    assert str(named("./mine.toml@sglang:other", files)) == "sglang:other"


def test_texts_lie_beside_the_file(files: JudgeFiles) -> None:
    Path("judges/p.jinja").write_text("{{ question }}{{ answer_1 }}{{ answer_2 }}{{ criteria }}")
    Path("judges/c.md").write_text("brevity\n")
    Path("judges/mine.toml").write_text(f"{MINE}template_file='p.jinja'\ncriteria_file='c.md'")
    spec = named("mine", files)
    assert spec.template is not None
    assert spec.template.startswith("{{ question }}")
    assert spec.criteria == "brevity"


def test_who_asks_from_elsewhere_can_name_no_path(files: JudgeFiles, tmp_path: Path) -> None:
    Path("mine.toml").write_text(MINE)
    Path("judges/mine.toml").write_text(MINE)
    served = served_files(tmp_path / "home")
    for text in ("mine.toml", str(Path("mine.toml").resolve()), "mine", "../here/judges/mine"):
        with pytest.raises(UsageFault, match="unknown judge"):
            named(text, served)
    (tmp_path / "home" / "judges" / "mine.toml").write_text(MINE)
    assert named("mine", served).dialect == "scores"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mt-bensh@openai:m", "did you mean mt-bench?"),
        ("mt-bench", "it names no model; write mt-bench@openai:MODEL"),
        ("mt-bench@reference", "its model reference writes no text"),
        ("mt-bench@nobody", "unknown judge 'nobody'"),
        ("nobody", "choose one of reference"),
        ("absent.toml", "cannot be read"),
        ("bad.toml", "judge bad.toml: unknown key `modle`; did you mean `model`?"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(text: str, said: str, files: JudgeFiles) -> None:
    Path("bad.toml").write_text("modle = 'openai:m'")
    with pytest.raises(UsageFault) as refused:
        named(text, files)
    assert said in str(refused.value)


def test_a_file_that_cannot_be_used_is_listed_with_the_reason(files: JudgeFiles) -> None:
    (files.folders[0] / "bad.toml").write_text("modle = 'openai:m'")
    shown = next(judge for judge in listed(files.folders) if judge["name"] == "bad")
    assert shown["error"] == "unknown key `modle`; did you mean `model`?"


@pytest.mark.parametrize("name", BUILT_INS)
def test_a_judge_that_comes_with_rrmq_asks_for_what_it_reads(name: str) -> None:
    spec = named(f"{name}@openai:m")
    assert unasked_mark(spec) is None
    chat = messages(spec, "the question", "answer 1\n[[A]]", "answer 2", criteria="to be short")
    assert [message["role"] for message in chat.messages] == ["system", "user"]
    user = chat.messages[-1]["content"]
    assert user.index("the question") < user.index("answer 1") < user.index("answer 2")
    assert ("to be short" in user) == (name == "criteria") == needs_criteria(spec)
    text, verdict = ENDINGS[name]
    assert read_verdict(text, finished=True, thinks=False, dialect=dialect_of(spec)).verdict == (
        verdict
    )


@pytest.mark.parametrize("name", BUILT_INS)
def test_the_prompt_itself_is_no_verdict(name: str) -> None:
    """A model that repeats its instruction has not decided."""
    spec = named(f"{name}@openai:m")
    chat = messages(spec, "Q", "one", "two", criteria="to be short")
    for message in chat.messages:
        read = read_verdict(
            message["content"], finished=True, thinks=False, dialect=dialect_of(spec)
        )
        assert read.verdict == "none", message["role"]
