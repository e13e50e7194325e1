"""Text recognition for pages without a text layer: rapidocr, when it is installed.

It brings neural networks and OpenCV (some 330 MB), so it is no dependency: where it cannot be imported, a picture is
refused with `no_text`. The words it finds go through the same layout reader as a text layer's.
"""

from __future__ import annotations

import importlib.util
import io
import time
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.layout.words import Page, Word
from counterfoil.capture.limits import Limits

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]  # ships no types

POINTS_PER_INCH = 72
# Enough for 6-point print, small enough to be read in a second.
DOTS_PER_INCH = 200
# Pictures are scaled so that their longer side has this many pixels at most.
SIDE_PIXELS_MAX = 2600
# Letters that the network was less sure of than this are left out.
CONFIDENCE_MIN = 0.5
# A recognised line is cut into words at spaces, each letter taking an equal share of its width.
LINE_HEIGHT_SHARE = 0.9
FRAMES_MAX = 50
TIME_SHARE = 0.5
ENGINE_BYTES = 4_000_000_000


def memory_needed() -> int:
    """Bytes of address space that recognition asks for beside the reading; 0 where it is not installed."""
    return ENGINE_BYTES if importlib.util.find_spec("rapidocr_onnxruntime") else 0


def is_available() -> bool:
    """Whether text in pictures can be read in this installation."""
    return _engine() is not None


def pages_of_image(content: bytes, limits: Limits) -> list[Page]:
    """The words of a picture (each frame of a TIFF is a page); CaptureError `damaged`, `too_large` or `no_text`."""
    if not limits.recognised_pages_max:
        raise CaptureError(ErrorCode.NO_TEXT, "a picture, and text recognition is turned off")
    engine = _needed_engine()
    from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            pages: list[Page] = []
            deadline = time.monotonic() + limits.seconds_max * TIME_SHARE
            for number, frame in enumerate(ImageSequence.Iterator(image), start=1):
                if number > min(FRAMES_MAX, limits.pages_max):
                    raise CaptureError(ErrorCode.TOO_MANY_PAGES, f"more than {number - 1} pictures in one file")
                _check_pixels(frame.width, frame.height, limits)
                if len(pages) == limits.recognised_pages_max or (pages and time.monotonic() > deadline):
                    break
                upright = ImageOps.exif_transpose(frame).convert("RGB")
                upright.thumbnail((SIDE_PIXELS_MAX, SIDE_PIXELS_MAX))
                pages.append(_recognised(engine, upright, number))
            return pages
    except Image.DecompressionBombError as error:
        raise CaptureError(ErrorCode.TOO_LARGE, f"more pixels than the limit of {limits.pixels_max}") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise CaptureError(ErrorCode.DAMAGED, "the picture cannot be decoded") from error


def pages_of_pdf(document: pypdfium2.PdfDocument, numbers: Sequence[int], limits: Limits) -> list[Page]:
    """The words of some pages (from 1), each drawn and recognised; fewer when it takes half of the time there is."""
    if not limits.recognised_pages_max:
        return []
    engine = _needed_engine()
    deadline = time.monotonic() + limits.seconds_max * TIME_SHARE
    pages: list[Page] = []
    for number in numbers[: limits.recognised_pages_max]:
        if pages and time.monotonic() > deadline:
            break
        page = document[number - 1]
        width, height = page.get_size()
        scale = min(DOTS_PER_INCH / POINTS_PER_INCH, SIDE_PIXELS_MAX / max(width, height, 1))
        _check_pixels(int(width * scale), int(height * scale), limits)
        image = page.render(scale=scale).to_pil().convert("RGB")
        page.close()
        pages.append(_recognised(engine, image, number))
    return pages


def _check_pixels(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels_max:
        raise CaptureError(ErrorCode.TOO_LARGE, f"{width} x {height} pixels, limit {limits.pixels_max}")


@lru_cache(1)
def _engine() -> Any | None:
    try:
        from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-untyped]  # ships no types
    except ImportError:
        return None
    # One thread: a function has one core, and spinning threads slow each other down.
    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)


def _needed_engine() -> Any:
    engine = _engine()
    if engine is None:
        raise CaptureError(ErrorCode.NO_TEXT, "a picture without text layer, and no text recognition is installed")
    return engine


def _recognised(engine: Any, image: Any, number: int) -> Page:
    import numpy

    scale = POINTS_PER_INCH / DOTS_PER_INCH
    found, _times = engine(numpy.asarray(image))
    words: list[Word] = []
    for corners, text, confidence in found or []:
        if float(confidence) >= CONFIDENCE_MIN:
            plain = unicodedata.normalize("NFKC", text)
            words.extend(_words(corners, plain, number, scale))
    return Page(number, image.width * scale, image.height * scale, words)


def _words(corners: Sequence[Sequence[float]], text: str, number: int, scale: float) -> list[Word]:
    """A recognised line cut at its spaces."""
    left = min(corner[0] for corner in corners) * scale
    right = max(corner[0] for corner in corners) * scale
    top = min(corner[1] for corner in corners) * scale
    bottom = max(corner[1] for corner in corners) * scale
    margin = (bottom - top) * (1 - LINE_HEIGHT_SHARE) / 2
    share = (right - left) / max(1, len(text))
    words: list[Word] = []
    place = 0
    for part in text.split(" "):
        if part:
            start = left + place * share
            words.append(Word(part, number, start, top + margin, start + len(part) * share, bottom - margin))
        place += len(part) + 1
    return words
