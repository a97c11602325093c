"""What a shell is offered after the words that are typed, asked as shells ask it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from rrm_queue.cli.commands.completion import SHELLS, VARIABLE
from rrm_queue.cli.main import VERBS, rrmq
from rrm_queue.errors import UsageFault

COMMAND = Path(sysconfig.get_path("scripts")) / "rrmq"


def offered(*words: str) -> list[str]:
    """The words that may stand in the last one's place."""
    *typed, begun = words
    completion = ShellComplete(rrmq, {}, "rrmq", VARIABLE)
    return [item.value for item in completion.get_completions(typed, begun)]


def test_every_verb_is_offered_with_its_line_of_help() -> None:
    assert offered("") == list(VERBS)
    assert offered("res") == ["results", "resume"]
    items = ShellComplete(rrmq, {}, "rrmq", VARIABLE).get_completions([], "bra")
    assert [(item.value, item.help) for item in items] == [("bracket", VERBS["bracket"][1])]


def test_options_and_their_choices_are_offered() -> None:
    assert set(offered("--")) == {"--help", "--version"}
    assert offered("submit", "--stra") == ["--strategy"]
    assert offered("submit", "--order", "b") == ["balanced", "both"]
    assert offered("submit", "answers.jsonl", "--seeding", "") == ["random", "given"]
    assert offered("completion", "") == list(SHELLS)
    assert "--full" in offered("votes", "0123", "t0", "--")


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_offers_its_help(verb: str) -> None:
    assert "--help" in offered(verb, "--h")


def test_verbs_are_offered_without_importing_them() -> None:
    code = (
        "import atexit, sys; from rrm_queue.cli.main import main;"
        "atexit.register(lambda: print([n for n in sys.modules if n in"
        " {'celery', 'sqlalchemy', 'rich', 'rrm_queue.cli.commands.submit'}]));"
        "main()"
    )
    asked = {VARIABLE: "bash_complete", "COMP_WORDS": "rrmq sub", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["plain,submit", "[]"], done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_its_script(shell: str) -> None:
    printed = CliRunner().invoke(rrmq, ["completion", shell], standalone_mode=False)
    assert f"{VARIABLE}={shell}_complete" in printed.stdout
    by_itself = CliRunner().invoke(
        rrmq, ["completion"], env={"SHELL": f"/usr/bin/{shell}"}, standalone_mode=False
    )
    assert by_itself.stdout == printed.stdout


def test_an_unknown_shell_is_asked_for() -> None:
    asked = CliRunner().invoke(
        rrmq, ["completion"], env={"SHELL": "/bin/tcsh"}, standalone_mode=False
    )
    assert isinstance(asked.exception, UsageFault)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash to ask")
def test_a_real_bash_completes_by_the_script() -> None:
    script = f"""
        eval "$({COMMAND} completion bash)"
        COMP_WORDS=(rrmq submit --launch ""); COMP_CWORD=3
        _rrmq_completion {COMMAND}
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["waves", "all"], done.stderr
