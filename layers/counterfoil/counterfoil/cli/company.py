"""`counterfoil company`: sets a company up in a deployed stack's table, or shows how it is set up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
import yaml
from pydantic import ValidationError

from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import Refusal

if TYPE_CHECKING:
    from counterfoil.store import Store

UNUSABLE = 2

app = typer.Typer(no_args_is_help=True, help="A company's settings in a deployed stack: write them, show them.")

Table = Annotated[str, typer.Option("--table", envvar="TABLE_NAME", help="The stack's output TableName.")]


@app.command()
def put(
    file: Annotated[Path, typer.Argument(help="The settings as YAML; docs/policies.md explains each.")], table: Table
) -> None:
    """Write a company's settings. They hold from the next invoice on."""
    settings = settings_of(file)
    try:
        _store(table).put_company(settings)
    except Refusal as refusal:
        _stop(f"{file}: {refusal.detail}")
    typer.echo(f"{settings.company}: settings written, policy version {settings.match.version}")


@app.command()
def show(company: Annotated[str, typer.Argument(help="The company's name.")], table: Table) -> None:
    """Print a company's settings as YAML, ready to be changed and put back."""
    try:
        settings = _store(table).company(company)
    except Refusal as refusal:
        _stop(refusal.detail)
    typer.echo(yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True), nl=False)


def _store(table: str) -> Store:
    # The other commands work offline and should not wait for the AWS SDK to load.
    from counterfoil import wiring

    return wiring.store_over(table)


def settings_of(file: Path) -> CompanySettings:
    """The settings in a file; ends with one line that names the file and the place when they are not right."""
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        return CompanySettings.model_validate(content)
    except OSError as error:
        _stop(f"{file}: {error.strerror}")
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        _stop(f"{file}: not YAML: {' '.join(str(error).split())}")
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        _stop(f"{file}: {place}: {first['msg']}")


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(UNUSABLE)
