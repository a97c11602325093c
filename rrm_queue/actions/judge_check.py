"""Tries a judge: one real comparison is sent to it, and what came of it is told."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rrm_queue.actions.doctor import Check
from rrm_queue.actions.engines import engine_settings
from rrm_queue.actions.judges import local_files
from rrm_queue.actions.money import amount, parse_price
from rrm_queue.actions.request import SubmitOptions, judge_of
from rrm_queue.config import Settings
from rrm_queue.domain import JudgeSpec, Order, Price, Spent, Verdict, Vote, Voting
from rrm_queue.errors import JudgeFault, JudgeRefused, JudgeUnreachable, UsageFault
from rrm_queue.judging.bounds import bounded
from rrm_queue.judging.engines import open_engine
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.kinds import dialect_of, kind_of
from rrm_queue.judging.vote_request import VoteRequest, vote_request
from rrm_queue.messages import Answer
from rrm_queue.text import beginning

QUESTION = "How much is 17 times 23? Answer with the number alone."
RIGHT, WRONG = Answer(0, "right", "391", gold=1.0), Answer(1, "wrong", "401", gold=0.0)
"""The comparison: any judge can read it, and one of the answers is better beyond doubt."""

_SHOWN = 400  # characters of a text


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTrial:
    """What came of the comparison; `error` is None when there was an answer.

    `right`: whether the verdict is for the better answer; None without a verdict. `adapted` says
    what was changed for an endpoint that refused a parameter; empty where nothing was.
    """

    judge: str
    endpoint: str | None
    has_key: bool
    dialect: str
    adapted: str
    reachable: bool = True
    error: str | None = None
    remedy: str | None = None
    model: str = ""
    verdict: str | None = None
    no_verdict: str | None = None
    right: bool | None = None
    text: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None


def try_judge(settings: Settings, given: SubmitOptions, *, sglang_url: str = "") -> JudgeTrial:
    """Sends one comparison, once, to the judge of these options.

    `sglang_url` is the server of a judge on SGLang. Raises UsageFault for options that cannot be,
    and for a judge that has nothing to say to a comparison of ours.
    """
    spec = judge_of(given, settings.openai_base_url, local_files(settings.home))
    if kind_of(spec).argument_is_file:
        raise UsageFault(f"judge {spec} knows the verdicts of its file and no others")
    if kind_of(spec).needs_server and not sglang_url:
        raise UsageFault(f"judge {spec} needs the address of its SGLang server")
    price = None if given.price is None else parse_price(given.price)
    engines = engine_settings(settings, sglang_url=sglang_url)
    try:
        vote = asyncio.run(_ask(spec, engines))
    except JudgeFault as fault:
        return _failed(spec, engines, fault)
    return replace(_answered(spec, engines, bounded(vote)), cost=_cost_of(vote, price))


def checks_of(trial: JudgeTrial) -> Iterator[Check]:
    """What the trial found, one thing after the other."""
    where = f" at {trial.endpoint}" if trial.endpoint else ""
    yield Check("judge", True, f"{trial.judge}{where}")
    if trial.endpoint:
        yield Check("key", True, "set" if trial.has_key else "not set")
    if trial.error is not None:
        yield Check("answer", False, trial.error, trial.remedy)
        return
    yield Check("answer", True, f"by {trial.model}" if trial.model else "given")
    if trial.adapted:
        yield Check("request", True, trial.adapted)
    yield _verdict(trial)
    yield Check("cost", True, _cost(trial))


def _verdict(trial: JudgeTrial) -> Check:
    written = f"; it wrote: {beginning(trial.text, _SHOWN)}" if trial.text else ""
    if trial.no_verdict is not None:
        detail = f"none ({trial.no_verdict}), read as {trial.dialect}{written}"
        return Check("verdict", False, detail, trial.remedy)
    better = {True: "the better answer", False: "the worse answer", None: "a tie"}[trial.right]
    return Check("verdict", True, f"for {better}{written}")


def _cost_of(vote: Vote, price: Price | None) -> float | None:
    tokens = (vote.prompt_tokens, vote.cached_tokens, vote.completion_tokens)
    return None if price is None else price.of(Spent(*tokens, vote.seconds))


def _cost(trial: JudgeTrial) -> str:
    tokens = f"{trial.prompt_tokens:,} prompt tokens ({trial.cached_tokens:,} cached)"
    said = f"{tokens}, {trial.completion_tokens:,} completion tokens, {trial.seconds:.1f} s"
    return said if trial.cost is None else f"{said}, {amount(trial.cost)} at the price given"


async def _ask(spec: JudgeSpec, engines: EngineSettings) -> Vote:
    engine = open_engine(spec, engines)
    try:
        return await engine.vote(_request(spec))
    finally:
        await engine.close()


def _request(spec: JudgeSpec) -> VoteRequest:
    return vote_request(
        tournament="doctor",
        prompt=QUESTION,
        reference=RIGHT.text,
        first=RIGHT,
        second=WRONG,
        number=1,
        judge=spec,
        voting=Voting(order=Order.FIXED),
        seed=0,
        criteria=None,
    )


def _answered(spec: JudgeSpec, engines: EngineSettings, vote: Vote) -> JudgeTrial:
    decided = vote.verdict in (Verdict.FIRST, Verdict.SECOND)
    return replace(
        _trial(spec, engines),
        model=vote.model,
        verdict=None if vote.verdict is Verdict.NONE else vote.verdict.value,
        no_verdict=None if vote.verdict is not Verdict.NONE else str(vote.no_verdict),
        right=vote.verdict is Verdict.FIRST if decided else None,
        remedy=None if vote.verdict is not Verdict.NONE else _REMEDY.get(str(vote.no_verdict)),
        text=vote.text,
        prompt_tokens=vote.prompt_tokens,
        cached_tokens=vote.cached_tokens,
        completion_tokens=vote.completion_tokens,
        seconds=vote.seconds,
    )


def _failed(spec: JudgeSpec, engines: EngineSettings, fault: JudgeFault) -> JudgeTrial:
    trial = _trial(spec, engines)
    reachable = not isinstance(fault, JudgeUnreachable)
    remedy = None if reachable else "start the server, or correct RRMQ_OPENAI_BASE_URL"
    if isinstance(fault, JudgeRefused) and trial.endpoint:
        given = "correct" if trial.has_key else "set"
        remedy = f"{given} RRMQ_OPENAI_API_KEY, or name a model that the endpoint has"
    return replace(trial, reachable=reachable, error=str(fault), remedy=remedy)


def _trial(spec: JudgeSpec, engines: EngineSettings) -> JudgeTrial:
    """A trial of which nothing is known yet."""
    return JudgeTrial(
        judge=str(spec),
        endpoint=spec.base_url or engines.sglang_url or None,
        has_key=bool(engines.openai_key or engines.openai_headers),
        dialect=dialect_of(spec),
        adapted=engines.notes.of(spec),
    )


_REMEDY = {
    "truncated": "give it more tokens (max_tokens), or say that it does not think",
    "no box": "ask for the verdict in the template, or choose the dialect that the judge writes",
    "off the menu": "ask for one of the verdicts of the dialect in the template",
    "empty": "give it more tokens (max_tokens); where its server has a reasoning parser, read "
    "docs/providers.md",
    "unreadable": "see whether RRMQ_OPENAI_BASE_URL ends as its provider says, often in /v1",
}
