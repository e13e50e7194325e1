"""XML read safely into a small tree of local names.

expat alone, because it lets every document type declaration be refused before an entity can exist, and it loads in a
tenth of the time of a full XML library, which a cold start feels. Namespaces are dropped: prefixes and versions of
the e-invoice standards differ, the names inside them do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.limits import Limits

CHUNK_BYTES = 1 << 16


class Node:
    """One element: local name, attributes by local name, own text and children."""

    __slots__ = ("attributes", "children", "name", "parts")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Node] = []
        self.parts: list[str] = []

    @property
    def text(self) -> str:
        """The element's own text without white space around it."""
        return "".join(self.parts).strip()

    def all(self, *path: str) -> Iterator[Node]:
        """Every descendant by path, in order. A step may name alternatives: `ID|IssuerAssignedID`."""
        if not path:
            yield self
            return
        names = path[0].split("|")
        for child in self.children:
            if child.name in names:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> Node | None:
        return next(self.all(*path), None)

    def value(self, *path: str) -> str | None:
        """The first text on that path that is not empty."""
        return next((node.text for node in self.all(*path) if node.text), None)


class _Builder:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.stack: list[Node] = []
        self.root: Node | None = None
        self.count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > self.limits.xml_nodes_max:
            raise CaptureError(ErrorCode.TOO_LARGE, f"XML has more than {self.limits.xml_nodes_max} elements")
        if len(self.stack) >= self.limits.xml_depth_max:
            raise CaptureError(ErrorCode.UNSAFE_XML, f"XML is nested deeper than {self.limits.xml_depth_max}")
        node = Node(_local(name), {_local(key): value for key, value in attributes.items()})
        if self.stack:
            self.stack[-1].children.append(node)
        else:
            self.root = node
        self.stack.append(node)

    def end(self, _name: str) -> None:
        self.stack.pop()

    def text(self, characters: str) -> None:
        if self.stack:
            self.stack[-1].parts.append(characters)


def parse_xml(content: bytes, limits: Limits) -> Node:
    """The root element. CaptureError `unsafe_xml` for any document type or depth trick, `damaged` if malformed."""
    builder = _Builder(limits)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        for start in range(0, len(content), CHUNK_BYTES):
            parser.Parse(content[start : start + CHUNK_BYTES], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise CaptureError(
            ErrorCode.DAMAGED,
            f"XML is not well formed at line {error.lineno}, column {error.offset}",
        ) from error
    except (LookupError, ValueError) as error:
        raise CaptureError(ErrorCode.DAMAGED, "XML names an encoding that is unknown") from error
    if builder.root is None:
        raise CaptureError(ErrorCode.DAMAGED, "XML has no element")
    return builder.root


def _refuse_doctype(*_: object) -> None:
    raise CaptureError(ErrorCode.UNSAFE_XML, "XML declares a document type")


def _local(name: str) -> str:
    return name.rpartition(":")[2]
