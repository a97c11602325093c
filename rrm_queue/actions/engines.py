"""What engines on this machine need to know, out of the settings and the environment."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from urllib.request import getproxies_environment

from rrm_queue.actions.settings import openai_headers, reveal
from rrm_queue.config import Settings
from rrm_queue.judging.engines.base import EngineSettings


def engine_settings(settings: Settings, **more: Any) -> EngineSettings:
    """What engines on this machine need to know; `more` is what a command adds."""
    return EngineSettings(
        settings.openai_base_url,
        reveal(settings.openai_api_key) or None,
        openai_headers=openai_headers(settings),
        openai_query=dict(parse_qsl(reveal(settings.openai_query))),
        proxies=getproxies_environment(),
        openai_rpm=settings.openai_rpm,
        openai_tpm=settings.openai_tpm,
        hub_cache=str(Path(os.environ.get("HF_HOME", "~/.cache/huggingface"), "hub").expanduser()),
        **more,
    )
