"""Pages as NetSuite cuts and links them: limit at most 1000, offsets in multiples of the limit, absolute links."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from erp_emulator.errors import invalid_parameter

LIMIT_MAX = 1000
PAGES_MAX = 1000


def read(limit: str, offset: str, *, default: int = LIMIT_MAX) -> tuple[int, int]:
    """(limit, offset) of a request, or the refusal."""
    size = _whole(limit or str(default), "limit")
    start = _whole(offset or "0", "offset")
    if not 1 <= size <= LIMIT_MAX:
        raise invalid_parameter(
            f"Invalid query parameter value '{limit}' for limit. Provide a number between 1 and {LIMIT_MAX}.",
            "limit",
        )
    if start % size:
        raise invalid_parameter(
            f"Invalid query parameter value '{offset}' for offset. Offset must be divisible by limit.",
            "offset",
        )
    if start // size >= PAGES_MAX:
        raise invalid_parameter(f"Only the first {PAGES_MAX} pages can be read.", "offset")
    return size, start


def _whole(text: str, name: str) -> int:
    if not text.isdigit() or len(text) > 9:
        raise invalid_parameter(f"Invalid query parameter value '{text}' for {name}. Provide a whole number.", name)
    return int(text)


def envelope(
    url: str,
    items: list[dict[str, Any]],
    *,
    limit: int,
    offset: int,
    total: int,
    extra: list[tuple[str, str]] | None = None,
    reachable: int | None = None,
) -> dict[str, Any]:
    """The collection around a page. `reachable` is how many rows can be paged to, when fewer than there are."""
    end = total if reachable is None else min(total, reachable)
    has_more = offset + len(items) < end
    suffix = "".join(f"&{name}={quote_plus(value)}" for name, value in extra or [])

    def link(rel: str, start: int) -> dict[str, str]:
        return {"rel": rel, "href": f"{url}?limit={limit}&offset={start}{suffix}"}

    links = []
    if has_more:
        links += [link("next", offset + limit), link("last", max(end - 1, 0) // limit * limit)]
    if offset > 0:
        links += [link("first", 0), link("prev", max(offset - limit, 0))]
    links.append(link("self", offset))
    return {
        "links": links,
        "count": len(items),
        "hasMore": has_more,
        "items": items,
        "offset": offset,
        "totalResults": total,
    }
