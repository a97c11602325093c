"""Prompt templates of judges other than RRM: a small part of Jinja2 that keeps prefixes shared.

A template is text with the slots `{{ question }}`, `{{ answer_1 }}` and `{{ answer_2 }}`. They must
first appear in this order. `{{ reference }}` and `{{ criteria }}` are optional, also within
`{% if reference %}` and `{% if criteria %}`. Nothing else is allowed: so the text before the second
answer is shared, and every template renders fast. A line `---` before the first slot ends the
system message; without it there is no system message.
"""

import re
from functools import lru_cache

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from rrm_queue.errors import UsageFault
from rrm_queue.judging.protected import protected_parts
from rrm_queue.judging.slots import Slots

LONGEST = 100_000
"""The most characters of a template: it is sent with every batch."""

DEEPEST = 20
"""The most conditions within each other. Jinja2 and Python cannot compile many more."""

_SYSTEM_ENDS = re.compile(r"^---[ \t]*\r?\n", re.M)
_MARK = re.compile(r"\{[{%#]")

_ORDERED = ("question", "answer_1", "answer_2")
_OPTIONAL = frozenset({"reference", "criteria"})
_environment = SandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
)


class CompiledTemplate:
    """A checked template. No text that it is filled with may forge its `protected` parts."""

    def __init__(self, source: str) -> None:
        self.protected = protected_parts(source)
        self._system, user = _split(source)
        self._user = _environment.from_string(user)

    def render(self, slots: Slots) -> tuple[str, str]:
        """The system message, empty when there is none, and the user message.

        The texts are inserted as they are. Template syntax in them has no effect.
        """
        return self._system, self._user.render(slots._asdict())


@lru_cache(maxsize=32)
def compiled(source: str) -> CompiledTemplate:
    """The compiled template. Raises UsageFault when `source` is not a valid template."""
    check_template(source)
    return CompiledTemplate(source)


def check_template(source: str) -> None:
    """Raises UsageFault for a template that is not valid; the message names the line if it can."""
    if len(source) > LONGEST:
        raise UsageFault(f"the template is longer than {LONGEST} characters")
    met = list(dict.fromkeys(name for name in _shown(source) if name in _ORDERED))
    for slot in _ORDERED:
        if slot not in met:
            raise UsageFault(f"the template has no slot {{{{ {slot} }}}}")
    if tuple(met) != _ORDERED:
        raise UsageFault(
            f"the template's slots come in the order {', '.join(met)}; they must come in the order "
            "question, answer_1, answer_2, so that prompts share the text before the second answer"
        )


def wants_reference(source: str) -> bool:
    """Whether the template shows a reference for every prompt, also for one that has none."""
    return "reference" in _shown(source)


def wants_criteria(source: str) -> bool:
    """Whether the template shows criteria for every prompt, also for one that has none."""
    return "criteria" in _shown(source)


def takes_criteria(source: str) -> bool:
    """Whether the template has a place for criteria."""
    return any(found.name == "criteria" for found in _parsed(source).find_all(nodes.Name))


def spoken(source: str) -> str:
    """The template's own text, without its slots: what every prompt says."""
    return "".join(found.data for found in _parsed(source).find_all(nodes.TemplateData))


def _shown(source: str) -> list[str]:
    """The slots in order, without those in conditions. Raises UsageFault for other syntax."""
    return [name for node in _parsed(source).body for name in _slots(node, DEEPEST)]


def _parsed(source: str) -> nodes.Template:
    try:
        return _environment.parse(source)
    except TemplateSyntaxError as error:
        raise UsageFault(f"the template's line {error.lineno}: {error.message}") from error
    except RecursionError:
        raise UsageFault(_TOO_DEEP) from None


_TOO_DEEP = f"the template nests too deep: at most {DEEPEST} conditions within each other"


def _slots(node: nodes.Node, depth: int) -> list[str]:
    """The slots of a part. It may hold at most `depth` conditions within each other."""
    match node:
        case nodes.TemplateData():
            return []
        case nodes.Output():
            return [name for part in node.nodes for name in _slots(part, depth)]
        case nodes.Name(name=name) if name in Slots._fields:
            return [name]
        case nodes.If(test=nodes.Name(name=tested), elif_=[], else_=[]) if tested in _OPTIONAL:
            if depth == 0:
                raise UsageFault(_TOO_DEEP)
            inside = {name for part in node.body for name in _slots(part, depth - 1)}
            if inside <= _OPTIONAL:
                return sorted(inside - {tested})
    slots = ", ".join(f"{{{{ {slot} }}}}" for slot in Slots._fields)
    raise UsageFault(
        f"the template's line {node.lineno}: a template may contain only text, {slots}, "
        "and {% if reference %} or {% if criteria %} around text and that slot"
    )


def _split(source: str) -> tuple[str, str]:
    """The system message, which is plain text, and the template of the user message."""
    ends = _SYSTEM_ENDS.search(source)
    if ends is None or _MARK.search(source, 0, ends.start()):
        return "", source
    return source[: ends.start()].removesuffix("\n"), source[ends.end() :]
