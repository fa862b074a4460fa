"""The tables as they stand: sound, described, sourced, licensed, and quick to load."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

import copies
import frictionless
import pandas as pd
import pytest

from dcr import bibliography, data, paths

PYTHON = {**os.environ, "PYTHONPATH": str(paths.BOOK)}


def test_all_tables_are_sound():
    assert data.check() == len(data.names())


def test_the_package_is_valid_by_the_standard():
    report = frictionless.validate(str(paths.ROOT / "data" / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:5]


@pytest.mark.parametrize("name", data.names())
def test_tables_are_described(name):
    resource = data.describe(name)
    assert len(resource["description"]) > 40
    assert resource["sources"]
    assert all(licence["path"].startswith("https://") for licence in resource["licenses"])
    for field in resource["schema"]["fields"]:
        assert field["title"], field
        assert field["description"], field
        if field["type"] in ("integer", "number") and field["name"] not in resource["schema"]["primaryKey"]:
            assert field.get("unit"), (name, field["name"])
    if name not in ("sources", "countries", "gaps", "control_totals"):
        assert data.source_columns(name), name


# Titles, journals and publishers are cited as they are named
NAMES_OF_OTHERS = {("sources", column) for column in ("title", "url", "publisher", "note")} | {
    ("studies", "title"),
    ("reviews", "journal"),
}


def test_nothing_points_to_where_the_work_was_done():
    forbidden = re.compile(r"/(?:work|tmp)/|how_seen|remembered_unverified|\baddicts?\b(?!ion)", re.IGNORECASE)
    for name in data.names():
        for column, cells in data.raw_table(name)[1].items():
            if (name, column) not in NAMES_OF_OTHERS:
                assert not [cell for cell in cells if forbidden.search(cell)], (name, column)


def test_no_source_stands_twice():
    sources = data.load("sources")
    assert not sources["doi"].dropna().duplicated().any()
    assert not sources["title"].str.lower().add(sources["publisher"]).add(sources["published"].fillna("")).duplicated().any()


def test_missing_values_stay_missing_and_types_hold():
    deaths = data.load("annual_deaths")
    assert deaths["year"].dtype == "int64"
    assert deaths["deaths"].dtype == "int64"
    assert deaths["rate_per_100k"].dtype == "float64"
    assert deaths["rate_per_100k"].isna().sum() == 4
    assert deaths.index[0] == 2
    assert data.load("deaths_by_substance")["deaths"].dtype == "Int64"
    assert pd.api.types.is_datetime64_any_dtype(data.load("thistle_monthly")["period_end"])
    assert str(data.load("estimates")["in_forest"].dtype) == "boolean"
    assert data.load("annual_deaths")["source"].dtype == "str"


def test_a_loaded_table_is_a_copy():
    mine = data.load("annual_deaths")
    mine.loc[2, "deaths"] = 0
    assert data.load("annual_deaths").loc[2, "deaths"] != 0


def test_unknown_tables_are_named():
    with pytest.raises(
        data.DataError, match=r"There is no table “deths” in data/datapackage\.json; the tables are annual_deaths"
    ):
        data.load("deths")


def test_one_line_says_that_all_is_well():
    result = subprocess.run([sys.executable, "-m", "dcr.data"], env=PYTHON, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert re.fullmatch(r"All \d+ tables of data/ are sound: [\d,]+ rows, \d+ sources\.\n", result.stdout)


def test_a_broken_table_gives_a_sentence_and_no_traceback(tmp_path):
    with copies.copied(tmp_path / "data") as folder:
        file = folder / "annual_deaths.csv"
        file.write_text(file.read_text(encoding="utf-8").replace("\n2017,934,", "\n2017,943,"), encoding="utf-8")
        environment = {**PYTHON, "DCR_DATA": str(folder)}
        result = subprocess.run([sys.executable, "-m", "dcr.data"], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.fullmatch(r"data/annual_deaths\.csv, row 23, column \w+: .*\.\n", result.stderr), result.stderr


def edited(file, old: str, new: str) -> None:
    """Replace text in a table; it must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


