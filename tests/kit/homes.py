"""Home folders of local stacks."""

import shutil
from pathlib import Path

from kit.waiting import eventually


def remove(folder: Path) -> None:
    """Removes a folder in which processes may still write.

    A server that puts a file back meanwhile leaves its folder "not empty", as for `rm -rf`.
    """

    def removed() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    eventually(removed, f"{folder} is removed")
