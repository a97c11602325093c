"""A judge's TOML file: what its keys mean, and what is refused by name."""

from pathlib import PurePosixPath

import pytest

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import UsageFault
from rrm_queue.judging.judge_file import judge_with, read_judge_file
from rrm_queue.judging.prompt import messages
from rrm_queue.judging.spec import parse_spec

TEMPLATE = "{{ question }} {{ answer_1 }} {{ answer_2 }} [[A]] or [[B]]"
WHOLE = f"""
about = "mine"
model = "openai:m"
dialect = "brackets"
thinks = true
system = '''
You judge.
Be fair.'''
template = '''{TEMPLATE} {{{{ criteria }}}}'''
criteria = "short answers"
logprobs = true
[sampling]
temperature = 0
max_tokens = 100
[extra]
reasoning_effort = "low"
"""


def judge(text: str, model: str = "openai:m") -> JudgeSpec:
    spec = parse_spec(model, base_url="https://host/v1", folder=PurePosixPath("/"))
    return judge_with(spec, read_judge_file(text, "mine"))


def test_every_key_has_its_effect() -> None:
    spec = judge(WHOLE)
    assert (spec.name, spec.dialect, spec.thinks, spec.criteria) == (
        "mine",
        "brackets",
        True,
        "short answers",
    )
    assert (spec.temperature, spec.max_tokens, spec.logprobs) == (0.0, 100, True)
    assert spec.extra == {"reasoning_effort": "low"}
    system, user = messages(spec, "Q", "one", "two").messages
    assert system["content"] == "You judge.\nBe fair."
    assert user["content"] == "Q one two [[A]] or [[B]] short answers"


def test_a_file_may_say_nothing_but_a_dialect() -> None:
    plain = parse_spec("rrm-7b", base_url="https://host/v1", folder=PurePosixPath("/"))
    spec = judge('dialect = "boxed-loose"', "rrm-7b")
    assert (spec.dialect, spec.template, spec.argument) == ("boxed-loose", None, plain.argument)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dialekt = 'boxed'", "unknown key `dialekt`; did you mean `dialect`?"),
        ("temperature = 0", "unknown key `temperature`; did you mean `template`?"),
        ("zzz = 0", "unknown key `zzz`"),
        ("dialect = 3", "Expected `str`, got `int` - at `dialect`"),
        ("thinks = 'yes'", "at `thinks`"),
        ("[sampling]\ntemprature = 1", "unknown sampling setting 'temprature'"),
        ("dialect = 'bracket'", "did you mean brackets?"),
        ("x = ", "it is not TOML"),
        ("name = ''", "`name` is printable text"),
        ("template = 'a'\ntemplate_file = 'b'", "both given"),
        ("system = 'x'", "`system` goes with a `template`"),
        ("system = '{{ question }}'\ntemplate = 'x'", "`system` is plain text"),
        ("system = '''a\n---\nb'''\ntemplate = 'x'", "a line `---`"),
        ("template = '{{ question }}'", "the template has no slot {{ answer_1 }}"),
        ("criteria = 'x'", "has no place for criteria"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(text: str, said: str) -> None:
    with pytest.raises(UsageFault) as refused:
        judge(text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value).strip()
