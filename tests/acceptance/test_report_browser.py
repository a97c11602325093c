"""A report as its readers see it: in Chromium, by hand and eye, with candidates that attack it."""

import json
import os
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kit.browser import CHROMIUM, FLAGS
from kit.jobs import received, submit_file
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId, Verdict, Vote
from rrm_queue.judging.voting import wave
from rrm_queue.local.stack import Addresses
from rrm_queue.messages import MatchReport
from rrm_queue.store.database import Database

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium"
)

WIDTHS = [360, 800, 1440]

OWN = "window.owned = true"
HOSTILE = (
    f"</script><script>{OWN}</script><img src=x onerror='{OWN}'><svg onload='{OWN}'></svg>"
    "<!--<script></style></details></main></body><style>*{display:none!important}</style>"
    f"<iframe srcdoc=\"<script>parent.{OWN}</script>\"></iframe><a href='javascript:{OWN}'>x</a>"
    "<base href='http://evil.example/'><meta http-equiv=refresh content='0;url=http://evil.example'>"
    "\u2028\u2029\u202e{{ 7*7 }}${7*7}"
)
"""What tries to run a script, to leave, to hide the page or to break out of its place."""

WIDE = "W" * 3000
ARABIC = "الجواب هو اثنان وأربعون"
"""A word wider than any page, and a text from right to left."""


@dataclass(frozen=True)
class Written:
    """A report on disk, and the job that it is of."""

    path: Path
    job: JobId


def rows() -> list[dict[str, Any]]:
    """Prompts whose every text is a danger to a page, beside plain ones."""
    plain = [
        {
            "id": f"plain-{number}", "prompt": f"What is {number} and {number}?",
            "candidates": [
                {"id": f"a{i}", "text": f"It is {i}. " + "More follows. " * (300 if i == 1 else 1),
                 "generator": f"model {i}"}
                for i in range(size)
            ],
        }
        for number, size in enumerate([8, 70, 3])
    ]  # fmt: skip
    evil = [
        {
            "id": HOSTILE[:200] if name == "evil" else name, "prompt": f"{name} {danger}",
            "candidates": [
                {"id": f"{danger[:99]}{i}", "text": f"{danger} {i}", "generator": f"{danger}{i}"}
                for i in range(4)
            ],
        }
        for name, danger in (("evil", HOSTILE), ("wide", WIDE), ("arabic", ARABIC * 20))
    ]  # fmt: skip
    return plain + evil


def judged(database: Database, broker: BrokerClient) -> None:
    """Plays everything; the later candidate wins by two votes to one, with reasons that attack."""

    def votes(match: Any, voting: Any) -> list[Vote]:
        cast: list[Vote] = []
        while numbers := wave(cast, voting):
            for number in numbers:
                swapped = number % 2 == 0
                second = number != 1
                verdict = Verdict.SECOND if second != swapped else Verdict.FIRST
                reason = f"needle-{match.first}-{match.second} {HOSTILE} {WIDE}"
                cast.append(Vote(number, verdict, swapped, text=reason, model=HOSTILE))
        return cast

    while dispatch(database, broker):
        for batch in list(received(broker)):
            reports = [MatchReport(m.match, votes(m, batch.voting)) for m in batch.matches]
            record(database, batch.outcomes("test", reports))


