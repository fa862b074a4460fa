"""The build: never a stale number, never a broken table, never a half-written book."""

import hashlib
import json
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import build, differing, published, require
from next_year import synthetic_next_year

import fresh_outputs


def number(root: Path, name: str) -> dict:
    """Return an entry of the ledger of the built book."""
    entries = json.loads((root / "_build" / "numbers.json").read_text(encoding="utf-8"))
    return next(entry for entry in entries if entry["name"] == name)


def replace(path: Path, old: str, new: str) -> None:
    """Replace text in a file; it must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old} is not in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def book(small_book, tmp_path) -> Path:
    """A copy of the small built book to change."""
    root = tmp_path / "book"
    shutil.copytree(small_book, root)
    return root


def another_year(root: Path) -> int:
    """Add a made-up next year to every table of the yearly edition; return its deaths."""
    synthetic_next_year(root / "data")
    rows = (root / "data" / "annual_deaths.csv").read_text(encoding="utf-8").splitlines()
    return int(rows[-1].split(",")[1])


def test_changed_data_change_page_report_and_ledger_and_a_change_taken_back_gives_the_same_bytes(small_book, book):
    deaths = another_year(book)
    result = build(book)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 of 1  deaths" in result.stdout
    assert number(book, "deaths_latest")["value"] == deaths != 1017
    assert number(book, "latest_year")["value"] == 2025
    with zipfile.ZipFile(book / "_build" / "data" / "dcr-data.zip") as package:
        (table,) = [name for name in package.namelist() if name.endswith("annual_deaths.csv")]
        assert f"2025,{deaths}," in package.read(table).decode(), "the data package is that of the build before"
    page = (book / "_build" / "html" / "book" / "deaths.html").read_text(encoding="utf-8")
    assert f">{deaths:,}<" in page
    assert ">1,017<" not in re.sub(r"(?s)<td.*?</td>", "", page)
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", str(book / "_build/pdf/dcr-report.pdf"), "-"], capture_output=True, text=True).stdout
        assert f"{deaths:,} deaths were registered in 2025" in re.sub(r"\s+", " ", text)
    shutil.rmtree(book / "data")
    shutil.copytree(small_book / "data", book / "data")
    again = build(book)
    assert "0 to run, 1 unchanged" in again.stdout, again.stdout + again.stderr
    assert not differing(published(book), published(small_book))
    require("Poppler")  # only now, so that without it the rest is tested


def test_two_clones_give_the_same_bytes(small_book, tmp_path):
    """Another folder with spaces and accents, another time zone, locale and order of sets; nothing built before."""
    root = tmp_path / "Bücher & Räume"
    shutil.copytree(small_book, root, ignore=shutil.ignore_patterns("_build", "__pycache__"))
    result = build(root, env={"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"})
    assert result.returncode == 0, result.stdout + result.stderr
    assert {"numbers.json", "pdf/dcr-report.pdf", "data/dcr-data.xlsx", "html/notebooks/deaths.ipynb"} <= published(root).keys()
    assert not differing(published(root), published(small_book))


def test_the_manifest_tells_inputs_versions_and_revision(small_book):
    told = json.loads((small_book / "_build" / "manifest.json").read_text(encoding="utf-8"))
    table = hashlib.sha256((small_book / "data" / "annual_deaths.csv").read_bytes()).hexdigest()
    assert told["inputs"]["data/annual_deaths.csv"] == table
    assert {"_toc.yml", "requirements.txt", "book/deaths.md", "book/dcr/data.py", "tools/build.py"} <= told["inputs"].keys()
    assert told["packages"]["pandas"] == version("pandas")
    assert told["python"] == platform.python_version()
    assert told["revision"] is None, "a copy outside a repository has no revision"


def test_a_changed_module_runs_the_chapters_again(book):
    replace(book / "book" / "dcr" / "words.py", "fewer'} than", "less'} than")
    result = build(book)
    assert result.returncode == 0, result.stdout + result.stderr
    assert number(book, "deaths_latest_change")["text"] == "13% less than"


def test_nothing_changed_runs_nothing_until_a_publication_is_deleted(book):
    started = time.monotonic()
    result = build(book)
    assert "Nothing changed" in result.stdout
    assert time.monotonic() - started < 3
    (book / "_build" / "pdf" / "dcr-report.pdf").unlink()
    command = [sys.executable, "-c", "from tools import build; print(build.unchanged(build.inputs()))"]
    assert subprocess.run(command, cwd=book, capture_output=True, text=True).stdout == "False\n"


def test_a_page_waits_for_its_chapter_where_chapters_run_while_pages_are_read():
    awaited = []
    for wait in (awaited.append, None):  # none run where `jupyter-book build .` reads the pages
        fresh_outputs.await_results(SimpleNamespace(config=SimpleNamespace(await_chapter=wait)), "book/deaths", [""])
    assert awaited == ["book/deaths"]


def snapshot(root: Path) -> dict[str, tuple]:
    """Return size and time of all that readers take."""
    made = root / "_build"
    files = [path for top in ("html", "pdf", "numbers.json") for path in [made / top, *(made / top).rglob("*")] if path.is_file()]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def test_broken_data_stop_the_build_before_a_page_is_written(book):
    """test_data.py has a sentence for each fault."""
    before = snapshot(book)
    replace(book / "data" / "annual_deaths.csv", "2024,1017", "2024,many")
    for sentence in (
        "data/annual_deaths.csv, row 30, column deaths: “many” is not a whole number",
        "data/annual_deaths.csv is missing",
    ):
        result = build(book)
        assert result.returncode == 1
        assert sentence in result.stdout
        assert "Traceback" not in result.stdout + result.stderr
        assert snapshot(book) == before
        (book / "data" / "annual_deaths.csv").unlink(missing_ok=True)


def test_a_failing_cell_names_chapter_cell_and_error(book):
    root = book
    before = snapshot(root)
    replace(root / "book" / "deaths.md", 'deaths = load("annual_deaths")', 'deaths = load("births")')
    result = build(root)
    assert result.returncode == 1
    assert re.search(r"book/deaths\.md, cell 1: DataError: There is no table “births”", result.stdout), result.stdout
    assert snapshot(root) == before


def test_changed_words_reach_the_page_and_a_warning_stops_the_build_each_time(book, small_book):
    root = book
    for before, after in (("are counted", "are now counted"), ("are now counted", "are always counted")):
        replace(root / "book" / "numbers.md", before, after)
        result = build(root)  # the first reads all pages anew, since the copy stands in another folder
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 to run, 1 unchanged" in result.stdout
    assert "Rows are always counted" in (root / "_build" / "html" / "book" / "numbers.html").read_text(encoding="utf-8")
    index = (root / "_build" / "html" / "searchindex.js").read_text(encoding="utf-8")
    assert '"indexentries": {"registered"' in index, "the search forgot the terms of a page that was left alone"
    printed = [(made / "_build" / ".work" / "pdf" / "dcr-report.typ").read_text(encoding="utf-8") for made in (root, small_book)]
    assert printed[0].replace("always ", "") == printed[1], "a build after another prints what the first one did not"
    before = snapshot(root)
    replace(root / "book" / "data.md", "All tables", "All {n}`tables_of_this_book` tables")
    for _ in range(2):
        result = build(root)
        assert result.returncode == 1
        assert "no chapter records the number “tables_of_this_book”" in result.stdout
        assert snapshot(root) == before


def test_a_shifted_number_of_a_table_reaches_the_pages_that_refer_to_it(book):
    replace(book / "book" / "numbers.md", "Rows are counted", "See {numref}`tab-small`. Rows are counted")
    assert build(book).returncode == 0
    first = ":::{table} First\n:name: tab-first\n\n| a | b |\n|---|---|\n| c | d |\n:::\n\n"
    replace(book / "book" / "deaths.md", "# Small chapter\n\n", f"# Small chapter\n\n{first}")
    for place in ("html/book/numbers.html", "pdf/chapters/numbers.typ"):
        page = book / "_build" / ".work" / place
        assert re.search(r"Table 1\b", page.read_text(encoding="utf-8")), place
    result = build(book)
    assert result.returncode == 0, result.stdout
    for place in ("html/book/numbers.html", "pdf/chapters/numbers.typ"):
        page = book / "_build" / ".work" / place
        assert re.search(r"Table 2\b", page.read_text(encoding="utf-8")), place


def test_interrupted_builds_leave_a_state_to_go_on_from(book):
    """And no process: one that lived on would keep the pipe open, and might write into the next build."""
    deaths = another_year(book)
    for how, moment in ((signal.SIGINT, "Data"), (signal.SIGKILL, "Chapters")):
        process = subprocess.Popen([sys.executable, "-m", "tools.build"], cwd=book, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True)  # fmt: skip
        for line in process.stdout:
            if line.startswith(moment):
                break
        time.sleep(random.Random(int(how)).uniform(0, 1))
        assert process.poll() is None
        process.send_signal(how)
        process.communicate(timeout=30)
        assert number(book, "deaths_latest")["value"] == 1017, "an unfinished build was published"
    result = build(book)
    assert result.returncode == 0, result.stdout + result.stderr
    assert number(book, "deaths_latest")["value"] == deaths


def test_a_file_that_changes_during_a_build_stops_it(book):
    """The chapters may have read it before and the pages after, or its results stand under the wrong name in the cache."""
    before = snapshot(book)
    deaths = another_year(book)
    process = subprocess.Popen([sys.executable, "-m", "tools.build"], cwd=book, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("Chapters"):
            break
    replace(book / "data" / "first_published.csv", "no later edition seen", "no later edition was seen")
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 1
    assert "data/first_published.csv changed while the book was being built" in said
    assert snapshot(book) == before
    assert build(book).returncode == 0
    assert number(book, "deaths_latest")["value"] == deaths


def test_two_builds_at_once_do_no_harm(book):
    root = book
    deaths = another_year(root)
    command = [sys.executable, "-m", "tools.build"]
    both = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert any("waiting" in text for text in said)
    assert any("Nothing changed" in text for text in said)
    assert number(root, "deaths_latest")["value"] == deaths


def test_plain_jupyter_book_gives_the_same_numbers(small_book, tmp_path):
    root = tmp_path / "book"
    shutil.copytree(small_book, root, ignore=shutil.ignore_patterns("_build"))
    deaths = another_year(root)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "."]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "WARNING:" not in result.stdout + result.stderr, result.stderr
    assert number(root, "deaths_latest")["value"] == deaths
    shutil.rmtree(root / "data")
    shutil.copytree(small_book / "data", root / "data")
    third = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert third.returncode == 0, third.stdout + third.stderr
    assert number(root, "deaths_latest")["value"] == 1017
    assert (root / "_build" / "html" / "index.html").exists()
