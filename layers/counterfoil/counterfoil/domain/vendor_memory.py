"""What was learned about one vendor's documents, as data that a store can keep beside the vendor."""

from __future__ import annotations

from decimal import Decimal

from counterfoil.domain.records import Record


class LabelLesson(Record):
    """This text labels that field; how often it was right and wrong since."""

    field: str
    label: str
    hits: int = 0
    misses: int = 0


class Anchor(Record):
    """A text that the vendor prints, squeezed, and where a value stands from it.

    In points, from the text's left edge to the value's left and right edges, and from its middle down to the value's. A
    text such as `@595x842` is the top left corner of a page of that size.
    """

    text: str
    left: Decimal
    right: Decimal
    down: Decimal


class PlaceLesson(Record):
    """That field stands at this place, in this form (`A-9`, `date`, `amount`) of about so many signs.

    `overrules` says that a label of the document claimed another value when this was taught.
    """

    field: str
    form: str
    length: int
    anchors: tuple[Anchor, ...]
    overrules: bool = False
    hits: int = 0
    misses: int = 0


class ColumnLesson(Record):
    """This head, squeezed, stands over that column of the line table."""

    head: str
    column: str
    hits: int = 0
    misses: int = 0


class DayOrderLesson(Record):
    """The vendor writes the day first, or the month, where its dates do not show which."""

    day_first: bool
    hits: int = 0
    misses: int = 0


class CurrencyLesson(Record):
    """The vendor bills in this currency (ISO 4217) where its documents print none, or a sign that several share."""

    currency: str
    hits: int = 0
    misses: int = 0


class NameLesson(Record):
    """What is read as the sender's name, squeezed, and the name that it stands for.

    Nothing is read where the name is a picture: `printed` is empty then.
    """

    printed: str
    name: str


class VendorMemory(Record):
    """All lessons of one vendor. Empty is what a new vendor starts with."""

    labels: tuple[LabelLesson, ...] = ()
    places: tuple[PlaceLesson, ...] = ()
    columns: tuple[ColumnLesson, ...] = ()
    day_order: DayOrderLesson | None = None
    currency: CurrencyLesson | None = None
    names: tuple[NameLesson, ...] = ()
