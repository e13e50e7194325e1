"""From the dropped object to the bill in the ERP on the warm local stack, one invoice at a time."""

from __future__ import annotations

from tests.bench.measuring import Figures, Result, p95
from tests.bench.processes import answer_of

SECONDS_MAX = 1_800
WORK = (
    "UBL invoices of two lines (goods that have come, and an item that is not received) dropped one at a time on the"
    " warm local stack; from before the S3 put until the ERP's REST service shows the bill under its external"
    " id, asked every 20 ms"
)


def results() -> list[Result]:
    """The seconds of each drop, and the one that 95 of 100 are not above."""
    return results_of(answer_of("tests.bench.drops_worker", seconds_max=SECONDS_MAX))


def results_of(seconds: list[float]) -> list[Result]:
    return [
        Result("drop_to_bill", "s", WORK, Figures(tuple(seconds))),
        Result("drop_to_bill_p95", "s, p95", f"{WORK}; over {len(seconds)} drops", Figures((p95(seconds),))),
    ]
