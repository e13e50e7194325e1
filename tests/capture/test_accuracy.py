"""The command `accuracy`: what it counts, whom it asks beside, what it keeps shut, and the page that it writes."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import sys
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageStat
from typer.testing import CliRunner

from counterfoil.beside.processes import KINDS, PEERS_FOLDER, Reader
from counterfoil.capture.corpus import CorpusError, Fold, Labelled
from counterfoil.capture.scoring import Tally, faults, headline, score_document
from counterfoil.cli import app
from tests.bench.environments import PEERS

SAMPLES = Path(__file__).parent / "samples"
PDF = SAMPLES / "marketing-agency-pro-1.pdf"
NUMBER, GROSS = "NO-2026-9469", "5748.82"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments])


def a_corpus(tmp_path: Path, **truth: object) -> Path:
    """One PDF with text layer in one folder; all of this is labelled and visible."""
    return corpus_of(tmp_path, letters=[truth])


def corpus_of(tmp_path: Path, **folders: list[dict[str, object]]) -> Path:
    """The same PDF under as many names as there are truths; a `group` among them names the group."""
    for folder, truths in folders.items():
        place = tmp_path / "corpus" / folder
        place.mkdir(parents=True)
        labels = []
        for number, truth in enumerate(truths):
            name, group = f"{folder}-{number}.pdf", truth.pop("group", f"{folder}-{number}")
            shutil.copy(PDF, place / name)
            visible = dict.fromkeys(truth, True)
            labels.append({"file": name, "kind": "pdf-text", "group": group, "visible": visible, "truth": truth})
        (place / "labels.jsonl").write_text("".join(json.dumps(label) + "\n" for label in labels))
    return tmp_path / "corpus"


def records_of(result) -> list[dict]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def a_label(**given) -> dict:
    return {"file": "a", "kind": "image", "truth": {"gross_total": "10"}, **given}


def a_record(*lines: dict, review=(), **fields) -> dict:
    """A record with these values, each of confidence 0.95."""
    return {
        "fields": {name: {"value": value, "confidence": 0.95} for name, value in fields.items()},
        "lines": list(lines),
        "needs_review": list(review),
        "error": None,
        "ms": 1.0,
    }


def tally_of(*pairs: tuple[dict, dict]) -> Tally:
    tally = Tally()
    for label, record in pairs:
        score_document(label, record, (tally,))
    return tally


# What is counted


def test_right_and_wrong_fields_are_counted_by_folder(run, tmp_path):
    corpus = a_corpus(tmp_path, invoice_number=NUMBER, gross_total=1.5)

    folder, total, *_, worst = records_of(run("accuracy", corpus, "--format", "json", "--worst", "1"))

    assert (folder["folder"], total["folder"]) == ("letters", "ALL")
    assert folder["fields"]["invoice_number"]["right"] == "1.0000"
    assert folder["fields"]["gross_total"]["wrong"] == "1.0000"
    assert worst["faults"] == [f"WRONG gross_total: {GROSS}, not 1.5"]


def test_whole_documents_and_asserted_mistakes_are_told(run, tmp_path):
    corpus = a_corpus(tmp_path, invoice_number=NUMBER, gross_total=1.5)

    total = records_of(run("accuracy", corpus, "--format", "json"))[1]

    assert (total["whole_documents_right"], total["fields_wrong"], total["fields_abstained"]) == (
        "0.0000",
        "0.5000",
        "0.0000",
    )
    assert total["wrong_of_asserted"] == "0.5000"


def test_a_value_in_doubt_is_right_and_abstained_never_wrong():
    label = a_label(truth={"gross_total": "10", "net_total": "8"})

    record = tally_of(
        (label, a_record(gross_total="10", net_total="9", review=["gross_total", "net_total"]))
    ).as_record()

    assert (record["fields_right"], record["fields_abstained"], record["fields_wrong"]) == (
        "0.5000",
        "1.0000",
        "0.0000",
    )
    assert record["wrong_of_asserted"] is None


def test_a_group_of_like_documents_counts_once():
    like = [(a_label(file=str(n), group="like"), a_record(gross_total="10")) for n in range(3)]
    alone = (a_label(file="x"), a_record(gross_total="11"))

    tally = tally_of(*like, alone)

    assert (tally.header_mean, tally.header_mean_by_group) == (0.75, 0.5)


def test_the_headline_is_the_mean_over_folders():
    many = tally_of(*[(a_label(), a_record(gross_total="10"))] * 3)
    one = tally_of((a_label(), a_record(gross_total="11")))

    assert headline([many, one])["headline"] == "0.5000"


@pytest.mark.parametrize(
    ("amounts", "lines_right", "sets_right"),
    [
        pytest.param(["1", "2"], "1.0000", "1.0000", id="all"),
        pytest.param(["2", "1"], "1.0000", "1.0000", id="in another order"),
        pytest.param(["1"], "0.5000", "0.0000", id="one missing"),
        pytest.param(["1", "2", "3"], "1.0000", "0.0000", id="one too many"),
        pytest.param(["1", "1"], "0.5000", "0.0000", id="one twice"),
    ],
)
def test_lines_are_counted_singly_and_as_sets(amounts, lines_right, sets_right):
    label = a_label(truth={"lines": [{"amount": "1"}, {"amount": "2"}]})
    record = a_record(*({"amount": amount, "confidence": 0.75} for amount in amounts))

    found = tally_of((label, record)).as_record()

    assert (found["lines_right"], found["line_sets_right"]) == (lines_right, sets_right)
    assert bool(faults(label, record)) == (sets_right != "1.0000")
    assert found["calibration"]["lines"]["0.70"]["n"] == len(amounts)


def test_confidences_are_told_by_field():
    label = a_label(truth={"gross_total": "10", "currency": "EUR"})

    bands = tally_of((label, a_record(gross_total="10", currency="USD"))).as_record()["calibration"]

    assert bands["gross_total"] == {"0.95": {"n": 1, "right": "1.0000"}}
    assert bands["currency"] == {"0.95": {"n": 1, "right": "0.0000"}}
    assert bands["header"] == {"0.95": {"n": 2, "right": "0.5000"}}


@pytest.mark.parametrize(
    ("label", "segments"),
    [
        pytest.param({"kind": "xml-ubl"}, ["XML"], id="XML"),
        pytest.param({"kind": "pdf-hybrid"}, ["hybrid PDF", "hybrid PDF, all labelled"], id="hybrid"),
        pytest.param({"kind": "pdf-text", "layout_usable": True}, ["PDF with text layer"], id="text"),
        pytest.param(
            {"kind": "pdf-text", "layout_usable": True, "synthetic": True},
            ["PDF with text layer, synthetic"],
            id="synthetic",
        ),
        pytest.param({"kind": "pdf-text", "layout_usable": False}, [], id="nothing to see on the page"),
        pytest.param({"kind": "image"}, ["scan or picture"], id="picture"),
    ],
)
def test_a_document_counts_in_the_segments_of_its_kind(label, segments):
    assert Labelled("folder", Path("a"), label).segments == segments


def test_of_a_hybrid_pdf_what_the_page_does_not_show_counts_in_full_only(run, tmp_path):
    corpus = a_corpus(tmp_path, gross_total=GROSS, net_total=1)
    labels = corpus / "letters" / "labels.jsonl"
    label = json.loads(labels.read_text()) | {"kind": "pdf-hybrid", "visible": {"gross_total": True}}
    labels.write_text(json.dumps(label))

    records = records_of(run("accuracy", corpus, "--format", "json", "--beside", ""))

    shown = {record["segment"]: record["fields"].keys() for record in records if "segment" in record}
    assert shown == {"hybrid PDF": {"gross_total"}, "hybrid PDF, all labelled": {"gross_total", "net_total"}}


def test_the_table_has_folders_kinds_and_confidences(run, tmp_path):
    table = run("accuracy", a_corpus(tmp_path, gross_total=GROSS), "--format", "table").stdout

    assert re.search(r"^letters +1 .* 100\.0", table, re.MULTILINE)
    assert re.search(r"^PDF with text layer +1 +100\.0", table, re.MULTILINE)
    assert re.search(r"^gross total .*100\.0 of 1", table, re.MULTILINE)
    assert re.search(r"^PDF with text layer: pypdfium2 [\d.]+ +1 ", table, re.MULTILINE)


# A fold that is kept shut


def folds_of(names: list[str], salt: str) -> list[int]:
    return [next(n for n in (1, 2, 3) if Fold(n, 3, salt).holds({"group": name})) for name in names]


def test_a_group_is_in_one_fold_the_same_on_every_machine():
    names = [f"group-{n}" for n in range(300)]

    assert folds_of(["a", "b", "c", "d"], "counterfoil") == [2, 1, 3, 2]
    assert all(folds_of(names, "counterfoil").count(n) > 70 for n in (1, 2, 3))
    assert folds_of(names, "counterfoil") != folds_of(names, "other salt")


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "1/1", "1/101", "-1/3", "a/b", "1/3/3"])
def test_what_is_no_fold_is_refused(text):
    with pytest.raises(CorpusError, match="3/3"):
        Fold.parse(text)


def test_a_fold_is_reported_apart_and_its_documents_are_never_named(run, tmp_path):
    truths = [{"gross_total": 1.5, "group": group} for group in ("a", "c", "d", "e")]

    records = records_of(
        run("accuracy", corpus_of(tmp_path, letters=truths), "--format", "json", "--fold", "3/3", "--worst", "9")
    )

    totals = {record["fold"]: record["documents"] for record in records if record.get("folder") == "ALL"}
    assert totals == {"all but 3/3": 2, "held out 3/3": 2}
    assert [record["file"] for record in records if "file" in record] == [
        "letters/letters-0.pdf",
        "letters/letters-2.pdf",
    ]


def test_a_sealed_fold_is_not_even_read(run, tmp_path):
    corpus = corpus_of(tmp_path, letters=[{"gross_total": GROSS, "group": group} for group in ("a", "c")])
    (corpus / "letters" / "letters-1.pdf").unlink()

    sealed = run("accuracy", corpus, "--format", "json", "--fold", "3/3", "--sealed")
    opened = run("accuracy", corpus, "--format", "json", "--fold", "3/3")

    assert {record["fold"] for record in records_of(sealed)} == {"all but 3/3"}
    assert opened.exit_code == 2 and "letters-1.pdf" in opened.stderr


def test_sealing_needs_a_fold(run, tmp_path):
    assert run("accuracy", tmp_path, "--sealed").exit_code == 2


# Other readers


def test_bare_text_extraction_is_timed_in_the_same_run(run, tmp_path):
    records = records_of(run("accuracy", a_corpus(tmp_path, gross_total=GROSS), "--format", "json"))

    [bare] = [record for record in records if "reader" in record]
    assert bare["reader"].startswith("pypdfium2 ")
    assert bare["documents"] == 1 and float(bare["ms_median"]) > 0


AGENT = {
    "extract.py": "class LayoutExtractor:\n    def extract(self, text): return text",
    "ingest.py": """
