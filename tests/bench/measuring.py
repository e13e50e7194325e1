"""Runs a benchmark's sides in turn and sums up what each took."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from tests.bench.processes import Sample, Sampler, Side

NANO = 1_000_000_000
MILLI = 1_000_000


@dataclass(frozen=True)
class Peer:
    """Somebody else's way to do the same work."""

    name: str
    side: Side


@dataclass(frozen=True)
class Limit:
    """The least that the work can take: what has to be done in any case."""

    what: str
    side: Side


@dataclass(frozen=True)
class Metric:
    """How a run's nanoseconds become the figure that is reported; `suffix` sets its name apart."""

    unit: str
    of: Callable[[Sample, int], float]
    suffix: str = ""


def units_a_second(sample: Sample, units: int) -> float:
    return units * NANO / sample.total


def milliseconds_a_unit(sample: Sample, units: int) -> float:
    return sample.total / units / MILLI


def milliseconds_p95(sample: Sample, units: int) -> float:
    """The task that 95 of 100 are not slower than."""
    return p95(sample.nanoseconds) / MILLI


LINES_A_SECOND = Metric("lines/s", units_a_second)
MS_A_DOCUMENT = Metric("ms/document", milliseconds_a_unit)
MS_A_DOCUMENT_P95 = Metric("ms/document, p95", milliseconds_p95, "_p95")
MS = Metric("ms", milliseconds_a_unit)


@dataclass(frozen=True)
class Bench:
    """One piece of work and who does it. A second peer is reported under the bench's name and its own."""

    name: str
    work: str
    ours: Side
    peers: tuple[Peer, ...] = ()
    limit: Limit | None = None
    metrics: tuple[Metric, ...] = (MS,)


@dataclass(frozen=True)
class Figures:
    """One side's figures over its runs."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """From the lowest to the highest, in parts of the median."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0

    def as_json(self) -> dict[str, float]:
        return {
            "median": rounded(self.median),
            "min": rounded(min(self.values)),
            "max": rounded(max(self.values)),
            "runs": len(self.values),
        }


@dataclass(frozen=True)
class Result:
    """One line of the report."""

    name: str
    unit: str
    work: str
    ours: Figures
    peer: Figures | None = None
    peer_name: str = ""
    peer_version: str = ""
    limit: Figures | None = None
    limit_what: str = ""

    def as_json(self) -> dict[str, Any]:
        """The record of `build/bench.json`. A ratio is ours divided by theirs, in the unit that is reported."""
        peer = None
        if self.peer:
            peer = {"name": self.peer_name, "version": self.peer_version, **self.peer.as_json()}
        limit = {"what": self.limit_what, **self.limit.as_json()} if self.limit else None
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": self.ours.as_json(),
            "peer": peer,
            "limit": limit,
            "ratio_to_peer": ratio(self.ours, self.peer),
            "ratio_to_limit": ratio(self.ours, self.limit),
            "work": self.work,
        }


@dataclass
class _Running:
    """A side while it is measured."""

    sampler: Sampler
    samples: list[Sample] = field(default_factory=list)

    def figures(self, metric: Metric) -> Figures:
        return Figures(tuple(metric.of(sample, self.sampler.units) for sample in self.samples))


def measure(bench: Bench, runs: int, tell: Callable[[str], None] = lambda said: None) -> list[Result]:
    """Start and warm up all sides, measure them in turn so many times, and stop them.

    The order turns round at every run, so that no side always follows the same one. BenchError when a side fails.
    """
    sides: list[Side] = [bench.ours, *(peer.side for peer in bench.peers)]
    if bench.limit:
        sides.append(bench.limit.side)
    with ExitStack() as stack:
        running: list[_Running] = []
        for side in sides:
            tell("warming up")
            sampler = side.start()
            stack.callback(sampler.stop)
            running.append(_Running(sampler))
        for run in range(runs):
            tell(f"run {run + 1} of {runs}")
            for one in running if run % 2 == 0 else reversed(running):
                one.samples.append(one.sampler.sample())
    return _results(bench, running)


def _results(bench: Bench, running: Sequence[_Running]) -> list[Result]:
    ours, theirs = running[0], running[1 : 1 + len(bench.peers)]
    limit = running[-1] if bench.limit else None
    outcomes = [f"ours: {ours.sampler.outcome}"] if ours.sampler.outcome else []
    outcomes += [
        f"{peer.name}: {one.sampler.outcome}"
        for peer, one in zip(bench.peers, theirs, strict=True)
        if one.sampler.outcome
    ]
    work = "; ".join([bench.work, *outcomes])
    results = []
    for metric in bench.metrics:
        common = Result(
            name=bench.name + metric.suffix,
            unit=metric.unit,
            work=work,
            ours=ours.figures(metric),
            limit=limit.figures(metric) if limit else None,
            limit_what=bench.limit.what if bench.limit else "",
        )
        if not theirs:
            results.append(common)
        for place, (peer, one) in enumerate(zip(bench.peers, theirs, strict=True)):
            name = common.name if place == 0 else f"{common.name}.{peer.name}"
            results.append(
                Result(
                    **common.__dict__
                    | {
                        "name": name,
                        "peer": one.figures(metric),
                        "peer_name": peer.name,
                        "peer_version": one.sampler.version,
                    }
                )
            )
    return results


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[math.ceil(0.95 * len(ordered)) - 1]


def ratio(ours: Figures, theirs: Figures | None) -> float | None:
    """Ours divided by theirs; None when there is nothing to divide by."""
    if theirs is None or not theirs.median:
        return None
    return rounded(ours.median / theirs.median)


def rounded(value: float) -> float:
    """Four significant digits; a measurement has no more."""
    return float(f"{value:.4g}")


def growth(small: tuple[int, float], large: tuple[int, float]) -> float:
    """The exponent by which the time of all grows with their number: 1 is linear, 2 quadratic.

    Each argument is (number, units a second).
    """
    (few, fast), (many, slow) = small, large
    return math.log((many / slow) / (few / fast)) / math.log(many / few)
