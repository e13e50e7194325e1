"""What a line of a picture says: cut out, straightened, read by the recognition network.

The network gives each column of a line the likelihood of every sign (connectionist temporal classification: Graves et
al., 2006). Of its 18,000 signs only those of European scripts are asked for, and the column a letter was seen in tells
where it stands.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy
from PIL import Image as Images

from counterfoil.capture.recognition.detection import TextLine

if TYPE_CHECKING:
    from PIL.Image import Image

# The network reads lines of this height; shorter ones are padded to the width it was trained with.
HEIGHT = 48
WIDTH_MIN = 320
WIDTH_MAX = 3200
LINES_AT_ONCE = 6
PIXELS_AT_ONCE = 6000
# Latin, Greek and Cyrillic letters, punctuation, currency signs, letter-like signs and full-width forms of ASCII.
SIGNS = ((0x20, 0x24F), (0x370, 0x52F), (0x2010, 0x2044), (0x20A0, 0x20BF), (0x2100, 0x2122), (0xFF01, 0xFF5E))
SIGNS_APART = "、。《》【】〈〉「」ﬁﬂ□■●◆★☆※→√"


@dataclass(frozen=True, slots=True)
class Letter:
    """One sign, how sure it is, and where its middle stands along the line (pixels from the line's left end)."""

    sign: str
    confidence: float
    place: float


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """A line and its letters, spaces among them."""

    line: TextLine
    letters: tuple[Letter, ...]

    @property
    def text(self) -> str:
        return "".join(letter.sign for letter in self.letters)

    @property
    def confidence(self) -> float:
        """The mean of its letters, 0 without any."""
        return sum(letter.confidence for letter in self.letters) / max(1, len(self.letters))


def read_lines(network: Any, image: Image, lines: Sequence[TextLine], half_turn: bool = False) -> list[RecognisedLine]:
    """What the lines say, in their order; with `half_turn` each is turned upside down first."""
    read: list[RecognisedLine | None] = [None] * len(lines)
    sizes = {1: image}
    for places in _batches(lines):
        cut = [_cut(sizes, lines[place], half_turn) for place in places]
        width = max(WIDTH_MIN, *(one.shape[1] for one in cut))
        batch = numpy.zeros((len(cut), 3, HEIGHT, width), dtype=numpy.float32)
        for slot, one in zip(batch, cut, strict=True):
            slot[:, :, : one.shape[1]] = (one.astype(numpy.float32) / 127.5 - 1).transpose(2, 0, 1)
        signs, wanted = _signs(network)
        likely = network.run(None, {"x": batch})[0][:, :, wanted]
        for place, one, columns in zip(places, cut, likely, strict=True):
            step = width / columns.shape[0] * lines[place].length / one.shape[1]
            read[place] = RecognisedLine(lines[place], tuple(_letters(columns, signs, step, lines[place].length)))
    return [one for one in read if one is not None]


def _batches(lines: Sequence[TextLine]) -> Iterator[list[int]]:
    """Lines of like width together, for all of a batch are as wide as its widest."""
    batch: list[int] = []
    for place in sorted(range(len(lines)), key=lambda place: lines[place].length / lines[place].height):
        width = max(WIDTH_MIN, _width(lines[place]))
        if batch and (len(batch) == LINES_AT_ONCE or width * (len(batch) + 1) > PIXELS_AT_ONCE):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _width(line: TextLine) -> int:
    return min(WIDTH_MAX, max(1, math.ceil(HEIGHT * line.length / line.height)))


def _cut(sizes: dict[int, Image], line: TextLine, half_turn: bool) -> Any:
    """The line upright, HEIGHT pixels high, in the order blue, green, red.

    Where fewer pixels are wanted than there are, means are taken, not samples: `sizes` holds the picture by the factor
    it was shrunk by.
    """
    width = _width(line)
    across, down = line.length / width, line.height / HEIGHT
    shrunk = max(1, int(down))
    if shrunk not in sizes:
        sizes[shrunk] = sizes[1].reduce(shrunk)
    angle = line.angle + (math.pi if half_turn else 0.0)
    cos, sin = math.cos(angle) / shrunk, math.sin(angle) / shrunk
    matrix = (cos * across, -sin * down, 0.0, sin * across, cos * down, 0.0)
    left = line.x / shrunk - matrix[0] * width / 2 - matrix[1] * HEIGHT / 2
    top = line.y / shrunk - matrix[3] * width / 2 - matrix[4] * HEIGHT / 2
    coefficients = (matrix[0], matrix[1], left, matrix[3], matrix[4], top)
    paper = (255, 255, 255)
    cut = sizes[shrunk].transform(
        (width, HEIGHT), Images.Transform.AFFINE, coefficients, Images.Resampling.BICUBIC, fillcolor=paper
    )
    return numpy.asarray(cut)[:, :, ::-1]


@lru_cache(2)
def _signs(network: Any) -> tuple[list[str], Any]:
    """The signs asked for and their places in the network's answer; the first is no sign (blank)."""
    listed = ["", *network.get_modelmeta().custom_metadata_map["character"].split("\n")]
    if listed[-1] == "":
        listed.pop()
    listed.append(" ")
    wanted = [place for place, sign in enumerate(listed) if place == 0 or _is_wanted(sign)]
    return [listed[place] for place in wanted], numpy.array(wanted)


def _is_wanted(sign: str) -> bool:
    if len(sign) != 1:
        return False
    return sign in SIGNS_APART or any(first <= ord(sign) <= last for first, last in SIGNS)


def _letters(columns: Any, signs: Sequence[str], step: float, length: float) -> Iterator[Letter]:
    """The likeliest sign of each column, runs of the same sign being one letter; `step` is a column's width.

    What is seen in the padding behind a line (of that length) stands at its end.
    """
    best = columns.argmax(axis=1).tolist()
    likely = columns.max(axis=1).tolist()
    start = 0
    while start < len(best):
        end = start + 1
        while end < len(best) and best[end] == best[start]:
            end += 1
        sign = unicodedata.normalize("NFKC", signs[best[start]])
        if sign:
            yield Letter(sign, max(likely[start:end]), min((start + end) / 2 * step, length))
        start = end