import datetime, os
from decimal import Decimal
from types import SimpleNamespace as Made
def load_pdf(content, name):
    print("libraries print what they like")
    if content == b"crash": os._exit(3)
    if content == b"raise": raise ValueError("no idea")
    line = Made(description="Paper", quantity=Decimal(2), unit_price=Decimal("1.50"), amount=Decimal(3))
    return Made(vendor="Acme", invoice_number="A-1", invoice_date=datetime.date(2024, 3, 1), due_date=None,
                po_number=None, currency="EUR", subtotal=None, tax=None, total=Decimal("3.00"), line_items=[line])
""",
    "schema.py": "Invoice = object",
    "__init__.py": "",
}


@pytest.fixture
def peers(tmp_path) -> Path:
    """An environment with a package of a peer's name that answers what it is told."""
    folder = tmp_path / "peers"
    (folder / "bin").mkdir(parents=True)
    package = folder / "packages" / "invoice_agent"
    package.mkdir(parents=True)
    for name, text in AGENT.items():
        (package / name).write_text(text)
    about = folder / "packages" / "invoice_agent-9.9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: invoice-agent\nVersion: 9.9\n")
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{folder}/packages" exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return folder


def test_a_peers_values_are_scored_by_the_same_rules(run, tmp_path, peers):
    corpus = a_corpus(tmp_path, invoice_number="a-1", gross_total=3, currency="USD", lines=[{"description": "paper"}])
    labels = corpus / "letters" / "labels.jsonl"
    labels.write_text(labels.read_text().replace('"lines": true', '"lines": 1'))

    records = records_of(run("accuracy", corpus, "--format", "json", "--beside", "invoice-agent", "--peers", peers))

    [peer] = [record for record in records if "reader" in record]
    assert peer["reader"] == "invoice-agent 9.9"
    assert (peer["fields_right"], peer["fields_wrong"], peer["lines_right"]) == ("0.6667", "0.3333", "1.0000")
    assert (peer["fields_abstained"], peer["ms_median"] is not None) == ("0.0000", True)


