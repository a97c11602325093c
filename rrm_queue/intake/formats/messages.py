"""Turns prompts and answers that are chat messages into text.

A message is `{role, content}` as in the chat templates of Hugging Face and the API of OpenAI, or
ShareGPT's `{from, value}`. The content is text, a list of parts, or Arena-Hard's `{answer}`. One
message may stand without a list around it. Tool calls are written out (see `tool_calls.py`).
"""

from collections.abc import Sequence
from typing import TypeGuard

from rrm_queue.errors import Problem
from rrm_queue.intake.formats.fields import MISSING, Row, is_absent, is_text, kind, text
from rrm_queue.intake.formats.tool_calls import calls_a_tool, tool_calls, written_call

ASSISTANT = "assistant"

_ROLES = {
    "human": "user",
    "gpt": ASSISTANT,
    "chatgpt": ASSISTANT,
    "model": ASSISTANT,
    "bot": ASSISTANT,
    "ai": ASSISTANT,
}
"""ShareGPT's and other names of roles, and what they are called here."""

_LISTS = ("messages", "conversations", "conversation")
"""Keys of an object that holds nothing but a conversation."""


def prose(value: object, place: str) -> str:
    """`value` as text: the text itself, or its messages joined."""
    value = conversation(value)
    return _joined(value, place) if isinstance(value, list) else text(value, place)


def conversation(value: object) -> object:
    """A single message as a list of one, an object around messages as these; else `value`."""
    if not isinstance(value, dict):
        return value
    if is_message(value):
        return [value]
    return next((value[name] for name in _LISTS if isinstance(value.get(name), list)), value)


def is_message(value: object) -> TypeGuard[dict[str, object]]:
    """Whether `value` is a chat message."""
    return isinstance(value, dict) and (
        ("role" in value and "text" not in value) or ("from" in value and "value" in value)
    )


def is_conversation(value: object) -> TypeGuard[list[dict[str, object]]]:
    """Whether `value` is a list of messages rather than a list of texts."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def says_nothing(value: object) -> bool:
    """Whether an answer is null, blank, or a conversation in which the assistant says nothing."""
    value = conversation(value)
    if not is_conversation(value):
        return _is_nothing(value)
    blank = [_is_blank(message) for message in value]
    silent = (empty and not asks(one) for one, empty in zip(value, blank, strict=True))
    return all(blank) or any(silent)


def unspoken(value: object) -> str:
    """The text of an answer that says nothing: white space stays as it is."""
    value = conversation(value)
    if is_conversation(value):
        if len(value) > 1:
            return _turns([(_role(message), _blank_or_said(message)) for message in value])
        value = value[0].get("content", value[0].get("value")) if value else None
    return value if is_text(value) else ""


def asks(message: object) -> bool:
    """Whether a message belongs to a prompt: it is not the assistant's."""
    return isinstance(message, dict) and _role(message) != ASSISTANT


def without_prompt(answers: Sequence[object]) -> tuple[list[object] | None, list[object]]:
    """The messages that all conversations begin with, and what remains of each.

    None and the unchanged answers, when they are not conversations that hold their prompt. Each
    answer keeps at least one message. A conversation that begins with the assistant is an answer.
    """
    conversations = [answer for answer in answers if isinstance(answer, list)]
    if len(conversations) < len(answers) or not all(
        answer and asks(answer[0]) for answer in conversations
    ):
        return None, list(answers)
    shared = 0
    for messages in zip(*(answer[:-1] for answer in conversations), strict=False):
        if any(message != messages[0] for message in messages):
            break
        shared += 1
    return conversations[0][:shared], [answer[shared:] for answer in conversations]


def _joined(messages: Sequence[object], place: str) -> str:
    """The content of a single message; of several, each with its role before it."""
    if not messages:
        raise Problem(f"`{place}` is empty")
    said = [_said(message, f"{place}[{number}]") for number, message in enumerate(messages)]
    return said[0][1] if len(said) == 1 else _turns(said)


def _turns(said: Sequence[tuple[str, str]]) -> str:
    return "\n\n".join(f"{role.capitalize()}: {content}" for role, content in said)


def _said(message: object, place: str) -> tuple[str, str]:
    """A message's role and text."""
    if not isinstance(message, dict):
        raise Problem(f"`{place}` is {kind(message)}, expected a message: `role` and `content`")
    name = "from" if "from" in message and "role" not in message else "role"
    text(message.get(name, MISSING), f"{place}.{name}")
    return _role(message), _text_of(message, place)


def _role(message: Row) -> str:
    role = message.get("role", message.get("from"))
    return _ROLES.get(role.lower(), role) if is_text(role) else ""


def _text_of(message: Row, place: str) -> str:
    """What a message says, with its tool calls; a refusal where it says nothing else."""
    name = "value" if "value" in message and "content" not in message else "content"
    content, calls = message.get(name, MISSING), tool_calls(message, place)
    if calls:
        written = [written_call(call, spot) for call, spot in calls]
        silent = content is MISSING or _says_nothing(content)
        return "\n\n".join([*([] if silent else [_content(content, f"{place}.{name}")]), *written])
    if is_absent(content) and is_text(message.get("refusal")):
        return text(message["refusal"], f"{place}.refusal")
    return _content(content, f"{place}.{name}")


def _content(content: object, place: str) -> str:
    if isinstance(content, dict) and "answer" in content:
        return text(content["answer"], f"{place}.answer")
    if not isinstance(content, list):
        return text(content, place)
    return text(
        "".join(_part(part, f"{place}[{number}]") for number, part in enumerate(content)), place
    )


def _part(part: object, place: str) -> str:
    if not isinstance(part, dict):
        raise Problem(f"`{place}` is {kind(part)}, expected an object with `text`")
    if part.get("type", "text") == "tool_use":
        return written_call(part, place)
    if part.get("type", "text") != "text":
        raise Problem(f"`{place}` is of type {part['type']!r}; only text is judged")
    return text(part.get("text", MISSING), f"{place}.text")


def _is_blank(message: Row) -> bool:
    """Whether a message says nothing and calls no tool."""
    if calls_a_tool(message) or is_text(message.get("refusal")):
        return False
    return _says_nothing(message.get("content", message.get("value", MISSING)))


def _blank_or_said(message: Row) -> str:
    return "" if _is_blank(message) else _text_of(message, _role(message))


def _says_nothing(content: object) -> bool:
    if isinstance(content, dict) and "answer" in content:
        content = content["answer"]
    if not is_conversation(content):
        return _is_nothing(content)
    return all(
        part.get("type", "text") == "text" and _is_nothing(part.get("text", MISSING))
        for part in content
    )


def _is_nothing(value: object) -> bool:
    return value is not MISSING and (is_absent(value) or (is_text(value) and not value.strip()))
