"""`rrmq doctor`: what runs, where, which versions, what is wrong and how to fix it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.doctor import Check, examine, present
from rrm_queue.actions.judge_check import checks_of, try_judge
from rrm_queue.actions.request import SubmitOptions, parse_extra, parse_sampling
from rrm_queue.actions.schemas import json_line
from rrm_queue.actions.settings import read_settings
from rrm_queue.cli import exit_codes
from rrm_queue.cli.options.judge import asking_options, price_option
from rrm_queue.cli.render.tables import checks_table
from rrm_queue.cli.render.terminal import screen
from rrm_queue.errors import UsageFault


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--here",
    metavar="NAME",
    help="Show only whether a process of this machine is at work: `coordinator`, the worker of a"
    " judge, or `any`. A health check for containers; it asks only the broker.",
)
@click.option(
    "--judge",
    metavar="JUDGE",
    help="Try only this judge: send it one comparison from here, and show what came of it. It costs"
    " what one vote costs.",
)
@click.option("--sglang-url", metavar="URL", default="", help="The server of a judge on SGLang.")
@asking_options
@price_option
def command(
    as_json: bool,
    here: str | None,
    judge: str | None,
    sglang_url: str,
    sampling: Sequence[str],
    extra: Sequence[str],
    **given: Any,
) -> int:
    """Show what runs, where, in which versions, what is wrong and how to fix it.

    Starts nothing. The exit code is 0 when all is well, else 1.
    """
    if here is not None:
        well = present(read_settings(), here)
        click.echo(f"{here}: {'at work' if well else 'not at work'} on this machine")
        return exit_codes.OK if well else exit_codes.ERROR
    asked: dict[str, Any] = {
        "sampling": parse_sampling(sampling),
        "extra": parse_extra(extra),
        **given,
    }
    if judge is not None:
        return _try(SubmitOptions(judge=judge, **asked), sglang_url, as_json=as_json)
    if sglang_url or any(asked.values()):
        raise UsageFault("options of a judge go with --judge")
    with App(start=False) as app:
        checks = list(examine(app))
    if as_json:
        listed = [check._asdict() for check in checks]
        click.echo(json_line({"well": _well(checks), "checks": listed}))
        return _code(checks)
    return _print(checks)


def _try(given: SubmitOptions, sglang_url: str, *, as_json: bool) -> int:
    """Tries the judge and shows what came of it."""
    trial = try_judge(read_settings(), given, sglang_url=sglang_url)
    checks = list(checks_of(trial))
    if as_json:
        click.echo(json_line({"well": _well(checks), **asdict(trial)}))
        return _code(checks)
    return _print(checks)


def _print(checks: Sequence[Check]) -> int:
    screen().print(checks_table(checks))
    return _code(checks)


def _well(checks: Iterable[Check]) -> bool:
    return all(check.well for check in checks)


def _code(checks: Iterable[Check]) -> int:
    return exit_codes.OK if _well(checks) else exit_codes.ERROR
