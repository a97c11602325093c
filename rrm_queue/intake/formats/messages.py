"""Turns prompts and answers that are chat messages into text.

A message is `{role, content}`. The content is text or a list of `{type: "text", text}` parts, as in
the chat templates of Hugging Face and the API of OpenAI.
"""

from collections.abc import Sequence
from typing import TypeGuard

from rrm_queue.errors import Problem
from rrm_queue.intake.formats.fields import MISSING, is_absent, is_text, kind, text

ASSISTANT = "assistant"


def prose(value: object, place: str) -> str:
    """`value` as text: the text itself, or its messages joined."""
    return _conversation(value, place) if isinstance(value, list) else text(value, place)


def is_conversation(value: object) -> TypeGuard[list[dict[str, object]]]:
    """Whether `value` is a list of messages rather than a list of texts."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def says_nothing(value: object) -> bool:
    """Whether an answer is null, blank, or a list of blank messages."""
    if is_conversation(value):
        return all(_is_blank(message.get("content", MISSING)) for message in value)
    return _is_nothing(value)


def unspoken(value: object) -> str:
    """The text of an answer that says nothing: white space stays as it is."""
    if is_conversation(value) and len(value) == 1:
        value = value[0]["content"]
    return value if is_text(value) else ""


def asks(message: object) -> bool:
    """Whether a message belongs to a prompt: it is not the assistant's."""
    return isinstance(message, dict) and message.get("role") != ASSISTANT


def _conversation(messages: Sequence[object], place: str) -> str:
    """The content of a single message; of several, each with its role before it."""
    if not messages:
        raise Problem(f"`{place}` is empty")
    said = [_message(message, f"{place}[{number}]") for number, message in enumerate(messages)]
    if len(said) == 1:
        return said[0][1]
    return "\n\n".join(f"{role.capitalize()}: {content}" for role, content in said)


def _message(message: object, place: str) -> tuple[str, str]:
    if not isinstance(message, dict):
        raise Problem(f"`{place}` is {kind(message)}, expected a message: `role` and `content`")
    role = text(message.get("role", MISSING), f"{place}.role")
    return role, _content(message.get("content", MISSING), f"{place}.content")


def _content(content: object, place: str) -> str:
    if not isinstance(content, list):
        return text(content, place)
    return text(
        "".join(_part(part, f"{place}[{number}]") for number, part in enumerate(content)), place
    )


def _is_blank(content: object) -> bool:
    if not is_conversation(content):
        return _is_nothing(content)
    return all(
        part.get("type", "text") == "text" and _is_nothing(part.get("text", MISSING))
        for part in content
    )


def _is_nothing(value: object) -> bool:
    return value is not MISSING and (is_absent(value) or (is_text(value) and not value.strip()))


def _part(part: object, place: str) -> str:
    if not isinstance(part, dict):
        raise Problem(f"`{place}` is {kind(part)}, expected an object with `text`")
    if part.get("type", "text") != "text":
        raise Problem(f"`{place}` is of type {part['type']!r}; only text is judged")
    return text(part.get("text", MISSING), f"{place}.text")


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
