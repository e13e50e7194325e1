"""The AWS calls that one invoice costs on its straight way from the inbox to its bill: counted, not timed."""

from __future__ import annotations

from collections import Counter

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


def results_of(invoices: list[Counter[str]]) -> list[Result]:
    """`invoices` holds for each invoice how often each `service.Operation` was called."""
    services = sorted({call.partition(".")[0] for calls in invoices for call in calls})
    made = [_result("aws_calls", invoices, "")]
    return made + [_result(f"aws_calls_{service}", invoices, f"{service}.") for service in services]


def _result(name: str, invoices: list[Counter[str]], prefix: str) -> Result:
    counts = [sum(number for call, number in calls.items() if call.startswith(prefix)) for calls in invoices]
    warm = invoices[-1]
    told = ", ".join(f"{number} {call}" for call, number in sorted(warm.items()) if call.startswith(prefix))
    return Result(name, "calls/invoice", f"{WORK}; the last: {told}", Figures(tuple(float(count) for count in counts)))
