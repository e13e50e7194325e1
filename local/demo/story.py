"""The story as `samples/samples.yaml` lists it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from counterfoil.domain.lifecycle import Status
from local.installation import PROJECT

SAMPLES = PROJECT / "samples"


@dataclass(frozen=True)
class Sample:
    """One document and what it is for.

    It comes to `becomes`, for the `reason`, and to `then` once missing goods have come. `repeats` names the document
    that it is a second delivery of.
    """

    file: str
    name: str
    shows: str
    made_by: str
    wave: int
    order: str | None
    becomes: Status | None
    reason: str | None
    then: Status | None
    repeats: str | None

    @property
    def path(self) -> Path:
        return SAMPLES / self.file


@dataclass(frozen=True)
class MissingReceipt:
    """Goods that the demo receives in the ERP: quantities by order line."""

    order: str
    quantities: dict[int, str]


@dataclass(frozen=True)
class Story:
    samples: tuple[Sample, ...]
    receipts: tuple[MissingReceipt, ...]

    def wave(self, number: int) -> list[Sample]:
        return [sample for sample in self.samples if sample.wave == number]

    @property
    def order_numbers(self) -> list[str]:
        return list(dict.fromkeys(sample.order for sample in self.samples if sample.order))


def read_story() -> Story:
    content = yaml.safe_load((SAMPLES / "samples.yaml").read_text())
    return Story(
        samples=tuple(_sample(entry) for entry in content["samples"]),
        receipts=tuple(MissingReceipt(entry["order"], entry["quantities"]) for entry in content["receipts"]),
    )


def _sample(entry: dict[str, Any]) -> Sample:
    return Sample(
        file=entry["file"],
        name=entry.get("as", entry["file"]),
        shows=entry["shows"],
        made_by=entry["made_by"],
        wave=entry.get("wave", 1),
        order=entry.get("order"),
        becomes=Status(entry["becomes"]) if "becomes" in entry else None,
        reason=entry.get("reason"),
        then=Status(entry["then"]) if "then" in entry else None,
        repeats=entry.get("repeats"),
    )
