"""The App that the calls of one Python process share."""

import pytest

from rrm_queue.actions.app import App
from rrm_queue.api.app import shared_app
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database


@pytest.fixture
def environment(
    servers: Addresses, database: Database, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    monkeypatch.setenv("RRMQ_DATABASE_URL", database.url)
    monkeypatch.setenv("RRMQ_BROKER_URL", servers.broker_url)
    return monkeypatch


def test_calls_share_one_app_until_the_settings_change(environment: pytest.MonkeyPatch) -> None:
    first = shared_app()
    assert shared_app() is first
    environment.setenv("RRMQ_OPENAI_API_KEY", "another")
    second = shared_app()
    assert second is not first
    assert shared_app() is second


def test_the_app_of_settings_that_have_changed_is_closed(
    environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[App] = []
    monkeypatch.setattr(App, "close", lambda app: closed.append(app))
    first = shared_app()
    environment.setenv("RRMQ_CONFIRM_ABOVE", "7")
    shared_app()
    assert closed[-1] is first
