"""The data for taking away: a valid package, and a workbook that people and screen readers can use."""

import re
import xml.etree.ElementTree as ET
import zipfile
from datetime import datetime

import copies
import frictionless
import pytest

from dcr import data, package_data

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    return package_data.write_zip(folder / "dcr-data.zip"), package_data.write_workbook(folder / "dcr-data.xlsx")


def parts(workbook) -> dict[str, ET.Element]:
    with zipfile.ZipFile(workbook) as archive:
        return {name: ET.fromstring(archive.read(name)) for name in archive.namelist() if name.endswith(".xml")}


def test_the_unzipped_package_is_valid_by_itself(files, tmp_path):
    with zipfile.ZipFile(files[0]) as archive:
        archive.extractall(tmp_path)
        assert {"README.txt", "LICENCE.txt", "datapackage.json", "sources.csv"} <= set(archive.namelist())
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["name", "message"])[:5]
    assert "Open Government Licence" in (tmp_path / "LICENCE.txt").read_text()
    assert "{" not in (tmp_path / "README.txt").read_text()


def test_the_same_data_give_the_same_bytes(files, tmp_path):
    assert package_data.write_zip(tmp_path / "again.zip").read_bytes() == files[0].read_bytes()
    assert package_data.write_workbook(tmp_path / "again.xlsx").read_bytes() == files[1].read_bytes()


def test_the_date_inside_can_be_set(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert package_data.stamp() == datetime(2001, 9, 9, 1, 46, 40)


def test_the_workbook_has_cover_contents_notes_and_every_table(files):
    sheets = [sheet.get("name") for sheet in parts(files[1])["xl/workbook.xml"].iter(f"{MAIN}sheet")]
    assert sheets == ["Cover", "Contents", "Notes", "Fields", *data.names()]
    assert "sources" in sheets
    assert all(len(name) <= 31 for name in sheets)


def test_every_sheet_but_the_cover_is_one_marked_table(files):
    xml = parts(files[1])
    sheets = [name for name in xml if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)]
    tables = [name for name in xml if name.startswith("xl/tables/")]
    assert len(tables) == len(sheets) - 1
    for name in tables:
        assert xml[name].get("headerRowCount") in (None, "1")
        assert xml[name].get("ref").startswith("A3:")
    for name in sheets:
        assert not list(xml[name].iter(f"{MAIN}mergeCell"))
        assert not list(xml[name].iter(f"{MAIN}f")), "no formula"
        rows = [int(row.get("r")) for row in xml[name].iter(f"{MAIN}row")]
        assert rows == list(range(1, len(rows) + 1)), "no blank rows"
        assert next(xml[name].iter(f"{MAIN}c")).get("r") == "A1"


def test_no_cell_of_a_table_is_blank(files):
    xml = parts(files[1])
    for name in (name for name in xml if re.fullmatch(r"xl/worksheets/sheet([2-9]|\d\d)\.xml", name)):
        widths = {sum(1 for cell in row if list(cell)) for row in list(xml[name].iter(f"{MAIN}row"))[2:]}
        assert len(widths) == 1, name


def test_text_is_never_a_formula(tmp_path):
    with copies.copied(tmp_path / "data") as folder:
        file = folder / "gaps.csv"
        header, *rows = copies.rows_of(file)
        rows[0][header.index("detail")] = "+1+1"
        rows[1][header.index("detail")] = "-SUM(A1)"
        copies.write_rows(file, [header, *rows])
        data.forget()
        workbook = package_data.write_workbook(tmp_path / "out.xlsx")
        xml = parts(workbook)
        texts = {text.text for text in xml["xl/sharedStrings.xml"].iter(f"{MAIN}t")}
        assert {"+1+1", "-SUM(A1)"} <= texts
        assert not [name for name, part in xml.items() if list(part.iter(f"{MAIN}f"))]


def test_a_table_whose_name_no_sheet_can_have_is_refused(tmp_path, monkeypatch):
    longest = max(len(name) for name in data.names())
    assert longest <= package_data.SHEET_NAME_LIMIT
    monkeypatch.setattr(package_data, "SHEET_NAME_LIMIT", longest - 1)
    with pytest.raises(data.DataError, match=rf"too long for a sheet: {longest - 1} letters at most"):
        package_data.write_workbook(tmp_path / "out.xlsx")


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1:A9)", "=cmd|' /C calc'!A0"])
def test_formulas_do_not_get_into_the_data(tmp_path, cell):
    with copies.copied(tmp_path / "data") as folder:
        file = folder / "gaps.csv"
        header, *rows = copies.rows_of(file)
        rows[0][header.index("detail")] = cell
        copies.write_rows(file, [header, *rows])
        data.forget()
        with pytest.raises(data.DataError, match=r"data/gaps\.csv, row 2, column detail: .* must not begin with ="):
            data.load("gaps")


def test_shorthand_stays_text_and_numbers_are_numbers(files):
    xml = parts(files[1])
    names = ["Cover", "Contents", "Notes", "Fields", *data.names()]
    sheet = xml[f"xl/worksheets/sheet{names.index('deaths_by_deprivation') + 1}.xml"]
    strings = ["".join(t.text or "" for t in item.iter(f"{MAIN}t")) for item in xml["xl/sharedStrings.xml"].iter(f"{MAIN}si")]
    values = [
        strings[int(cell.find(f"{MAIN}v").text)] if cell.get("t") == "s" else float(cell.find(f"{MAIN}v").text)
        for cell in sheet.iter(f"{MAIN}c")
    ]
    assert "[c]" in values
    assert 185.0 in values


def test_the_program_writes_both_files_or_says_what_is_wrong(tmp_path, capsys):
    assert package_data.main(str(tmp_path / "out")) == 0
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["dcr-data.xlsx", "dcr-data.zip"]
    with copies.copied(tmp_path / "data") as folder:
        (folder / "polls.csv").unlink()
        assert package_data.main(str(tmp_path / "none")) == 1
    assert "data/polls.csv is missing" in capsys.readouterr().err