@pytest.fixture
def written(
    database: Database, broker: BrokerClient, servers: Addresses, tmp_path: Path
) -> Written:
    file = b"".join(json.dumps(row).encode() + b"\n" for row in rows())
    job = submit_file(database, file, name=HOSTILE, reference=False, voting={"votes": 3})
    judged(database, broker)
    path = tmp_path / "report.html"
    result = CliRunner().invoke(
        main,
        ["report", job, "-o", str(path)],
        env={"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url},
        standalone_mode=False,
    )
    assert result.exception is None, result.exception
    return Written(path, job)


Opened = Callable[..., Page]


@pytest.fixture
def opened(written: Written, tmp_path: Path) -> Iterator[Opened]:
    """Opens the report, or another file, in a Chromium with a profile of its own.

    A report that asks for anything but the file itself, says anything on the console or has an
    error fails the test.
    """
    complaints: list[str] = []
    contexts: list[BrowserContext] = []
    with sync_playwright() as playwright:

        def open_page(width: int = 1440, path: Path | None = None, **options: Any) -> Page:
            context = playwright.chromium.launch_persistent_context(
                tmp_path / f"profile{len(contexts)}",
                executable_path=CHROMIUM,
                args=FLAGS,
                viewport={"width": width, "height": 900},
                **options,
            )
            contexts.append(context)
            page = context.new_page()
            if path is not None:
                page.goto(path.as_uri())
                return page
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "request",
                lambda request: (
                    complaints.append(request.url)
                    if urllib.parse.unquote(request.url) != written.path.as_uri()
                    else None
                ),
            )
            page.goto(written.path.as_uri())
            return page

        yield open_page
        for context in contexts:
            context.close()
    assert complaints == []


def tournament(page: Page, begins: str) -> Any:
    return page.locator("details.tournament").filter(has=page.locator(".key", has_text=begins))


def open_all(page: Page, key: str) -> None:
    """Opens a tournament, its first answer, and its first match with the two answers."""
    held = tournament(page, key)
    held.locator("summary").first.click()
    held.locator(".answers details > summary").first.click()
    match = held.locator(".matches details.match").first
    match.locator("summary").first.click()
    match.locator(".both > summary").click()
    expect(match.locator(".pane .text").first).to_be_visible()
    expect(match.locator(".vote")).to_have_count(3)


def test_searching_finds_ids_prompts_answers_and_reasoning(opened: Opened) -> None:
    page = opened()
    shown = page.locator("details.tournament:not([hidden])")
    search, told = page.get_by_label("Search"), page.locator("#count")
    expect(told).to_have_text("6 of 6 tournaments")
    for words, found in (
        ("plain-1", 1),
        ("WHAT is 2 and", 3),
        ("It is 69", 1),
        ("needle-0-1", None),
        ("model 2 follows", 3),
        ("الجواب", 1),
        ("nobody ever wrote this", 0),
    ):
        search.fill(words)
        search.press("Enter")  # at once, so that what is told is not that of the words before
        if found is None:
            expect(told).not_to_have_text("0 of 6 tournaments")
        else:
            expect(told).to_have_text(f"{found} of 6 tournaments")
            expect(shown).to_have_count(found)
    expect(page.get_by_text("No tournament in this file matches.")).to_be_visible()
    search.fill("")
    expect(shown).to_have_count(6)
    page.get_by_label("Show").select_option("split votes")
    expect(shown).to_have_count(6)


def test_a_tournament_opens_to_answers_votes_and_reasoning(opened: Opened) -> None:
    page = opened()
    held = tournament(page, "plain-0")
    held.locator("summary").first.click()
    expect(held.locator(".prompt .text")).to_have_text("What is 0 and 0?")
    answers = held.locator(".answers details.answer")
    expect(answers).to_have_count(8)
    expect(answers.first).to_contain_text("model 7")
    long = answers.filter(has_text="model 1").first
    long.locator("summary").click()
    expect(long.locator(".text")).to_contain_text("It is 1.")
    shorter = len(long.locator(".text").inner_text())
    long.get_by_role("button", name="show all").click()
    assert len(long.locator(".text").inner_text()) > 2 * shorter
    matches = held.locator(".matches details.match")
    expect(matches).to_have_count(7)
    matches.first.locator("summary").first.click()
    votes = matches.first.locator(".vote")
    expect(votes).to_have_count(3)
    expect(votes.first).to_contain_text("shown first")
    votes.first.get_by_role("button", name="show all").click()
    expect(votes.first.locator(".text")).to_contain_text("needle-")


def test_a_box_of_the_bracket_opens_its_match_by_mouse_and_by_key(opened: Opened) -> None:
    page = opened()
    held = tournament(page, "plain-1")  # of 70: its bracket scrolls in a place of its own
    held.locator("summary").first.click()
    box = held.locator("svg a").last
    box.click()
    expect(held.locator("details.match[open]")).to_have_count(1)
    expect(page.locator(":focus")).to_contain_text("7.0")
    held.locator("svg a").first.focus()
    page.keyboard.press("Enter")
    expect(held.locator("details.match[open]")).to_have_count(2)
    expect(page.locator(":focus")).to_contain_text("1.")


