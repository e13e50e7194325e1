"""How much of a document is looked at. Beyond a limit it is refused with a typed error, never half read."""

from __future__ import annotations

from counterfoil.domain.records import Record


class Limits(Record):
    """Upper bounds, each one a named refusal: bytes, pages, words and so on of one document.

    `recognised_pages_max` pages without text are recognised, as many as half of the seconds allow; 0 turns it off.
    `unread_pages_max` pages are handed to a service that recognises them. `bytes_max` is the file itself,
    `embedded_bytes_max` one file inside it after decompression. `seconds_max` and `memory_bytes_max` bound the process
    that reads PDFs and images (recognition has more).
    """

    bytes_max: int = 25_000_000
    embedded_bytes_max: int = 20_000_000
    attachments_max: int = 50
    pages_max: int = 200
    words_max: int = 200_000
    lines_max: int = 10_000
    xml_depth_max: int = 60
    xml_nodes_max: int = 500_000
    pixels_max: int = 60_000_000
    recognised_pages_max: int = 6
    unread_pages_max: int = 10
    seconds_max: int = 60
    memory_bytes_max: int = 1_500_000_000
