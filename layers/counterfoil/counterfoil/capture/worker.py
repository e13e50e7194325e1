"""The child process of `bounded`: reads one framed document after the other and answers with JSON.

It bounds itself as well: memory, an alarm for each document, no files written, no core dumps.
"""

from __future__ import annotations

import json
import resource
import signal
import struct
import sys
import traceback
from typing import IO, Any

from counterfoil.capture.document import learn_document, read_document, unread_pages
from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.limits import Limits
from counterfoil.capture.recognised import Recognition
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.vendor_memory import VendorMemory

FRAME = struct.Struct(">Q")


def main() -> None:
    """Serve until the parent closes the pipe."""
    memory_bytes = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (header := _frame(source)) is not None:
        content = _frame(source)
        if content is None:
            return
        answer = json.dumps(_answer(header, content)).encode()
        sink.write(FRAME.pack(len(answer)) + answer)
        sink.flush()


def _answer(header: bytes, content: bytes) -> dict[str, str]:
    told = json.loads(header)
    limits = Limits.model_validate(told["limits"])
    signal.alarm(limits.seconds_max)
    try:
        return {"answer": _answered(told, content, limits)}
    except CaptureError as error:
        return {"error": error.code, "detail": error.detail}
    except MemoryError:
        return {"error": ErrorCode.TOO_LARGE, "detail": "it needs more memory than allowed"}
    except Exception as error:  # noqa: BLE001 - one bad document must not end the others; the place is told
        place = traceback.extract_tb(error.__traceback__)[-1]
        module = place.filename.rsplit("/", 1)[-1]
        return {
            "error": ErrorCode.DAMAGED,
            "detail": f"the reader failed with {type(error).__name__} in {module}:{place.lineno}",
        }
    finally:
        signal.alarm(0)


def _answered(told: dict[str, Any], content: bytes, limits: Limits) -> str:
    """The captured invoice; the unread pages when these were asked for; what was learned from a corrected invoice."""
    if told.get("unread"):
        return json.dumps([page.model_dump(mode="json") for page in unread_pages(content, limits)])
    own = CompanyIdentity.model_validate(told["own"])
    memory = VendorMemory.model_validate(told["memory"]) if told["memory"] else None
    recognition = Recognition.model_validate(told["recognition"] or {})
    if "corrected" not in told:
        return read_document(content, own, limits, memory, recognition).model_dump_json()
    corrected = CapturedInvoice.model_validate(told["corrected"])
    learned = learn_document(content, corrected, memory or VendorMemory(), own, limits, recognition)
    return learned.model_dump_json()


def _frame(source: IO[bytes]) -> bytes | None:
    head = source.read(FRAME.size)
    if len(head) < FRAME.size:
        return None
    (length,) = FRAME.unpack(head)
    content = source.read(length)
    return content if len(content) == length else None


if __name__ == "__main__":
    main()
