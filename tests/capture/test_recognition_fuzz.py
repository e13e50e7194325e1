"""Pictures as strangers make them: every kind decoded as it looks, damaged ones refused, none too large to be looked at.

Most are decoded and not recognised: networks take seconds. What they may answer is drawn instead.
"""

from __future__ import annotations

import io
import math
import random
import struct
import time
import zlib
from collections import Counter

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageStat

from counterfoil.capture import CaptureError, ErrorCode, Limits, capture, unread_pages
from counterfoil.capture.recognised import SHEET, picture_size
from counterfoil.capture.recognition import frames_of
from counterfoil.capture.recognition.detection import TextLine, find_lines, page_angle
from counterfoil.capture.recognition.letters import HEIGHT, Letter, RecognisedLine, read_lines
from counterfoil.capture.recognition.pages import Networks
from counterfoil.capture.recognition.repair import repaired
from counterfoil.capture.recognition.spacing import words_of
from tests.capture.test_capture_fuzz import mutated

SEED = 20261122
MUTANTS = 3_000
ORIENTATION = 274


def a_note(mode: str = "RGB") -> Image.Image:
    """A small picture with letters at its top left, so that its four corners and its shades can be told."""
    note = Image.new("L", (160, 60), 255)
    ImageDraw.Draw(note).text((5, 5), "Invoice 17", fill=0)
    if mode == "I;16":
        return note.convert("I").point(lambda shade: shade * 257).convert("I;16")
    return note.convert("RGB").convert(mode) if mode in ("CMYK", "YCbCr", "LAB") else note.convert(mode)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def oriented(turn: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    return exif


def frames(content: bytes, limits: Limits | None = None) -> list[Image.Image]:
    return list(frames_of(content, limits or Limits()))


def is_like(one: Image.Image, other: Image.Image) -> bool:
    """The same to the eye."""
    return (
        one.size == other.size
        and ImageStat.Stat(ImageChops.difference(one.convert("L"), other.convert("L"))).mean[0] < 3
    )


# Every kind of picture


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *((mode, "PNG") for mode in ("1", "L", "P", "LA", "RGB", "RGBA", "I;16")),
        *((mode, "JPEG") for mode in ("L", "RGB", "CMYK", "YCbCr")),
        *((mode, "TIFF") for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F")),
    ],
)
def test_a_picture_of_any_kind_looks_as_it_is(mode, kind):
    [frame] = frames(saved(a_note(mode), kind))

    assert frame.mode == "RGB"
    assert is_like(frame, a_note())


@pytest.mark.parametrize("compression", ["tiff_lzw", "group3", "group4", "packbits", "tiff_adobe_deflate", "jpeg"])
def test_a_scanners_compressions_are_known(compression):
    mode = "1" if compression.startswith("group") else "L"

    [frame] = frames(saved(a_note(mode), "TIFF", compression=compression))

    assert is_like(frame, a_note())


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("turn", TURNS)
def test_a_picture_stands_as_its_camera_says(kind, turn):
    lying = a_note().transpose(TURNS[turn])

    [frame] = frames(saved(lying, kind, exif=oriented(turn)))

    assert is_like(frame, a_note())


@pytest.mark.parametrize("turn", [0, 9, 65535])
def test_a_turn_that_there_is_not_is_none(turn):
    [frame] = frames(saved(a_note(), "JPEG", exif=oriented(turn)))

    assert is_like(frame, a_note())


def test_each_frame_of_a_tiff_is_a_page_of_its_own_size():
    content = saved(a_note(), "TIFF", save_all=True, append_images=[a_note("1").resize((80, 30)), a_note("CMYK")])

    found = frames(content)

    assert [frame.size for frame in found] == [(160, 60), (80, 30), (160, 60)]
    assert is_like(found[2], a_note())


def test_more_frames_than_pages_are_allowed_are_refused():
    content = saved(a_note(), "TIFF", save_all=True, append_images=[a_note()] * 3)

    with pytest.raises(CaptureError) as refused:
        frames(content, Limits(pages_max=3))

    assert refused.value.code == ErrorCode.TOO_MANY_PAGES


def test_a_frame_behind_a_small_one_is_bounded_as_well():
    content = saved(a_note(), "TIFF", save_all=True, append_images=[Image.new("1", (9_000, 9_000))])

    with pytest.raises(CaptureError) as refused:
        frames(content)

    assert refused.value.code == ErrorCode.TOO_LARGE


# Claims


