"""The benchmarks by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.bench import workloads
from tests.bench.environments import PEERS, ROOT
from tests.bench.measuring import (
    LINES_A_SECOND,
    MS,
    MS_A_DOCUMENT,
    MS_A_DOCUMENT_P95,
    Bench,
    Limit,
    Peer,
)
from tests.bench.processes import FreshInterpreter, WorkerSide

LINE_COUNTS = (1, 20, 100, 1_000)
DIFFERING_COUNTS = (20, 100, 1_000)
FUNCTIONS = tuple(sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py")))


def match_lines(count: int) -> Bench:
    """Item codes as on the order."""
    lines = str(workloads.lines(count))
    return Bench(
        name=f"match_lines_{count}",
        work=f"{_lines(count)}, shuffled, against an order of as many, exact item codes, 3-way",
        ours=WorkerSide("ours:match", {"lines": lines, "has_codes": True}),
        peers=(
            Peer("threeway", WorkerSide("threeway_peer:match", {"lines": lines}, PEERS)),
            Peer("invoice-agent", _agent(lines, has_codes=True)),
        ),
        limit=Limit("a dictionary of the order's keys, each line looked up", _dictionary(lines)),
        metrics=(LINES_A_SECOND,),
    )


def match_differing(count: int) -> Bench:
    """Item codes as on the order, and each tenth line dearer than ordered."""
    lines = str(workloads.lines(count, dearer_every=10))
    return Bench(
        name=f"match_differing_{count}",
        work=f"{_lines(count)}, each tenth of them dearer than ordered, shuffled, exact item codes, 3-way",
        ours=WorkerSide("ours:match", {"lines": lines, "has_codes": True}),
        peers=(
            Peer("threeway", WorkerSide("threeway_peer:match", {"lines": lines}, PEERS)),
            Peer("invoice-agent", _agent(lines, has_codes=True)),
        ),
        limit=Limit("a dictionary of the order's keys, each line looked up", _dictionary(lines)),
        metrics=(LINES_A_SECOND,),
    )


def match_descriptions(count: int) -> Bench:
    """No item codes on the invoice, and every description in other words than on the order."""
    lines = str(workloads.lines(count))
    return Bench(
        name=f"match_descriptions_{count}",
        work=f"{_lines(count)}, shuffled, without item codes and described in other words, 3-way",
        ours=WorkerSide("ours:match", {"lines": lines, "has_codes": False}),
        peers=(Peer("invoice-agent", _agent(lines, has_codes=False)),),
        limit=Limit("a dictionary look-up by item codes, which this invoice does not have", _dictionary(lines)),
        metrics=(LINES_A_SECOND,),
    )


def capture_xml() -> Bench:
    arguments = {"documents": str(workloads.ubl_documents())}
    return Bench(
        name="capture_xml",
        work=f"{workloads.UBL_DOCUMENTS} UBL invoices of 1 to {workloads.UBL_LINES_MAX} lines, bytes in memory",
        ours=WorkerSide("ours:capture_xml", arguments),
        peers=(Peer("eu-einvoice", WorkerSide("eu_einvoice_peer:capture_xml", arguments, PEERS)),),
        limit=Limit("lxml's parse alone", WorkerSide("limits:xml_parse", arguments)),
        metrics=(MS_A_DOCUMENT, MS_A_DOCUMENT_P95),
    )


def capture_pdf() -> Bench:
    """As the capture function reads them."""
    return _capture_pdf("capture_pdf", "ours:capture_pdf_bounded", "in a child process with limits")


def capture_pdf_in_process() -> Bench:
    """The reading without the process boundary."""
    return _capture_pdf("capture_pdf_in_process", "ours:capture_pdf_in_process", "in the same process")


def import_function(function: str) -> Bench:
    """A fresh interpreter that imports the handler as Lambda does: the function's folder is on the path."""
    code = f"import sys\nsys.path.insert(0, {str(ROOT / 'functions' / function)!r})\nimport app"
    return Bench(
        name=f"import_{function}",
        work=f"from a fresh interpreter's start until functions/{function}/app.py is imported, from compiled files",
        ours=FreshInterpreter(code),
        peers=(Peer("boto3 alone", FreshInterpreter("import boto3", distribution="boto3")),),
        limit=Limit("an interpreter that imports nothing", FreshInterpreter("pass")),
        metrics=(MS,),
    )


def _capture_pdf(name: str, ours: str, how: str) -> Bench:
    path = workloads.pdf_documents()
    arguments = {"documents": str(path)}
    return Bench(
        name=name,
        work=f"the PDFs with a text layer in samples/ and tests/capture/samples/, bytes in memory, {how}",
        ours=WorkerSide(ours, arguments),
        peers=(
            Peer("invoice-agent", WorkerSide("invoice_agent_peer:capture_pdf", arguments, PEERS)),
            Peer("invoice2data", WorkerSide("invoice2data_peer:capture_pdf", arguments, PEERS)),
        ),
        limit=Limit("pypdfium2's text of all pages alone", WorkerSide("limits:pdf_text", arguments)),
        metrics=(MS_A_DOCUMENT, MS_A_DOCUMENT_P95),
    )


def _agent(lines: str, *, has_codes: bool) -> WorkerSide:
    return WorkerSide("invoice_agent_peer:match", {"lines": lines, "has_codes": has_codes}, PEERS)


def _dictionary(lines: str) -> WorkerSide:
    return WorkerSide("limits:dictionary", {"lines": lines})


def _lines(count: int) -> str:
    return f"an invoice of {count:,} line{'s' if count > 1 else ''}"


TIMED: dict[str, Callable[[], Bench]] = {
    **{f"match_lines_{count}": partial(match_lines, count) for count in LINE_COUNTS},
    **{f"match_differing_{count}": partial(match_differing, count) for count in DIFFERING_COUNTS},
    **{f"match_descriptions_{count}": partial(match_descriptions, count) for count in LINE_COUNTS},
    "capture_xml": capture_xml,
    "capture_pdf": capture_pdf,
    "capture_pdf_in_process": capture_pdf_in_process,
    **{f"import_{function}": partial(import_function, function) for function in FUNCTIONS},
}
