"""Starting and stopping the local stack as a whole."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rrm_queue.actions.app import App
from rrm_queue.errors import UsageFault

if TYPE_CHECKING:
    from rrm_queue.local.stack import LocalStack, Part


def start(app: App) -> "list[Part]":
    """Starts what does not run, and says how each part is. Raises UsageFault and StackFault."""
    stack = _stack(app, "start")
    app.ensure_processes()
    return stack.inspect()


def stop(app: App, say: Callable[[str], None]) -> list[str]:
    """Stops the stack; the names of what ran. Its data stays.

    `say` is called with a line for everything that is waited for. Raises UsageFault and StackFault.
    """
    return _stack(app, "stop").down(say)


def _stack(app: App, action: str) -> "LocalStack":
    if app.stack is None:
        named = "RRMQ_DATABASE_URL and RRMQ_BROKER_URL name real servers"
        raise UsageFault(f"{named}: nothing local to {action}")
    return app.stack
