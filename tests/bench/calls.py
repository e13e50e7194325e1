"""The AWS calls that one invoice costs on its straight way from the inbox to its bill: counted, not timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from tests.bench.measuring import Figures, Result
from tests.bench.processes import answer_of

SECONDS_MAX = 180
WORK = (
    "calls that the functions make for one UBL invoice of two lines (goods, and an item that is not received) from the"
    " dropped object to the bill in the ERP: captured, matched, approved by policy, exported; moto and the ERP"
    " emulator; the first invoice finds the functions cold"
)


def results() -> list[Result]:
    """All calls, then each service's, over the invoices one by one."""
    return results_of([Counter(calls) for calls in answer_of("tests.bench.calls_worker", seconds_max=SECONDS_MAX)])


def results_of(invoices: Sequence[Counter[str]]) -> list[Result]:
    """`invoices` holds for each invoice how often each `function service.Operation` was called."""
    by_service = [_by(calls, lambda call: call.split()[1].partition(".")[0]) for calls in invoices]
    by_operation = _by(invoices[-1], lambda call: call.split()[1])
    by_function = _by(invoices[-1], lambda call: call.split()[0])
    totals = [calls.total() for calls in invoices]
    results = [_result("aws_calls", totals, f"{WORK}; the last invoice by function: {_told(by_function)}")]
    for service in sorted({service for calls in by_service for service in calls}):
        own = Counter({call: count for call, count in by_operation.items() if call.startswith(f"{service}.")})
        work = f"{WORK}; the last invoice by operation: {_told(own)}"
        results.append(_result(f"aws_calls_{service}", [calls[service] for calls in by_service], work))
    return results


def _result(name: str, counts: Sequence[int], work: str) -> Result:
    return Result(name, "calls/invoice", work, Figures(tuple(float(count) for count in counts)))


def _by(calls: Counter[str], part_of: Callable[[str], str]) -> Counter[str]:
    summed: Counter[str] = Counter()
    for call, count in calls.items():
        summed[part_of(call)] += count
    return summed


def _told(calls: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(calls.items())) or "none"