def a_png_claiming(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG with this head and almost nothing behind it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\x00" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height", "code"),
    [
        pytest.param(2**31 - 1, 2**31 - 1, ErrorCode.TOO_LARGE, id="all that a PNG can claim"),
        pytest.param(60_000_001, 1, ErrorCode.TOO_LARGE, id="a pixel too many in one row"),
        pytest.param(7_000, 7_000, ErrorCode.DAMAGED, id="allowed, and not there"),
        pytest.param(0, 7, ErrorCode.DAMAGED, id="nothing wide"),
        pytest.param(7, 0, ErrorCode.DAMAGED, id="nothing high"),
    ],
)
def test_what_a_picture_claims_is_checked_before_it_is_decoded(width, height, code):
    started = time.monotonic()

    with pytest.raises(CaptureError) as refused:
        capture(a_png_claiming(width, height), "a.png", limits=Limits(recognised_pages_max=1))

    assert refused.value.code == code
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(("width", "height"), [(2**31 - 1, 2**31 - 1), (0, 10), (10, 0), (100_001, 10)])
def test_a_size_that_no_page_has_is_not_believed(width, height):
    assert picture_size(a_png_claiming(width, height)) == SHEET
    assert [(page.width, page.height) for page in unread_pages(a_png_claiming(width, height))] == [SHEET]


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 3_000), (3_000, 1), (200_000, 1)], ids=["a dot", "a line down", "a line across", "a long line"]
)
def test_a_picture_of_hardly_anything_has_no_text(size):
    with pytest.raises(CaptureError) as refused:
        capture(saved(Image.new("RGB", size, "white"), "PNG"), "dot.png")

    assert refused.value.code == ErrorCode.NO_TEXT


def test_noise_has_no_text():
    grains = numpy.random.default_rng(SEED).integers(0, 255, (300, 400, 3), dtype=numpy.uint8)

    with pytest.raises(CaptureError) as refused:
        capture(saved(Image.fromarray(grains), "PNG"), "noise.png")

    assert refused.value.code == ErrorCode.NO_TEXT


# Damage


def seeds() -> list[bytes]:
    pages = {"save_all": True, "append_images": [a_note().rotate(90, expand=True), a_note("L")]}
    return [
        *(saved(a_note(mode), "PNG") for mode in ("1", "P", "LA", "RGB", "I;16")),
        *(saved(a_note(mode), "JPEG", exif=oriented(6)) for mode in ("L", "RGB", "CMYK")),
        saved(a_note(), "JPEG", progressive=True),
        *(saved(a_note(), "TIFF", compression=kind) for kind in ("raw", "tiff_lzw", "packbits", "jpeg")),
        saved(a_note("1"), "TIFF", compression="group4", exif=oriented(8)),
        saved(a_note(), "TIFF", **pages),
    ]


@pytest.mark.filterwarnings("ignore")  # Pillow warns of whatever it finds odd in a file.
def test_damaged_pictures_are_decoded_or_refused():
    chance = random.Random(SEED)
    contents = seeds()
    outcomes: Counter[str] = Counter()
    slowest = 0.0

    for _ in range(MUTANTS):
        started = time.process_time()
        try:
            outcomes["decoded"] += bool(frames(mutated(chance.choice(contents), chance)))
        except CaptureError as error:
            outcomes[error.code] += 1
        slowest = max(slowest, time.process_time() - started)

    assert outcomes["decoded"] > MUTANTS / 20
    assert outcomes.keys() <= {"decoded", ErrorCode.DAMAGED, ErrorCode.TOO_LARGE, ErrorCode.TOO_MANY_PAGES}
    assert slowest < 2


def test_damaged_pictures_pass_the_whole_way():
    """A few, for those that can be decoded are recognised."""
    chance = random.Random(SEED)
    contents = seeds()

    for _ in range(12):
        with pytest.raises(CaptureError) as refused:
            capture(mutated(chance.choice(contents), chance), "mutant", limits=Limits(recognised_pages_max=1))
        assert not refused.value.detail.startswith("the reader failed"), refused.value


def test_a_decoder_that_fails_in_its_own_way_is_a_damaged_picture(monkeypatch):
    monkeypatch.setattr(Image, "open", lambda _: (_ for _ in ()).throw(TypeError("Missing dimensions")))

    with pytest.raises(CaptureError) as refused:
        frames(saved(a_note(), "PNG"))

    assert refused.value.code == ErrorCode.DAMAGED


# What the networks may answer


