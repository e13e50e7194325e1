"""The ERP emulator of a flow test's worker, seeded anew for each test."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from counterfoil.netsuite.client import Credentials
from tests.conftest import ROOT
from tests.flows.scenario import Item, Scenario
from tests.flows.world import World

START_SECONDS_MAX = 20


@dataclass
class Erp:
    """A running emulator."""

    url: str
    credentials: Credentials

    def reset(self, seed: Any) -> None:
        response = requests.post(f"{self.url}/_emulator/reset", json={"seed": seed}, timeout=START_SECONDS_MAX)
        assert response.ok, response.text

    def scenario(self, world: World) -> Scenario:
        """A fresh set of books with one vendor and four items, and a random month over it."""
        seed = json.loads((ROOT / "tests" / "flows" / "seed.json").read_text())
        self.reset(seed)
        items = [
            Item(str(item["id"]), item["itemId"], item["displayName"], item["type"] == "inventoryItem")
            for item in seed["item"]
        ]
        [vendor] = seed["vendor"]
        return Scenario(
            world.calm_erp, world.random, str(vendor["id"]), vendor["companyName"], vendor["vatRegNumber"], items
        )


@pytest.fixture(scope="session")
def erp() -> Iterator[Erp]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "erp_emulator"]
    printed = subprocess.run(
        [*command, "--port", str(port), "--print-credentials"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    server = subprocess.Popen(
        [*command, "--port", str(port), "--seed", "none"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), url
        yield Erp(url, Credentials.from_json(json.loads(printed.stdout)))
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
