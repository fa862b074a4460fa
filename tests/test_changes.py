"""What changed: between ledgers, between texts, on the page of the book and by make changes; and what is refused."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import docutils.nodes
import pytest
from bs4 import BeautifulSoup
from conftest import build
from next_year import synthetic_next_year
from test_accessible import SIZES, TAGS, axe, faults

import changes as page
import editions
from tools import changes

ROOT = Path(__file__).resolve().parents[1]


def record(name: str, text: str = "1", value=1, sources=("nrs-2024",), **others) -> dict:
    """Return an entry of a ledger."""
    return {"name": name, "chapter": "deaths", "text": text, "value": value, "unit": "deaths",
            "definition": f"Deaths called {name}", "sources": list(sources)} | others  # fmt: skip


def numbers(*records: dict) -> dict[str, dict]:
    return {one["name"]: one for one in records}


def test_numbers_added_removed_changed_and_of_other_sources():
    old = numbers(record("a", "934", 934), record("b"), record("gone"), record("d"), record("e", value=0.1 + 0.2))
    new = numbers(record("a", "945", 945), record("b"), record("came"), record("d", sources=["b"]), record("e", value=0.3))
    found = editions.compare(old, new)
    assert [(one["text"], other["text"]) for one, other in found.changed] == [("934", "945")]
    assert [one["name"] for one in found.added] == ["came"]
    assert [one["name"] for one in found.removed] == ["gone"]
    assert [one["name"] for one, _ in found.resourced] == ["d"]


def test_values_in_words_are_compared_as_words():
    one, other = numbers(record("a", value="below")), numbers(record("a", value="above"))
    assert len(editions.compare(one, other).changed) == 1
    assert editions.compare(one, one) == editions.Changes([], [], [], [])


@pytest.mark.parametrize("field", ["text", "value", "unit", "definition"])
def test_each_field_makes_a_change(field):
    other = record("a") | {field: 2 if field == "value" else "else"}
    assert len(editions.compare(numbers(record("a")), numbers(other)).changed) == 1


def test_why_names_the_sources_that_came_and_went():
    told = editions.why(record("a", sources=["x", "y"]), record("a", sources=["y", "z"]), {"z": "Office, Deaths"})
    assert told == "New source: Office, Deaths. No longer used: x."
    assert "revised table" in editions.why(record("a"), record("a", "2"), {})
    assert editions.why(record("a", unit="years"), record("a"), {}) == "Unit before: years."
    assert editions.why(record("a", definition="Deaths"), record("a"), {}) == "Definition before: Deaths."
    assert editions.why(record("a"), record("a", sources=list("bcdefg")), {}).count(";") == 3


def test_values_that_print_alike_are_told_exactly():
    old, new = record("a", "1.0", 1.01), record("a", "1.0", 1.04)
    assert editions.shown(old, new) == "1.0 (exactly 1.01)"
    assert editions.shown(record("a", "1", 1), record("a", "2", 2)) == "1"


def test_editions_are_ordered_by_number_not_by_letter(tmp_path):
    for name in ("2026.10", "2026.9", "2027.1"):
        editions.keep(numbers(record("a")), tmp_path / f"{name}.json")
    assert editions.kept(tmp_path) == ["2026.9", "2026.10", "2027.1"]
    assert editions.before("2027.1", tmp_path) == "2026.10"
    assert editions.before("2026.9", tmp_path) is None
    with pytest.raises(editions.LedgerError, match="latest"):
        editions.before("latest", tmp_path)


def test_a_kept_ledger_is_read_as_it_was(tmp_path):
    wanted = numbers(record("a", "£1", 1.5), record("b", "none", "none"))
    editions.keep(wanted, tmp_path / "2026.1.json")
    assert editions.read(tmp_path / "2026.1.json") == wanted
    assert len((tmp_path / "2026.1.json").read_text(encoding="utf-8").splitlines()) == 4


def test_the_first_edition_is_kept_in_the_repository():
    first = editions.kept(ROOT / "book" / "editions")[0]
    assert first == "2026.1"
    assert len(editions.read(ROOT / "book" / "editions" / f"{first}.json")) > 500
    assert len(changes.kept_text(ROOT / "book" / "editions" / f"{first}.txt")) > 15


BROKEN = {
    "nothing": "",
    "half a file": '[{"name": "a"',
    "no list": '{"name": "a"}',
    "no records": "[1]",
    "a field that lacks": json.dumps([{key: value for key, value in record("a").items() if key != "unit"}]),
    "a value that is none": json.dumps([record("a", value=None)]),
    "a value that is true": json.dumps([record("a", value=True)]),
    "a text that is a number": json.dumps([record("a", text=1)]),
    "sources that are text": json.dumps([record("a") | {"sources": "nrs"}]),
    "sources that are numbers": json.dumps([record("a") | {"sources": [1]}]),
    "a name twice": json.dumps([record("a"), record("a")]),
    "deep nesting": "[" * 100_000,
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_ledger_is_refused_with_one_sentence(tmp_path, fault):
    path = tmp_path / "ledger.json"
    path.write_text(BROKEN[fault])
    with pytest.raises(editions.LedgerError) as raised:
        editions.read(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_ledger_of_broken_letters_is_refused(tmp_path):
    (tmp_path / "ledger.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(editions.LedgerError, match="cannot be read"):
        editions.read(tmp_path / "ledger.json")


PAGE = """<html><body><nav><p>Menu</p></nav><article><h1><span class="section-number">3. </span>Deaths<a class="headerlink"
href="#x">#</a></h1><p>In 2024, <a href="numbers.html#n">{deaths}</a> people died <a href="references.html#cite-nrs">[4]</a>.</p>
<div class="cell_input"><p>code</p></div><ul><li><p>One</p></li></ul><img alt="Line chart &amp; more" src="a.svg">
<table><tr><th>Year</th><td>2024</td></tr></table><details><p>folded</p></details></article></body></html>"""


def built_book(folder: Path, deaths: str, *records: dict, pages=("deaths",)) -> Path:
    """Write what a build leaves, with one sentence that holds a number."""
    (folder / "html" / "book").mkdir(parents=True)
    for name in pages:
        (folder / "html" / "book" / f"{name}.html").write_text(PAGE.format(deaths=deaths), encoding="utf-8")
    editions.keep(numbers(*records), folder / "numbers.json")
    return folder


def test_passages_are_what_is_read_on_a_page(tmp_path):
    built_book(tmp_path, "1,017", record("a"))
    assert changes.text_of_build(tmp_path / "html")["deaths"] == [
        "# Deaths", "In 2024, 1,017 people died nrs.", "One", "[Picture: Line chart & more]", "Year | 2024",
    ]  # fmt: skip


def test_words_that_went_and_came_are_marked():
    shown = changes.marked("Deaths fell to 1,017 in 2024.", "Deaths rose to 1,172 in 2024.")
    soup = BeautifulSoup(shown, "lxml")
    assert ["fell" in soup.select("del")[0].text, "1,017" in soup.select("del")[1].text] == [True, True]
    assert ["rose" in soup.select("ins")[0].text, "1,172" in soup.select("ins")[1].text] == [True, True]
    for spoken in soup.select(".spoken"):
        spoken.decompose()
    for old in soup.select("del"):
        old.decompose()
    assert soup.text == "Deaths rose to 1,172 in 2024."


def test_markup_in_a_text_is_shown_not_run():
    assert "<script>" not in changes.marked("<script>alert(1)</script>", "<script>alert(2)</script>")


def test_pages_that_came_and_went_are_told():
    found = changes.text_changes({"a": ["x"], "b": ["y"]}, {"b": ["y"], "c": ["z"]})
    assert set(found) == {"a", "c"}
    assert "new" in found["c"][0][1]


def test_kept_text_is_read_as_it_was(tmp_path):
    text = {"deaths": ["# Deaths", "One."], "empty": []}
    changes.keep_text(text, tmp_path / "2026.1.txt")
    assert changes.kept_text(tmp_path / "2026.1.txt") == text
    (tmp_path / "other.txt").write_text("Dear reader\n")
    with pytest.raises(changes.ChangesError, match="must begin"):
        changes.kept_text(tmp_path / "other.txt")


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A made-up project with a present build and a kept edition, which `tools.changes` takes for its own."""
    built_book(tmp_path / "_build", "1,172", record("deaths_latest", "1,172", 1172, ["nrs-2023"]), record("b"))
    editions.keep(numbers(record("deaths_latest", "1,017", 1017), record("old")), tmp_path / "editions" / "2025.1.json")
    changes.keep_text({"deaths": ["# Deaths", "In 2024, 1,017 people died nrs."]}, tmp_path / "editions" / "2025.1.txt")
    monkeypatch.setattr(changes, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(changes, "EDITIONS", tmp_path / "editions")
    monkeypatch.setattr(changes, "OUT", tmp_path / "_build" / "changes")
    return tmp_path


def page_of(project: Path) -> BeautifulSoup:
    return BeautifulSoup((project / "_build" / "changes" / "index.html").read_text(encoding="utf-8"), "lxml")


@pytest.mark.parametrize("start", ["", "2025.1", "{}/editions/2025.1.json"])
def test_a_changed_number_shows_with_old_and_new_text(project, capsys, start):
    assert changes.main([start.format(project)]) == 0
    assert "1 number changed, 1 number was added and 1 number was removed" in capsys.readouterr().out
    soup = page_of(project)
    row = next(row for row in soup.select("tbody tr") if "deaths_latest" in row.text)
    assert "1,017" in row.select_one("del").text
    assert "1,172" in row.select_one("ins").text
    assert "New source" in row.text
    assert [tag.text for tag in soup.select("#deaths ~ p del")] == [" [removed: 1,017] "]
    assert {"html": soup.html["lang"], "h1": len(soup.select("h1"))} == {"html": "en-GB", "h1": 1}
    assert not soup.select("script, link, [src]")
    assert all(header.get("scope") for header in soup.select("th"))
    with (project / "_build" / "changes" / "numbers.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert (rows["deaths_latest"]["old_text"], rows["deaths_latest"]["new_text"]) == ("1,017", "1,172")
    assert (rows["b"]["change"], rows["old"]["change"]) == ("added", "removed")


@pytest.mark.parametrize("size", SIZES)
def test_the_page_can_be_read_by_all_and_on_a_phone(project, browser, size):
    width, height = SIZES[size]
    assert changes.main(["2025.1"]) == 0
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto((project / "_build" / "changes" / "index.html").as_uri())
    page.evaluate(axe())
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)
        assert faults(page, {"runOnly": TAGS}) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    old, new = (page.locator(f"tbody tr {tag}").first.bounding_box() for tag in ("del", "ins"))
    assert old["x"] + old["width"] < new["x"] and new["x"] + new["width"] < width  # both in view, side by side
    page.close()


@pytest.mark.parametrize("inner", ["", "html"])
def test_the_folder_of_an_earlier_build_serves(project, tmp_path, inner):
    earlier = built_book(tmp_path / "earlier", "934", record("deaths_latest", "934", 934), record("b"))
    stand = changes.find(str(earlier / inner))
    assert stand.numbers["deaths_latest"]["text"] == "934"
    assert "In 2024, 934 people died nrs." in stand.text["deaths"]


def test_a_ledger_alone_compares_numbers_and_says_that_text_is_lacking(project, tmp_path):
    editions.keep(numbers(record("deaths_latest", "934", 934)), tmp_path / "alone.json")
    changes.write(changes.find(str(tmp_path / "alone.json")), changes.present())
    assert "only the numbers are compared" in page_of(project).text


@pytest.mark.parametrize("wrong", ["2031.1", "no such file", "", "{}/editions", "{}/bad.json", "x" * 5000, "a\0b", "--help me"])
def test_bad_input_gets_one_sentence_and_exit_code_1(project, capsys, wrong):
    (project / "bad.json").write_text("[")
    if not wrong:
        (project / "editions" / "2025.1.json").unlink()
    assert changes.main(["--", wrong.format(project)]) == 1
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert told.endswith(".\n")


def test_without_a_build_there_is_nothing_to_compare(project, capsys):
    (project / "_build" / "numbers.json").unlink()
    assert changes.main(["2025.1"]) == 1
    assert "run make book first" in capsys.readouterr().out


def test_the_present_build_is_kept_as_its_edition(project):
    changes.keep()
    edition = changes.edition_of_book()
    assert editions.read(project / "editions" / f"{edition}.json").keys() == {"deaths_latest", "b"}
    assert "renewed" in changes.keep()
    assert changes.find(edition).text == changes.present().text


def test_make_passes_what_it_is_given(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "tools.changes", "--", "2031.1"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 1
    assert "2031.1" in result.stdout
    assert "Traceback" not in result.stderr


def transform_for(builder: str, uses: dict[str, set[str]]) -> page.WriteChanges:
    """Return what writes the page of changes for a builder, in a book whose pages print these numbers."""
    app = SimpleNamespace(builder=SimpleNamespace(name=builder, get_relative_uri=lambda page, other: f"{other}.html"))
    env = SimpleNamespace(app=app, srcdir=ROOT, docname=page.PAGE, book_number_uses=uses)
    transform = page.WriteChanges.__new__(page.WriteChanges)
    transform.document = SimpleNamespace(settings=SimpleNamespace(env=env))
    return transform


PAIR, OTHER = ((record(name, "1", 1), record(name, "2", 2)) for name in "ab")


@pytest.mark.parametrize(
    ("changed", "added", "removed", "listed"),
    [
        ([PAIR], [], [], ["changes-changed"]),
        ([], [record("b")], [], ["changes-added"]),
        ([], [], [record("c")], ["changes-removed"]),
        ([PAIR], [record("b")], [record("c")], ["changes-changed", "changes-added", "changes-removed"]),
        ([], [], [], []),
    ],
)
def test_the_web_lists_each_kind_of_change_that_there_is(changed, added, removed, listed):
    parts = transform_for("html", {}).for_web(editions.Changes(added, removed, changed, []))
    assert [name for part in parts for name in part["ids"]] == listed


@pytest.mark.parametrize(
    ("changed", "added", "listed", "web_has_more"),
    [
        ([PAIR], [], True, False),
        ([PAIR, OTHER], [], True, True),
        ([PAIR], [record("c")], True, True),
        ([OTHER], [], False, True),
        ([], [], False, False),
    ],
)
def test_print_lists_what_the_most_read_pages_print_and_says_where_the_rest_is(changed, added, listed, web_has_more):
    transform = transform_for("pdf", {"book/brief": {"a"}, "book/deaths": {"b"}})
    parts = transform.for_print(editions.Changes(added, [], changed, []))
    rows = [row for part in parts for row in part.findall(docutils.nodes.tbody)]
    assert [row.astext().split("\n\n")[:3] for row in rows] == ([["Deaths called a", "1", "2"]] if listed else [])
    assert any("The web book lists every number" in part.astext() for part in parts) == web_has_more


def page_of_changes(folder: Path, monkeypatch, **present: dict) -> tuple[str, list[str]]:
    """Return what the page says of an edition 2026.1 with these numbers, compared with the ledgers of a folder, and warnings."""
    warnings = []
    monkeypatch.setattr(page, "LOGGER", SimpleNamespace(warning=lambda text, *told: warnings.append(text % told)))
    monkeypatch.setattr(page, "ledger", lambda env: present)
    monkeypatch.setattr(page.WriteChanges, "for_web", lambda self, changes: [])
    return " ".join(part.astext() for part in transform_for("html", {}).content(folder, "2026.1")), warnings


def test_the_first_edition_says_that_it_is_the_first(tmp_path, monkeypatch):
    told = "This is the first edition, 2026.1: there is no earlier one to compare it with."
    assert page_of_changes(tmp_path, monkeypatch) == (told, [])
    editions.keep(numbers(record("lost")), tmp_path / "2025.1.json")
    assert page_of_changes(tmp_path, monkeypatch)[0].startswith("From edition 2025.1 to edition 2026.1")


def test_numbers_that_rest_on_other_sources_are_counted(tmp_path, monkeypatch):
    editions.keep(numbers(record("a"), record("b")), tmp_path / "2025.1.json")
    same = page_of_changes(tmp_path, monkeypatch, a=record("a"), b=record("b"))[0]
    assert "other sources" not in same
    other = {name: record(name, sources=["nrs-2023"]) for name in "ab"}
    assert "Of the others, 2 rest on other sources, with the same value." in page_of_changes(tmp_path, monkeypatch, **other)[0]


def test_a_broken_kept_ledger_is_a_warning_which_stops_the_build(tmp_path, monkeypatch):
    (tmp_path / "2025.1.json").write_text("[")
    told, warnings = page_of_changes(tmp_path, monkeypatch)
    assert told == "" and len(warnings) == 1
    assert "2025.1.json cannot be read as a ledger" in warnings[0]


@pytest.fixture(scope="module")
def next_edition(small_book, tmp_path_factory) -> Path:
    """The small book with a page of changes from a made-up earlier edition, built after a change of its data."""
    root = tmp_path_factory.mktemp("next") / "book"
    shutil.copytree(small_book, root)
    (root / "book" / "changes.md").write_text("# What changed\n\n```{changes}\n```\n")
    contents = root / "_toc.yml"
    contents.write_text(contents.read_text() + "  - file: book/changes\n")
    for path in (root / "book" / "editions").glob("*"):
        path.unlink()
    present = editions.read(root / "_build" / "numbers.json")
    older = {name: dict(one) for name, one in present.items() if name != "latest_year"}
    older["deaths_latest"] |= {"text": "999", "value": 999, "sources": ["nrs-2023"]}
    older["lost"] = record("lost", "12", 12)
    editions.keep(older, root / "book" / "editions" / "2025.1.json")
    synthetic_next_year(root / "data")
    result = build(root)
    assert result.returncode == 0, result.stdout + result.stderr
    return root


def test_the_page_of_the_book_lists_changes_from_the_edition_before(next_edition):
    present = editions.read(next_edition / "_build" / "numbers.json")
    written = next_edition / "_build" / "html" / "book" / "changes.html"
    article = BeautifulSoup(written.read_text(encoding="utf-8"), "lxml").select_one("article")
    row = next(row.text for row in article.select("tr") if "999" in row.text)
    assert present["deaths_latest"]["text"] in row
    assert "New source" in row
    assert "Deaths called lost" in article.text
    assert present["latest_year"]["definition"] in article.text
    report = (next_edition / "_build" / ".work" / "pdf" / "dcr-report.typ").read_text(encoding="utf-8")
    assert "The web book lists every number that changed" in report


def test_a_changed_data_value_shows_with_old_and_new_text(small_book, next_edition):
    root, earlier = next_edition, small_book / "_build"
    command = [sys.executable, "-m", "tools.changes", "--", str(earlier)]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    before, now = (editions.read(folder / "numbers.json")["deaths_latest"] for folder in (earlier, root / "_build"))
    assert before["text"] != now["text"]
    soup = page_of(root)
    row = next(row for row in soup.select("tbody tr") if "(deaths; deaths_latest," in row.text)
    assert before["text"] in row.select_one("del").text
    assert now["text"] in row.select_one("ins").text
    passage = next(tag for tag in soup.select("#deaths ~ p") if now["text"] in tag.text)
    assert any(before["text"] in tag.text for tag in passage.select("del"))
    assert any(now["text"] in tag.text for tag in passage.select("ins"))
