"""The page of the command's verbs and options."""

import re
from collections.abc import Iterator

import click

from rrm_queue.cli.main import VERBS, rrmq

HEAD = """# The command

A job is named by its id or any unique prefix of it. Data goes to stdout, progress and notes to
stderr. Exit codes: 0 success, 1 error, 2 wrong usage, 3 the job ended with failures, 4 `rrmq down`
stopped the local stack while a job was watched, 130 interrupted. `--help` of each verb prints the
same as this page.
"""


def page() -> str:
    """The page."""
    top = click.Context(rrmq, info_name="rrmq", **rrmq.context_settings)
    verbs = [f"| [`rrmq {verb}`](#rrmq-{verb}) | {line} |" for verb, (_, line) in VERBS.items()]
    parts = [HEAD, "\n".join(["| verb | does |", "|---|---|", *verbs])]
    for verb in VERBS:
        command = rrmq.get_command(top, verb)
        assert command is not None  # noqa: S101  # it is one of VERBS
        parts += _described(command, verb, top)
    return "\n\n".join(part.strip("\n") for part in parts)


def _described(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    """A verb's section, and those of the verbs below it."""
    ctx = click.Context(command, info_name=name, parent=parent, **command.context_settings)
    path = ctx.command_path
    yield f"{'#' * (path.count(' ') + 1)} {path}"
    usage = " ".join(piece.strip() for piece in command.collect_usage_pieces(ctx))
    yield f"```\n{path} {usage}\n```"
    yield from _prose(command.help or command.short_help or "")
    options = [
        record
        for parameter in command.get_params(ctx)
        if isinstance(parameter, click.Option)
        and "--help" not in parameter.opts
        and (record := parameter.get_help_record(ctx))
    ]
    if options:
        yield "\n".join(
            ["| option | meaning |", "|---|---|"]
            + [f"| `{_cell(names)}` | {_cell(text)} |" for names, text in options]
        )
    if isinstance(command, click.Group):
        for below in command.list_commands(ctx):
            if found := command.get_command(ctx, below):
                yield from _described(found, below, ctx)


def _prose(text: str) -> Iterator[str]:
    r"""The help's paragraphs; one under \b keeps its lines, as click has it."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in paragraph.strip().splitlines()]
        if lines[0] == "\b":
            yield "\n".join(["```", *lines[1:], "```"])
        else:
            yield " ".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
