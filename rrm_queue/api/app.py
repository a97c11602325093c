"""The App that all calls of this process share, held open between them."""

import os
from threading import Lock

from rrm_queue.actions.app import App
from rrm_queue.actions.judges import local_files
from rrm_queue.actions.rewards.service import RewardService
from rrm_queue.actions.settings import read_settings


class _Shared:
    """The App of the settings that were read last. A forked child makes its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._app: App | None = None
        self._rewards: RewardService | None = None

    def get(self) -> App:
        settings = read_settings()
        with self._lock:
            before, service = self._app, self._rewards
            if before is not None and before.settings == settings:
                return before
            self._app, self._rewards = App(settings), None
        if service is not None:
            service.close()
        if before is not None:
            before.close()
        return self._app

    def rewards(self) -> RewardService:
        app = self.get()
        with self._lock:
            if self._rewards is None:
                self._rewards = RewardService(app, local_files(app.settings.home))
            return self._rewards


def shared_app() -> App:
    """The App of the environment's settings, made anew when they have changed.

    Raises UsageFault for settings that cannot be.
    """
    return _shared.get()


def shared_rewards() -> RewardService:
    """What takes groups for rewards over that App."""
    return _shared.rewards()


def _forget() -> None:
    """Leaves the parent's App, whose connections cannot be shared, to the parent."""
    global _shared, _of_parent  # one App a process
    _of_parent = _shared
    _shared = _Shared()


_shared = _Shared()
_of_parent: _Shared | None = None
os.register_at_fork(after_in_child=_forget)
