"""Prices as users write them, and what jobs have cost so far."""

import re
from datetime import UTC, datetime
from math import isfinite

from rrm_queue.domain import Price, Spent
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.views.jobs import JobView

SPELLING = "IN,OUT[,CACHED] or gpu:PRICE[@N]"
"""How a price is written: of a million tokens, or of an hour of each of N GPUs."""

_GPU = re.compile(r"gpu:([^@]+)(?:@(\d{1,6}))?", re.I)


def parse_price(text: str) -> Price:
    """The price that is written so. Raises UsageFault."""
    if gpu := _GPU.fullmatch(text.strip()):
        gpus = int(gpu[2] or 1)
        hour = _amount(gpu[1], text)
        if not gpus or not hour:
            raise _wrong(text)
        return Price(gpu_hour=hour, gpus=gpus)
    amounts = [_amount(part, text) for part in text.split(",")]
    if len(amounts) not in {2, 3}:
        raise _wrong(text)
    prompt, completion, *cached = amounts
    return Price(prompt, completion, cached[0] if cached else None)


def checked_limit(most: float | None, price: Price | None) -> float | None:
    """The most that a job may cost. Raises UsageFault unless it is above 0 and there is a price."""
    if most is None:
        return None
    if not isfinite(most) or most <= 0:
        raise UsageFault(Message(Option("max_cost"), f" must be above 0, not {most:g}"))
    if price is None:
        raise UsageFault(Message(Option("max_cost"), " needs a ", Option("price")))
    return most


def cost_of(view: JobView, now: datetime | None = None) -> float | None:
    """What the job has cost so far, in the unit of its price; None without a price."""
    if view.price is None:
        return None
    began = view.started_at
    ended = view.finished_at or now or datetime.now(UTC)
    seconds = max(0.0, (ended - began).total_seconds()) if began else 0.0
    tokens = (view.prompt_tokens, view.cached_tokens, view.completion_tokens)
    return view.price.of(Spent(*tokens, seconds))


def amount(cost: float) -> str:
    """A cost in a few digits, such as `12.30` or `0.00417`."""
    return f"{cost:,.2f}" if cost >= 1 or not cost else f"{cost:.3g}"


def cost_words(view: JobView, now: datetime) -> str | None:
    """What the job has cost, at which price, and the most that it may; None without a price."""
    cost = cost_of(view, now)
    if cost is None:
        return None
    most = f" of at most {amount(view.max_cost)}" if view.max_cost is not None else ""
    return f"{amount(cost)}{most}, at {view.price}"


def _amount(text: str, whole: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _wrong(whole) from None
    if not isfinite(value) or value < 0:
        raise _wrong(whole)
    return value


def _wrong(text: str) -> UsageFault:
    return UsageFault(Message(Option("price"), f" is {SPELLING}, not {text!r}"))
