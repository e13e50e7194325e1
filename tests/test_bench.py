"""The benchmarks measure what they say: sides in turn, the work itself, and a failure is said and never a figure."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field

import pytest
from typer.testing import CliRunner

from tests.bench import __main__ as command
from tests.bench import calls, drops, report, workloads
from tests.bench.benches import FUNCTIONS, TIMED
from tests.bench.environments import LOCK, ROOT
from tests.bench.errors import BenchError
from tests.bench.measuring import (
    LINES_A_SECOND,
    MS_A_DOCUMENT_P95,
    Bench,
    Figures,
    Limit,
    Peer,
    growth,
    measure,
    p95,
)
from tests.bench.processes import FreshInterpreter, Sample, WorkerSide
from tests.bench.worker import Loop, Prepared

SECOND = 1_000_000_000
RECORD_KEYS = {"name", "unit", "ours", "peer", "limit", "ratio_to_peer", "ratio_to_limit", "work"}


@dataclass
class Scripted:
    """A side that takes what it is told to and notes when it is asked and stopped."""

    name: str
    log: list[str]
    seconds: list[float] = field(default_factory=lambda: [1.0])
    units: int = 10
    outcome: str = ""
    version: str = "1.0"
    fails: bool = False

    def start(self) -> Scripted:
        self.log.append(f"start {self.name}")
        return self

    def sample(self) -> Sample:
        if self.fails:
            raise BenchError(f"{self.name} broke")
        self.log.append(self.name)
        return Sample(tuple(seconds * SECOND for seconds in self.seconds))

    def stop(self) -> None:
        self.log.append(f"stop {self.name}")


def a_bench(log, *, ours=None, peers=("peer",), limit=None, metric=LINES_A_SECOND):
    return Bench(
        name="some_work",
        work="ten lines",
        ours=ours or Scripted("ours", log, [2.0]),
        peers=tuple(Peer(name, Scripted(name, log)) for name in peers),
        limit=limit or Limit("the least", Scripted("limit", log, [0.5])),
        metrics=(metric,),
    )


# Measuring


def test_sides_are_measured_in_turn_and_the_order_turns_round():
    log = []

    measure(a_bench(log), runs=3)

    runs = [entry for entry in log if " " not in entry]
    assert runs == ["ours", "peer", "limit", "limit", "peer", "ours", "ours", "peer", "limit"]


def test_every_side_is_started_before_any_is_measured():
    log = []

    measure(a_bench(log), runs=1)

    assert log[:3] == ["start ours", "start peer", "start limit"]


def test_a_side_that_breaks_ends_the_measurement_and_all_are_stopped():
    log = []
    broken = Scripted("ours", log, fails=True)

    with pytest.raises(BenchError, match="ours broke"):
        measure(a_bench(log, ours=broken), runs=2)

    assert {entry for entry in log if entry.startswith("stop")} == {"stop ours", "stop peer", "stop limit"}


def test_a_ratio_is_ours_divided_by_theirs():
    [result] = measure(a_bench([]), runs=1)

    record = result.as_json()

    assert record["ours"] == {"median": 5.0, "min": 5.0, "max": 5.0, "runs": 1}
    assert record["peer"] == {"name": "peer", "version": "1.0", "median": 10.0, "min": 10.0, "max": 10.0, "runs": 1}
    assert record["limit"]["median"] == 20.0
    assert (record["ratio_to_peer"], record["ratio_to_limit"]) == (0.5, 0.25)


def test_a_second_peer_is_told_under_its_own_name():
    results = measure(a_bench([], peers=("first", "second")), runs=1)

    assert [(result.name, result.peer_name) for result in results] == [
        ("some_work", "first"),
        ("some_work.second", "second"),
    ]


def test_what_the_sides_made_of_the_work_is_told():
    [result] = measure(a_bench([], ours=Scripted("ours", [], outcome="3 of 10 lines pass")), runs=1)

    assert result.work == "ten lines; ours: 3 of 10 lines pass"


def test_figures_are_median_lowest_and_highest():
    assert Figures((9.0, 1.0, 2.0)).as_json() == {"median": 2.0, "min": 1.0, "max": 9.0, "runs": 3}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([7.0], 7.0, id="one"),
        pytest.param([float(n) for n in range(1, 21)], 19.0, id="twenty"),
        pytest.param([float(n) for n in range(100, 0, -1)], 95.0, id="a hundred, unsorted"),
    ],
)
def test_p95_is_what_95_of_100_are_not_above(values, expected):
    assert p95(values) == expected


def test_p95_is_taken_over_the_documents_of_a_run():
    sample = Sample(tuple(n * SECOND / 1000 for n in range(1, 21)))

    assert MS_A_DOCUMENT_P95.of(sample, 20) == pytest.approx(19.0)


@pytest.mark.parametrize(
    ("slow", "exponent"),
    [pytest.param(1000.0, 1.0, id="linear"), pytest.param(100.0, 2.0, id="quadratic")],
)
def test_growth_is_the_exponent_of_the_time(slow, exponent):
    assert growth((10, 1000.0), (100, slow)) == pytest.approx(exponent)


# Workers


def test_a_loop_times_each_task_and_does_short_work_several_times():
    done = Counter()
    loop = Loop(Prepared([lambda: done.update("a"), lambda: done.update("b")], units=2, outcome=""))

    loop.warm_up()
    before = done["a"]
    nanoseconds = loop.run()

    assert len(nanoseconds) == 2
    assert all(taken > 0 for taken in nanoseconds)
    assert done["a"] - before == loop.repeats > 1


def test_a_worker_of_our_own_matches_every_line(tmp_path, monkeypatch):
    monkeypatch.setattr(workloads, "FOLDER", tmp_path)
    side = WorkerSide("ours:match", {"lines": str(workloads.lines(3)), "has_codes": False})

    worker = side.start()
    try:
        sample = worker.sample()
    finally:
        worker.stop()

    assert (worker.units, worker.outcome) == (3, "3 of 3 lines pass")
    assert 0 < sample.total < SECOND


def test_a_worker_that_cannot_work_says_why():
    with pytest.raises(BenchError, match=r"limits:nothing ended.*no attribute 'nothing'"):
        WorkerSide("limits:nothing", {}).start()


def test_a_fresh_interpreter_is_measured_whole():
    sampler = FreshInterpreter("import time; time.sleep(0.05)").start()

    assert sampler.sample().total > 0.05 * SECOND


def test_code_that_fails_is_no_measurement():
    with pytest.raises(BenchError, match="ModuleNotFoundError"):
        FreshInterpreter("import nowhere_to_be_found").start()


# Workloads


def test_a_workload_is_the_same_each_time_and_bills_all_that_was_ordered(tmp_path, monkeypatch):
    monkeypatch.setattr(workloads, "FOLDER", tmp_path)

    first = json.loads(workloads.lines(50).read_text())
    second = json.loads(workloads.lines(50).read_text())

    assert first == second
    ordered, invoiced = first["ordered"], [row[:4] for row in first["invoiced"]]
    assert sorted(ordered) == sorted(invoiced)
    assert ordered != invoiced
    assert all(row[4] != row[1] for row in first["invoiced"])


def test_locked_and_torn_samples_are_not_timed_for_their_refusal(tmp_path, monkeypatch):
    monkeypatch.setattr(workloads, "FOLDER", tmp_path)

    names = {path.rsplit("/", 1)[-1] for path in json.loads(workloads.pdf_documents().read_text())}

    assert "kestrel-bolts.pdf" in names
    assert names.isdisjoint({"lumen-locked.pdf", "northgate-torn.pdf"})


# Counts and drops


def test_calls_are_told_in_all_and_by_service():
    cold = Counter({"capture_invoice s3.GetObject": 1, "export_bill secretsmanager.GetSecretValue": 1})
    warm = Counter({"capture_invoice s3.GetObject": 1, "match_invoice dynamodb.GetItem": 3})

    results = {result.name: result for result in calls.results_of([cold, warm])}

    assert results["aws_calls"].ours.values == (2.0, 4.0)
    assert results["aws_calls_dynamodb"].ours.values == (0.0, 3.0)
    assert results["aws_calls"].work.endswith("by function: capture_invoice 1, match_invoice 3")
    assert results["aws_calls_s3"].work.endswith("by operation: s3.GetObject 1")


def test_drops_are_told_with_their_95th_percentile():
    [drop, slow] = drops.results_of([float(n) for n in range(1, 21)])

    assert (drop.ours.median, slow.ours.median) == (10.5, 19.0)


# The command and its files


@pytest.mark.parametrize(
    ("only", "with_stack", "included", "excluded"),
    [
        pytest.param([], False, "aws_calls", "drop_to_bill", id="all but the stack's"),
        pytest.param([], True, "drop_to_bill", None, id="with the stack's"),
        pytest.param(["drop_to_bill"], False, "drop_to_bill", "aws_calls", id="asked for by name"),
        pytest.param(["import_*"], False, "import_capture_invoice", "capture_xml", id="a pattern"),
    ],
)
def test_names_choose_what_is_measured(only, with_stack, included, excluded):
    names = command.chosen_names(only, with_stack=with_stack)

    assert included in names
    assert excluded not in names


def test_a_name_of_nothing_is_bad_usage():
    result = CliRunner().invoke(command.app, ["--only", "no_such_bench"])

    assert result.exit_code == 2
    assert "no_such_bench" in result.output


def test_a_benchmark_that_fails_is_said_and_the_others_are_measured(tmp_path, monkeypatch):
    log = []
    broken = a_bench(log, ours=Scripted("ours", log, fails=True))
    monkeypatch.setattr(command, "TIMED", {"broken": lambda: broken, "whole": lambda: a_bench(log)})
    monkeypatch.setattr(command, "install_peers", lambda: None)
    monkeypatch.setattr(report, "FILE", tmp_path / "bench.json")

    result = CliRunner().invoke(command.app, ["--only", "broken", "--only", "whole", "--runs", "1"])

    assert result.exit_code == 1
    assert "broken: ours broke" in result.output
    [record] = json.loads((tmp_path / "bench.json").read_text())
    assert record.keys() == RECORD_KEYS


def test_each_function_has_its_import_measured():
    assert {f"import_{path.parent.name}" for path in (ROOT / "functions").glob("*/app.py")} <= TIMED.keys()
    assert "capture_invoice" in FUNCTIONS


def test_peers_are_locked_with_hashes():
    locked = LOCK.read_text()
    wanted = re.findall(r"^[\w-]+", LOCK.with_suffix(".in").read_text(), re.MULTILINE)

    assert wanted
    for name in wanted:
        assert re.search(rf"^{name}==\S+ \\\n    --hash=sha256:", locked, re.MULTILINE), name


def test_the_page_on_performance_names_every_benchmark():
    page = (ROOT / "docs" / "performance.md").read_text()
    families = {re.sub(r"_\d+$", "_<n>", name) for name in (*TIMED, *command.OTHERS, *command.ON_THE_STACK)}
    families = {"import_<function>" if name.startswith("import_") else name for name in families}

    assert [name for name in sorted(families) if f"`{name}`" not in page] == []
