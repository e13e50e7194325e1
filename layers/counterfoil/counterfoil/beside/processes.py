"""The parent's end: starts a reader's process, asks it file by file, and replaces it when it crashes or hangs."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
# Where `make peers` puts the peers' environment.
PEERS_FOLDER = Path(__file__).resolve().parents[4] / "build" / "peers" / ".venv"
ANSWER_SECONDS_MAX = 60
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 10
READ_AT_ONCE = 1 << 16
# All that a reader's process knows of the machine: no account, no setting reaches it.
ENVIRONMENT = {
    "PATH": os.defpath,
    "LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR") or ""),
    "LANG": "C.UTF-8",
    "PYTHONPATH": str(PACKAGE_ROOT),
    "PYTHONHASHSEED": "0",
}


@dataclass(frozen=True)
class ReaderKind:
    """A reader that can be measured: its module here, the kinds of document it is asked for, whether it is a peer."""

    name: str
    module: str
    kinds: tuple[str, ...]
    is_peer: bool = True
    says_fields: bool = True


TEXT_KINDS = ("pdf-text", "pdf-hybrid")
PICTURE_KINDS = ("pdf-scan", "image")
KINDS = {
    kind.name: kind
    for kind in (
        ReaderKind("pypdfium2", "bare_text", TEXT_KINDS, is_peer=False, says_fields=False),
        ReaderKind("invoice2data", "invoice2data_reader", TEXT_KINDS + PICTURE_KINDS),
        ReaderKind("invoice-agent", "invoice_agent_reader", TEXT_KINDS + PICTURE_KINDS),
        ReaderKind("eu-einvoice", "eu_einvoice_reader", ("xml-ubl", "xml-cii", "pdf-hybrid")),
    )
}


class ReaderError(Exception):
    """A reader cannot be had; the text says why and what to do."""


def peers_python(folder: Path) -> Path:
    """The interpreter of the peers' environment; ReaderError when there is none."""
    python = folder / "bin" / "python"
    if not python.exists():
        raise ReaderError(f"{folder}: no environment with the peers; `make peers` makes it, --peers names another")
    return python


class Reader:
    """One reader's process, started and waiting to be asked."""

    def __init__(self, kind: ReaderKind, peers: Path = PEERS_FOLDER) -> None:
        """Raises ReaderError when its environment or package is missing."""
        self.kind = kind
        self._python = peers_python(peers) if kind.is_peer else Path(sys.executable)
        self._start()

    def read(self, path: Path) -> dict[str, Any]:
        """Its record of the file, in the words of ours; `error` says what it raised, or that it crashed or hung.

        Of a reader that says no fields the record is its time alone.
        """
        try:
            found = self._ask({"path": str(path)})
        except ReaderError as error:
            self.stop()
            self._start()
            found = {"error": str(error)}
        if not self.kind.says_fields:
            return {"ms": found.get("ms")}
        record: dict[str, Any] = {"fields": {}, "lines": [], "needs_review": [], "ms": None, **found}
        record["fields"] = {name: {"value": value} for name, value in record["fields"].items() if value is not None}
        record["error"] = {"code": "failed", "detail": record["error"]} if record["error"] else None
        return record

    def stop(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()
        self._errors.close()

    def _start(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process is there
        self._process = subprocess.Popen(  # noqa: S603 - an interpreter and a module of ours, no shell
            [str(self._python), "-m", "counterfoil.beside.worker", f"counterfoil.beside.{self.kind.module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=ENVIRONMENT,
        )
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101 - both were asked for
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        try:
            self.version = str(self._answer(START_SECONDS_MAX)["version"])
        except ReaderError as error:
            self.stop()
            raise ReaderError(
                f"{error}; `make peers` installs the peers" if self.kind.is_peer else str(error)
            ) from error

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        try:
            self._stdin.write(json.dumps(order).encode() + b"\n")
            self._stdin.flush()
        except BrokenPipeError as error:
            raise ReaderError(self._last_words()) from error
        return self._answer(ANSWER_SECONDS_MAX)

    def _answer(self, seconds: int) -> dict[str, Any]:
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._stdout], [], [], seconds)
            if not ready:
                self._process.kill()
                raise ReaderError(f"{self.kind.name} did not answer within {seconds} seconds")
            part = os.read(self._stdout.fileno(), READ_AT_ONCE)
            if not part:
                raise ReaderError(self._last_words())
            line += part
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").splitlines()
        return f"{self.kind.name} ended: {said[-1] if said else 'without a word'}"
