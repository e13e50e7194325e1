"""What every record of the domain is: frozen, strict about its fields, the same in memory, table and JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record that refuses unknown fields. A change is a copy (`model_copy`).

    `model_dump(mode="json")` writes decimals as strings, dates as ISO `YYYY-MM-DD` and instants as ISO UTC.
    """

    # An error that quotes its input would carry a document's text into a log.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, ser_json_timedelta="float")
