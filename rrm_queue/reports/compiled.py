"""Compiled templates, kept beside Python's own byte code: compiling takes longer than filling them.

What is kept is found by the template's text, so a new version never meets an old one. Where Python
cannot or may not write its own byte code, templates are compiled each time.
"""

import sys
from contextlib import suppress
from pathlib import Path

from jinja2 import BytecodeCache, FileSystemBytecodeCache
from jinja2.bccache import Bucket

from rrm_queue import __version__


class _Kept(FileSystemBytecodeCache):
    """A cache that does without a folder that is missing or may not be written."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps the template's byte code, unless Python was told to keep none."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


def compiled(module: str) -> BytecodeCache | None:
    """Where the templates of this module are kept; None where Python keeps no byte code of it."""
    spec = sys.modules[module].__spec__
    if spec is None or spec.cached is None:
        return None
    tag = sys.implementation.cache_tag
    return _Kept(str(Path(spec.cached).parent), f"%s.{tag}.rrmq-{__version__}.jinja")
