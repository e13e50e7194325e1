"""Text recognition for pages without a text layer, on this very machine.

Two neural networks (PP-OCRv6, brought by the package `rapidocr`) find lines and read them; onnxruntime, numpy and
Pillow are all that runs them. They are no dependency: where one cannot be imported, a picture is refused with
`no_text`. The words found go through the same layout reader as a text layer's.
"""

from __future__ import annotations

import importlib.util
import io
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.layout.words import Page
from counterfoil.capture.limits import Limits

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]  # ships no types
    from PIL.Image import Image

    from counterfoil.capture.recognition.pages import Networks

POINTS_PER_INCH = 72
# Enough for 6-point print, small enough to be read in a second.
DOTS_PER_INCH = 200
# Pictures are scaled so that their longer side has this many pixels at most.
SIDE_PIXELS_MAX = 3000
FRAMES_MAX = 50
TIME_SHARE = 0.5
# Address space, not memory: a page takes some 400 MB.
ENGINE_BYTES = 4_000_000_000
NEEDED = ("onnxruntime", "numpy", "PIL", "rapidocr")
DETECTION_MODEL = "PP-OCRv6_det_small.onnx"
LETTERS_MODEL = "PP-OCRv6_rec_small.onnx"


def memory_needed() -> int:
    """Bytes of address space that recognition asks for beside the reading; 0 where it is not installed."""
    return ENGINE_BYTES if is_available() else 0


def is_available() -> bool:
    """Whether text in pictures can be read in this installation."""
    return _models() is not None


def pages_of_image(content: bytes, limits: Limits) -> list[Page]:
    """The words of a picture (each frame of a TIFF is a page); CaptureError `damaged`, `too_large` or `no_text`."""
    if not limits.recognised_pages_max:
        raise CaptureError(ErrorCode.NO_TEXT, "a picture, and text recognition is turned off")
    networks = _networks()
    pages: list[Page] = []
    deadline = time.monotonic() + limits.seconds_max * TIME_SHARE
    for number, frame in enumerate(frames_of(content, limits), start=1):
        if len(pages) == limits.recognised_pages_max or (pages and time.monotonic() > deadline):
            break
        frame.thumbnail((SIDE_PIXELS_MAX, SIDE_PIXELS_MAX))
        pages.append(networks.page(frame, number, POINTS_PER_INCH / DOTS_PER_INCH))
    return pages


def level_picture(image: Image) -> Image:
    """A picture of a page turned as the boxes of the words recognised on it have it."""
    return _networks().level(image) if is_available() else image


def frames_of(content: bytes, limits: Limits) -> Iterator[Image]:
    """The pictures in a file, upright as the camera says; CaptureError `damaged` or beyond the limits."""
    try:
        from PIL import Image, ImageOps, ImageSequence
    except ImportError as error:
        raise CaptureError(ErrorCode.NO_TEXT, "a picture, and no picture reader is installed") from error
    try:
        with Image.open(io.BytesIO(content)) as image:
            for number, frame in enumerate(ImageSequence.Iterator(image), start=1):
                if number > min(FRAMES_MAX, limits.pages_max):
                    raise CaptureError(ErrorCode.TOO_MANY_PAGES, f"more than {number - 1} pictures in one file")
                _check_pixels(frame.width, frame.height, limits)
                yield _on_white(ImageOps.exif_transpose(frame))
    except Image.DecompressionBombError as error:
        raise CaptureError(ErrorCode.TOO_LARGE, f"more pixels than the limit of {limits.pixels_max}") from error
    except (CaptureError, MemoryError):
        raise
    except Exception as error:  # Pillow names no kinds: damaged files raise TypeError and others.
        raise CaptureError(ErrorCode.DAMAGED, "the picture cannot be decoded") from error


def pages_of_pdf(document: pypdfium2.PdfDocument, numbers: Sequence[int], limits: Limits) -> list[Page]:
    """The words of some pages (from 1), each drawn and recognised; fewer when it takes half of the time there is."""
    if not limits.recognised_pages_max:
        return []
    networks = _networks()
    deadline = time.monotonic() + limits.seconds_max * TIME_SHARE
    pages: list[Page] = []
    for number in numbers[: limits.recognised_pages_max]:
        if pages and time.monotonic() > deadline:
            break
        image, scale = picture_of_page(document, number, limits)
        pages.append(networks.page(image, number, 1 / scale))
    return pages


def picture_of_page(document: pypdfium2.PdfDocument, number: int, limits: Limits) -> tuple[Image, float]:
    """A page (from 1) drawn as it would be printed, and its pixels a point."""
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(DOTS_PER_INCH / POINTS_PER_INCH, SIDE_PIXELS_MAX / max(width, height, 1))
    _check_pixels(int(width * scale), int(height * scale), limits)
    image: Image = page.render(scale=scale).to_pil().convert("RGB")
    page.close()
    return image, scale


def _check_pixels(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels_max:
        raise CaptureError(ErrorCode.TOO_LARGE, f"{width} x {height} pixels, limit {limits.pixels_max}")


def _on_white(image: Image) -> Image:
    """Three colours, what is transparent being paper."""
    from PIL import Image as Images

    if not image.has_transparency_data:
        return image.convert("RGB")
    covered = image.convert("RGBA")
    paper = Images.new("RGB", covered.size, "white")
    paper.paste(covered, mask=covered.getchannel("A"))
    return paper


@lru_cache(1)
def _models() -> Path | None:
    """The folder of the networks, found without importing what else its package brings; None when one is missing."""
    specs = [importlib.util.find_spec(name) for name in NEEDED]
    if any(spec is None for spec in specs):
        return None
    for place in (specs[-1].submodule_search_locations if specs[-1] else None) or []:
        folder = Path(place) / "models"
        if all((folder / name).is_file() for name in (DETECTION_MODEL, LETTERS_MODEL)):
            return folder
    return None


@lru_cache(1)
def _networks() -> Networks:
    """The networks, loaded once in a process; CaptureError `no_text` where they are not installed."""
    models = _models()
    if models is None:
        raise CaptureError(ErrorCode.NO_TEXT, "a picture without text layer, and no text recognition is installed")
    from counterfoil.capture.recognition.pages import Networks

    return Networks.load(models / DETECTION_MODEL, models / LETTERS_MODEL)
