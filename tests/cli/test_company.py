"""`counterfoil company`: settings go in as they are written, or one line says what is wrong with them."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from counterfoil.cli import app
from tests.conftest import TABLE

RUN = CliRunner()


def run(*arguments):
    return RUN.invoke(app, ["company", *map(str, arguments), "--table", TABLE])


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "company.yaml"
        file.write_text(text)
        return file

    return write


def test_settings_are_written_and_shown_as_they_can_be_put_again(store, written):
    file = written("company: acme\ncurrency: EUR\napprove_automatically_max: '100.00'\n")

    assert run("put", file).exit_code == 0
    shown = run("show", "acme")

    assert run("put", written(shown.stdout)).exit_code == 0
    assert store.company("acme").currency == "EUR"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("company: acme\nsurprise: 1\n", "surprise", id="an unknown setting"),
        pytest.param("currency: EUR\n", "company", id="no company"),
        pytest.param("company: acme\nmatch: {thresholds: {rate: {percent: '-1'}}}\n", "percent", id="a bad threshold"),
        pytest.param("company: Acme Ltd\n", "no company name", id="a bad name"),
        pytest.param("company: [\n", "not YAML", id="no YAML"),
        pytest.param("", "whole file", id="an empty file"),
    ],
)
def test_wrong_settings_are_refused_with_the_file_and_the_place(store, written, text, place):
    refused = run("put", written(text))

    assert refused.exit_code == 2
    assert "company.yaml" in refused.stderr and place in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert store.companies() == []


def test_a_file_or_company_that_is_not_there_is_named(store, tmp_path):
    assert "nothing.yaml" in run("put", tmp_path / "nothing.yaml").stderr
    assert "nobody" in run("show", "nobody").stderr
