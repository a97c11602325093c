"""A real Chromium for tests of pages, with what every page must keep to."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

expect.set_options(timeout=30_000)  # a page rests five times as long as it took to make it


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that is closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Reader:
    """A person at a browser of one server; what a page complains of is kept in `complaints`."""

    def __init__(self, browser: Browser, url: str, token: str, **options: Any) -> None:
        self.url = url
        self.complaints: list[str] = []
        self._context = browser.new_context(**options)
        self.page = self.open(f"/?token={token}")

    def open(self, path: str) -> Page:
        """A page of the server in a tab of its own."""
        page = self._tab()
        page.goto(f"{self.url}{path}")
        return page

    def open_live(self, path: str) -> Page:
        """The same for a page that has asked for its stream."""
        page = self._tab()
        with page.expect_request(lambda one: "event-stream" in one.headers.get("accept", "")):
            page.goto(f"{self.url}{path}")
        return page

    def _tab(self) -> Page:
        page = self._context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._own(request.url))
        return page

    def close(self) -> None:
        """Closes all tabs."""
        self._context.close()

    def _own(self, url: str) -> None:
        if not url.startswith((self.url, "data:")):
            self.complaints.append(url)
