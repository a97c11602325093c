"""The judge that a command names: `reference`, `replay:FILE` or `openai:MODEL`."""

from pathlib import PurePath
from urllib.parse import urlsplit

from rrm_queue.errors import UsageFault
from rrm_queue.messages import JudgeSpec

KNOWN = ("reference", "replay:FILE", "openai:MODEL")


def parse_spec(text: str, *, base_url: str, folder: PurePath) -> JudgeSpec:
    """The judge named by `text`.

    `base_url` is where `openai` judges are asked; a replayed file is taken from `folder`, so that a
    worker elsewhere on the machine finds it. Raises UsageFault for anything but a known judge.
    """
    kind, colon, argument = text.strip().partition(":")
    match kind, argument.strip():
        case "reference", "" if not colon:
            return JudgeSpec("reference")
        case "replay", str(file) if file:
            return JudgeSpec("replay", str(folder / file))
        case "openai", str(model) if model:
            return JudgeSpec("openai", model, base_url=_checked(base_url))
        case _:
            raise UsageFault(f"no judge is called {text!r}; there are {', '.join(KNOWN)}")


def needs_reference(spec: JudgeSpec) -> bool:
    """Whether the judge can only decide prompts that come with a reference answer."""
    return spec.kind == "reference"


def _checked(base_url: str) -> str:
    """The address without its last slash; raises UsageFault unless it is http(s) without a key."""
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageFault(f"{base_url!r} is no base URL; it looks like https://host/v1")
    if parts.username or parts.password or parts.query:
        raise UsageFault("the base URL must hold no key or password: it travels with the job")
    return base_url.rstrip("/")