def test_a_peer_that_crashes_or_raises_is_asked_again_for_the_next(tmp_path, peers):
    reader = Reader(KINDS["invoice-agent"], peers)
    answers = []
    try:
        for content in (b"crash", b"raise", b"fine"):
            (tmp_path / "a.pdf").write_bytes(content)
            answers.append(reader.read(tmp_path / "a.pdf"))
    finally:
        reader.stop()

    crashed, raised, fine = answers
    assert crashed["error"]["detail"] == "invoice-agent ended: without a word"
    assert raised["error"]["detail"] == "ValueError: no idea" and raised["fields"] == {}
    assert fine["error"] is None and fine["fields"]["gross_total"]["value"] == "3.00"


def test_missing_peers_are_said_with_what_to_do(run, tmp_path):
    result = run(
        "accuracy", a_corpus(tmp_path, gross_total=1), "--beside", "invoice2data", "--peers", tmp_path / "none"
    )

    assert result.exit_code == 2
    assert "make peers" in result.stderr and len(result.stderr.splitlines()) == 1


def test_a_package_missing_among_the_peers_is_said(run, tmp_path, peers):
    result = run("accuracy", a_corpus(tmp_path, gross_total=1), "--beside", "eu-einvoice", "--peers", peers)

    assert result.exit_code == 2
    assert "No module named 'eu_einvoice'" in result.stderr and "make peers" in result.stderr


