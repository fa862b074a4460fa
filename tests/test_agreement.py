"""Summary, chapters, brief and report never disagree: each prints its numbers from the one ledger."""

import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]


def ledger(folder: Path) -> dict[str, str]:
    """Return the text of each number of a built book."""
    return {entry["name"]: entry["text"] for entry in json.loads((folder / "numbers.json").read_text(encoding="utf-8"))}


# A link to the ledger in the language of the typesetter
LINK = re.compile(r'#to\("numbers/number-([^"]+)"\)\[((?:[^\]\\]|\\.)*)\]')


def printed(page: Path) -> list[tuple[str, str]]:
    """Return name and text of each number that a page of the web book, or a document of the typesetter, prints."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".typ":
        return [(name.replace("-", "_"), plain(shown)) for name, shown in LINK.findall(text)]
    links = BeautifulSoup(text, "lxml").select("a.number[href*='#number-']")
    return [(link["href"].partition("#number-")[2].replace("-", "_"), link.get_text()) for link in links]


def plain(shown: str) -> str:
    """Return text in the language of the typesetter without the backslashes that keep its signs from meaning something."""
    return re.sub(r"\\(.)", r"\1", shown)


def disagreements(folder: Path) -> list[str]:
    """Return the numbers of the web book and the report whose text is not that of the ledger."""
    texts = ledger(folder)
    pages = [*(folder / "html" / "book").glob("*.html"), *(folder / ".work" / "pdf").glob("dcr-*.typ")]
    return [
        f"{page.name}: {name} is printed as {text}" for page in pages for name, text in printed(page) if texts.get(name) != text
    ]


def test_web_book_and_report_print_the_ledger(small_book):
    folder = small_book / "_build"
    assert not disagreements(folder)
    assert set(printed(folder / "html" / "book" / "deaths.html")) <= set(printed(folder / ".work" / "pdf" / "dcr-report.typ"))


def test_the_whole_book_prints_the_ledger(built):
    assert not disagreements(built)
    report = dict(printed(built / ".work" / "pdf" / "dcr-report.typ"))
    assert dict(printed(built / "html" / "book" / "index.html")).items() <= report.items()
    brief = plain((built / ".work" / "pdf" / "dcr-brief.typ").read_text(encoding="utf-8"))
    for name, text in printed(built / "html" / "book" / "brief.html"):
        assert text in brief, name


@pytest.mark.parametrize("page", ["index", "brief"])
def test_summary_and_brief_refer_and_do_not_compute(page):
    """Their numbers are recorded in the chapters, so that there is one of each."""
    text = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
    assert not re.search(r"\bnumber\(", text)
    assert len(set(re.findall(r"\{n\}`([^`]*)`", text))) > 15


def test_the_summary_has_at_most_ten_findings_of_one_sentence_each():
    lines = (ROOT / "book" / "index.md").read_text(encoding="utf-8").splitlines()
    findings = [line for line in lines if re.match(r"\d+\. ", line)]
    assert 5 <= len(findings) <= 10
    for finding in findings:
        text = re.sub(r"\{\w+\}`[^`]*`", "number", finding.partition(" ")[2])
        assert len(re.findall(r"[.!?](?:\s|$)", text)) == 1, finding
        assert "{doc}`" in finding, f"the finding leads to no chapter: {finding}"
