"""The parent's end of a side: a long-lived worker process, or a fresh process for each sample."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import IO, Any, Protocol

from tests.bench.environments import OURS, ROOT, Environment
from tests.bench.errors import BenchError

ANSWER_SECONDS_MAX = 120
STOP_SECONDS_MAX = 10
ERROR_LINES = 5
LOGS = ROOT / "build" / "bench"


@dataclass(frozen=True)
class Sample:
    """One run of one side: nanoseconds for each of its tasks."""

    nanoseconds: tuple[float, ...]

    @property
    def total(self) -> float:
        return sum(self.nanoseconds)


class Sampler(Protocol):
    """Something that can be measured again and again."""

    units: int
    outcome: str
    version: str

    def sample(self) -> Sample: ...

    def stop(self) -> None: ...


class Side(Protocol):
    """How to get a sampler, warmed up."""

    def start(self) -> Sampler: ...


@dataclass(frozen=True)
class WorkerSide:
    """A side that works in one process of its own; `function` is `module:function` of `tests.bench.sides`."""

    function: str
    arguments: Mapping[str, Any]
    environment: Environment = OURS

    def start(self) -> Sampler:
        return Worker(self)


class Worker:
    """The process of a side, started, warmed up and waiting to be asked."""

    def __init__(self, side: WorkerSide) -> None:
        self._name = side.function
        LOGS.mkdir(parents=True, exist_ok=True)
        self._errors = (LOGS / f"{side.function.replace(':', '.')}.log").open("w+")
        self._process = subprocess.Popen(
            [str(side.environment.python), "-m", "tests.bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=side.environment.variables(),
            cwd=ROOT,
            text=True,
        )
        try:
            ready = self._ask({"side": f"tests.bench.sides.{side.function}", "arguments": dict(side.arguments)})
        except BenchError:
            self.stop()
            raise
        self.units = int(ready["units"])
        self.outcome = str(ready["outcome"])
        self.version = str(ready["version"])

    def sample(self) -> Sample:
        return Sample(tuple(self._ask({})["nanoseconds"]))

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

    @property
    def _stdin(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        try:
            self._stdin.write(json.dumps(order) + "\n")
            self._stdin.flush()
        except BrokenPipeError as error:
            raise BenchError(self._last_words()) from error
        ready, _, _ = select.select([self._stdout], [], [], ANSWER_SECONDS_MAX)
        if not ready:
            raise BenchError(f"{self._name} did not answer within {ANSWER_SECONDS_MAX} seconds")
        line = self._stdout.readline()
        if not line:
            raise BenchError(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._errors.seek(0)
        tail = self._errors.read().splitlines()[-ERROR_LINES:]
        return f"{self._name} ended: {' | '.join(tail) or 'without a word'}"


@dataclass(frozen=True)
class FreshInterpreter:
    """A side that is a whole new interpreter running `code`, from its start to the end of the code.

    `distribution` names the package whose version is reported.
    """

    code: str
    outcome: str = ""
    distribution: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> Sampler:
        interpreter = _Fresh(self)
        # The first writes the compiled files and brings everything into the page cache.
        interpreter.sample()
        return interpreter


class _Fresh:
    units = 1

    def __init__(self, side: FreshInterpreter) -> None:
        # What an interpreter tidies up at its end is no part of an import.
        self._command = [str(OURS.python), "-c", f"{side.code}\nimport os\nos._exit(0)"]
        self._variables = OURS.variables() | dict(side.variables)
        self.outcome = side.outcome
        self.version = metadata.version(side.distribution) if side.distribution else ""

    def sample(self) -> Sample:
        started = time.perf_counter_ns()
        ended = subprocess.run(
            self._command, env=self._variables, cwd=ROOT, capture_output=True, text=True, timeout=ANSWER_SECONDS_MAX
        )
        taken = time.perf_counter_ns() - started
        if ended.returncode:
            raise BenchError(f"a fresh interpreter failed: {' | '.join(ended.stderr.splitlines()[-ERROR_LINES:])}")
        return Sample((float(taken),))

    def stop(self) -> None:
        """Nothing is left running."""


def answer_of(module: str, arguments: Sequence[str] = (), *, seconds_max: int) -> Any:
    """The JSON that one of our own programs prints; of a failure, its last words."""
    process = subprocess.Popen(
        [str(OURS.python), "-m", module, *arguments],
        env=OURS.variables(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # It may start programs of its own, which must not outlive it.
        start_new_session=True,
    )
    try:
        printed, said = process.communicate(timeout=seconds_max)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{module} took more than {seconds_max} seconds") from error
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode:
        raise BenchError(f"{module} failed: {' | '.join(said.splitlines()[-ERROR_LINES:])}")
    return json.loads(printed)
