"""What every command shares: the output format and the one way to say that the input is bad."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import NoReturn

import typer

BAD_INPUT = 2


class Format(StrEnum):
    JSON = "json"
    TABLE = "table"


def chosen(output_format: Format | None) -> Format:
    """The format asked for; a table on a terminal and JSON elsewhere."""
    if output_format is not None:
        return output_format
    return Format.TABLE if sys.stdout.isatty() else Format.JSON


def fail(message: str) -> NoReturn:
    """One line on standard error and exit status 2."""
    typer.echo(message, err=True)
    raise typer.Exit(BAD_INPUT)
