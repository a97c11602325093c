"""The errors that a user may see.

The first line of a class's docstring is the first sentence of its message. `TransientFault` and
`PermanentFault` are separate branches: only the first is worth another try.
"""

import re
from collections.abc import Callable
from typing import NamedTuple, Self


class Option(NamedTuple):
    """An option that a message names, perhaps with a value; each face spells it in its own way."""

    name: str
    value: str | None = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value!r}"


Spelling = Callable[[Option], str]
"""How a face writes an option."""


class Message(str):
    """A text that names options: as it stands in Python's spelling, by `spelled` in another.

    Made of texts and options, such as `Message(Option("order", "both"), " takes an even number")`.
    """

    _parts: tuple[str | Option, ...]

    def __new__(cls, *parts: str | Option) -> Self:
        """The text of all parts together."""
        made = super().__new__(cls, "".join(map(str, parts)))
        made._parts = parts
        return made

    def spelled(self, spelling: Spelling) -> str:
        """The text with every option as `spelling` writes it."""
        return "".join(spelling(part) if isinstance(part, Option) else part for part in self._parts)


def spelled(text: str, spelling: Spelling) -> str:
    """`text`, which may be a Message, with every option as `spelling` writes it."""
    return text.spelled(spelling) if isinstance(text, Message) else text


class RrmqError(Exception):
    """Something went wrong."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(detail)

    def __str__(self) -> str:
        return self.spelled(str)

    def spelled(self, spelling: Spelling) -> str:
        """The message with every option as `spelling` writes it."""
        headline = (type(self).__doc__ or "").split("\n", 1)[0].rstrip(".")
        return f"{headline}: {spelled(self.detail, spelling)}" if self.detail else headline


MOST_PROBLEMS = 20
"""Reading stops after so many problems: a wrong file shows that soon."""

_VARYING = re.compile(r"\d+|'[^']*'")
"""What may differ in the reasons of two problems of the same kind."""


class BadInput(RrmqError):
    """The input cannot be used.

    `problems` holds a line number (None: the whole file) and a reason for each bad line.
    """

    def __init__(self, source: str, problems: list["Problem"]) -> None:
        self.source = source
        self.problems = problems
        super().__init__(source)

    def spelled(self, spelling: Spelling) -> str:
        """A line for each kind of problem: one in full, and the numbers of the other lines."""
        kinds: dict[tuple[str, str], list[Problem]] = {}
        for problem in self.problems:
            kind = _VARYING.sub("", spelled(problem.reason, spelling))
            kinds.setdefault((problem.source or self.source, kind), []).append(problem)
        said = [
            f"{source}{alike[0].spelled(spelling)}{_others(alike[1:])}"
            for (source, _), alike in kinds.items()
        ]
        if len(self.problems) >= MOST_PROBLEMS:
            said.append(f"reading stopped after {len(self.problems)} bad lines")
        return "\n".join(said)


class Problem(Exception):
    """What is wrong with one line of the input, or with all of it when `line` is None.

    `source` names the file where the input has several.
    """

    def __init__(self, reason: str, line: int | None = None, source: str | None = None) -> None:
        self.reason = reason
        self.line = line
        self.source = source
        super().__init__(reason)

    def __str__(self) -> str:
        return self.spelled(str)

    def spelled(self, spelling: Spelling) -> str:
        """Where the problem is, and its reason with every option as `spelling` writes it."""
        reason = spelled(self.reason, spelling)
        return f": {reason}" if self.line is None else f":{self.line}: {reason}"


def _others(problems: list[Problem]) -> str:
    """How many more lines have the same problem, and which."""
    if not problems:
        return ""
    numbers = ", ".join(str(problem.line) for problem in problems if problem.line is not None)
    lines = "1 more line" if len(problems) == 1 else f"{len(problems)} more lines"
    return f" ({lines} like it: {numbers})" if numbers else f" ({lines} like it)"


class InputTooLarge(RrmqError):
    """The input is too large."""


class UsageFault(RrmqError):
    """The command cannot be carried out as it was given."""


class JobNotFound(RrmqError):
    """No such job."""


class Conflict(UsageFault):
    """The command does not fit the state of what it is for."""


class Overloaded(RrmqError):
    """Too much is asked at once.

    `retry_after` is how many seconds to wait before the next try.
    """

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(detail)


class JobHeld(Overloaded):
    """The job is held, and nothing of it is judged."""


class JobNotOpen(Conflict):
    """The job takes no more tournaments."""

    def __init__(self, job: str) -> None:
        super().__init__(f"job {job} takes no more tournaments: it is not open")


class TournamentNotFound(RrmqError):
    """No such tournament."""


class MatchNotFound(RrmqError):
    """No such match."""


class LeaseNotFound(RrmqError):
    """No such lease of a match."""


class StillRunning(RrmqError):
    """The job has not ended in the time given."""


class CohortRefused(StillRunning):
    """The cohort was not whole in the time given, and is not judged."""


class JobFailed(RrmqError):
    """The job ended without what was asked of it."""


class RewardMissing(RrmqError):
    """An answer has no reward, and the trainer takes numbers only."""


class StoreUnavailable(RrmqError):
    """The database does not answer."""


class SchemaMismatch(RrmqError):
    """The database's tables do not fit this version of rrmq."""


class BrokerUnavailable(RrmqError):
    """The broker does not answer."""


class BrokerRefused(BrokerUnavailable):
    """The broker refuses access."""


class BrokerFull(BrokerUnavailable):
    """The broker is out of memory."""


class StackFault(RrmqError):
    """The local stack cannot be started."""


class StackStopped(StackFault):
    """The local stack was stopped."""


class EngineFault(RrmqError):
    """The engine is not running."""


class MessageRefused(RrmqError):
    """A message has a version that this process cannot read."""


class ForeignJob(RrmqError):
    """The job belongs to another version of rrmq."""


class JudgeFault(RrmqError):
    """The judge gave no answer."""


class TransientFault(JudgeFault):
    """The judge failed to answer.

    Another try may succeed; it counts as an attempt.
    """


class JudgeUnreachable(TransientFault):
    """The judge could not be reached."""


class JudgeBusy(TransientFault):
    """The judge asks to wait.

    It limits its callers or has too much to do, and waiting uses up no attempt. `retry_after` is
    how many seconds it asks for, 0 where it does not say.
    """

    def __init__(self, detail: str = "", *, retry_after: float = 0.0) -> None:
        self.retry_after = retry_after
        super().__init__(detail)


class PermanentFault(JudgeFault):
    """The judge cannot decide this match."""


class MatchRefused(PermanentFault):
    """The judge refuses this match.

    It is too long, or its texts are filtered; another match may fare better.
    """


class RequestRejected(MatchRefused):
    """The judge rejects the request."""


class PromptFiltered(MatchRefused):
    """The judge's content filter turned the prompt away."""


class JudgeRefused(PermanentFault):
    """The judge refuses the job."""


class UnknownVersion(MessageRefused):
    """A message has a version that this process does not know."""
