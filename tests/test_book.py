"""The built web book: every page, link, picture and number of it."""

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]


@cache
def places(path: Path) -> dict:
    """Return the elements of a page by their addresses."""
    return {tag["id"]: tag for tag in soup(path).select("[id]")}


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")


def pages() -> list[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"]] + [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]


def ledger(built) -> dict[str, dict]:
    return {entry["name"]: entry for entry in json.loads((built / "numbers.json").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("page", pages())
def test_every_page_of_the_contents_is_there(built, page):
    article = soup(built / "html" / f"{page}.html").select_one("article")
    assert len(article.get_text()) > 500
    assert article.find("h1")


def test_publications_are_there(built):
    for path in ("html/index.html", "pdf/dcr-report.pdf", "numbers.json", "manifest.json", "html/downloads/dcr-report.pdf",
                 "html/notebooks/deaths.ipynb"):  # fmt: skip
        assert (built / path).stat().st_size > 200, path


@pytest.mark.parametrize("page", pages())
def test_no_cell_prints_what_nobody_asked_for(built, page):
    stray = [output.get_text(strip=True) for output in soup(built / "html" / f"{page}.html").select(".output.text_plain")]
    assert not stray


def test_links_and_anchors_resolve(built):
    html = built / "html"
    broken = []
    for path in html.rglob("*.html"):
        if "_static" in path.parts:
            continue
        for tag in soup(path).select("a[href], link[href], script[src], img[src]"):
            address = tag.get("href") or tag.get("src")
            if re.match(r"(https?:|mailto:|data:|//)", address):
                continue
            target, anchor = urldefrag(unquote(address))
            file = (path.parent / target.split("?")[0]).resolve() if target else path
            file = file / "index.html" if file.is_dir() else file
            if not file.exists():
                broken.append(f"{path.relative_to(html)}: {address}")
            elif anchor and file.suffix == ".html" and anchor not in places(file):
                broken.append(f"{path.relative_to(html)}: {address} (no such place)")
    assert not broken, "\n".join(broken[:20])


def test_no_page_asks_a_third_party(built):
    asked = []
    for path in (built / "html").rglob("*.html"):
        for tag in soup(path).select("script[src], link[rel~=stylesheet][href], img[src], iframe[src]"):
            address = tag.get("src") or tag.get("href")
            if re.match(r"(https?:)?//", address):
                asked.append(f"{path.name}: {address}")
    assert not asked, asked


@pytest.mark.parametrize("page", pages())
def test_pictures_have_computed_alternative_text(built, page):
    pictures = soup(built / "html" / f"{page}.html").select("article figure img, article .cell_output img")
    for picture in pictures:
        alt = picture.get("alt", "")
        assert len(alt) > 60, alt
        assert re.search(r"\d", alt), alt
        assert "_images" not in alt
        assert picture.find_parent("figure").select_one(".chart-data[href$='.csv'], .chart-data a[href$='.csv']")


@pytest.mark.parametrize("page", pages())
def test_no_hole_or_raw_value_in_the_text(built, page):
    article = soup(built / "html" / f"{page}.html").select_one("article")
    copy = BeautifulSoup(str(article), "lxml")
    for code in copy.select("pre, code, details"):
        code.decompose()
    assert not re.search(r"\bnp\.|\bnan\b|\bNaN\b|<NA>|\{n\}|pd\.NA", copy.get_text())
    assert not {cell.get_text(strip=True) for cell in copy.select("td, th, a.number")} & {"nan", "NaT", "<NA>"}
    assert "" not in {link.get_text(strip=True) for link in copy.select("a.number")}
    assert "" not in {cell.get_text(strip=True) for cell in copy.select("td")}, "a cell of a table is blank"


def test_every_number_leads_to_its_entry(built):
    entries = ledger(built)
    ledger_page = places(built / "html" / "book" / "numbers.html")
    rows = {address: row.get_text() for address, row in ledger_page.items() if row.name == "tr"}
    printed = 0
    for path in (built / "html" / "book").glob("*.html"):
        for link in soup(path).select("article a.number"):
            name = urldefrag(link["href"])[1].removeprefix("number-").replace("-", "_")
            entry = entries[name]
            assert link.get_text() == entry["text"]
            assert entry["definition"] in link["title"]
            assert entry["sources"][0] in link["title"]
            row = rows[urldefrag(link["href"])[1]]
            assert entry["text"] in row
            assert entry["definition"] in row
            printed += 1
    assert printed > 40


def test_ledger_entries_are_whole(built):
    sources = set(pd.read_csv(ROOT / "data" / "sources.csv")["key"])
    for entry in ledger(built).values():
        assert {"name", "chapter", "value", "text", "unit", "definition", "sources"} <= set(entry)
        assert all(entry[key] not in ("", None, []) for key in ("name", "chapter", "value", "text", "unit", "definition"))
        assert entry["sources"]
        assert set(entry["sources"]) <= sources
        assert isinstance(entry["value"], int | float | str)


def test_numbers_lead_to_the_cell_that_made_them(built):
    for chapter in ("deaths", "places"):
        page = places(built / "html" / "book" / f"{chapter}.html")
        entries = [entry for entry in ledger(built).values() if entry["chapter"] == chapter]
        plain = [entry for entry in entries if f'"{entry["name"]}"' in "".join(cell.get_text() for cell in page.values())]
        assert len(plain) > 10
        for entry in plain:
            assert f'"{entry["name"]}"' in page[f"cell-{entry['cell']}"].get_text(), entry["name"]


def test_ledger_agrees_with_the_data(built):
    deaths = pd.read_csv(ROOT / "data" / "annual_deaths.csv", na_values=["[x]", "[c]", "[z]"]).set_index("year")
    entries = ledger(built)
    latest = int(deaths.index.max())
    assert entries["latest_year"]["value"] == latest
    assert entries["deaths_latest"]["value"] == deaths.loc[latest, "deaths"]
    assert entries["deaths_peak"]["value"] == deaths["deaths"].max()
    assert entries["rate_latest"]["value"] == deaths.loc[latest, "rate_per_100k"]


def test_table_headers_have_scope(built):
    for path in (built / "html" / "book").glob("*.html"):
        for header in soup(path).select("article th"):
            assert header.get("scope") in ("col", "row"), f"{path.name}: {header}"


@pytest.mark.parametrize("page", pages())
def test_edition_and_date_of_data_on_every_page(built, page):
    footer = soup(built / "html" / f"{page}.html").select_one("p.edition").get_text()
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    assert f"Edition {settings['edition']}" in footer
    assert str(ledger(built)["latest_year"]["value"]) in footer


def test_edition_is_the_same_everywhere(built):
    edition = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]["edition"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == edition
    assert json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))["version"] == edition
    assert f"## {edition} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_first_page_leads_to_the_publications(built):
    links = {link["href"] for link in soup(built / "html" / "book" / "index.html").select("article a[href]")}
    assert {"../downloads/dcr-report.pdf", "../numbers.json"} <= links
