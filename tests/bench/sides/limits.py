"""The least that the work can take: what nobody can leave out."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from lxml import etree

from counterfoil.beside import bare_text
from tests.bench.sides.workload import ORDER, read, rows
from tests.bench.worker import Prepared

PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def dictionary(lines: str) -> Prepared:
    """A dictionary made of the order's keys, each invoice line looked up in it and compared."""
    ordered, invoiced = rows(lines)

    def join() -> int:
        places = {(ORDER, row.code): row for row in ordered}
        agreeing = 0
        for row in invoiced:
            place = places.get((ORDER, row.code))
            if place is not None and place.quantity == row.quantity and place.price == row.price:
                agreeing += 1
        return agreeing

    return Prepared([join], len(invoiced), f"{join():,} of {len(invoiced):,} agree")


def xml_parse(documents: str) -> Prepared:
    contents = [text.encode() for text in read(documents)]
    return Prepared([partial(etree.fromstring, content, PARSER) for content in contents], len(contents), "")


def pdf_text(documents: str) -> Prepared:
    tasks = [bare_text.task_of(Path(path)) for path in read(documents)]
    return Prepared(tasks, len(tasks), "")
