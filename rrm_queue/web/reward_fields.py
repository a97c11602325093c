"""The bodies of requests for rewards; the options of a submission are fields of them too."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from rrm_queue.actions.request import SubmitOptions
from rrm_queue.actions.rewards.asked import RewardRequest
from rrm_queue.actions.rewards.sample_asked import TIMEOUT, SampleRequest
from rrm_queue.errors import UsageFault
from rrm_queue.views.cohorts import Partial
from rrm_queue.views.rewards import RewardFormula, RewardKind
from rrm_queue.web.fields import FILES

WAIT = 300.0
"""Seconds for which a request for rewards is held, unless it says otherwise."""

MOST_WAIT = 3600.0

NOT_OPTIONS = frozenset(
    {*FILES, "name", "format", "mapping", "empty", "new", "seeding", "labels", "ids"}
)
"""Options of a submission that say nothing of how a group is judged."""

_HINTS = get_type_hints(SubmitOptions)

OPTIONS: dict[str, Any] = {
    one.name: (_HINTS[one.name] | None, None)
    for one in fields(SubmitOptions)
    if one.name not in NOT_OPTIONS
}
"""The options that a request may state. Each is left to the job where it is not given."""

if TYPE_CHECKING:
    JudgingFields = BaseModel
else:
    JudgingFields = create_model(
        "JudgingFields", __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **OPTIONS
    )


class AnyRewardFields(JudgingFields):
    """What every request for rewards may say."""

    prompt: str | list[dict[str, Any]] | None = Field(
        None, description="A text, or chat messages `{role, content}`."
    )
    messages: list[dict[str, Any]] | None = Field(None, description="The same as `prompt`.")
    reference: str | int | float | None = Field(None, description="The right answer.")
    criteria: str | list[str] | None = Field(
        None, description="What the answers are judged by, for judges that are shown it."
    )
    job: str | None = Field(None, description="An open job, by its id or its name.")
    kind: RewardKind = RewardKind.BT
    center: bool = Field(False, description="Take the group's mean away.")
    scale: bool = Field(False, description="Divide by the group's standard deviation.")

    def formula(self) -> RewardFormula:
        """How the rewards are computed."""
        return RewardFormula(self.kind, self.center, self.scale)

    def common(self) -> dict[str, Any]:
        """What both kinds of request have. Raises UsageFault for a prompt that is given twice."""
        if (self.prompt is None) == (self.messages is None):
            raise UsageFault("give either prompt or messages")
        given = self.model_dump(include=set(OPTIONS), exclude_unset=True, exclude_none=True)
        return {
            "prompt": self.messages if self.prompt is None else self.prompt,
            "reference": self.reference,
            "criteria": self.criteria,
            "job": self.job,
            "options": given,
            "formula": self.formula(),
        }


class RewardFields(AnyRewardFields):
    """A group that wants rewards."""

    completions: list[Any] = Field(
        description="The answers: texts, lists of chat messages, or objects `{text, gold?}`."
    )
    id: str | int | None = Field(None, description="Names the group; else its content does.")
    wait: float = Field(WAIT, ge=0, le=MOST_WAIT, description="Seconds to wait for the rewards.")

    def request(self) -> RewardRequest:
        """The request, unchecked."""
        name = None if self.id is None else str(self.id)
        return RewardRequest(completions=self.completions, id=name, **self.common())


class RankFields(JudgingFields):
    """Candidates that are to be ranked: a row of a file, and how it is judged."""

    prompt: str | list[dict[str, Any]] = Field(
        description="A text, or chat messages `{role, content}`."
    )
    candidates: list[str | dict[str, Any]] = Field(
        description="The answers: texts, or objects `{text, id?, generator?, gold?}`."
    )
    reference: str | int | float | None = Field(None, description="The right answer.")
    criteria: str | list[str] | None = Field(
        None, description="What the answers are judged by, for judges that are shown it."
    )
    id: str | int | None = Field(None, description="Names the ranking; else its content does.")
    wait: float = Field(WAIT, ge=0, le=MOST_WAIT, description="Seconds to wait for the ranking.")

    def row(self) -> dict[str, Any]:
        """The row, unchecked."""
        names = {"prompt", "candidates", "reference", "criteria", "id"}
        return self.model_dump(include=names, exclude_none=True)

    def options(self) -> dict[str, Any]:
        """The options that are given."""
        return self.model_dump(include=set(OPTIONS), exclude_unset=True, exclude_none=True)


class SampleFields(AnyRewardFields):
    """One answer of a cohort."""

    group: str | int | None = Field(
        None,
        description="Names the cohort: the same for all of its answers. Without it, it is the next "
        "one of this prompt.",
    )
    size: int = Field(description="How many answers the cohort has.")
    index: int | None = Field(None, description="The answer's place, from 0.")
    completion: Any = Field(description="A text, chat messages, or an object `{text, gold?}`.")
    timeout: float = Field(TIMEOUT, description="Seconds until the deadline.")
    partial: Partial = Partial.REFUSE

    def request(self) -> SampleRequest:
        """The request, unchecked."""
        return SampleRequest(
            group=None if self.group is None else str(self.group),
            size=self.size,
            index=self.index,
            completion=self.completion,
            timeout=self.timeout,
            partial=self.partial,
            **self.common(),
        )
