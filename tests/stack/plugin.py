"""The deployed local stack that tests share: started by the first test that asks for it, ended with the run.

A plugin of pytest (`pyproject.toml`), since with several workers it is the process above them that ends it. Each run
has its own folder under build/stack/, with ports of its own, so a run meets neither `make up` nor another run. What a
killed run left behind is stopped and removed by the next one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import IO

import pytest

from local import starting
from local.installation import PROJECT, Installation
from local.services import stop_all
from local.stack import Stack

FOLDERS = PROJECT / "build" / "stack"
RUN_VARIABLE = "COUNTERFOIL_TEST_RUN"
OWNED = pytest.StashKey[IO[str]]()


def installation() -> Installation:
    """This run's own installation."""
    return Installation(
        folder=FOLDERS / os.environ[RUN_VARIABLE],
        cache=PROJECT / "build" / "cache",
        stack_name="counterfoil-test",
        ports_usual={},
    )


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The deployed stack: `.outputs`, `.functions`, `.client(service)`, `.erp_url`, `.installation.company`."""
    return starting.up(installation())


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    os.environ[RUN_VARIABLE] = str(os.getpid())
    folder = installation().folder
    folder.mkdir(parents=True, exist_ok=True)
    # Held until this process ends, however it ends.
    owned = (folder / "owner.lock").open("w")
    fcntl.flock(owned, fcntl.LOCK_EX)
    config.stash[OWNED] = owned
    for left in FOLDERS.iterdir():
        if left != folder and _is_orphan(left):
            _remove(Installation(folder=left))


def pytest_unconfigure(config: pytest.Config) -> None:
    if OWNED not in config.stash:
        return
    _remove(installation())
    config.stash[OWNED].close()


def _is_orphan(folder: Path) -> bool:
    with (folder / "owner.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _remove(gone: Installation) -> None:
    stop_all(gone)
    shutil.rmtree(gone.folder, ignore_errors=True)
