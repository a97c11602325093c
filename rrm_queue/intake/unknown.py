"""What to say about a file whose rows have no known format, or not the one that is expected."""

import json
from collections.abc import Iterator, Mapping

from rrm_queue.errors import Message, Option
from rrm_queue.intake.formats import recognised
from rrm_queue.intake.formats.base import Format
from rrm_queue.intake.formats.fields import Row
from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.intake.formats.prompts import question_column
from rrm_queue.intake.json_objects import inner_rows
from rrm_queue.intake.mapping import renamed, shown_keys
from rrm_queue.text import printable

REMEDY = (
    Option("mapping", "KEY=COLUMN"),
    " (such as `prompt` and `candidates`, or `prompt`, `chosen` and `rejected`)",
)
"""What to do about rows of no known format; the keys are those that most files mean."""


def unknown_format(row: Row, mapping: Mapping[str, str]) -> str:
    """The message about a row of no known format, with the mapping that would help if one shows."""
    if rows := inner_rows(row):
        return f"the line holds {len(rows)} rows; write each on a line of its own with {_jq(row)}"
    unknown = f"no known format has the keys {shown_keys(row)}; rename them with "
    parts: list[str | Option] = [unknown]
    for key, column in _guessed(row, mapping).items():
        parts += [Option("mapping", f"{key}={printable(column)}"), " "]
    return Message(*parts, *(["or with "] if len(parts) > 1 else []), *REMEDY)


def unfit(known: Format, before: Format | None, labels: LabelNumbers) -> str | None:
    """Why a file of a known format cannot be read with what the user chose and gave before."""
    if before is not None and known is not before and not (known.joins and before.joins):
        held = f"the file holds {known.title}, but the file before it holds {before.title}"
        return f"{held}; submit them separately"
    if labels is not LabelNumbers.NONE and not known.labels:
        no_numbers = f": no label of {known.title} can be a number"
        return Message(Option("labels", labels.value), no_numbers)
    return None


def _jq(row: Row) -> str:
    """The program for jq that writes the rows inside an object on lines."""
    name = next((key for key, value in row.items() if isinstance(value, list)), None)
    return "jq -c '.[]'" if name is None else f"jq -c '.[{json.dumps(name)}][]'"


def _guessed(row: Row, mapping: Mapping[str, str]) -> dict[str, str]:
    """A mapping that would make this a known row; empty if none shows in the columns' names."""
    pair = next(_pairs_of_columns(row), None)
    answers = dict(zip(("response_a", "response_b"), pair or (), strict=False))
    column = question_column({key: row[key] for key in row if key not in answers.values()})
    guess = {**({"prompt": column} if column else {}), **answers}
    new = {key: name for key, name in guess.items() if key not in mapping and key not in row}
    return new if new and recognised(renamed(row, {**mapping, **new})) is not None else {}


def _pairs_of_columns(row: Row) -> Iterator[tuple[str, str]]:
    """Columns whose names differ in their ends only, such as `answer_1` and `answer_2`."""
    for name in row:
        for one, other in ("ab", "AB", "12"):
            if name.endswith(one) and name[:-1] + other in row:
                yield name, name[:-1] + other
