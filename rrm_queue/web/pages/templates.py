"""The templates of the pages, and the variables that every page has."""

from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from rrm_queue import __version__
from rrm_queue.actions.money import amount
from rrm_queue.text import count, magnitude, printable
from rrm_queue.web.access import Right
from rrm_queue.web.pages.assets import address

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types rrmq rrmq-submit",
    )
)
"""The content security policy of every page: nothing inline, and nothing from elsewhere."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    # With `no-referrer` a browser would not say which page sent a form.
    "Referrer-Policy": "same-origin",
}
"""The headers of every page."""


def render(template: str, **variables: Any) -> str:
    """A template's text."""
    return _environment().get_template(template).render(variables)


def whole_page(
    content: str,
    title: str,
    *,
    right: Right,
    current: str,
    path: str = "",
    told: str = "",
) -> str:
    """A whole page around its content, which a template has made.

    `current` is the part of the navigation where it stands. A `path` is the page's own address, by
    which it stays up to date; a page without one stays as it is. `told` says what was done.
    """
    return render(
        "base.html.j2",
        content=Markup(content),  # noqa: S704  # a template made it
        title=title,
        right=right,
        current=current,
        path=path,
        told=told,
    )


def coded(text: str) -> Markup:
    """A sentence of ours, its words in backticks as code and its first letter a capital."""
    parts = [escape(part) for part in printable(text).split("`")]
    if len(parts) % 2 == 0:
        return escape(printable(text))
    marked = "".join(
        f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts)
    )
    return Markup(marked[:1].upper() + marked[1:])  # noqa: S704  # each part is escaped


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("rrm_queue.web"), PackageLoader("rrm_queue.reports")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": lambda value: f"{value:,}",
        "coded": coded,
        "amount": amount,
        "counted": count,
        "magnitude": magnitude,
        "printable": printable,
        "iso": datetime.isoformat,
    }
    environment.globals |= {"asset": address, "version": __version__, "WRITE": Right.WRITE}
    return environment
