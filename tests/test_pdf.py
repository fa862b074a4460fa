"""The report: pages, tags, alternative texts, and that it says what the web book says."""

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
from bs4 import BeautifulSoup
from conftest import require

from pdf_tags import attributes, elements, kids

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def report(built):
    with pikepdf.open(built / "pdf" / "dcr-report.pdf") as pdf:
        yield pdf


@pytest.fixture(scope="module")
def text(built) -> str:
    require("Poppler")
    command = ["pdftotext", "-enc", "UTF-8", str(built / "pdf" / "dcr-report.pdf"), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_document_says_what_it_is(report):
    assert str(report.Root.Lang) == "en-GB"
    assert str(report.docinfo.Title) == "Drug Consumption Rooms: The Evidence"
    assert report.Root.ViewerPreferences.DisplayDocTitle
    assert report.Root.MarkInfo.Marked
    with report.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
    size = [round(float(part)) for part in report.pages[0].mediabox]
    assert size == [0, 0, 595, 842]


def test_bookmarks_are_the_chapters(report, built):
    with report.open_outline() as outline:
        titles = [re.sub(r"^\d+\.\s*", "", item.title) for item in outline.root]
    page = BeautifulSoup((built / "html" / "book" / "index.html").read_text(encoding="utf-8"), "lxml")
    chapters = [re.sub(r"^\d+\.\s*", "", link.get_text(strip=True)) for link in page.select("nav.bd-links a.reference.internal")]
    assert titles == list(dict.fromkeys(chapters))


def test_tags(report):
    found = list(elements(report.Root.StructTreeRoot))
    figures = [element for element, _ in found if element.S == "/Figure"]
    assert figures
    for figure in figures:
        assert len(str(figure.Alt)) > 60
        assert re.search(r"\d", str(figure.Alt))
    for header, _ in found:
        if header.S == "/TH":
            assert any("/Scope" in part for part in attributes(header))
    for item, _ in found:
        if item.S == "/LI":
            assert any(isinstance(kid, pikepdf.Dictionary) and kid.get("/S") == "/LBody" for kid in kids(item))
    levels = [int(str(element.S)[2]) for element, _ in found if re.fullmatch(r"/H\d", str(element.S))]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), "a heading level is skipped"


def test_links_stay_inside_or_go_to_the_web(report):
    for number, page in enumerate(report.pages, 1):
        for annotation in page.get("/Annots", []):
            if annotation.Subtype == "/Link":
                assert annotation.F & 4
                action = annotation.get("/A")
                if action is not None and action.S == "/URI":
                    assert re.match(r"https?://", str(action.URI)), f"page {number}: {action.URI}"


def test_fonts_are_embedded_and_few(built):
    require("Poppler")
    command = ["pdffonts", str(built / "pdf" / "dcr-report.pdf")]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert lines
    for line in lines:
        assert re.match(r"\w{6}\+Source-S(ans|erif)-Pro", line), line
        assert " yes yes yes" in line, line


def test_headline_numbers_agree(built, text):
    entries = {entry["name"]: entry for entry in json.loads((built / "numbers.json").read_text(encoding="utf-8"))}
    flat = re.sub(r"\s+", " ", text.replace("\u00ad", ""))
    for name in ("deaths_latest", "deaths_peak", "rate_latest", "suspected_latest", "male_share_latest"):
        assert entries[name]["text"] in flat, name
    for name, entry in entries.items():
        assert name in flat, f"{name} is not in the ledger appendix"
        assert entry["text"] in flat, entry["text"]


def test_web_controls_and_code_stay_out(text):
    for stray in ("Show the code", "Get the data", "import pandas", "= load(", "¶"):
        assert stray not in text


def test_contents_have_page_numbers(text):
    contents = text[text.index("Contents") : text.index("Contents") + 6000]
    assert re.search(r"Summary\s*\.{3,}\s*\d+", contents)


def test_accessibility_checker_finds_no_error(built):
    command = [
        str(Path(sys.executable).with_name("outloud")),
        "--fail-on",
        "never",
        "--json",
        "-",
        str(built / "pdf" / "dcr-report.pdf"),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    findings = json.loads(result.stdout)
    errors = [finding for finding in walk(findings) if finding.get("severity") == "error" and finding["rule"] not in EXPLAINED]
    assert not errors, errors[:5]


# What the checker takes for a fault and is none, each with the reason
EXPLAINED = {
    "TBL-010": "a row of a long table that stands alone on a page beneath the repeated header has more headers than cells",
}


def walk(part):
    """Yield every dictionary in a nested structure."""
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from walk(value)
    elif isinstance(part, list):
        for value in part:
            yield from walk(value)
