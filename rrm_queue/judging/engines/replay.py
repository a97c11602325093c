"""The `replay:FILE` judge: verdicts recorded before, one JSON object a line.

A line is `{"tournament", "first", "second", "winner"}`: ids as strings, winner null for a draw.
"""

import asyncio
from pathlib import Path
from time import perf_counter

import msgspec

from rrm_queue.domain import Verdict
from rrm_queue.errors import BadInput, PermanentFault, Problem
from rrm_queue.judging.ask import Ask
from rrm_queue.judging.engines.shared import Shared
from rrm_queue.messages import Vote


class RecordedVerdict(msgspec.Struct, frozen=True):
    """One line of a recording."""

    tournament: str
    first: str
    second: str
    winner: str | None


_decoder = msgspec.json.Decoder(RecordedVerdict)

Pair = tuple[str, str, str]
"""A tournament's id and two candidates' ids, these in alphabetical order."""


def read_recording(path: Path) -> dict[Pair, str | None]:
    """The winner of every recorded pair, None for a draw.

    Raises BadInput with the first bad line, or for the whole file when it cannot be read.
    """
    winners: dict[Pair, str | None] = {}
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    _add(winners, line, number)
    except Problem as problem:
        raise BadInput(str(path), [problem]) from problem
    except OSError as error:
        raise BadInput(str(path), [Problem(error.strerror or "cannot be read")]) from error
    return winners


def check_file(file: str) -> None:
    """Raises BadInput unless the file is a recording, before a job is built on it."""
    read_recording(Path(file))


class ReplayEngine:
    """Looks each pair up, in either order; a file is read once as long as it does not change."""

    caps_itself = False

    def __init__(self) -> None:
        self._recordings: Shared[tuple[str, int, int], dict[Pair, str | None]] = Shared(capacity=4)

    async def ask(self, ask: Ask) -> Vote:
        """The recorded verdict. Raises PermanentFault for a pair or a file that is not there."""
        began = perf_counter()
        recording = await self._recording(ask.judge.argument)
        pair = _pair(ask.tournament, ask.one.key, ask.two.key)
        if pair not in recording:
            raise PermanentFault(f"no recorded verdict for {' / '.join(pair)}")
        return Vote(
            number=ask.number,
            verdict=_verdict(recording[pair], ask),
            swapped=ask.swapped,
            seed=ask.seed,
            model=str(ask.judge),
            seconds=perf_counter() - began,
        )

    async def close(self) -> None:
        """Nothing is held open."""

    async def _recording(self, file: str) -> dict[Pair, str | None]:
        path = Path(file)
        try:
            state = path.stat()
            return await self._recordings.get(
                (file, state.st_mtime_ns, state.st_size),
                lambda: asyncio.to_thread(read_recording, path),
            )
        except OSError as error:
            raise PermanentFault(f"{file}: {error.strerror}") from error
        except BadInput as error:
            raise PermanentFault(str(error)) from error


def _add(winners: dict[Pair, str | None], line: bytes, number: int) -> None:
    """Adds a line's verdict; raises Problem when it is no verdict or contradicts an earlier one."""
    try:
        recorded = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(str(error), number) from error
    if recorded.winner not in {recorded.first, recorded.second, None}:
        raise Problem(f"the winner {recorded.winner!r} is neither of the pair", number)
    pair = _pair(recorded.tournament, recorded.first, recorded.second)
    if winners.setdefault(pair, recorded.winner) != recorded.winner:
        raise Problem("this pair is recorded before with another winner", number)


def _pair(tournament: str, one: str, two: str) -> Pair:
    return (tournament, one, two) if one <= two else (tournament, two, one)


def _verdict(winner: str | None, ask: Ask) -> Verdict:
    if winner is None:
        return Verdict.TIE
    return Verdict.FIRST if winner == ask.one.key else Verdict.SECOND
