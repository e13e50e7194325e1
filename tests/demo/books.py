"""Where the samples lie, and the demo company as its documents know it."""

from __future__ import annotations

from pathlib import Path

import yaml

from counterfoil.domain.policy import CompanySettings
from local.company import SETTINGS
from local.demo.story import SAMPLES

READINGS = Path(__file__).with_name("readings.yaml")


def settings() -> CompanySettings:
    """The settings as in the file, with the ERP's account numbers in the place of its ids."""
    return CompanySettings.model_validate(yaml.safe_load(SETTINGS.read_text()))


__all__ = ["READINGS", "SAMPLES", "settings"]
