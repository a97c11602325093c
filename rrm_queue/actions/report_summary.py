"""A job in a few words: what came out, what a reader must know first, what it took."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import NamedTuple

from rrm_queue import __version__
from rrm_queue.actions.formatting import count, elapsed, magnitude, moment
from rrm_queue.cli.commands.diagnose import Diagnosis
from rrm_queue.diagnostics.reading import Finding, Level
from rrm_queue.domain import JobState, JudgeSpec
from rrm_queue.judging.kinds import kind_of
from rrm_queue.ratings import Leaderboard
from rrm_queue.report.contents import Fact, Summary
from rrm_queue.text import printable
from rrm_queue.views import Costs, Gold, JobView, TournamentError

MOST_LEADERS = 4
"""So many leaders are named; the rest are counted."""


SHORTEST = 0.05  # seconds; judges that write nothing take none


class Outcome(NamedTuple):
    """What a summary is made of. `board` is None where nothing names generators."""

    board: Leaderboard | None
    diagnosis: Diagnosis
    gold: Gold | None
    costs: Costs
    error: TournamentError | None


def summary_of(view: JobView, found: Outcome, now: datetime) -> Summary:
    """The summary of the job as it stands now."""
    return Summary(
        title=printable(view.name or file_name(view.source)),
        job=view.id,
        state=view.state,
        made=f"reported {moment(now)}",
        warnings=tuple(_warnings(view, found.error)),
        sentences=tuple(_sentences(view, found)),
        facts=tuple(_facts(view)),
        cost=tuple(_cost(view, found.costs, now)),
    )


def judge_name(judge: JudgeSpec) -> str:
    """The judge, its file without the folders of the machine that it lies on."""
    name = file_name(judge.argument) if kind_of(judge).argument_is_file else judge.argument
    return printable(f"{judge.kind}:{name}" if name else judge.kind)


def file_name(source: str) -> str:
    """A file without its folders: whoever reads a report need not know them."""
    return PurePath(source).name or source


def _warnings(view: JobView, error: TournamentError | None) -> Iterator[str]:
    if not view.state.ended:
        yield f"The job is {view.state}: these are the figures so far, and they will change."
    if view.state is JobState.CANCELLED:
        yield "The job was cancelled: these are the figures of what was done before."
    if view.note:
        yield f"It was paused: {printable(view.note)}"
    if error is not None:
        first = f"{printable(error.tournament)}: {printable(error.error)}"
        yield f"{count(view.tournaments_failed, 'tournament')} failed. The first is {first}"


def _sentences(view: JobView, found: Outcome) -> Iterator[str]:
    if view.tournaments_done == view.tournaments:
        yield f"{_all(view.tournaments)} a result."
    else:
        yield (
            f"{view.tournaments_done:,} of {count(view.tournaments, 'tournament')} "
            f"{'has' if view.tournaments_done == 1 else 'have'} a result."
        )
    if found.board is not None and found.board.lines:
        yield _leaders(found.board)
    if found.gold is not None:
        gold = found.gold
        yield (
            f"Picked by the judge, the best answers have a mean gold of {gold.champions:.3g}; "
            f"all answers have {gold.answers:.3g}, the truly best of each prompt {gold.best:.3g} "
            f"({count(gold.tournaments, 'tournament')})."
        )
    if found.diagnosis.labels:
        held = found.diagnosis.labels[0].accuracy
        if held.n:
            yield (
                f"The judge agrees with {held.estimate:.1%} of {held.n:,} labels "
                f"({held.low:.1%} to {held.high:.1%})."
            )
    yield from _reading(found.diagnosis)


def _all(tournaments: int) -> str:
    return "The one tournament has" if tournaments == 1 else f"All {tournaments:,} tournaments have"


def _leaders(board: Leaderboard) -> str:
    """Who leads, as far as the intervals can tell."""
    leaders = [printable(line.generator) for line in board.lines if line.best == 1]
    if len(leaders) == 1:
        return f"{leaders[0]} leads {count(len(board.lines) - 1, 'other generator')}."
    named, more = leaders[:MOST_LEADERS], len(leaders) - MOST_LEADERS
    tail = f"{named[-1]}" if more <= 0 else f"{more:,} more"
    names = named[:-1] if more <= 0 else named
    return f"The intervals leave open who leads: {', '.join(names)} and {tail}."


def _reading(diagnosis: Diagnosis) -> Iterator[str]:
    """What the judge's figures come to; those that should worry with what they say."""
    findings = diagnosis.judge.findings
    whole = [finding for finding in findings if ":" not in finding.name]  # none of its parts
    worries = [finding for finding in whole if finding.level is Level.WORRY]
    for worry in worries:
        yield f"The judge's {_named(worry)} should worry: {worry.words}."
    if looks := [_named(finding) for finding in whole if finding.level is Level.LOOK]:
        yield f"Of the judge's figures these are worth a look: {', '.join(looks)}."
    elif not worries and any(finding.level is Level.FINE for finding in findings):
        yield "None of the judge's figures stands out."
    elif not worries:
        yield "There is too little to tell how far the judge can be trusted."


