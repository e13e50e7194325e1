"""Who may import what: the rules of docs/architecture.md, held by reading each module's imports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "layers" / "counterfoil" / "counterfoil"
FUNCTIONS = ROOT / "functions"
EMULATOR = ROOT / "erp_emulator"

# What tells the ERP's rows and bodies, without asking for them.
READERS = [PACKAGE / "netsuite" / name for name in ("rows.py", "records.py", "returns.py")]

SERVICES = {"boto3", "botocore", "requests", "requests_oauthlib", "aws_lambda_powertools", "urllib3", "httpx"}
DOMAIN_LIBRARIES = {"pydantic", "rapidfuzz", "stdnum"}


def modules_imported(path: Path, *, package: str = "") -> set[str]:
    """Every module that a file imports anywhere but for type checking, as dotted names."""
    found: set[str] = set()
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([package, base]).strip(".")
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def tops(modules: set[str]) -> set[str]:
    return {module.split(".")[0] for module in modules}


def files(*places: Path) -> list[Path]:
    found = [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*.py")))]
    assert found
    return found


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def outside(modules: set[str], *allowed: str) -> set[str]:
    """The modules of `counterfoil` among these that are in none of the allowed parts."""
    ours = {module for module in modules if module.startswith("counterfoil.")}
    return {module for module in ours if not any(f"{module}.".startswith(f"counterfoil.{part}.") for part in allowed)}


@pytest.mark.parametrize("path", files(PACKAGE / "domain"), ids=named)
def test_rules_import_no_service_and_nothing_that_acts(path):
    modules = modules_imported(path)

    assert outside(modules, "domain", "errors") == set()
    assert tops(modules) & (SERVICES | {"os", "socket", "subprocess", "time"}) == set()


@pytest.mark.parametrize("path", files(PACKAGE / "domain"), ids=named)
def test_rules_ask_no_clock(path):
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}

    assert calls & {"datetime.now", "datetime.utcnow", "date.today", "time.time"} == set()


@pytest.mark.parametrize("path", files(PACKAGE / "capture", *READERS), ids=named)
def test_readers_import_the_domain_and_no_service(path):
    modules = modules_imported(path)

    assert outside(modules, "domain", "errors", "capture", *(f"netsuite.{path.stem}" for path in READERS)) == set()
    assert tops(modules) & (SERVICES - {"requests"}) == set()


@pytest.mark.parametrize("name", ["store.py", "files.py", "netsuite/client.py"])
def test_each_service_is_spoken_to_in_one_place(name):
    allowed = {"domain", "errors"} | ({"netsuite"} if name.startswith("netsuite") else set())

    assert outside(modules_imported(PACKAGE / name), *allowed) == set()


def test_a_page_is_recognised_as_capture_asks():
    assert outside(modules_imported(PACKAGE / "textract.py"), "capture.recognised", "errors") == set()


@pytest.mark.parametrize("path", files(PACKAGE), ids=named)
def test_services_are_imported_only_where_they_are_spoken_to(path):
    speakers = {
        "store.py",
        "files.py",
        "queues.py",
        "sign_in.py",
        "textract.py",
        "wiring.py",
        "observability.py",
        "netsuite/client.py",
    }
    if str(path.relative_to(PACKAGE)) in speakers:
        return

    assert tops(modules_imported(path)) & SERVICES <= {"aws_lambda_powertools"} & set()


@pytest.mark.parametrize("path", files(PACKAGE / "steps"), ids=named)
def test_steps_are_handed_what_they_use(path):
    assert (
        outside(modules_imported(path), "domain", "errors", "store", "files", "capture", "netsuite", "steps") == set()
    )


@pytest.mark.parametrize("path", files(PACKAGE / "page"), ids=named)
def test_what_the_page_shows_is_handed_what_it_uses(path):
    assert outside(modules_imported(path), "domain", "errors", "store", "steps", "page") == set()


@pytest.mark.parametrize("path", files(FUNCTIONS), ids=named)
def test_a_function_imports_steps_wiring_and_no_client(path):
    modules = modules_imported(path)

    assert tops(modules) & {"boto3", "requests"} == set()
    assert outside(modules, "netsuite", "capture") == {
        module
        for module in modules
        if module.startswith("counterfoil.") and not module.startswith("counterfoil.netsuite")
    }


@pytest.mark.parametrize(
    "folder", sorted(place for place in FUNCTIONS.iterdir() if place.is_dir()), ids=lambda p: p.name
)
def test_a_function_is_one_file(folder):
    assert [path.name for path in folder.rglob("*.py")] == ["app.py"]


@pytest.mark.parametrize("path", files(PACKAGE, FUNCTIONS), ids=named)
def test_only_settings_and_wiring_read_the_environment(path):
    if path.name in ("settings.py", "wiring.py") and path.parent == PACKAGE:
        return

    reads = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}

    assert reads & {"os.environ", "os.getenv"} == set()


@pytest.mark.parametrize("path", files(EMULATOR), ids=named)
def test_the_emulator_imports_nothing_of_the_product(path):
    assert "counterfoil" not in tops(modules_imported(path))


@pytest.mark.parametrize("path", files(PACKAGE, FUNCTIONS), ids=named)
def test_the_product_imports_nothing_of_the_emulator_or_the_tests(path):
    assert tops(modules_imported(path)) & {"erp_emulator", "tests", "local"} == set()
