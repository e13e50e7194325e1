"""A running emulator for each test, and a client that signs its requests."""

from __future__ import annotations

import pytest

from erp_emulator.embedded import Emulator
from tests.emulator.client import Client


@pytest.fixture
def emulator():
    with Emulator() as running:
        yield running


@pytest.fixture
def client(emulator):
    with Client(emulator) as made:
        yield made
