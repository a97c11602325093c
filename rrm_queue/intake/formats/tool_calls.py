"""Tool calls of a chat message, written out: a judge that does not see them cannot judge them.

Source: OpenAI's chat messages (`tool_calls`, before that `function_call`), which the chat templates
of Hugging Face take as well; there the arguments may be an object.
"""

import json

from rrm_queue.errors import Problem
from rrm_queue.intake.formats.fields import MISSING, Row, is_absent, is_text, kind, listed, text


def calls_a_tool(message: Row) -> bool:
    """Whether a message has calls, right or wrong ones."""
    return any(message.get(key) not in (None, []) for key in ("tool_calls", "function_call"))


def tool_calls(message: Row, place: str) -> list[tuple[object, str]]:
    """The calls of a message, each with its place; their ids are random and say nothing."""
    calls = message.get("tool_calls")
    if is_absent(calls):
        call = message.get("function_call")
        return [] if is_absent(call) else [(call, f"{place}.function_call")]
    return [
        (call, f"{place}.tool_calls[{number}]")
        for number, call in enumerate(listed(calls, f"{place}.tool_calls"))
    ]


def written_call(call: object, place: str) -> str:
    """A call as `Tool call: name(arguments)`, the arguments as JSON."""
    called = call.get("function", call) if isinstance(call, dict) else call
    if not isinstance(called, dict):
        raise Problem(f"`{place}` is {kind(called)}, expected a tool call: `name` and `arguments`")
    given = called.get("arguments", called.get("input"))
    if is_absent(given):
        given = ""
    elif not is_text(given):
        given = json.dumps(given, ensure_ascii=False)
    return f"Tool call: {text(called.get('name', MISSING), f'{place}.name')}({given})"
