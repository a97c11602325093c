"""How the command line spells the options that the rooms below name."""

from rrm_queue.errors import Option

_OTHERWISE = {"mapping": "map", "kind": "as", "ids": "id"}
"""The flags that are not called as the option is."""


def flag(option: Option) -> str:
    """The option as it is typed, such as `--on-no-verdict` or `--order both`."""
    name = _OTHERWISE.get(option.name, option.name).replace("_", "-")
    return f"--{name}" if option.value is None else f"--{name} {option.value}"
