"""Reads documents in a child process with limits on time and memory, kept for the next document.

pdfium and image decoders are C and C++ that read what strangers send. The child holds no credentials (its environment
is empty but for paths), can write no file, and is killed when it takes too long; the next document gets a new one.
XML is read here: expat without document types is safe and a process would cost more than the reading.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import struct
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Mapping
from typing import IO, Any

from counterfoil.capture.document import check_size, read_document
from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.file_kind import FileKind, file_kind
from counterfoil.capture.limits import Limits
from counterfoil.capture.recognised import Recognition, UnreadPage
from counterfoil.capture.recognition import memory_needed
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.records import Record
from counterfoil.domain.vendor_memory import VendorMemory

FRAME = struct.Struct(">Q")
READ_AT_ONCE = 1 << 16
# A worker is replaced after so many documents, in case a library leaks.
DOCUMENTS_MAX = 500
# The child has its own alarm; it gets this much longer before it is killed from outside.
GRACE_SECONDS = 2.0
IN_THIS_PROCESS = (FileKind.XML, FileKind.EMPTY, FileKind.OTHER)


def read_bounded(
    content: bytes,
    own: CompanyIdentity,
    limits: Limits,
    memory: VendorMemory | None = None,
    recognition: Recognition | None = None,
) -> CapturedInvoice:
    """The captured invoice; CaptureError also for what broke the reader."""
    check_size(content, limits)
    if file_kind(content) in IN_THIS_PROCESS:
        return read_document(content, own, limits, memory)
    asked = {"own": own, "limits": limits, "memory": memory, "recognition": recognition}
    return CapturedInvoice.model_validate_json(_ask(content, asked, limits))


def learn_bounded(
    content: bytes,
    corrected: CapturedInvoice,
    memory: VendorMemory,
    own: CompanyIdentity,
    limits: Limits,
    recognition: Recognition | None = None,
) -> VendorMemory:
    """The memory after a correction; CaptureError as for reading."""
    check_size(content, limits)
    if file_kind(content) in IN_THIS_PROCESS:
        return memory
    asked = {"own": own, "limits": limits, "memory": memory, "corrected": corrected, "recognition": recognition}
    return VendorMemory.model_validate_json(_ask(content, asked, limits))


def unread_bounded(content: bytes, limits: Limits) -> list[UnreadPage]:
    """The pages without readable text; CaptureError as for reading."""
    check_size(content, limits)
    if file_kind(content) in IN_THIS_PROCESS:
        return []
    pages = json.loads(_ask(content, {"limits": limits}, limits, unread=True))
    return [UnreadPage.model_validate(page) for page in pages]


def _ask(content: bytes, asked: Mapping[str, Record | None], limits: Limits, *, unread: bool = False) -> str:
    header: dict[str, Any] = {"unread": unread}
    for name, record in asked.items():
        header[name] = record.model_dump(mode="json") if record else None
    with _LOCK:
        reply = _POOL.ask(json.dumps(header).encode(), content, limits)
    if "error" in reply:
        raise CaptureError(ErrorCode(reply["error"]), reply["detail"])
    return reply["answer"]


class _WorkerGone(Exception):
    """The child crashed or hung."""


class _Pool:
    """At most one child, started when first needed."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.pipes: tuple[IO[bytes], IO[bytes]]
        self.memory_bytes = 0
        self.documents = 0

    def ask(self, header: bytes, content: bytes, limits: Limits) -> dict[str, str]:
        stdin, stdout = self._ready(limits)
        self.documents += 1
        try:
            for part in (header, content):
                stdin.write(FRAME.pack(len(part)))
                stdin.write(part)
            stdin.flush()
            answer = _read_frame(stdout, limits.seconds_max + GRACE_SECONDS)
        except (_WorkerGone, BrokenPipeError) as error:
            self.stop()
            raise CaptureError(
                ErrorCode.DAMAGED,
                f"reading it crashed, or took more than {limits.seconds_max} s or"
                f" {limits.memory_bytes_max} bytes of memory",
            ) from error
        reply: dict[str, str] = json.loads(answer)
        return reply

    def _ready(self, limits: Limits) -> tuple[IO[bytes], IO[bytes]]:
        alive = self.process is not None and self.process.poll() is None
        if not alive or self.documents >= DOCUMENTS_MAX or self.memory_bytes != limits.memory_bytes_max:
            self.stop()
            self.memory_bytes = limits.memory_bytes_max
            self.process = _start(limits.memory_bytes_max + memory_needed())
            self.pipes = _pipes(self.process)
        return self.pipes

    def stop(self) -> None:
        process, self.process, self.documents = self.process, None, 0
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        process.wait()


def _start(memory_bytes: int) -> subprocess.Popen[bytes]:
    """A child that imports from the same places as this process and inherits nothing else."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell, no input in the arguments
        [sys.executable, "-m", "counterfoil.capture.worker", str(memory_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR") or ""),
            "LANG": "C.UTF-8",
        },
    )


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """The child's input and output; both were asked for, so both are there."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise _WorkerGone
    return stdin, stdout


def _read_frame(pipe: IO[bytes], seconds: float) -> bytes:
    deadline = time.monotonic() + seconds
    (length,) = FRAME.unpack(_read_exactly(pipe, FRAME.size, deadline))
    return _read_exactly(pipe, length, deadline)


def _read_exactly(pipe: IO[bytes], length: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while length > 0:
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        part = os.read(pipe.fileno(), min(length, READ_AT_ONCE)) if ready else b""
        if not part:
            raise _WorkerGone
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


_LOCK = threading.Lock()
_POOL = _Pool()
atexit.register(_POOL.stop)
