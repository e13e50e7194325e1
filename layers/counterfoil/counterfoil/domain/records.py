"""What every record of the domain is: frozen, strict about its fields, the same in memory, table and JSON."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record that refuses unknown fields. A change is a copy (`model_copy`).

    `model_dump(mode="json")` writes decimals as strings, dates as ISO `YYYY-MM-DD` and instants as ISO UTC.
    """

    # An error that quotes its input would carry a document's text into a log.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, ser_json_timedelta="float")


R = TypeVar("R", bound=Record)
# Where pydantic keeps what a record holds; a frozen record has no other way in.
_set_values = BaseModel.__dict__["__dict__"].__set__
_set_named = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_set_extra = BaseModel.__dict__["__pydantic_extra__"].__set__
_set_private = BaseModel.__dict__["__pydantic_private__"].__set__


def made(kind: type[R], values: dict[str, object]) -> R:
    """A record of values that a rule has just made from checked ones: every field of it, each of the field's type.

    They are not checked once more, which for a thousand lines takes longer than deciding them. What comes from anywhere
    else is checked: `kind(**values)`. TypeError when a field is missing or one too many.
    """
    fields = _fields(kind)
    if len(values) != len(fields):
        raise TypeError(f"{kind.__name__} is made of other fields: {sorted(values.keys() ^ fields)}")
    record = object.__new__(kind)
    _set_values(record, values)
    _set_named(record, fields)
    _set_extra(record, None)
    _set_private(record, None)
    return record


@cache
def _fields(kind: type[Record]) -> set[str]:
    return set(kind.model_fields)
