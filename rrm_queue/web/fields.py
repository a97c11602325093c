"""The options of a submission as fields of a query or a form, made of `SubmitOptions`."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from os import PathLike
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from rrm_queue.actions.request import SubmitOptions, parse_extra, parse_sampling
from rrm_queue.errors import UsageFault
from rrm_queue.estimates import AGREEMENT
from rrm_queue.intake.mapping import parse_mapping

WORDS: Mapping[str, str] = {"map": "mapping", "sampling": "sampling", "extra": "extra"}
"""Fields of words `KEY=VALUE` that may be repeated, with the option that they make."""

SEVERAL = frozenset({"judge"})
"""Options that may be one word or several."""

NAME = "filename"
"""The field that names a body which is no form."""

_HINTS = get_type_hints(SubmitOptions)

FILES = frozenset(
    name
    for name, hint in _HINTS.items()
    if any(get_origin(one) is PathLike for one in get_args(hint))
)
"""Options that are files: a form has them as parts, and no path of the server is ever read."""


def _fields() -> dict[str, Any]:
    """The model's fields: those of `SubmitOptions` that are one word or number."""
    plain = {
        one.name: (_HINTS[one.name], one.default)
        for one in fields(SubmitOptions)
        if one.default is not MISSING and one.name not in (*FILES, *WORDS.values())
    }
    words: dict[str, Any] = {
        name: (list[str], Field(default=[], description="KEY=VALUE")) for name in WORDS
    }
    return {
        **plain,
        **words,
        NAME: (str | None, Field(None, description="What the body is called.")),
    }


if TYPE_CHECKING:
    SubmitFields = BaseModel
else:
    SubmitFields = create_model("SubmitFields", __config__=ConfigDict(extra="forbid"), **_fields())


class EstimateFields(SubmitFields):
    """The options of a submission, and what else its estimate depends on."""

    agreement: float = Field(
        AGREEMENT,
        ge=0.5,
        le=1,
        description="The share of votes that side with the majority of their match.",
    )
    rate: float | None = Field(None, gt=0, description="Votes a second, if not as measured last.")
    gpus: int | None = Field(None, ge=1, description="The GPUs that reach this speed.")


def submit_options(
    query: BaseModel, texts: Mapping[str, Sequence[str]], files: Mapping[str, str]
) -> SubmitOptions:
    """The options that a query and a form give; `files` are the paths of the form's other parts.

    Raises UsageFault for a field that is unknown, or of the wrong kind.
    """
    given = query.model_dump(exclude_unset=True, exclude={NAME, *EstimateFields.__annotations__})
    for name in texts.keys() - FILES:
        several = name in WORDS or (name in SEVERAL and len(texts[name]) > 1)
        given[name] = list(texts[name]) if several else texts[name][-1]
    if unknown := files.keys() - FILES:
        raise UsageFault(f"{', '.join(sorted(unknown))}: no such option takes a file")
    try:
        found = SubmitFields.model_validate(given).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageFault(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    mapping = parse_mapping(found.pop("map", ()))
    sampling = parse_sampling(found.pop("sampling", ()))
    extra = parse_extra(found.pop("extra", ()))
    return SubmitOptions(mapping=mapping, sampling=sampling, extra=extra, **found | dict(files))
