"""The real ERP emulator for tests: one process a session, on a free port, seeded afresh for each test."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests_oauthlib import OAuth1

from counterfoil.netsuite.client import Credentials, NetSuiteClient, Scheme

ROOT = Path(__file__).parents[1]
START_SECONDS_MAX = 30
COMMAND = (sys.executable, "-m", "erp_emulator")


@dataclass(frozen=True)
class Emulator:
    """A running emulator: where it is, and what a client needs to sign in."""

    url: str
    credentials: dict[str, Any]

    def client(self, *, scheme: Scheme = Scheme.TBA, **options: Any) -> NetSuiteClient:
        """A client that does not wait between its attempts."""
        options = {"sleep": lambda seconds: None, **options}
        return NetSuiteClient(Credentials.from_json(self.credentials, scheme=scheme), **options)

    def control(self, path: str, body: Any = None) -> Any:
        """One of the emulator's own controls, such as `reset` or `faults`. A reset clears the faults as well."""
        if path == "reset":
            self.clear_faults()
        reply = requests.post(f"{self.url}/_emulator/{path}", json=body or {}, timeout=10)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def clear_faults(self) -> None:
        requests.delete(f"{self.url}/_emulator/faults", timeout=10).raise_for_status()

    def delete(self, record_type: str, record_id: str) -> None:
        """Delete a record as somebody would in the ERP; the product itself deletes nothing."""
        keys = [self.credentials[name] for name in ("consumer_key", "consumer_secret", "token_id", "token_secret")]
        auth = OAuth1(*keys, signature_method="HMAC-SHA256", realm=self.credentials["account"])
        place = f"{self.url}/services/rest/record/v1/{record_type}/{record_id}"
        reply = requests.delete(place, auth=auth, timeout=10)
        assert reply.status_code == 204, reply.text


@contextmanager
def running_emulator() -> Iterator[Emulator]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "erp.sqlite"
        process = subprocess.Popen(
            [*COMMAND, "--port", str(free_port()), "--host", "127.0.0.1", "--data", str(data), "--seed", "small"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        try:
            url = _url_of(process)
            printed = subprocess.run(
                [*COMMAND, "--print-credentials"], capture_output=True, text=True, check=True, cwd=ROOT
            )
            yield Emulator(url, {**json.loads(printed.stdout), "base_url": url})
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS_MAX)
            if process.stdout:
                process.stdout.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _url_of(process: subprocess.Popen[str]) -> str:
    """The address in the line that the emulator prints when it accepts connections."""
    assert process.stdout is not None
    for line in process.stdout:
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip("/.,")
    raise RuntimeError(f"the emulator ended with {process.wait()} before it said where it is")
