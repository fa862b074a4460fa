"""The report and the brief: tags, alternative texts, what travels with them, and that they say what the web book says."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pikepdf
import pymupdf
import pytest
from bs4 import BeautifulSoup
from conftest import require

from pdf_tags import attributes, elements, kids

ROOT = Path(__file__).resolve().parents[1]


DOCUMENTS = ["dcr-report", "dcr-brief"]


@pytest.fixture(scope="module")
def report(built):
    with pikepdf.open(built / "pdf" / "dcr-report.pdf") as pdf:
        yield pdf


@pytest.fixture(scope="module", params=DOCUMENTS)
def document(request, built):
    with pikepdf.open(built / "pdf" / f"{request.param}.pdf") as pdf:
        yield pdf


@pytest.fixture(scope="module")
def text(built) -> str:
    require("Poppler")
    command = ["pdftotext", "-enc", "UTF-8", str(built / "pdf" / "dcr-report.pdf"), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_document_says_what_it_is(document):
    assert str(document.Root.Lang) == "en-GB"
    assert str(document.docinfo.Title).startswith("Drug Consumption Rooms: The Evidence")
    assert document.Root.ViewerPreferences.DisplayDocTitle
    assert document.Root.MarkInfo.Marked
    size = [round(float(part)) for part in document.pages[0].mediabox]
    assert size == [0, 0, 595, 842]


def test_metadata_name_licence_edition_and_revision(document):
    with document.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert "supervised consumption" in str(document.docinfo.Keywords)
        assert metadata["dc:rights"].startswith("2026. Text and figures: CC BY 4.0")
        assert metadata["xmpRights:WebStatement"] == "https://creativecommons.org/licenses/by/4.0/"
        assert metadata["prism:edition"] == "2026.1"
        assert re.fullmatch(r"Edition 2026\.1(, source revision [0-9a-f]{40}(-dirty)?)?", metadata["dc:identifier"])


def test_the_data_travel_with_the_report(report, built):
    assert set(report.attachments) == {"dcr-data.zip", "dcr-data.xlsx"}
    for name, attached in report.attachments.items():
        assert len(attached.description) > 40
        content = attached.get_file().read_bytes()
        assert content == (built / "data" / name).read_bytes()
    package = zipfile.ZipFile(BytesIO(report.attachments["dcr-data.zip"].get_file().read_bytes()))
    assert any(name.endswith("datapackage.json") for name in package.namelist())


def test_the_report_is_small(built):
    assert (built / "pdf" / "dcr-report.pdf").stat().st_size < 5_000_000


def test_bookmarks_are_the_parts_and_chapters(report, built):
    with report.open_outline() as outline:
        summary, *parts = outline.root
        found = [summary.title, *(chapter.title for part in parts for chapter in part.children)]
    titles = [re.sub(r"^\d+\.\s*", "", title) for title in found]
    page = BeautifulSoup((built / "html" / "book" / "index.html").read_text(encoding="utf-8"), "lxml")
    links = page.select("nav.bd-links a.reference.internal")
    chapters = [re.sub(r"^\d+\.\s*", "", link.get_text(strip=True)) for link in links if "brief" not in link["href"]]
    assert titles == list(dict.fromkeys(chapters))
    assert [part.title for part in parts] == [caption.get_text(strip=True) for caption in page.select("nav.bd-links p.caption")]


def test_tags(document):
    found = list(elements(document.Root.StructTreeRoot))
    figures = [element for element in found if element.S == "/Figure"]
    assert figures
    for figure in figures:
        assert len(str(figure.Alt)) > 60
        assert re.search(r"\d", str(figure.Alt))
    for header in found:
        if header.S == "/TH":
            assert any("/Scope" in part for part in attributes(header))
    for item in found:
        if item.S == "/LI":
            assert any(isinstance(kid, pikepdf.Dictionary) and kid.get("/S") == "/LBody" for kid in kids(item))
    levels = [int(str(element.S)[2]) for element in found if re.fullmatch(r"/H\d", str(element.S))]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), "a heading level is skipped"


def test_first_cells_head_their_rows(document):
    tables = [element for element in elements(document.Root.StructTreeRoot) if element.S == "/Table"]
    assert tables
    for table in tables:
        for row in [row for body in kids(table) if body.S == "/TBody" for row in kids(body)]:
            first, *others = kids(row)
            if len(others) > 1:
                scopes = [str(part.Scope) for part in attributes(first) if "/Scope" in part]
                assert first.S == "/TH"
                assert scopes[-1] == ("/Column" if others[0].S == "/TH" else "/Row")


def test_a_list_is_one_list(document):
    found = list(elements(document.Root.StructTreeRoot))
    for element in found:
        below = [str(kid.S) for kid in kids(element) if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]
        assert ("/L", "/L") not in pairwise(below)
    assert max(len(kids(element)) for element in found if element.S == "/L") >= 3


def test_a_table_over_many_pages_is_one_table(report):
    """Its cells name heads that are there, and no piece of it without a caption is left beside it."""
    pages = {page.objgen: number for number, page in enumerate(report.pages)}
    spread = 0
    for table in [element for element in elements(report.Root.StructTreeRoot) if element.S == "/Table"]:
        inside = list(elements(table))
        names = {bytes(cell.ID) for cell in inside if "/ID" in cell}
        for cell in inside:
            for attribute in attributes(cell):
                assert {bytes(key) for key in attribute.get("/Headers", [])} <= names
        spread = max(spread, len({pages[cell.Pg.objgen] for cell in inside if "/Pg" in cell}))
    assert spread >= 3


def test_links_stay_inside_or_go_to_the_web(document):
    for number, page in enumerate(document.pages, 1):
        for annotation in page.get("/Annots", []):
            if annotation.Subtype == "/Link":
                assert annotation.F & 4
                action = annotation.get("/A")
                if action is not None and action.S == "/URI":
                    assert re.match(r"https?://", str(action.URI)), f"page {number}: {action.URI}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_fonts_are_embedded_and_few(built, name):
    require("Poppler")
    command = ["pdffonts", str(built / "pdf" / f"{name}.pdf")]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert lines
    for line in lines:
        assert re.match(r"\w{6}\+SourceS(ans|erif)Pro", line), line
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
    contents = text[text.index("Contents") : text.index("Contents") + 60000]
    assert re.search(r"Summary( ?\.){3,}[\s\u2060]*\d+", contents)
    assert re.search(r"Fig\. 1\.1 [^.]+( ?\.){3,}[\s\u2060]*\d+", contents)
    assert re.search(r"Table 1\.1 [^.]+( ?\.){3,}[\s\u2060]*\d+", contents)


def test_the_report_reads_as_the_web_book_does(built):
    """Every sentence of the chapters stands in the report, in one piece or over the end of one page."""
    with pymupdf.open(built / "pdf" / "dcr-report.pdf") as pdf:
        body = pymupdf.Rect(0, 45, pdf[0].rect.width, pdf[0].rect.height - 45)
        pages = [squashed(page.get_text(clip=body)) for page in pdf]
    whole = "".join(pages)
    missing = []
    for path in sorted((built / "html" / "book").glob("*.html")):
        if path.stem not in ("brief", "data", "numbers"):
            for sentence in sentences(path):
                if sentence not in whole and not runs_over(sentence, pages):
                    missing.append(f"{path.stem}: {sentence}")
    assert not missing, missing[:5]


def squashed(text: str) -> str:
    """Return text without spaces and hyphens, which lines add and take away."""
    return re.sub(r"[\s\u00ad\u2010-]", "", text)


def sentences(path: Path) -> list[str]:
    """Return the sentences of a page's paragraphs and headings, squashed."""
    article = BeautifulSoup(path.read_text(encoding="utf-8"), "lxml").select_one("article")
    for tag in article.select(".cell_input, .headerlink, .chart-data, .downloads, .web-only, figure, table, script, details"):
        tag.decompose()
    texts = [tag.get_text() for tag in article.select("p, h1, h2, h3, dd, dt")]
    return [squashed(part) for text in texts for part in re.split(r"(?<=[.?!])\s+", text) if len(part) > 8]


