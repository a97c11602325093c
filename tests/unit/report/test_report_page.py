"""The page holds what it is given as text, whatever that says."""

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.examples import examples
from kit.report_samples import HOSTILE, report, tournament

from rrm_queue.reports import page
from rrm_queue.reports.contents import Tournament
from rrm_queue.reports.embedded import embedded
from rrm_queue.text import printable

VOID = {"meta", "link", "input", "line", "circle", "path", "rect"}


class Reader(HTMLParser):
    """An HTML page as a parser sees it: its elements, and what stands in its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tags: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self._within = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.tags.append(tag)
        self._within = tag
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag == "style":
            self.styles.append("")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "script":
            about, text = self.scripts[-1]
            self.scripts[-1] = about, text + data
        elif self._within == "style":
            self.styles[-1] += data

    def attribute(self, tag: str, name: str, **having: str) -> str:
        """The attribute of the one element of this kind."""
        [found] = [
            about[name]
            for held, about in self.elements
            if held == tag and all(about.get(k) == v for k, v in having.items())
        ]
        assert found is not None
        return found


def read(text: str) -> Reader:
    return Reader("".join(page(report(text))))


def test_hostile_texts_make_no_element_and_no_attribute() -> None:
    hostile, tame = read(HOSTILE), read("text")
    assert hostile.tags == tame.tags
    assert [set(about) for _, about in hostile.elements] == [
        set(about) for _, about in tame.elements
    ]
    assert not any(name.startswith("on") for _, about in hostile.elements for name in about)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@examples(0.6)
def test_no_text_changes_what_elements_there_are(text: str) -> None:
    # An empty name has no preview, and so on: those elements are left out on purpose.
    text = f"x{text}"
    assert read(text).tags == read("x").tags


def test_the_data_of_a_tournament_is_what_it_was() -> None:
    held = [json.loads(text) for about, text in read(HOSTILE).scripts if about]
    assert len(held) == 2
    for one in held:
        assert one["key"] == one["names"][1] == printable(HOSTILE)
        assert one["prompt"] == HOSTILE
        assert one["answers"][0]["text"] == one["matches"][0]["cast"][0]["text"] == HOSTILE


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_embedded_data_cannot_end_its_element_and_comes_back(value: object) -> None:
    written = embedded(value)
    assert not set(written) & set("<>&'\u2028\u2029")
    assert json.loads(written) == value


def test_the_policy_lets_only_the_page_s_own_script_and_style_work() -> None:
    found = read(HOSTILE)
    policy = found.attribute("meta", "content", **{"http-equiv": "Content-Security-Policy"})
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    [script] = [text for about, text in found.scripts if not about]
    [style] = found.styles
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == digest(script)
    assert rules["style-src"] == digest(style)
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    assert "unsafe" not in policy
    assert not any("style" in about for _, about in found.elements)


def digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_the_page_loads_nothing_and_its_links_stay_within_it() -> None:
    found = read("text")
    for tag, about in found.elements:
        assert "src" not in about
        target = about.get("href")
        assert target is None or target.startswith("#") or (tag, target) == ("link", "data:,")
    [style] = found.styles
    assert not re.search(r"url\(|@import", style)


def test_ids_are_unique_and_every_part_that_is_linked_is_there() -> None:
    found = read(HOSTILE)
    ids = Counter(about["id"] for _, about in found.elements if "id" in about)
    assert set(ids.values()) == {1}
    links = [about["href"] for tag, about in found.elements if tag == "a"]
    for link in links:
        assert link is not None
        assert link[1:].partition("-")[0] in ids
    labelled = [
        about[name]
        for _, about in found.elements
        for name in ("aria-labelledby", "for")
        if name in about and about.get("id") != "count"
    ]
    assert set(labelled) <= set(ids)


def test_elements_are_closed_in_the_order_in_which_they_were_opened() -> None:
    opened: list[str] = []
    for tag in read(HOSTILE).tags:
        if not tag.startswith("/"):
            if tag not in VOID:
                opened.append(tag)
        elif tag[1:] not in VOID:
            assert opened.pop() == tag[1:]
    assert opened == []


def test_a_tournament_is_read_when_the_page_comes_to_it() -> None:
    read_so_far = 0

    def tournaments() -> Iterator[Tournament]:
        nonlocal read_so_far
        for _ in range(5):
            read_so_far += 1
            yield tournament()

    given_ = report()
    object.__setattr__(given_, "tournaments", tournaments())
    for part, _ in enumerate(page(given_)):
        assert read_so_far <= part + 1
    assert read_so_far == 5


@pytest.mark.parametrize("tournaments", [(), (tournament(),)])
def test_few_tournaments_make_a_page_too(tournaments: tuple[Tournament, ...]) -> None:
    found = Reader("".join(page(report(tournaments=tournaments))))
    assert found.tags.count("details") == len(tournaments)
    assert "unscripted" in {about.get("id") for _, about in found.elements}
