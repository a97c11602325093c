"""The judges that can be named: kinds of judge with a model, and judges that a TOML file describes.

A file is given by its path, or found by its name: in the folder `judges` where the command runs, in
the folder `judges` under the home of rrmq, and among those that come with rrmq.
"""

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files as package_files
from pathlib import Path
from typing import NamedTuple, TypedDict

from msgspec import structs

from rrm_queue.domain import JudgeSpec
from rrm_queue.errors import UsageFault
from rrm_queue.judging.judge_file import LARGEST, JudgeFile, judge_with, read_judge_file
from rrm_queue.judging.kinds import KINDS, NAMES, USAGE, is_kind, kind_of
from rrm_queue.judging.spec import parse_spec
from rrm_queue.text import did_you_mean

ENDING = ".toml"
FOLDER = "judges"
BUILT_IN = "built in"

_NAME = re.compile(r"\w[\w.-]*")


class JudgeFiles(NamedTuple):
    """Where judges' files are looked for; `by_path`: whether a user may also give a path."""

    folders: tuple[Path, ...] = ()
    by_path: bool = False


BUILT_IN_ONLY = JudgeFiles()


def local_files(home: Path) -> JudgeFiles:
    """The files that a user of this machine may name; `home` is rrmq's."""
    return JudgeFiles((Path(FOLDER), home.expanduser() / FOLDER), by_path=True)


def served_files(home: Path) -> JudgeFiles:
    """The files that a user elsewhere may name: no path of this machine."""
    return JudgeFiles((home.expanduser() / FOLDER,))


class JudgeShape(TypedDict):
    """A judge that has a name, as `rrmq judges --json` prints it; null where it is not said.

    `source` is its file, or says that it is built in. `error` is why its file cannot be used.
    """

    name: str
    dialect: str | None
    model: str | None
    thinks: bool | None
    source: str
    about: str | None
    error: str | None


class _Source(NamedTuple):
    """A judge's file: what it is called, where it is, and its text."""

    name: str
    where: str
    text: str
    folder: Path | None = None


def judge_named(text: str, *, base_url: str, files: JudgeFiles = BUILT_IN_ONLY) -> JudgeSpec:
    """The judge named `KIND[:ARGUMENT]`, `NAME[@MODEL]` or `PATH.toml[@MODEL]`.

    `base_url` is where judges with an endpoint are asked. Of the same name the judge in `files`
    goes before the one that comes with rrmq. Raises UsageFault.
    """
    head, _, model = (text, "", "") if text.endswith(ENDING) else text.partition("@")
    if not head.endswith(ENDING) and (":" in head or is_kind(head)):
        return parse_spec(text, base_url=base_url, folder=Path.cwd())
    by_path = files.by_path and head.endswith(ENDING)
    source = _given(Path(head)) if by_path else _found(head, files.folders)
    try:
        file = _with_texts(read_judge_file(source.text, source.name), source.folder)
        return judge_with(_model(file, model, base_url), file)
    except UsageFault as fault:
        raise UsageFault(f"judge {source.where}: {fault.detail}") from fault


def listed(folders: Sequence[Path]) -> list[JudgeShape]:
    """All judges that have a name, in the order in which a name is looked up."""
    shapes = {
        name: JudgeShape(
            name=name,
            dialect=kind.dialect,
            model=f"{kind.name}:{name}",
            thinks=None,
            source=BUILT_IN,
            about="a reward reasoning model with its own prompt",
            error=None,
        )
        for kind in KINDS.values()
        for name in kind.short_names
    }
    for source in _all(folders):
        shapes.setdefault(source.name, _shape(source))
    return list(shapes.values())


def read_text(path: Path, what: str) -> str:
    """A text that an option or a judge's file names. Raises UsageFault when it cannot be read."""
    try:
        with path.open(encoding="utf-8") as opened:
            text = opened.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageFault(f"{what} cannot be read: {error}") from error
    if len(text) > LARGEST:
        raise UsageFault(f"{what} is longer than {LARGEST:,} characters")
    return text


def _given(path: Path) -> _Source:
    return _Source(path.stem, str(path), read_text(path, f"judge {path}"), path.parent)


def _found(name: str, folders: Sequence[Path]) -> _Source:
    if _NAME.fullmatch(name):
        for folder in folders:
            path = folder / f"{name}{ENDING}"
            if path.is_file():
                return _given(path)
    known = {source.name: source for source in _built_in()}
    if name in known:
        return known[name]
    names = dict.fromkeys(source.name for source in _all(folders))
    meant = did_you_mean(name, [*names, *NAMES])
    raise UsageFault(
        f"unknown judge {name!r}{meant or ';'} choose one of {', '.join(USAGE)}, a file "
        f"PATH{ENDING}, or with a model, as in NAME@openai:MODEL, one of {', '.join(names)}"
    )


def _all(folders: Sequence[Path]) -> Iterator[_Source]:
    for folder in folders:
        for path in sorted(folder.glob(f"*{ENDING}")):
            try:
                yield _given(path)
            except UsageFault:
                continue  # it cannot be read, so it has no name
    yield from _built_in()


def _built_in() -> Iterator[_Source]:
    folder = package_files("rrm_queue") / "judging" / FOLDER
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(ENDING):
            name = entry.name.removesuffix(ENDING)
            yield _Source(name, f"{name} ({BUILT_IN})", entry.read_text(encoding="utf-8"))


def _with_texts(file: JudgeFile, folder: Path | None) -> JudgeFile:
    """The file with the texts that lie beside it."""
    for key in ("template", "criteria"):
        beside = getattr(file, f"{key}_file")
        if beside and folder is None:
            raise UsageFault(f"`{key}_file` needs a file beside it")
        if beside and folder is not None:
            text = read_text(folder / beside, f"`{key}_file`")
            file = structs.replace(file, **{key: text})
    return file


def _model(file: JudgeFile, given: str, base_url: str) -> JudgeSpec:
    """The judge that gives the text; `given` stands behind the file's name."""
    name = given or file.model
    if not name:
        raise UsageFault(f"it names no model; write {file.name}@openai:MODEL")
    spec = parse_spec(name, base_url=base_url, folder=Path.cwd())
    if not kind_of(spec).writes:
        raise UsageFault(f"its model {name} writes no text")
    return spec


def _shape(source: _Source) -> JudgeShape:
    try:
        file, error = read_judge_file(source.text, source.name), None
    except UsageFault as fault:
        file, error = JudgeFile(), fault.detail
    where = BUILT_IN if source.folder is None else source.where
    return JudgeShape(
        name=source.name,
        dialect=file.dialect or None,
        model=file.model or None,
        thinks=file.thinks,
        source=where,
        about=file.about or None,
        error=error,
    )