def runs_over(sentence: str, pages: list[str]) -> bool:
    """Tell whether a sentence begins on one page and goes on in the next, where a figure may come between in the file."""
    return any(sentence[:cut] in page and sentence[cut:] in following
               for page, following in pairwise(pages) for cut in range(1, len(sentence)))  # fmt: skip


def test_the_same_inputs_give_the_same_bytes(small_book, tmp_path):
    """Two folders, two seeds of Python's hashes, two time zones: the report and the brief of a small book, data attached."""
    made = small_book / "_build"
    running = []
    for number, zone in enumerate(("UTC", "Asia/Tokyo")):
        folder = tmp_path / f"{number}"
        shutil.copytree(made / ".work" / "pdf", folder, ignore=shutil.ignore_patterns("*.pdf", "_downloads"))
        environment = {**os.environ, "PYTHONHASHSEED": str(number), "TZ": zone}
        command = [sys.executable, "-m", "tools.print_report", str(folder), str(made / "data")]
        running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE))
    for process in running:
        assert process.wait() == 0
        process.stdin.close()
    for name in DOCUMENTS:
        first, second = ((tmp_path / str(number) / f"{name}.pdf").read_bytes() for number in range(2))
        assert first == second, name


@pytest.mark.parametrize("name", DOCUMENTS)
def test_accessibility_checker_finds_no_error(built, name):
    """Nor a warning that is not explained here."""
    command = [str(Path(sys.executable).with_name("outloud")), "--json", "-", str(built / "pdf" / f"{name}.pdf")]
    result = subprocess.run(command, capture_output=True, text=True)
    findings = [finding for finding in walk(json.loads(result.stdout)) if finding.get("severity") in ("error", "warning")]
    assert not [finding for finding in findings if finding["rule"] not in EXPLAINED]
    assert result.returncode == 0


# Warnings that stay, each with the reason
EXPLAINED = {
    "PAG-001": "lines that several pages happen to begin or end with, such as the head of a table over two pages, are text; "
    "running heads and page numbers are artifacts",
    "ORD-001": "the checker reads all text of a paragraph before the links within it; the tags and the pages have each in its place",
    "TBL-014": "the lines of two charts look like a grid; they are pictures with an alternative text",
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
