import pytest

from rrm_queue.cli.options.flags import flag
from rrm_queue.errors import MOST_PROBLEMS, BadInput, Message, Option, Problem, UsageFault, spelled

BOTH = Message(Option("order", "both"), " takes an even number of ", Option("votes"))


def test_a_message_spells_its_options_as_python_does() -> None:
    assert BOTH == "order='both' takes an even number of votes"
    assert str(UsageFault(BOTH)).endswith(f": {BOTH}")


def test_the_command_line_spells_them_as_flags() -> None:
    assert spelled(BOTH, flag) == "--order both takes an even number of --votes"
    assert spelled("order is a word", flag) == "order is a word"


@pytest.mark.parametrize(
    ("option", "typed"),
    [
        (Option("on_no_verdict"), "--on-no-verdict"),
        (Option("mapping", "prompt=question"), "--map prompt=question"),
        (Option("kind", "best"), "--as best"),
    ],
)
def test_a_flag_is_spelled_as_it_is_typed(option: Option, typed: str) -> None:
    assert flag(option) == typed


def test_a_bad_line_keeps_the_options_of_its_reason() -> None:
    problem = Problem(Message("no `reference`: ", Option("judge"), " names another"))
    moved = Problem(problem.reason, 3, "b.jsonl")
    error = BadInput("a.jsonl", [problem, moved])
    assert error.spelled(flag) == (
        "a.jsonl: no `reference`: --judge names another\n"
        "b.jsonl:3: no `reference`: --judge names another"
    )
    assert str(error).startswith("a.jsonl: no `reference`: judge names another")


def test_lines_with_the_same_problem_are_named_once() -> None:
    problems = [Problem(f"`candidates[{n}]` is empty", n) for n in (2, 5, 9)]
    error = BadInput("a.jsonl", [*problems, Problem("`prompt` is missing", 7)])
    assert str(error).splitlines() == [
        "a.jsonl:2: `candidates[2]` is empty (2 more lines like it: 5, 9)",
        "a.jsonl:7: `prompt` is missing",
    ]
    elsewhere = BadInput("all", [Problem("`prompt` is missing", 1, name) for name in "ab"])
    assert len(str(elsewhere).splitlines()) == 2
    many = BadInput("a.jsonl", [Problem("`prompt` is missing", n) for n in range(MOST_PROBLEMS)])
    assert str(many).splitlines()[1:] == ["reading stopped after 20 bad lines"]