# What breaks a table, and what the refusal must name
FAULTS = {
    "missing file": (lambda folder: (folder / "deaths_by_sex.csv").unlink(), "data/deaths_by_sex.csv is missing"),
    "wrong type": (
        lambda folder: edited(folder / "annual_deaths.csv", "2024,1017", "2024,many"),
        "data/annual_deaths.csv, row 30, column deaths: “many” is not a whole number",
    ),
    "duplicate key": (
        lambda folder: edited(folder / "annual_deaths.csv", "2023,1172", "2022,1172"),
        "data/annual_deaths.csv, row 29, column year",
    ),
    "broken total": (
        lambda folder: edited(folder / "deaths_by_sex.csv", "2017,females,282", "2017,females,283"),
        "data/deaths_by_sex.csv, row 36, column deaths: the parts for year 2017 sum to 935",
    ),
    "unknown source": (
        lambda folder: edited(folder / "first_published.csv", "bbc-drug-deaths-2018", "bbc-1066"),
        "data/first_published.csv, row 23, column source: “bbc-1066” is not in data/sources.csv",
    ),
    "negative count": (
        lambda folder: edited(folder / "annual_deaths.csv", "2024,1017", "2024,-1017"),
        "data/annual_deaths.csv, row 30, column deaths: “-1017” is below the least allowed",
    ),
    "not UTF-8": (
        lambda folder: (folder / "sources.csv").write_bytes((folder / "sources.csv").read_bytes().replace(b"BBC", b"BB\xff", 1)),
        "is not UTF-8",
    ),
    "truncated line": (
        lambda folder: (folder / "annual_deaths.csv").write_text(
            (folder / "annual_deaths.csv").read_text(encoding="utf-8")[:-30]
        ),
        "data/annual_deaths.csv, row 30",
    ),
    "one count alone": (
        lambda folder: edited(folder / "annual_deaths.csv", "2024,1017", "2024,1016"),
        "data/annual_deaths.csv, row 30, column",
    ),
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    with copies.copied(tmp_path_factory.mktemp("faults") / "data") as folder:
        yield folder


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_refused_with_file_row_and_column(tables, fault):
    damage, sentence = FAULTS[fault]
    table = re.search(r"\w+(?=\.csv)", sentence)[0] if ".csv" in sentence else "sources"
    damage(tables)
    data.forget(table)
    with pytest.raises(data.DataError, match=re.escape(sentence)) as raised:
        data.load(table)
    assert "\n" not in str(raised.value)
    copies.restore(tables, table)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is missing: restore it"),
        (b"{", "is not valid JSON .*: mend it"),
        (b'{"a": "\xff"}', "is not valid JSON .*: mend it"),
    ],
)
def test_a_broken_description_of_the_tables_is_refused(tmp_path, content, sentence):
    with copies.copied(tmp_path / "data") as folder:
        (folder / "datapackage.json").unlink()
        if content:
            (folder / "datapackage.json").write_bytes(content)
        data.forget()
        with pytest.raises(data.DataError, match=rf"^data/datapackage\.json {sentence}"):
            data.names()


def test_checking_everything_is_quick():
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "dcr.data"], env=PYTHON, capture_output=True, check=True)
    assert time.perf_counter() - started < 10 * float(os.environ.get("SLOW_MACHINE", 2))


def test_what_repeats_the_register_is_fresh():
    stale = "is stale: run `python -m dcr.bibliography` in book/."
    assert bibliography.TARGET.read_text(encoding="utf-8") == bibliography.bibliography(), f"references.bib {stale}"
    assert (paths.DATA / "datapackage.json").read_text(encoding="utf-8") == bibliography.descriptor(), f"datapackage.json {stale}"


def test_the_command_renews_what_repeats_the_register(tmp_path):
    shutil.copytree(paths.ROOT / "data", tmp_path / "data")
    shutil.copytree(paths.BOOK / "dcr", tmp_path / "book" / "dcr")
    package = json.loads((tmp_path / "data" / "datapackage.json").read_text(encoding="utf-8"))
    package["resources"][0]["sources"] = [{"title": "Stale"}]
    (tmp_path / "data" / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    command = [sys.executable, "-m", "dcr.bibliography"]
    result = subprocess.run(command, cwd=tmp_path / "book", capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"references.bib and datapackage.json: {len(data.load('sources'))} sources.\n"
    for made, original in (
        (tmp_path / "book" / "references.bib", bibliography.TARGET),
        (tmp_path / "data" / "datapackage.json", paths.ROOT / "data" / "datapackage.json"),
    ):
        assert made.read_text(encoding="utf-8") == original.read_text(encoding="utf-8"), made.name


def test_the_bibliography_is_read_back_whole():
    from pybtex.database import parse_file

    entries = parse_file(str(bibliography.TARGET)).entries
    sources = data.load("sources").set_index("key")
    assert set(entries) == set(sources.index)
    for key, source in sources.iterrows():
        assert entries[key].fields.get("url") == (source["url"] if pd.notna(source["url"]) else None)
        assert entries[key].fields.get("doi") == (source["doi"] if pd.notna(source["doi"]) else None)


def test_the_edition_is_that_of_the_book():
    from dcr.package_data import settings

    assert json.loads((paths.ROOT / "data" / "datapackage.json").read_text())["version"] == settings()["edition"]


def test_a_source_is_used_by_a_table_or_cited_in_a_chapter(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    monkeypatch.setattr(paths, "BOOK", tmp_path / "book")
    with copies.copied(tmp_path / "data") as folder:
        header, *rows = copies.rows_of(folder / "sources.csv")
        rows.append(["a-report-of-2030", "A report of 2030", *rows[0][2:6], "[x]", *rows[0][7:]])
        copies.write_rows(folder / "sources.csv", [header, *rows])
        data.forget()
        with pytest.raises(data.DataError, match=r"data/sources\.csv, row \d+, .* “a-report-of-2030”, and no chapter cites it"):
            data.check()
        (tmp_path / "book" / "chapter.md").write_text("As it says {cite:p}`some-other, a-report-of-2030`.", encoding="utf-8")
        assert data.check() == len(data.names())
