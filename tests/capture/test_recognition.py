"""Pictures and scans: recognised, read by the same layout reader, and trusted less."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from counterfoil.capture import CaptureError, Limits, capture
from counterfoil.capture.errors import ErrorCode
from counterfoil.domain.invoices import Source

SAMPLES = Path(__file__).parent / "samples"


def a_picture() -> Image.Image:
    """The first page of a sample as a scanner would see it."""
    with pypdfium2.PdfDocument(SAMPLES / "marketing-agency-pro-1.pdf") as document:
        page = document[0].render(scale=125 / 72).to_pil().convert("L")
        return page.crop((0, 0, page.width, int(page.height * 0.63)))


def saved(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "PDF"])
def test_a_scan_is_read_whatever_its_wrapping(kind):
    captured = capture(saved(a_picture(), kind), "scan")

    assert captured.source == Source.OCR
    assert captured.invoice_number == "NO-2026-9469"
    assert (captured.issue_date, captured.due_date) == (date(2025, 12, 5), date(2026, 1, 4))
    assert (captured.net_total, captured.gross_total) == (Decimal("5299.83"), Decimal("5748.82"))


@pytest.mark.parametrize("degrees", [3, -5, 90, 180, 270])
def test_a_scan_may_be_tilted_or_lie_any_way_up(degrees):
    turned = a_picture().rotate(degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)

    captured = capture(saved(turned, "PNG"), "scan.png")

    assert captured.invoice_number == "NO-2026-9469"
    assert captured.issue_date == date(2025, 12, 5)
    assert captured.gross_total == Decimal("5748.82")


def test_what_is_transparent_is_paper():
    page = a_picture()
    ink = page.point(lambda shade: 255 - shade)
    drawn = Image.new("RGBA", page.size, (0, 0, 0, 0))
    drawn.paste((0, 0, 0, 255), mask=ink)

    assert capture(saved(drawn, "PNG"), "scan.png").invoice_number == "NO-2026-9469"


def test_recognised_names_are_for_a_person_to_confirm():
    captured = capture(saved(a_picture(), "PNG"), "scan.png")

    assert captured.vendor_name == "Marketing Agency Pro"
    assert "vendor_name" in captured.needs_review


def test_recognition_can_be_turned_off():
    with pytest.raises(CaptureError) as refused:
        capture(saved(a_picture(), "PNG"), "scan.png", limits=Limits(recognised_pages_max=0))

    assert refused.value.code == ErrorCode.NO_TEXT


def test_more_pixels_than_the_limit_are_refused_before_they_are_decoded():
    bomb = saved(Image.new("1", (20_000, 20_000)), "PNG")

    with pytest.raises(CaptureError) as refused:
        capture(bomb, "bomb.png")

    assert refused.value.code == ErrorCode.TOO_LARGE


def test_a_picture_cut_short_is_damaged():
    with pytest.raises(CaptureError) as refused:
        capture(saved(a_picture(), "PNG")[:2000], "scan.png")

    assert refused.value.code == ErrorCode.DAMAGED


def test_a_page_with_text_is_not_recognised_again():
    out = io.BytesIO()
    with pikepdf.open(SAMPLES / "squeaky-1.pdf") as pdf:
        pdf.save(out)

    assert capture(out.getvalue(), "a.pdf").source == Source.TEXT_LAYER
