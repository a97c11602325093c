"""Prompt templates of judges other than RRM: Jinja2, and of it only what keeps prefixes shared.

A template is text with the slots `{{ question }}`, `{{ answer_1 }}`, `{{ answer_2 }}`, first met
in this order, and `{{ reference }}`, if one likes within `{% if reference %}`. Nothing else is
allowed: so nothing that varies stands before the second answer, and no template runs long. A line
`---` before the first slot ends the system message; without one there is none.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from rrm_queue.errors import UsageFault
from rrm_queue.judging.protected import protected_parts

LONGEST = 100_000
"""Characters of a template at most: it travels with every batch."""

DEEPEST = 20
"""Conditions within each other at most; Jinja2 and Python cannot compile many more."""

_SYSTEM_ENDS = re.compile(r"^---[ \t]*\r?\n", re.M)
_MARK = re.compile(r"\{[{%#]")


class Slots(NamedTuple):
    """The texts that a template is filled with; an absent reference is empty."""

    question: str
    answer_1: str
    answer_2: str
    reference: str = ""


_ORDERED = ("question", "answer_1", "answer_2")
_environment = SandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
)


class CompiledTemplate:
    """A checked template, ready to be filled; `protected` is what no text in it may forge."""

    def __init__(self, source: str) -> None:
        self.protected = protected_parts(source)
        self._system, user = _split(source)
        self._user = _environment.from_string(user)

    def render(self, slots: Slots) -> tuple[str, str]:
        """The system message, empty where there is none, and the user's.

        The texts are put in as they are: what looks like a template in them is not read as one.
        """
        return self._system, self._user.render(slots._asdict())


@lru_cache(maxsize=32)
def compiled(source: str) -> CompiledTemplate:
    """The template of `source`. Raises UsageFault when it is none."""
    check_template(source)
    return CompiledTemplate(source)


def check_template(source: str) -> None:
    """Raises UsageFault, with the line where there is one, unless a judge can be asked with it."""
    if len(source) > LONGEST:
        raise UsageFault(f"the template is longer than {LONGEST} characters")
    met = list(dict.fromkeys(name for name in _shown(source) if name in _ORDERED))
    for slot in _ORDERED:
        if slot not in met:
            raise UsageFault(f"the template has no slot {{{{ {slot} }}}}")
    if tuple(met) != _ORDERED:
        raise UsageFault(
            "the template's slots must come as question, answer_1, answer_2, so that prompts "
            f"share what stands before the second answer, not as {', '.join(met)}"
        )


def wants_reference(source: str) -> bool:
    """Whether the template shows a reference for every prompt, also for one that has none."""
    return "reference" in _shown(source)


def _shown(source: str) -> list[str]:
    """The slots as they come, but those on condition. Raises UsageFault for anything else."""
    try:
        template = _environment.parse(source)
    except TemplateSyntaxError as error:
        raise UsageFault(f"the template's line {error.lineno}: {error.message}") from error
    except RecursionError:
        raise UsageFault(_TOO_DEEP) from None
    return [name for node in template.body for name in _slots(node, DEEPEST)]


_TOO_DEEP = f"the template nests too deep: at most {DEEPEST} conditions within each other"


def _slots(node: nodes.Node, depth: int) -> list[str]:
    """The slots of a part, which may hold conditions within each other up to `depth`."""
    match node:
        case nodes.TemplateData():
            return []
        case nodes.Output():
            return [name for part in node.nodes for name in _slots(part, depth)]
        case nodes.Name(name=name) if name in Slots._fields:
            return [name]
        case nodes.If(test=nodes.Name(name="reference"), elif_=[], else_=[]):
            if depth == 0:
                raise UsageFault(_TOO_DEEP)
            if {name for part in node.body for name in _slots(part, depth - 1)} <= {"reference"}:
                return []
    slots = ", ".join(f"{{{{ {slot} }}}}" for slot in Slots._fields)
    raise UsageFault(
        f"the template's line {node.lineno}: a template may contain only text, {slots}, "
        "and {% if reference %} around text and {{ reference }}"
    )


def _split(source: str) -> tuple[str, str]:
    """The system message, which is plain text, and the source of the user's."""
    ends = _SYSTEM_ENDS.search(source)
    if ends is None or _MARK.search(source, 0, ends.start()):
        return "", source
    return source[: ends.start()].removesuffix("\n"), source[ends.end() :]
