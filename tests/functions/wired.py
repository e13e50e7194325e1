"""A function as Lambda runs it: its handler, its events, its environment, with moto behind `wiring`."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.conftest import ROOT


@dataclass
class Context:
    """What Powertools asks of a Lambda context."""

    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:test"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


def event(name: str) -> dict[str, Any]:
    """An input of `events/`."""
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def handler(function: str) -> Callable[[dict[str, Any], Context], Any]:
    return importlib.import_module(f"functions.{function}.app").lambda_handler


def call(name: str, **replaced: Any) -> Any:
    """Hand an event of `events/` to its function."""
    return handler(name.partition(".")[0])(event(name) | replaced, Context())
