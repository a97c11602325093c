"""A job in a few words: warnings, results, settings and costs."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import NamedTuple

from rrm_queue import __version__
from rrm_queue.actions.formatting import cache_share, elapsed, moment, spelled_stop
from rrm_queue.actions.leaderboard import lead_words
from rrm_queue.actions.money import cost_words
from rrm_queue.diagnostics.diagnosis import Diagnosis
from rrm_queue.diagnostics.reading import Level
from rrm_queue.domain import JobState, JudgeSpec
from rrm_queue.judging.kinds import kind_of
from rrm_queue.ratings.leaderboard import Leaderboard
from rrm_queue.reports.contents import Fact, Summary
from rrm_queue.text import count, magnitude, percent, printable
from rrm_queue.views.jobs import Costs, JobView
from rrm_queue.views.tournaments import Gold, SelectedTournaments, TournamentError

SHORTEST = 0.05  # seconds of judging that are worth a line; rule-based judges take none


class Findings(NamedTuple):
    """What a summary tells; `board` is None where the file names no generators."""

    board: Leaderboard | None
    diagnosis: Diagnosis
    gold: Gold | None
    costs: Costs
    error: TournamentError | None


def summary_of(view: JobView, found: Findings, now: datetime) -> Summary:
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
    """The judge; a file is named without its folders."""
    if judge.jury:
        return " + ".join(map(judge_name, judge.jury))
    name = file_name(judge.argument) if kind_of(judge).argument_is_file else judge.argument
    return printable(f"{judge.kind}:{name}" if name else judge.kind)


def file_name(source: str) -> str:
    """A file's name without its folders, which the readers of a report need not know."""
    return PurePath(source).name or source


def _warnings(view: JobView, error: TournamentError | None) -> Iterator[str]:
    if not view.state.ended:
        yield f"The job is {view.state}. These are its figures so far; they will change."
    if view.state is JobState.CANCELLED:
        yield "The job was cancelled. These are the figures of what was finished before."
    if view.note:
        yield f"It was paused: {printable(view.note)}"
    if error is not None:
        first = f"{printable(error.tournament)}: {printable(error.error)}"
        yield f"{count(view.tournaments_failed, 'tournament')} failed. The first one: {first}"


def _sentences(view: JobView, found: Findings) -> Iterator[str]:
    if view.tournaments_done == view.tournaments:
        yield f"{_all(view.tournaments)} a result."
    else:
        yield (
            f"{view.tournaments_done:,} of {count(view.tournaments, 'tournament')} "
            f"{'has' if view.tournaments_done == 1 else 'have'} a result."
        )
    if found.board is not None and len(found.board.rows) > 1:
        yield f"{lead_words(found.board)}."
    if found.gold is not None:
        gold = found.gold
        yield (
            "The answers that the judge picks, one for each prompt as in the export best, have a "
            f"mean gold score of {gold.champions:.3g}. The mean of all answers is "
            f"{gold.answers:.3g}, that of the best answer to each prompt {gold.best:.3g} "
            f"({count(gold.tournaments, 'tournament')})."
        )
    if found.diagnosis.labels:
        held = found.diagnosis.labels[0].accuracy
        if held.n:
            yield (
                f"The judge agrees with {percent(held.estimate)} % of {held.n:,} labels "
                f"({percent(held.low)} to {percent(held.high)} %)."
            )
    yield from _trust(found.diagnosis)


def _all(tournaments: int) -> str:
    return "The one tournament has" if tournaments == 1 else f"All {tournaments:,} tournaments have"


def _trust(diagnosis: Diagnosis) -> Iterator[str]:
    """How far the judge can be trusted; the serious figures with what they mean."""
    findings = diagnosis.judge.findings
    whole = [finding for finding in findings if ":" not in finding.name]  # without rates by reason
    worries = [finding for finding in whole if finding.level is Level.WORRY]
    for worry in worries:
        yield f"A problem of the judge is its {worry.title}: {worry.words}."
    if looks := [finding.title for finding in whole if finding.level is Level.LOOK]:
        yield f"These figures of the judge are worth a look: {', '.join(looks)}."
    elif not worries and any(finding.level is Level.FINE for finding in findings):
        yield "No figure of the judge is a problem."
    elif not worries:
        yield "There is too little data to tell how far the judge can be trusted."


def _facts(view: JobView) -> Iterator[Fact]:
    voting = view.voting
    yield Fact("file", printable(file_name(view.source)))
    yield Fact("tournaments", f"{view.tournaments:,}, {count(view.candidates, 'candidate')}")
    yield Fact("strategy", f"{view.strategy}, seed {view.seed}")
    yield Fact("judge", judge_name(view.judge))
    yield Fact(
        "votes a match", f"{voting.votes}, order {voting.order}, stop {spelled_stop(voting)}"
    )
    done = f"{view.matches_done:,} decided"
    failed = f", {view.matches_failed:,} failed" if view.matches_failed else ""
    yield Fact("matches", done + failed)
    yield Fact("submitted", moment(view.created_at))
    yield Fact("version", f"rrmq {__version__}")


def _cost(view: JobView, costs: Costs, now: datetime) -> Iterator[Fact]:
    reused = f", {view.votes_reused:,} of them reused" if view.votes_reused else ""
    yield Fact("votes", f"{view.votes:,}{reused}")
    yield from _tokens(view)
    if cost := cost_words(view, now):
        yield Fact("cost", cost)
    if view.started_at is not None:
        yield Fact("wall time", str(elapsed(view, now)))
    yield from _trouble(costs)


def _tokens(view: JobView) -> Iterator[Fact]:
    if view.prompt_tokens or view.completion_tokens:
        share = view.cached_tokens / view.prompt_tokens if view.prompt_tokens else 0.0
        cached = f", {share:.1%} from the cache" if view.cached_tokens else ""
        yield Fact("prompt tokens", magnitude(view.prompt_tokens) + cached)
        a_vote = f", {view.completion_tokens / view.votes:,.0f} a vote" if view.votes else ""
        yield Fact("completion tokens", magnitude(view.completion_tokens) + a_vote)
        reached = cache_share(view)
        if reached is not None:
            yield Fact("cached of what can be cached", f"{reached:.1%}")


def _trouble(costs: Costs) -> Iterator[Fact]:
    if costs.seconds >= SHORTEST:
        yield Fact("judging, sum over votes", _duration(costs.seconds))
    if costs.resampled:
        yield Fact("resampled", f"{count(costs.resampled, 'sample')} without a verdict")
    if costs.given_back:
        yield Fact("retried", f"{count(costs.given_back, 'attempt')} at a match without an outcome")
    if costs.neutralised:
        texts = "saw a text with control tokens or forged headings, made harmless"
        yield Fact("neutralised", f"{count(costs.neutralised, 'vote')} {texts}")


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return str(timedelta(seconds=round(seconds)))


def selection_words(view: JobView, selected: SelectedTournaments, *, texts: bool) -> str:
    """Which of the job's tournaments a report shows, and how to see the others."""
    without = "" if texts else " without prompts, answers and reasoning"
    shown = len(selected.ids)
    if not shown:
        return f"This file shows none of them. rrmq votes {view.id} TOURNAMENT shows any of them."
    if shown == view.tournaments:
        return f"All {view.tournaments:,}{without}." if shown > 1 else f"The only one{without}."
    if selected.failed:
        spread = f"{selected.failed:,} that failed; the others are spread evenly over the file"
    else:
        spread = "spread evenly over the file"
    return (
        f"{shown:,} of {view.tournaments:,}{without}: {spread}. "
        f"rrmq votes {view.id} TOURNAMENT shows any of them."
    )