def test_an_unknown_reader_is_said_with_those_there_are(run, tmp_path):
    result = run("accuracy", a_corpus(tmp_path, gross_total=1), "--beside", "pypdfium2,magic")

    assert result.exit_code == 2
    assert "'magic'" in result.stderr and "invoice2data" in result.stderr


def test_the_peers_are_looked_for_where_they_are_installed():
    assert PEERS.python == PEERS_FOLDER / "bin" / "python"


# The page


def test_the_report_has_tables_pages_and_boxes(run, tmp_path):
    report = tmp_path / "report.html"

    result = run("accuracy", a_corpus(tmp_path, gross_total=1.5), "--format", "json", "--html", report)

    text = report.read_text()
    assert result.exit_code == 0
    assert "data:image/png;base64," in text and "gross total" in text and "class=wrong" in text
    assert text.count("<caption>") == 4


PLACES = """() => [...document.querySelectorAll(".page")].map(page => {
  const picture = page.querySelector("img").getBoundingClientRect();
  return Object.fromEntries([...page.querySelectorAll("i")].map(box => {
    const place = box.getBoundingClientRect();
    return [box.innerText, [(place.left - picture.left) / picture.width, (place.top - picture.top) / picture.height,
                            place.width / picture.width, place.height / picture.height]];
  }));
})"""


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 360], ids=["desk", "phone"])
def test_boxes_stand_on_their_values_however_wide_the_page_is_shown(run, tmp_path, chromium, width):
    report = tmp_path / "report.html"
    run("accuracy", a_corpus(tmp_path, gross_total=1.5), "--html", report)
    record = json.loads(run("capture", "--format", "json", PDF).stdout)
    x0, y0, x1, y1 = record["fields"]["gross_total"]["box"]
    with pypdfium2.PdfDocument(PDF) as document:
        wide, high = document[0].get_size()

    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto(report.as_uri())

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    [boxes] = page.evaluate(PLACES)
    assert boxes["gross total"] == pytest.approx([x0 / wide, y0 / high, (x1 - x0) / wide, (y1 - y0) / high], abs=0.005)
    assert {"invoice number", "line 1"} <= boxes.keys()
    page.close()


def test_a_scan_is_shown_the_way_up_that_its_words_were_read(run, tmp_path):
    """One page upright in a PDF and lying on its side in a picture: the same to look at, with the same boxes."""
    folder = tmp_path / "corpus" / "scans"
    folder.mkdir(parents=True)
    with pypdfium2.PdfDocument(PDF) as document:
        page = document[0].render(scale=125 / 72).to_pil().convert("L")
    page = page.crop((0, 0, page.width, int(page.height * 0.63)))
    page.save(folder / "upright.pdf", resolution=125)
    page.rotate(90, expand=True).save(folder / "turned.png")
    labels = [{"file": name, "kind": "image", "truth": {"gross_total": 1}} for name in ("upright.pdf", "turned.png")]
    (folder / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)))

    run("accuracy", tmp_path / "corpus", "--html", tmp_path / "report.html")

    pages = (tmp_path / "report.html").read_text().split("<figure")[1:]
    upright, turned = ([float(part) for part in re.findall(r"[\d.]+", NUMBER_BOX.search(shown)[1])] for shown in pages)
    first, second = map(picture_in, pages)
    assert turned == pytest.approx(upright, abs=1.0)
    assert second.width / second.height == pytest.approx(first.width / first.height, abs=0.01)
    assert ImageStat.Stat(ImageChops.difference(first, second.resize(first.size))).mean[0] < 10


NUMBER_BOX = re.compile(r"style='([^']*)'[^>]*><span>invoice number")


def picture_in(html: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(html.split("base64,")[1].split("'")[0]))).convert("L")


# Bad input


def test_a_folder_without_labels_is_bad_input(run, tmp_path):
    result = run("accuracy", tmp_path)

    assert result.exit_code == 2
    assert "no labels.jsonl" in result.stderr


def test_a_broken_label_is_named_with_its_place(run, tmp_path):
    (tmp_path / "labels.jsonl").write_text("{}\n")

    result = run("accuracy", tmp_path)

    assert result.exit_code == 2
    assert "labels.jsonl:1" in result.stderr
