"""The layers as `sam build` makes them: small enough, whole, and for the machine that runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, template

# Lambda's limit on a function and its layers, unzipped.
SIZE_MAX_BYTES = 250_000_000
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))

# What Lambda's own Python brings along (boto3 and what only boto3 needs).
OF_THE_RUNTIME = ("boto3", "botocore", "s3transfer")

IMPORT_HANDLER = """
import sys
sys.path[:0] = sys.argv[1:]
import app
assert callable(app.lambda_handler)
print("\\n".join(sorted(getattr(module, "__file__", None) or "" for module in list(sys.modules.values()))))
"""


def make(layer: str, target: Path, **variables: str) -> Path:
    """Run a layer's build as `sam build` does; the folder that becomes /opt."""
    names = {
        "counterfoil": "CounterfoilLayer",
        "dependencies": "DependenciesLayer",
        "recognition": "RecognitionLayer",
    }
    makefile = ROOT / "layers" / layer / "Makefile"
    subprocess.run(
        ["make", "--silent", "--makefile", str(makefile), f"build-{names[layer]}", f"ARTIFACTS_DIR={target}"],
        cwd=ROOT / "layers" / layer,
        env=os.environ | variables,
        check=True,
    )
    return target


@pytest.fixture(scope="module")
def deployed(tmp_path_factory) -> list[Path]:
    """The layers as they are deployed to AWS with the template's own defaults."""
    parameters = template()["Parameters"]
    variables = {
        "LAMBDA_RUNTIME": parameters["LambdaRuntime"]["Default"],
        "LAMBDA_ARCHITECTURE": parameters["Architecture"]["Default"],
    }
    target = tmp_path_factory.mktemp("deployed")
    return [make(layer, target / layer, **variables) for layer in ("counterfoil", "dependencies", "recognition")]


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> list[Path]:
    """The layers as the local cloud runs them, with this very Python."""
    target = tmp_path_factory.mktemp("local")
    return [make(layer, target / layer, LAMBDA_INTERPRETER=sys.executable) for layer in ("counterfoil", "dependencies")]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory) -> Path:
    """The libraries of Lambda's own Python, and nothing else of this machine's."""
    import boto3

    folder = tmp_path_factory.mktemp("runtime")
    for name in OF_THE_RUNTIME:
        (folder / name).symlink_to(Path(boto3.__file__).parents[1] / name)
    return folder


def test_the_layers_together_stay_under_lambdas_limit(deployed):
    files = [path for layer in deployed for path in layer.rglob("*") if path.is_file()]

    assert 0 < sum(path.stat().st_size for path in files) < SIZE_MAX_BYTES


def test_compiled_code_is_for_the_target_alone(deployed):
    parameters = template()["Parameters"]
    version = parameters["LambdaRuntime"]["Default"].removeprefix("python").replace(".", "")
    machine = {"arm64": 183, "x86_64": 62}[parameters["Architecture"]["Default"]]
    compiled = [path for layer in deployed for path in layer.rglob("*.so*")]

    assert compiled
    for path in compiled:
        # ELF's e_machine, the processor, is the half-word at 18.
        assert int.from_bytes(path.read_bytes()[18:20], "little") == machine, path
        assert ".cpython-" not in path.name or f".cpython-{version}-" in path.name


def test_lambda_finds_packages_under_python(deployed):
    counterfoil, dependencies, _recognition = deployed

    assert (counterfoil / "python" / "counterfoil" / "__init__.py").exists()
    assert (dependencies / "python" / "pydantic").is_dir()
    assert {path.name for layer in deployed for path in layer.iterdir()} == {"python"}


def test_the_runtimes_own_libraries_are_not_doubled(deployed):
    assert not [name for layer in deployed for name in OF_THE_RUNTIME if (layer / "python" / name).exists()]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_needs_nothing_but_the_layers_and_the_runtime(function, local, runtime, tmp_path):
    places = [ROOT / "functions" / function, *(layer / "python" for layer in local), runtime]

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT_HANDLER, *map(str, places)],
        env={},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert not [path for path in done.stdout.splitlines() if path.startswith(str(ROOT / "layers"))]
