"""The fixture `netsuite_emulator`: an emulator of its own for each test, with the small seed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def netsuite_emulator() -> Iterator[object]:
    """A running emulator: `.url`, `.credentials`, `.account`, `.app` (see `erp_emulator.embedded.Emulator`)."""
    from erp_emulator.embedded import Emulator

    with Emulator() as emulator:
        yield emulator