class Drawn:
    """A network that answers with what was drawn for it, whatever it is shown."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def run(self, _names, given):
        return [self.answer(given["x"].shape)]

    def get_modelmeta(self):
        return self

    custom_metadata_map = {"character": "\n".join("abcXYZ0123456789.,:-/€%")}


def a_map(paint) -> Drawn:
    """A detection network whose map of text is painted by `paint(rows, columns)`, from 0 to 1."""

    def answer(shape):
        likely = numpy.zeros(shape[2:], dtype=numpy.float32)
        paint(likely)
        return likely[None, None]

    return Drawn(answer)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    boxes=st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=12),
    size=st.sampled_from([(40, 40), (400, 20), (20, 400), (300, 200)]),
    tilt=st.floats(-1, 1),
)
def test_lines_are_found_where_the_map_says_and_have_a_size(boxes, size, tilt):
    def paint(likely):
        rows, columns = numpy.indices(likely.shape)
        for x, y, width, height in boxes:
            across = columns / likely.shape[1] - x
            down = rows / likely.shape[0] - y + tilt * across
            likely[(across >= 0) & (across <= width) & (down >= 0) & (down <= height / 4)] = 0.9

    lines = find_lines(a_map(paint), Image.new("RGB", size))

    for line in lines:
        assert all(map(math.isfinite, (line.x, line.y, line.length, line.height, line.angle)))
        assert line.length > 0 and line.height > 0
        assert -size[0] <= line.x <= 2 * size[0] and -size[1] <= line.y <= 2 * size[1]
    assert -math.pi / 4 <= page_angle(lines) <= math.pi


@pytest.mark.parametrize(
    "paint",
    [
        pytest.param(lambda likely: likely.fill(1.0), id="all text"),
        pytest.param(lambda likely: likely.fill(math.nan), id="no numbers"),
        pytest.param(lambda likely: likely.__setitem__((slice(None), slice(None, None, 2)), 1.0), id="stripes"),
        pytest.param(lambda likely: likely.__setitem__((slice(None, None, 2), slice(None, None, 2)), 1.0), id="dots"),
    ],
)
def test_a_map_that_no_page_has_is_looked_at_in_seconds(paint):
    started = time.process_time()

    lines = find_lines(a_map(paint), Image.new("RGB", (1_400, 2_000)))

    assert len(lines) <= 3_000
    assert time.process_time() - started < 10


LINES = st.builds(
    TextLine,
    x=st.floats(-50, 250),
    y=st.floats(-50, 250),
    length=st.floats(0.5, 4_000),
    height=st.floats(0.5, 400),
    angle=st.floats(-math.pi, math.pi),
)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(lines=st.lists(LINES, max_size=5), seed=st.integers(0, 2**32 - 1), half_turn=st.booleans())
def test_lines_anywhere_are_cut_and_read(lines, seed, half_turn):
    grains = numpy.random.default_rng(seed)

    def answer(shape):
        assert shape[2] == HEIGHT
        return grains.random((shape[0], max(1, shape[3] // 8), 25), dtype=numpy.float32)

    read = read_lines(Drawn(answer), Image.new("RGB", (200, 200)), lines, half_turn)

    assert [one.line for one in read] == lines
    for one in read:
        assert all(0 <= letter.place <= one.line.length for letter in one.letters)


LETTERS = st.builds(Letter, sign=st.characters(), confidence=st.floats(0, 1), place=st.floats(0, 500))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(LETTERS, max_size=40))
def test_letters_are_cut_into_words_and_mended_without_one_lost(letters):
    read = RecognisedLine(TextLine(0, 0, 500, 10, 0), tuple(letters))

    words = list(words_of(read))

    assert [letter for word in words for letter in word] == [one for one in letters if not one.sign.isspace()]
    assert all(len(repaired(word)) == len(word) for word in words)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), density=st.floats(0.005, 0.2))
def test_words_of_senseless_networks_have_a_size_and_a_place(seed, density):
    grains = numpy.random.default_rng(seed)

    def specks(likely):
        for _ in range(int(density * 100)):
            row, column = grains.integers(0, likely.shape[0]), grains.integers(0, likely.shape[1])
            likely[row : row + grains.integers(4, 30), column : column + grains.integers(4, 300)] = 0.9

    def babble(shape):
        return grains.random((shape[0], shape[3] // 8, 25), dtype=numpy.float32)

    page = Networks(a_map(specks), Drawn(babble)).page(Image.new("RGB", (300, 200)), 1, 0.36)

    for word in page.words:
        assert word.text and word.x1 > word.x0 and word.y1 > word.y0
        assert all(map(math.isfinite, (word.x0, word.y0, word.x1, word.y1)))


def test_a_page_whose_networks_see_nothing_has_no_words():
    blind = Networks(a_map(lambda likely: None), Drawn(lambda shape: numpy.zeros((shape[0], 1, 25), numpy.float32)))

    assert blind.page(Image.new("RGB", (50, 50)), 1, 0.36).words == []
    assert blind.level(Image.new("RGB", (50, 40))).size == (50, 40)
