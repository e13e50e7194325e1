"""A running emulator for each test, and a client that signs its requests."""

from __future__ import annotations

import pytest

from erp_emulator import seed
from erp_emulator.embedded import Emulator
from tests.emulator.client import Client

# The small seed without the sample invoices' part, which grows with them.
SEED = seed.load()


@pytest.fixture
def emulator():
    with Emulator(seed=SEED) as running:
        yield running


@pytest.fixture
def client(emulator):
    with Client(emulator) as made:
        yield made
