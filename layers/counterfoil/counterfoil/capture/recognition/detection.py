"""Where text stands in a picture: the detection network's map of text, cut into lines.

The network gives each pixel the likelihood that text stands there. Connected likely pixels are one line; its direction
is the main axis of its pixels, so that tilted and curved pages come out as well. Done with numpy alone: OpenCV would be
half of what a Lambda function may weigh.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy

if TYPE_CHECKING:
    from PIL.Image import Image

# The network was trained on pictures whose shorter side is at least this long and whose sides are multiples of 32.
SIDE_PIXELS_MIN = 736
SIDE_PIXELS_MAX = 2000
STEP = 32
# Pixels above this are text; a line whose pixels are less likely on average is none.
PIXEL_LIKELY = 0.3
LINE_LIKELY = 0.5
# The network marks the core of a line; area over girth times this is what it left out on each side (Liao et al., 2020).
CORE_TO_LINE = 1.6
PIXELS_MIN = 9
HEIGHT_MIN = 3.0
LINES_MAX = 3000
# Longer than this many times their height, lines tell their own direction.
ELONGATED = 4.0
# Up to this many times its width a digit or two are high.
UPRIGHT_MAX = 3.0


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line: its centre, length, height (pixels of the picture) and direction (radians, clockwise)."""

    x: float
    y: float
    length: float
    height: float
    angle: float


@dataclass(frozen=True, slots=True)
class _Runs:
    """Horizontal runs of text pixels, row by row: where each begins and ends, and the component it belongs to."""

    row: Any
    start: Any
    end: Any
    component: Any


def find_lines(network: Any, image: Image) -> list[TextLine]:
    """The lines of text in a picture, in no order."""
    width, height = image.size
    scale = max(SIDE_PIXELS_MIN / min(width, height), 1.0)
    scale = min(scale, SIDE_PIXELS_MAX / max(width, height))
    size = tuple(max(STEP, round(side * scale / STEP) * STEP) for side in (width, height))
    # Blue, green, red and -1 to 1: as the network was trained.
    pixels = numpy.asarray(image.resize((size[0], size[1])), dtype=numpy.float32)[:, :, ::-1] / 127.5 - 1
    likely = network.run(None, {"x": pixels.transpose(2, 0, 1)[None]})[0][0, 0]
    runs = _components(likely > PIXEL_LIKELY)
    if not len(runs.row):
        return []
    return _lines(runs, likely, (width / size[0], height / size[1]))


def page_angle(lines: Sequence[TextLine]) -> float:
    """The direction of most of the text: the median over long lines, weighted by their length; 0 without any.

    Between -45 and 135 degrees, so that a page on its side is told from one that is a little tilted.
    """
    long = sorted(
        (line.angle + math.pi if line.angle < -math.pi / 4 else line.angle, line.length)
        for line in lines
        if line.length > ELONGATED * line.height
    )
    half = sum(length for _, length in long) / 2
    for angle, length in long:
        half -= length
        if half <= 0:
            return angle
    return 0.0


def along(lines: Sequence[TextLine], angle: float) -> list[TextLine]:
    """The lines that run in the page's direction. A lone digit is higher than wide: it is turned, not left out."""
    found: list[TextLine] = []
    for line in lines:
        if math.cos(2 * (line.angle - angle)) > 0:
            found.append(line)
        elif line.length < UPRIGHT_MAX * line.height:
            turned = line.angle - math.copysign(math.pi / 2, line.angle)
            found.append(TextLine(line.x, line.y, line.height, line.length, turned))
    return found


def _components(mask: Any) -> _Runs:
    """Runs of text pixels, those that touch (also diagonally) under one number."""
    edges = numpy.diff(numpy.pad(mask, ((0, 0), (1, 1))).astype(numpy.int8), axis=1)
    row, start = numpy.nonzero(edges == 1)
    end = numpy.nonzero(edges == -1)[1]
    parent = list(range(len(row)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    rows, starts, ends = row.tolist(), start.tolist(), end.tolist()
    above = 0
    for this in range(len(rows)):
        while rows[above] < rows[this] - 1 or (rows[above] == rows[this] - 1 and ends[above] < starts[this]):
            above += 1
        touching = above
        while rows[touching] == rows[this] - 1 and starts[touching] <= ends[this]:
            parent[root(touching)] = root(this)
            touching += 1
    component = numpy.unique([root(one) for one in range(len(rows))], return_inverse=True)[1]
    return _Runs(row, start, end, component)


def _lines(runs: _Runs, likely: Any, scale: tuple[float, float]) -> list[TextLine]:
    """A rectangle along its main axis for each component, grown from the core to the whole line."""
    count = int(runs.component.max()) + 1
    length = (runs.end - runs.start).astype(float)
    sums = numpy.pad(numpy.cumsum(likely, axis=1, dtype=float), ((0, 0), (1, 0)))
    inside = sums[runs.row, runs.end] - sums[runs.row, runs.start]

    def per_component(values: Any) -> Any:
        return numpy.bincount(runs.component, values, count)

    pixels = per_component(length)
    y = runs.row + 0.5
    x = (runs.start + runs.end) / 2
    centre_x, centre_y = per_component(length * x) / pixels, per_component(length * y) / pixels
    off_x, off_y = x - centre_x[runs.component], y - centre_y[runs.component]
    spread_x = per_component(length * off_x**2 + length**3 / 12) / pixels
    spread_y = per_component(length * off_y**2 + length / 12) / pixels
    spread = per_component(length * off_x * off_y) / pixels
    angle = numpy.arctan2(2 * spread, spread_x - spread_y) / 2
    # Too short to tell a direction of their own: upright.
    ratio = numpy.maximum(spread_x, spread_y) / numpy.maximum(numpy.minimum(spread_x, spread_y), 1e-6)
    angle = numpy.where(ratio > ELONGATED, angle, 0.0)
    cos, sin = numpy.cos(angle)[runs.component], numpy.sin(angle)[runs.component]
    along = [(at - centre_x[runs.component]) * cos + off_y * sin for at in (runs.start, runs.end)]
    across = [-(at - centre_x[runs.component]) * sin + off_y * cos for at in (runs.start, runs.end)]
    left, right = _extremes(runs, count, along)
    top, bottom = _extremes(runs, count, across)
    top, bottom = top - 0.5, bottom + 0.5
    score = per_component(inside) / pixels
    found: list[TextLine] = []
    for one in numpy.argsort(-pixels)[:LINES_MAX].tolist():
        wide, high = float(right[one] - left[one]), float(bottom[one] - top[one])
        if pixels[one] < PIXELS_MIN or score[one] < LINE_LIKELY or min(wide, high) < HEIGHT_MIN:
            continue
        grown = wide * high * CORE_TO_LINE / (2 * (wide + high))
        turn = float(angle[one])
        mid_u, mid_v = float(left[one] + right[one]) / 2, float(top[one] + bottom[one]) / 2
        found.append(
            TextLine(
                (float(centre_x[one]) + mid_u * math.cos(turn) - mid_v * math.sin(turn)) * scale[0],
                (float(centre_y[one]) + mid_u * math.sin(turn) + mid_v * math.cos(turn)) * scale[1],
                (wide + 2 * grown) * scale[0],
                (high + 2 * grown) * scale[1],
                turn,
            )
        )
    return found


def _extremes(runs: _Runs, count: int, values: Sequence[Any]) -> tuple[Any, Any]:
    least, most = numpy.full(count, numpy.inf), numpy.full(count, -numpy.inf)
    for one in values:
        numpy.minimum.at(least, runs.component, one)
        numpy.maximum.at(most, runs.component, one)
    return least, most
