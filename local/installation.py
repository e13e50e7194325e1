"""Where one local installation keeps its things, and the ports it answers at."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.errors import LocalError

PROJECT = Path(__file__).resolve().parent.parent
STACK_NAME = "counterfoil-local"
COMPANY = "demo"

# The first choice; when it is taken, another is found and kept, unless the environment asks for a certain one.
PORTS_DEFAULT = {"cloud": 4566, "erp": 4580}
PORT_VARIABLES = {"cloud": "COUNTERFOIL_CLOUD_PORT", "erp": "COUNTERFOIL_ERP_PORT"}

# Layers, build folders and state together; a build that runs out of disk half-way fails in obscure ways.
DISK_FREE_MIN_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Installation:
    """One local installation. `folder` holds all that it runs on and keeps; `cache` what may be kept for the next.

    Without `ports_usual` it takes whatever ports are free.
    """

    folder: Path = PROJECT / ".local"
    cache: Path = PROJECT / ".local" / "cache"
    stack_name: str = STACK_NAME
    company: str = COMPANY
    ports_usual: Mapping[str, int] = field(default_factory=lambda: PORTS_DEFAULT)

    def file(self, *parts: str) -> Path:
        return self.folder.joinpath(*parts)

    def port(self, service: str) -> int:
        """The port that was chosen for `cloud` or `erp`."""
        return self._ports()[service]

    @property
    def cloud_url(self) -> str:
        return f"http://127.0.0.1:{self.port('cloud')}"

    @property
    def erp_url(self) -> str:
        return f"http://127.0.0.1:{self.port('erp')}"

    def choose_port(self, service: str) -> int:
        """A free port for a service that is about to start: the one asked for, the one of last time, the usual one."""
        ports = self._ports()
        wanted = os.environ.get(PORT_VARIABLES[service]) if self.ports_usual else None
        if wanted:
            port = _number(wanted, PORT_VARIABLES[service])
            if not is_free(port):
                raise LocalError(
                    f"port {port} is taken by another program",
                    f"stop that program, or set {PORT_VARIABLES[service]} to a free port",
                )
        else:
            candidates = (ports.get(service), self.ports_usual.get(service))
            port = next((port for port in candidates if port and is_free(port)), None) or any_free_port()
        ports[service] = port
        write_json(self.file("ports.json"), ports)
        return port

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let one command at a time change this installation; a second one waits."""
        self.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.folder).free
        if free < DISK_FREE_MIN_BYTES:
            raise LocalError(
                f"only {free // 1_000_000} MB of disk are free at {self.folder}",
                f"make room for at least {DISK_FREE_MIN_BYTES // 1_000_000} MB",
            )
        with self.file("lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _ports(self) -> dict[str, int]:
        return {name: int(port) for name, port in read_json(self.file("ports.json")).items()}


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file of ours; empty when there is none, or when it was cut off."""
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: object, mode: int = 0o644) -> None:
    """Write a file of ours whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        json.dump(content, file, indent=2)
    partial.replace(path)


def _number(text: str, variable: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise LocalError(f"{variable} is {text!r}", "set it to a port from 1024 to 65535")
    return int(text)