def _named(finding: Finding) -> str:
    return finding.name.replace("_", " ")


def _facts(view: JobView) -> Iterator[Fact]:
    voting = view.voting
    yield Fact("file", printable(file_name(view.source)))
    yield Fact("tournaments", f"{view.tournaments:,}, {count(view.candidates, 'candidate')}")
    yield Fact("strategy", f"{view.strategy}, seed {view.seed}")
    yield Fact("judge", judge_name(view.judge))
    yield Fact("votes a match", f"{voting.votes}, order {voting.order}, stop {voting.stop}")
    done = f"{view.matches_done:,} decided"
    failed = f", {view.matches_failed:,} failed" if view.matches_failed else ""
    yield Fact("matches", done + failed)
    yield Fact("submitted", moment(view.created_at))
    yield Fact("version", f"rrmq {__version__}")


def _cost(view: JobView, costs: Costs, now: datetime) -> Iterator[Fact]:
    reused = f", {view.votes_reused:,} of them paid for before" if view.votes_reused else ""
    yield Fact("votes", f"{view.votes:,}{reused}")
    if view.prompt_tokens or view.completion_tokens:
        share = view.cached_tokens / view.prompt_tokens if view.prompt_tokens else 0.0
        cached = f", {share:.1%} from the cache" if view.cached_tokens else ""
        yield Fact("prompt tokens", magnitude(view.prompt_tokens) + cached)
        a_vote = f", {view.completion_tokens / view.votes:,.0f} a vote" if view.votes else ""
        yield Fact("completion tokens", magnitude(view.completion_tokens) + a_vote)
        if view.shareable_tokens:
            shared = view.shared_tokens / view.shareable_tokens
            yield Fact("of what can be cached", f"{shared:.1%}")
    if view.started_at is not None:
        yield Fact("wall time", str(elapsed(view, now)))
    if costs.seconds >= SHORTEST:
        yield Fact("judging, added up", _duration(costs.seconds))
    if costs.resampled:
        yield Fact("asked again", f"{count(costs.resampled, 'sample')} without a verdict")
    if costs.given_back:
        yield Fact("given back", f"{count(costs.given_back, 'match')} tried again")
    if costs.neutralised:
        texts = "saw a text that would command the judge, made harmless"
        yield Fact("neutralised", f"{count(costs.neutralised, 'vote')} {texts}")


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return str(timedelta(seconds=round(seconds)))


def carried_words(view: JobView, carried: Sequence[int], failed: int, *, texts: bool) -> str:
    """Which of the job's tournaments a report carries, and where the others are."""
    without = "" if texts else " without prompts, answers and reasoning, as asked by --no-texts"
    if not carried:
        return f"None is in this file: rrmq votes {view.id} TOURNAMENT shows any of them."
    if len(carried) == view.tournaments:
        return f"{_all(view.tournaments).removesuffix(' have').removesuffix(' has')}{without}."
    first = f"{failed:,} that failed, the others " if failed else ""
    return (
        f"{len(carried):,} of {view.tournaments:,}{without}: {first}spread evenly over the "
        f"file. rrmq votes {view.id} TOURNAMENT shows any of them."
    )
