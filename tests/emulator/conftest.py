"""A running emulator for each test, and a client that signs its requests."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from erp_emulator import seed
from erp_emulator.embedded import Emulator
from tests.emulator.client import Client

# The small seed without the sample invoices' part, which grows with them.
SEED = seed.load()
CLIENTS = Path(__file__).parent / "node"
INSTALLED = Path(__file__).parents[2] / "build" / "npm"
INSTALL_SECONDS_MAX = 300


@pytest.fixture
def emulator():
    with Emulator(seed=SEED) as running:
        yield running


@pytest.fixture
def client(emulator):
    with Client(emulator) as made:
        yield made


@pytest.fixture(scope="session")
def modules():
    """(node, the folder of the clients), installed once for each state of the lock file.

    Several test processes may want them at the same time: one installs, beside, and the whole is then put in its place,
    so that nobody ever sees a part of it.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not on this machine")
    state = hashlib.sha256((CLIENTS / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = INSTALLED / state
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with (INSTALLED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            beside = Path(tempfile.mkdtemp(dir=INSTALLED))
            for name in ("package.json", "package-lock.json"):
                shutil.copy(CLIENTS / name, beside / name)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=beside, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS_MAX
            )
            assert done.returncode == 0, done.stderr
            beside.rename(folder)
    return node, folder / "node_modules"
