"""The page, part by part, so that a report of any number of tournaments is never held in memory.

The page is one file: it holds its styles and its script, and loads nothing. Its content security
policy allows only this style and this script, by their digests. A text that was taken for markup by
mistake could still do nothing.
"""

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from rrm_queue.reports.brackets import ROW, WIDTH, picture
from rrm_queue.reports.cards import cards
from rrm_queue.reports.contents import Report, Tournament
from rrm_queue.reports.embedded import embedded
from rrm_queue.reports.figures import board_figure, findings_figure, labels_table
from rrm_queue.reports.payload import payload
from rrm_queue.text import beginning, count, magnitude, printable

PREVIEW = 140  # characters of a prompt in the list of tournaments


def page(report: Report) -> Iterator[str]:
    """The page's text; each tournament is read when the page comes to it."""
    template = _environment().get_template
    style, script = parts_style() + _part("report.css"), _part("report.js")
    head = template("head.html.j2")
    yield head.render(
        policy=policy(style, script),
        style=Markup(style),  # noqa: S704  # our own file
        report=report,
        summary=report.summary,
        cards=cards(report.summary, report.board, report.judge),
        board=board_figure(report.board),
        judge=findings_figure(report.judge),
        labels=labels_table(report.judge.diagnosis.labels),
        priced=report.priced,
    )
    tournament = template("tournament.html.j2")
    for number, held in enumerate(report.tournaments, start=1):
        yield tournament.render(_tournament(number, held))
    foot = template("foot.html.j2")
    yield foot.render(summary=report.summary, script=Markup(script))  # noqa: S704  # likewise


def parts_style() -> str:
    """The styles of the parts that the report and the pages of `rrmq serve` share."""
    return _part("parts.css")


def policy(style: str, script: str) -> str:
    """The content security policy of a page with this style and this script."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_digest(style)}",
            f"script-src {_digest(script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _tournament(number: int, held: Tournament) -> dict[str, Any]:
    """The variables of the tournament's template."""
    view = held.view
    done = [match for match in held.matches if match.done]
    ranks = [answer.standing.rank for answer in held.answers if answer.standing]
    marks = {
        "failed": held.failed,
        "tied": ranks.count(1) > 1,
        "split votes": any(match.split for match in done),
        "coin or draw": any(match.judged_winner is None for match in done),
        "unfinished": view.champion is None and not held.failed,
    }
    return {
        "number": number,
        "line": held.line,
        "cost": held.cost,
        "key": printable(view.key),
        "error": printable(view.error) if view.error else None,
        "coins": any(match.by_coin for match in held.matches),
        "preview": beginning(held.prompt or "", PREVIEW),
        "marks": [mark for mark, applies in marks.items() if applies],
        "picture": picture(held),
        "box_width": WIDTH,
        "row": ROW,
        "data": embedded(payload(held)),
    }


def _digest(part: str) -> str:
    return f"'sha256-{b64encode(sha256(part.encode()).digest()).decode()}'"


@cache
def _part(name: str) -> str:
    """One of the room's own files, as it stands in the page."""
    return (files("rrm_queue.reports") / "templates" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": lambda value: f"{value:,}",
        "counted": count,
        "magnitude": magnitude,
        "printable": printable,
    }
    return environment