def test_the_keyboard_alone_opens_everything(opened: Opened) -> None:
    page = opened()
    tournament(page, "plain-2").locator("summary").first.focus()
    page.keyboard.press("Enter")
    answer = tournament(page, "plain-2").locator(".answers summary").first
    expect(answer).to_be_visible()
    answer.focus()
    page.keyboard.press("Space")
    expect(tournament(page, "plain-2").locator(".answers .text")).to_contain_text("It is ")


@pytest.mark.parametrize("key", ["<", "wide", "arabic"])
def test_a_hostile_tournament_runs_nothing_and_is_shown_as_it_is(
    opened: Opened, written: Written, key: str
) -> None:
    page = opened()
    open_all(page, key)
    assert page.evaluate("window.owned") is None
    assert page.url == written.path.as_uri()
    assert page.locator("iframe, img, base, object, embed").count() == 0
    assert page.locator("meta[http-equiv=refresh]").count() == 0
    assert page.locator("script:not([type])").count() == 1
    expect(page.locator("#summary")).to_be_visible()
    expect(page.locator("footer")).to_be_visible()
    if key == "<":
        text = tournament(page, key).locator(".answers .text").first
        assert text.evaluate("element => element.textContent").startswith(HOSTILE)
        assert text.evaluate("element => element.children.length") == 0


def test_were_a_text_to_slip_through_as_markup_it_would_still_run_nothing(
    opened: Opened, written: Written, tmp_path: Path
) -> None:
    slipped = tmp_path / "slipped.html"
    markup = HOSTILE[9:].partition("<meta")[0]  # what sends a reader elsewhere no policy stops
    page = written.path.read_text()
    slipped.write_text(page.replace('<section id="cost"', f"{markup}<section id='cost'"))
    found = opened(path=slipped)
    expect(found.locator("img")).to_have_count(1)  # it did slip through
    assert found.evaluate("window.owned") is None
    assert found.evaluate("document.baseURI") == slipped.as_uri()
    assert found.evaluate("getComputedStyle(document.body).display") == "block"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_text_makes_the_page_scroll_sideways(
    opened: Opened, width: int, scheme: str, tmp_path: Path
) -> None:
    page = opened(width, color_scheme=scheme)
    for key in ("<", "wide", "arabic", "plain-1"):
        open_all(page, key)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """width => Array.from(document.querySelectorAll("main *"))
            .filter(element => !element.closest(".scroll, svg"))
            .filter(element => element.getBoundingClientRect().right > width + 1)
            .map(element => element.className || element.tagName)""",
        width,
    )
    assert outside == []
    bracket = tournament(page, "plain-1").locator(".bracket .scroll")
    assert bracket.evaluate("element => element.scrollWidth > element.clientWidth")
    if folder := os.environ.get("RRMQ_PICTURES"):
        page.screenshot(path=Path(folder) / f"hostile-{scheme}-{width}.png", full_page=True)


def test_without_javascript_all_but_the_texts_is_there(opened: Opened) -> None:
    page = opened(java_script_enabled=False)
    expect(page.get_by_text("turn on JavaScript")).to_be_visible()
    expect(page.get_by_role("heading", name="Leaderboard")).to_be_visible()
    expect(page.get_by_role("heading", name="Judge", exact=True)).to_be_visible()
    expect(page.locator("#search")).to_be_hidden()
    tournament(page, "plain-0").locator("summary").first.click()
    expect(tournament(page, "plain-0").locator("svg a")).to_have_count(7)


def test_it_prints(opened: Opened, tmp_path: Path) -> None:
    page = opened()
    page.emulate_media(media="print")
    expect(page.locator("#search")).to_be_hidden()
    expect(page.get_by_role("heading", name="Summary")).to_be_visible()
    expect(tournament(page, "plain-0").locator("summary")).to_be_visible()
    assert page.pdf().startswith(b"%PDF")
