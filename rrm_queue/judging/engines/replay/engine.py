"""The `replay:FILE` judge: verdicts recorded before, one JSON object a line.

A line is `{"tournament", "first", "second", "winner", "no_verdict"?}`: ids as strings, winner null
for a draw, or for no verdict where `no_verdict` says why there was none. `first` is the answer that
was shown first: a pair that is recorded in both orders answers in each by its own line, one that
is recorded in one order answers in both by that.
"""

import asyncio
from pathlib import Path
from time import perf_counter

import msgspec

from rrm_queue.domain import NoVerdict, Verdict, Vote
from rrm_queue.errors import BadInput, PermanentFault, Problem
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.single_flight import SingleFlightCache
from rrm_queue.judging.vote_request import VoteRequest


class RecordedVerdict(msgspec.Struct, frozen=True):
    """One line of a recording."""

    tournament: str
    first: str
    second: str
    winner: str | None
    no_verdict: NoVerdict | None = None


_decoder = msgspec.json.Decoder(RecordedVerdict)

Shown = tuple[str, str, str]
"""A tournament's id and two candidates' ids, in the order in which they were shown."""

Said = str | NoVerdict | None
"""The winner's id, why there was no verdict, or None for a draw."""

Recording = dict[Shown, Said]


def read_recording(path: Path) -> Recording:
    """What was recorded for every pair.

    Raises BadInput with the first bad line, or for the whole file when it cannot be read.
    """
    recording: Recording = {}
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    _add(recording, line, number)
    except Problem as problem:
        raise BadInput(str(path), [problem]) from problem
    except OSError as error:
        raise BadInput(str(path), [Problem(error.strerror or "cannot be read")]) from error
    return recording


def check_file(file: str) -> None:
    """Raises BadInput unless the file is a recording; called when a job is submitted."""
    read_recording(Path(file))


def open_engine(_: EngineSettings) -> "ReplayEngine":
    """The engine on a machine with these settings."""
    return ReplayEngine()


class ReplayEngine:
    """Looks each pair up; a file is read once as long as it does not change."""

    caps_itself = False

    def __init__(self) -> None:
        self._recordings: SingleFlightCache[tuple[str, int, int], Recording] = SingleFlightCache(
            capacity=4
        )

    async def vote(self, request: VoteRequest) -> Vote:
        """The recorded verdict. Raises PermanentFault when the pair or the file is missing."""
        began = perf_counter()
        recording = await self._recording(request.judge.argument)
        said = _said(recording, request)
        no_verdict = said if isinstance(said, NoVerdict) else None
        return Vote(
            number=request.number,
            verdict=Verdict.NONE if no_verdict else _verdict(said, request),
            no_verdict=no_verdict,
            swapped=request.swapped,
            seed=request.seed,
            model=str(request.judge),
            seconds=perf_counter() - began,
        )

    async def close(self) -> None:
        """Nothing is held open."""

    async def _recording(self, file: str) -> Recording:
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


def _add(recording: Recording, line: bytes, number: int) -> None:
    """Adds a line's verdict; raises Problem when it is no verdict or contradicts an earlier one."""
    try:
        recorded = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(str(error), number) from error
    if recorded.winner not in {recorded.first, recorded.second, None}:
        raise Problem(f"the winner {recorded.winner!r} is neither `first` nor `second`", number)
    if recorded.winner is not None and recorded.no_verdict is not None:
        raise Problem("a line has a winner or a reason for `no_verdict`, not both", number)
    said = recorded.winner if recorded.no_verdict is None else recorded.no_verdict
    shown = (recorded.tournament, recorded.first, recorded.second)
    if recording.setdefault(shown, said) != said:
        raise Problem("an earlier line gives this pair, in this order, another winner", number)


def _said(recording: Recording, request: VoteRequest) -> Said:
    """What was recorded for the pair in the requested order, or else in the other order."""
    tournament, one, two = request.tournament, request.one.key, request.two.key
    for shown in ((tournament, one, two), (tournament, two, one)):
        if shown in recording:
            return recording[shown]
    raise PermanentFault(f"no recorded verdict for {' / '.join((tournament, *sorted((one, two))))}")


def _verdict(winner: str | None, request: VoteRequest) -> Verdict:
    if winner is None:
        return Verdict.TIE
    return Verdict.FIRST if winner == request.one.key else Verdict.SECOND
