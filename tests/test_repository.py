"""README, events, template and code say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.settings import Settings
from tests.conftest import ROOT, template

FUNCTIONS = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())
EVENTS = sorted((ROOT / "events").glob("*.json"))
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "erp_emulator" / "README.md"]


def functions_of_template() -> dict[str, dict]:
    resources = template()["Resources"].items()
    functions = {name: item for name, item in resources if item.get("Type") == "AWS::Serverless::Function"}
    return {Path(item["Properties"]["CodeUri"]).name: item["Properties"] for item in functions.values()}


def test_the_template_deploys_each_function_folder_and_no_other():
    assert sorted(functions_of_template()) == FUNCTIONS


def test_the_readme_lists_each_function_and_no_other():
    assert sorted(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)) == FUNCTIONS


def test_the_readme_names_only_targets_that_the_makefile_has():
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))

    assert set(re.findall(r"`?make ([a-z]+)", README)) <= targets
    assert {"demo", "setup", "test", "up", "down", "clean", "check", "bench"} <= targets


def test_the_readme_names_each_parameter_of_the_template():
    settings = README.split("## Settings")[1].split("##")[0]

    assert {name for name in template()["Parameters"] if f"`{name}`" not in settings} <= {"LocalAddress"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_documents_links_lead_somewhere(document):
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", document.read_text())

    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_commands_of_the_readme_are_there():
    commands = set(re.findall(r"\.venv/bin/counterfoil (\w+)", README))
    modules = {path.stem for path in (ROOT / "layers/counterfoil/counterfoil/cli").glob("*.py")}

    assert commands and commands <= modules


def test_the_architecture_names_each_state_with_its_meaning():
    text = (ROOT / "docs" / "architecture.md").read_text()

    for status in Status:
        assert f"| {status.value} | {STATES[status].means} |" in text


@pytest.mark.parametrize("event", EVENTS, ids=lambda path: path.stem)
def test_an_event_is_a_functions_and_the_input_of_a_test(event):
    function, _, case = event.stem.partition(".")

    assert function in FUNCTIONS and case
    assert isinstance(json.loads(event.read_text()), dict)
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "functions").glob("*.py"))
    assert f'"{event.stem}"' in tests


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_an_event(function):
    assert any(event.stem.startswith(f"{function}.") for event in EVENTS)


def test_every_setting_is_set_by_the_template_and_read_by_the_code():
    properties = [*functions_of_template().values(), template()["Globals"]["Function"]]
    given = {name for one in properties for name in one.get("Environment", {}).get("Variables", {})}
    source = (ROOT / "layers/counterfoil/counterfoil/settings.py").read_text()
    asked = set(re.findall(r'_needed\("(\w+)"\)', source))
    asked |= {f"{step}_QUEUE_URL" for step in ("CAPTURE", "MATCH", "EXPORT", "SYNC")}

    assert asked <= given
    assert {name for name in given if not name.startswith(("POWERTOOLS_", "LOG_LEVEL"))} <= asked
    assert Settings({}).environment == {}
