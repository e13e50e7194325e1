"""How the letters of a PDF become words: at spaces, however tightly text is set and however the page is turned."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from pikepdf import Pdf
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture.limits import Limits
from counterfoil.capture.pdf import open_pdf, read_pages

WIDTH, HEIGHT = 400, 300
# Where the page ends up when its content is turned against what /Rotate will do to it: the matrix of the content.
TURNED_CONTENT = {
    90: (0, 1, -1, 0, HEIGHT, 0),
    180: (-1, 0, 0, -1, WIDTH, HEIGHT),
    270: (0, -1, 1, 0, 0, WIDTH),
}


def drawn(text: str, *, letter_space: float = 0.0) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT))
    canvas.setFont("Helvetica", 9)
    canvas.drawString(20, 200, text, charSpace=letter_space)
    canvas.save()
    return out.getvalue()


def turned(content: bytes, degrees: int, *, is_shown_level: bool) -> bytes:
    out = io.BytesIO()
    with Pdf.open(io.BytesIO(content)) as pdf:
        page = pdf.pages[0]
        matrix = " ".join(map(str, TURNED_CONTENT[degrees]))
        page.contents_add(pdf.make_stream(f"q {matrix} cm".encode()), prepend=True)
        page.contents_add(pdf.make_stream(b"Q"))
        if degrees != 180:
            page.mediabox = [0, 0, HEIGHT, WIDTH]
        if is_shown_level:
            page.rotate(degrees, relative=True)
        pdf.save(out)
    return out.getvalue()


def words_in(content: bytes) -> list[tuple[str, int, int]]:
    with open_pdf(content, Limits()) as document:
        [page] = read_pages(document, Limits())
        return [(word.text, round(word.x0), round(word.y0)) for word in page.words]


@pytest.mark.parametrize("letter_space", [0.0, -0.5, -0.8, -1.0])
def test_a_drawn_space_parts_words_however_tightly_letters_are_set(letter_space: float):
    read = words_in(drawn("Rohstoff AG fuer zwei", letter_space=letter_space))

    assert [text for text, _, _ in read] == ["Rohstoff", "AG", "fuer", "zwei"]


@pytest.mark.parametrize("letter_space", [0.5, 1.0, 1.5])
def test_letters_set_loosely_stay_one_word(letter_space: float):
    read = words_in(drawn("Rohstoff", letter_space=letter_space))

    assert [text for text, _, _ in read] == ["Rohstoff"]


@pytest.mark.parametrize("is_shown_level", [True, False])
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_the_words_of_a_turned_page_stand_where_they_do_on_a_level_one(degrees: int, is_shown_level: bool):
    level = drawn("Invoice number 4711 of 14 March 2024")

    assert words_in(turned(level, degrees, is_shown_level=is_shown_level)) == words_in(level)


def test_a_page_that_is_shown_level_gives_its_size_as_it_is_shown():
    content = turned(drawn("Invoice number 4711"), 90, is_shown_level=True)

    with open_pdf(content, Limits()) as document:
        [page] = read_pages(document, Limits())
        assert (page.width, page.height) == pypdfium2.PdfDocument(content)[0].get_size() == (WIDTH, HEIGHT)


def test_turned_text_along_the_margin_is_left_out():
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT))
    canvas.drawString(40, 200, "Invoice number 4711")
    canvas.rotate(90)
    canvas.drawString(20, -20, "Form 17-b, illi 20")
    canvas.save()

    assert [text for text, _, _ in words_in(out.getvalue())] == ["Invoice", "number", "4711"]
