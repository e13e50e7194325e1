"""`python -m tests.mutation MODULE.py... --tests TEST...`: change one thing at a time, and name what no test notices.

Each mutant is written over a copy of the layer, and the tests run against that copy in a process of their own until
the first fails. The repository's own files are never touched. Prints a line for each survivor and the score.

The process is forked from this one, which has the test libraries loaded and nothing of the layer: starting an
interpreter would take longer than most tests do.
"""

from __future__ import annotations

import ast
import copy
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, NoReturn

import pytest
import typer

ROOT = Path(__file__).resolve().parents[2]
LAYER = ROOT / "layers" / "counterfoil"
SECONDS_MAX = 120
POLL_SECONDS = 0.02
NICE = 19
# What the tests import and the layer is no part of.
LOADED_BEFORE = ("hypothesis", "pydantic", "rapidfuzz.fuzz", "moto", "samtranslator.yaml_helper", "starlette")

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """The line, what was changed there, and the module with that one change."""
    for index, node in enumerate(ast.walk(tree)):
        for number in range(_changes(node)):
            changed = copy.deepcopy(tree)
            twin = next(each for at, each in enumerate(ast.walk(changed)) if at == index)
            before = ast.unparse(twin)
            _change(twin, number)
            yield getattr(node, "lineno", 0), f"{_head(before)}  ->  {_head(ast.unparse(twin))}", changed


def _head(code: str) -> str:
    """Its first line: what stands below an `if` is the same in both."""
    return code.partition("\n")[0]


def _changes(node: ast.AST) -> int:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in COMPARISONS:
            return 1
        case ast.BinOp(op=operator) if type(operator) in ARITHMETIC:
            return 1
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not() | ast.USub()):
            return 1
        case ast.Constant(value=bool() | int()):
            return 1
        case ast.Name(id=name) if name in NAMES:
            return 1
        case ast.If() | ast.IfExp():
            return 2
        case _:
            return 0


def _change(node: ast.AST, number: int) -> None:
    match node:
        case ast.Compare():
            node.ops = [COMPARISONS[type(node.ops[0])]()]
        case ast.BinOp():
            node.op = ARITHMETIC[type(node.op)]()
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.UnaryOp():
            node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
            if isinstance(node.op, ast.Not):
                node.operand = ast.UnaryOp(op=ast.Not(), operand=node.operand)
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=int(value)):
            node.value = value + 1
        case ast.Name():
            node.id = NAMES[node.id]
        case ast.If() | ast.IfExp():
            node.test = ast.Constant(value=bool(number))


def is_noticed(layer: Path, tests: list[str]) -> bool:
    child = os.fork()
    if child == 0:
        _run(layer, tests)
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status != 0
        time.sleep(POLL_SECONDS)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _run(layer: Path, tests: list[str]) -> NoReturn:
    """The tests on that layer; ends the process with their outcome."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())
    sys.dont_write_bytecode = True
    os.chdir(ROOT)
    sys.path[:0] = [str(layer), str(ROOT)]
    options = ["-q", "-x", "-n", "0", "--assert=plain", "-p", "no:cacheprovider", "-o", f"pythonpath={layer} {ROOT}"]
    has_failed = True
    try:
        # One after the other: what the first of them notice, the others need not even be read for.
        has_failed = any(pytest.main([*options, test]) for test in tests)
    finally:
        os._exit(has_failed)


def main(
    modules: Annotated[list[str], typer.Argument(help="Modules below the layer's package, like domain/credits.py.")],
    tests: Annotated[list[str], typer.Option("--tests", help="What must notice.")],
    every: Annotated[int, typer.Option("--every", min=1, help="Take only each so many-th change: a sample.")] = 1,
) -> None:
    """Change one thing at a time and name what no test notices."""
    os.nice(NICE)
    for library in LOADED_BEFORE:
        importlib.import_module(library)
    noticed = total = 0
    with tempfile.TemporaryDirectory() as folder:
        layer = Path(folder) / "layer"
        shutil.copytree(LAYER, layer, ignore=shutil.ignore_patterns("__pycache__"))
        if is_noticed(layer, tests):
            typer.echo("the tests fail without any change", err=True)
            raise typer.Exit(2)
        for module in modules:
            path = layer / "counterfoil" / module
            original = path.read_text("utf-8")
            for line, change, mutant in islice(mutants(ast.parse(original)), 0, None, every):
                path.write_text(ast.unparse(mutant), "utf-8")
                total += 1
                if is_noticed(layer, tests):
                    noticed += 1
                else:
                    typer.echo(f"{module}:{line}: {change}")
            path.write_text(original, "utf-8")
    typer.echo(f"{noticed} of {total} noticed ({noticed / max(total, 1):.1%})")


if __name__ == "__main__":
    typer.run(main)
