"""Files whose text has a form of its own: a separator, an encoding, objects over several lines."""

import pytest
from kit.intake_cases import Read, told
from kit.intake_shapes import problems, reading, tournaments

from rrm_queue.domain import Tournament


def test_a_first_line_of_excel_names_the_separator() -> None:
    content = b'sep=;\r\nprompt;chosen;rejected\r\n"a, b, c";x;y\r\nq;x;\r\n'
    (item, problem) = reading(content)
    assert isinstance(item, Tournament)
    assert told(item) == Read("3", "a, b, c", {"chosen": "x", "rejected": "y"}, ["chosen"])
    assert str(problem).startswith(":4: `rejected` is empty")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf_16_is_read_by_its_mark_and_named_without_one(encoding: str) -> None:
    row = '{"prompt": "Größe? 你好", "candidates": ["梨", "\U0001f350"]}\n'
    marked = ("" if encoding == "utf-16" else "\ufeff") + row * 3000
    found = reading(marked.encode(encoding))
    assert len([item for item in found if isinstance(item, Tournament)]) == 3000
    assert found.description == "rrmq's own format, JSON lines, UTF-16"
    ((_, cut),) = problems(marked.encode(encoding)[:-3])[-1:]
    assert "UTF-16" in cut or "not JSON" in cut
    if encoding != "utf-16":
        ((_, said),) = problems(row.encode(encoding))
        name = encoding.upper().replace("-BE", "BE").replace("-LE", "LE")
        assert said == f"the file is {name}; convert it: iconv -f {name} -t UTF-8"


def test_objects_over_several_lines_are_rows() -> None:
    pretty = b'{\n  "prompt": "p",\n  "candidates": ["x", "y"]\n}\n'
    assert [one.key for one in tournaments(pretty * 3)] == ["1", "2", "3"]
    listed = b'{\n "version": 1,\n "data": [{"prompt": "p", "candidates": ["x", "y"]}]\n}'
    assert len(list(tournaments(listed))) == 1
    (bad,) = problems(pretty + b"{\n  oops")
    assert bad[0] == 2
    assert "not JSON" in bad[1]
    line = b'{"q1": {"prompt": "p"}, "q2": {"prompt": "q"}}'
    assert problems(line)[0][1] == (
        "the line holds 2 rows; write each on a line of its own with jq -c '.[]'"
    )
