"""A judge of one's own, as one TOML file: its prompt, its dialect, how it is sampled.

`docs/judges.md` describes the keys. Reading files is the caller's part: here is only text.
"""

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import structs

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import UsageFault
from rrm_queue.judging.spec import (
    with_criteria,
    with_dialect,
    with_extra,
    with_logprobs,
    with_sampling,
    with_template,
    with_thinking,
)

LARGEST = 1_000_000  # bytes
LONGEST_NAME = 100


class JudgeFile(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a judge's file, all of them optional.

    `about` says in a line what the judge is. `model` is the judge that gives the text, such as
    `openai:MODEL`. `template_file` and `criteria_file` lie beside the file and stand for
    `template` and `criteria`. `system` is the system message before the template. `sampling`,
    `extra` and `logprobs` are what the options of these names are.
    """

    name: str = ""
    about: str = ""
    model: str = ""
    dialect: str = ""
    thinks: bool | None = None
    system: str = ""
    template: str = ""
    template_file: str = ""
    criteria: str = ""
    criteria_file: str = ""
    sampling: dict[str, str | int | float] = {}
    extra: dict[str, Any] = {}
    logprobs: bool = False


def read_judge_file(text: str, name: str) -> JudgeFile:
    """The judge in the text of a file; `name` is what it is called unless it says so itself.

    Raises UsageFault for text that is not TOML, an unknown key or a value of a wrong type.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageFault(f"it is not TOML: {error}") from None
    except RecursionError:
        raise UsageFault("it is not TOML: it nests too deep") from None
    for key in values:
        if key not in JudgeFile.__struct_fields__:
            raise UsageFault(f"unknown key `{key}`{did_you_mean(key, JudgeFile.__struct_fields__)}")
    try:
        read = msgspec.convert({"name": name} | values, JudgeFile)
    except msgspec.ValidationError as error:
        raise UsageFault(str(error).replace("`$.", "`")) from None
    _check(read)
    return read


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that names the known word that is most like this one; empty where none is."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def judge_with(spec: JudgeSpec, file: JudgeFile) -> JudgeSpec:
    """The judge `spec`, asked and read as the file says; its texts have been read into it.

    Raises UsageFault for settings that the judge cannot have.
    """
    spec = structs.replace(spec, name=file.name)
    spec = with_sampling(spec, {key: str(value) for key, value in file.sampling.items()})
    spec = with_extra(spec, file.extra)
    spec = with_logprobs(spec) if file.logprobs else spec
    if file.template:
        spec = with_template(spec, _whole_template(file))
    if file.dialect:
        spec = with_dialect(spec, file.dialect)
    if file.thinks is not None:
        spec = with_thinking(spec, file.thinks)
    return with_criteria(spec, file.criteria) if file.criteria else spec


def _check(file: JudgeFile) -> None:
    if not file.name.isprintable() or not 0 < len(file.name) <= LONGEST_NAME:
        raise UsageFault(f"`name` is printable text of 1 to {LONGEST_NAME} characters")
    for key in ("template", "criteria"):
        values: dict[str, Any] = structs.asdict(file)
        if values[key] and values[f"{key}_file"]:
            raise UsageFault(f"`{key}` and `{key}_file` are both given; keep one")
    if not (file.template or file.template_file):
        if file.system:
            raise UsageFault("`system` goes with a `template`: RRM's prompt has its own")
    elif file.system and any(mark in file.system for mark in ("{{", "{%", "{#")):
        raise UsageFault("`system` is plain text: the slots belong into `template`")
    if "---" in map(str.rstrip, file.system.splitlines()):
        raise UsageFault("`system` has a line `---`, which ends the system message: leave it out")


def _whole_template(file: JudgeFile) -> str:
    """The template behind the system message, as a template's file has them."""
    return f"{file.system.rstrip()}\n---\n{file.template}" if file.system else file.template
