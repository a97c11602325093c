"""`rrmq completion`: the script that completes verbs, options and their choices in a shell."""

import os
from pathlib import PurePath

import click
from click.shell_completion import get_completion_class

from rrm_queue.errors import UsageFault

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_RRMQ_COMPLETE"
"""The variable by which a shell asks `rrmq` for completions; click requires this name."""


@click.command("completion")
@click.argument("shell", metavar="[bash|zsh|fish]", type=click.Choice(SHELLS), required=False)
def command(shell: str | None) -> None:
    """Print the completion script for a shell; by default for the one that you use.

    For bash and zsh put `eval "$(rrmq completion)"` into ~/.bashrc or ~/.zshrc; for fish
    `rrmq completion fish > ~/.config/fish/completions/rrmq.fish`.
    """
    name = shell or PurePath(os.environ.get("SHELL", "")).name
    kind = get_completion_class(name) if name in SHELLS else None
    if kind is None:
        raise UsageFault(f"name the shell: {', '.join(SHELLS)}")
    root = click.get_current_context().find_root()
    click.echo(kind(root.command, {}, "rrmq", VARIABLE).source())
