"""A picture as a page of words: turned upright, its lines found and read, the lines cut into words.

A page on its side or upside down is turned before it is read; a tilt of a few degrees is left in the picture (each line
is cut along its own direction) and taken out of the words' places, so that rows are level.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image as Images

from counterfoil.capture.layout.words import Page, Word
from counterfoil.capture.recognition.detection import TextLine, along, find_lines, page_angle
from counterfoil.capture.recognition.letters import Letter, RecognisedLine, read_lines
from counterfoil.capture.recognition.repair import repaired
from counterfoil.capture.recognition.spacing import words_of

if TYPE_CHECKING:
    from PIL.Image import Image

# Lines that the network was less sure of than this are left out.
CONFIDENCE_MIN = 0.5
# Letters take up this share of the rectangle cut around their line.
LINE_HEIGHT_SHARE = 0.72
# Some lines of middling length are read both ways up, unless they are well read at once; upside down they have to be
# read better by this much.
SAMPLE_LINES = 5
SAMPLE_LENGTH = 10.0
WELL_READ = 0.9
UPSIDE_DOWN = 0.08
# Beyond a quarter turn less this (radians) a page lies on its side.
ON_ITS_SIDE = math.pi / 4


@dataclass(frozen=True, slots=True)
class Networks:
    """The two networks, ready to run."""

    detection: Any
    letters: Any

    @classmethod
    def load(cls, detection: Path, letters: Path) -> Networks:
        """From their files. One thread each: a function has one core, and threads that spin slow each other down."""
        import onnxruntime  # type: ignore[import-untyped]  # ships no types

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        only = ["CPUExecutionProvider"]
        return cls(*(onnxruntime.InferenceSession(str(path), options, only) for path in (detection, letters)))

    def page(self, image: Image, number: int, scale: float) -> Page:
        """The words of one picture; `scale` is its points a pixel."""
        image, lines, angle = self._upright(image)
        words: list[Word] = []
        for read in read_lines(self.letters, image, lines):
            if read.confidence >= CONFIDENCE_MIN:
                words.extend(_words(read, angle, image, number, scale))
        return Page(number, image.width * scale, image.height * scale, words)

    def level(self, image: Image) -> Image:
        """The picture as the boxes of its words have it: the right way up and without its tilt."""
        image, _lines, angle = self._upright(image)
        return image.rotate(math.degrees(angle), resample=Images.Resampling.BILINEAR, fillcolor="white")

    def _upright(self, image: Image) -> tuple[Image, list[TextLine], float]:
        """The picture the right way up, its lines and their tilt (radians)."""
        lines = find_lines(self.detection, image)
        angle = page_angle(lines)
        if angle > ON_ITS_SIDE:
            image = image.transpose(Images.Transpose.ROTATE_90)
            lines = find_lines(self.detection, image)
            angle = page_angle(lines)
        lines = along(lines, angle)
        if self._is_upside_down(image, lines):
            image = image.transpose(Images.Transpose.ROTATE_180)
            lines = [
                TextLine(image.width - line.x, image.height - line.y, line.length, line.height, line.angle)
                for line in lines
            ]
        return image, lines, angle

    def _is_upside_down(self, image: Image, lines: Sequence[TextLine]) -> bool:
        sample = sorted(lines, key=lambda line: abs(line.length / line.height - SAMPLE_LENGTH))[:SAMPLE_LINES]
        upright = _sureness(read_lines(self.letters, image, sample))
        if upright > WELL_READ:
            return False
        return _sureness(read_lines(self.letters, image, sample, half_turn=True)) > upright + UPSIDE_DOWN


def _sureness(lines: Sequence[RecognisedLine]) -> float:
    """How well lines were read: the mean of their letters, each line counting by its letters."""
    letters = [letter.confidence for line in lines for letter in line.letters]
    return sum(letters) / max(1, len(letters))


def _words(read: RecognisedLine, angle: float, image: Image, number: int, scale: float) -> Iterator[Word]:
    """The words of a line, where they stand once the page is level."""
    line = read.line
    # The line's middle, turned back around the middle of the page.
    from_x, from_y = line.x - image.width / 2, line.y - image.height / 2
    middle_x = image.width / 2 + from_x * math.cos(angle) + from_y * math.sin(angle)
    middle_y = image.height / 2 - from_x * math.sin(angle) + from_y * math.cos(angle)
    rest = line.angle - angle
    half = line.height * LINE_HEIGHT_SHARE / 2
    for letters in words_of(read):
        start, end = _extent(letters, line)
        level = middle_y + ((start + end) / 2 - line.length / 2) * math.sin(rest)
        left = middle_x - line.length / 2
        text = "".join(letter.sign for letter in repaired(letters))
        yield Word(
            text, number, (left + start) * scale, (level - half) * scale, (left + end) * scale, (level + half) * scale
        )


def _extent(letters: Sequence[Letter], line: TextLine) -> tuple[float, float]:
    """Where a word begins and ends along its line: half a letter beyond the middles of its first and last."""
    first, last = letters[0].place, letters[-1].place
    pitch = (last - first) / (len(letters) - 1) if len(letters) > 1 else line.height * LINE_HEIGHT_SHARE / 2
    half = max(min(pitch, line.height), 1.0) / 2
    return max(0.0, first - half), min(line.length, last + half)
