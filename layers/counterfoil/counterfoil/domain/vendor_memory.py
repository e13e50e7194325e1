"""What was learned about one vendor's documents, as data that a store can keep beside the vendor."""

from __future__ import annotations

from counterfoil.domain.records import Record


class LabelLesson(Record):
    """This text labels that field; how often it was right and wrong since."""

    field: str
    label: str
    hits: int = 0
    misses: int = 0


class NameLesson(Record):
    """What is read as the sender's name, squeezed, and the name that it stands for."""

    printed: str
    name: str


class VendorMemory(Record):
    """All lessons of one vendor. Empty is what a new vendor starts with."""

    labels: tuple[LabelLesson, ...] = ()
    names: tuple[NameLesson, ...] = ()
