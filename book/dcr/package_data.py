"""Write the data for taking away: a Data Package as a zip file, and a workbook of all tables.

The build writes `dcr-data.zip` and `dcr-data.xlsx` with it (`tools/make_package.py`).
The same data give the same bytes: the dates inside are SOURCE_DATE_EPOCH or, without it, the edition's date.

The workbook follows the UK Government Analysis Function's guidance, Releasing statistics in spreadsheets: a cover sheet,
contents with links, notes, one table a sheet marked as a table with a header row, titles in cell A1, no merged cells,
no blank cells or rows, and shorthand for missing values. Cells of text are never run as formulas.
"""

import os
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter
import yaml

from dcr import data, paths

SHEET_NAME_LIMIT = 31
WIDEST, NARROWEST = 60, 9
FIRST_LINES = 2  # rows above the table of a sheet: its title and what it holds

LICENCE = """Licences

The tables were compiled by the authors of “{title}” and may be used under the Creative Commons Attribution 4.0
licence (https://creativecommons.org/licenses/by/4.0/).

Tables that hold official statistics contain public sector information licensed under the Open Government Licence v3.0
(https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/). The licence of each table stands in
datapackage.json, and the licence of each source in sources.csv.
"""

README = """{title}

Edition {edition}, {date}. {description}

datapackage.json describes every table: what a row is, and each field with its type, unit and meaning. The package follows
the Data Package standard (https://specs.frictionlessdata.io/data-package/): `frictionless validate datapackage.json`
checks it.

Every row names its source by a key of sources.csv. gaps.csv lists what was looked for and not found, disagreements.csv
where sources differ, and corrections.csv errors in published tables. published_totals.csv holds totals from other
publications that the tables were compared with; control_totals.csv holds sums taken here, to guard against slips.

A value that is missing is never blank or nil: {shorthand}.

code/ holds what the chapters' notebooks import, and requirements.in, the packages that they need. A notebook of the book
runs in a folder that holds nothing but itself and this package.
"""


def settings() -> dict[str, str]:
    """Return the edition and its date from the book's settings."""
    config = yaml.safe_load((paths.ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    return {"edition": config["edition"], "date": config["edition_date"]}


def stamp() -> datetime:
    """Return the date that stands inside the files: SOURCE_DATE_EPOCH or, without it, the date of the edition."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC).replace(tzinfo=None)
    return datetime.strptime(settings()["date"], "%d %B %Y")


def explained_shorthand() -> str:
    """Return the shorthand in words: [x] means not available, …"""
    return ", ".join(f"{sign} means {meaning}" for sign, meaning in data.SHORTHAND.items())


def code() -> list[Path]:
    """Return the files that a chapter's notebook needs besides the tables."""
    patterns = (
        "dcr/**/*.py",
        "_static/dcr.mplstyle",
        "_static/fonts/SourceSansPro-[RS]*.ttf",
        "_static/fonts/LICENSE-SourceSans.md",
    )
    files = [path for pattern in patterns for path in paths.BOOK.glob(pattern)]
    return sorted([*files, paths.ROOT / "requirements.in", paths.ROOT / "LICENSE"])


def write_zip(target: Path) -> Path:
    """Write the Data Package: the descriptor, every table it names, a README, the licences, the chapters' code. Return the file."""
    package = data.package()
    words = {"title": package["title"], "description": package["description"], "shorthand": explained_shorthand(), **settings()}
    files = {"README.txt": README.format(**words).encode(), "LICENCE.txt": LICENCE.format(**words).encode()}
    for name in ["datapackage.json", *(data.describe(table)["path"] for table in data.names())]:
        files[name] = (paths.DATA / name).read_bytes()
    for path in code():
        files[f"code/{path.relative_to(paths.ROOT).as_posix()}"] = path.read_bytes()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, stamp().timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return target


def write_workbook(target: Path) -> Path:
    """Write the workbook: cover, contents, notes, fields, then one sheet a table. Return the file."""
    package = data.package()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": f"{package['title']}: data", "subject": "Drug consumption rooms", "created": stamp()})
        style = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "link": book.add_format({"font_color": "blue", "underline": 1, "valign": "top"}),
        }
        sheets = {name: None for name in ("Cover", "Contents", "Notes", "Fields", *data.names())}
        for name in sheets:
            if len(name) > SHEET_NAME_LIMIT:
                raise data.DataError(
                    f"The name of the table “{name}” is too long for a sheet: {SHEET_NAME_LIMIT} letters at most."
                )
            sheets[name] = book.add_worksheet(name)
        write_cover(sheets["Cover"], style)
        write_contents(sheets["Contents"], style)
        write_notes(sheets["Notes"], style)
        write_fields(sheets["Fields"], style)
        for name in data.names():
            write_table(book, sheets[name], name, style)
    return target


def write_cover(sheet, style: dict) -> None:
    """Write the cover sheet: one statement a row, in column A."""
    package, edition = data.package(), settings()
    licences = " and ".join(licence["title"] for licence in package["licenses"])
    lines = [
        f"Edition {edition['edition']}, {edition['date']}.",
        package["description"],
        f"The workbook has {len(data.names())} tables, one a worksheet. The worksheet Contents lists them with links.",
        "The worksheet Notes explains shorthand and how to read the tables; the worksheet Fields explains every column.",
        f"Missing values: {explained_shorthand()}.",
        "Each row names its source by a key; the worksheet sources lists the sources.",
        f"Licences: {licences}. The licence of each table stands in the worksheet Contents.",
    ]
    sheet.set_column(0, 0, 100)
    sheet.write_string(0, 0, f"{package['title']}: data", style["title"])
    for row, line in enumerate(lines, start=1):
        sheet.write_string(row, 0, line, style["text"])


def write_contents(sheet, style: dict) -> None:
    """Write the list of worksheets, each linked."""
    rows = [
        [name, data.describe(name)["title"], len(data.raw_table(name)[0]), licence_of(name), data.describe(name)["description"]]
        for name in data.names()
    ]
    start(sheet, "Contents", "This worksheet has one table: the worksheets that hold data, with links.", style)
    framed(sheet, "contents", ["Worksheet", "Title", "Rows", "Licence", "What a row is"], rows, style, (32, 48, 9, 30, 100))
    for place, row in enumerate(rows, start=FIRST_LINES + 1):
        sheet.write_url(place, 0, f"internal:'{row[0]}'!A1", style["link"], row[0])


def licence_of(name: str) -> str:
    """Return the licences of a table in words."""
    return "; ".join(licence["title"] for licence in data.describe(name)["licenses"])


def write_notes(sheet, style: dict) -> None:
    """Write the notes: shorthand, sources and how the tables are kept."""
    notes = [
        *([sign, f"The value is {meaning}."] for sign, meaning in data.SHORTHAND.items()),
        ["note column", "A remark on the row; [z] where there is none."],
        ["source columns", "Keys of the worksheet sources, which gives publisher, title, date, address and licence."],
        ["known column", "How a source was read: the complete file, its page, a copy, or as quoted by another publication."],
        ["corrections", "Errors in published tables, with the value printed and the value held."],
        ["disagreements", "Quantities that sources give differently: the value kept and the other."],
        ["gaps", "What was looked for and not found."],
        ["limits", "Columns ending in lower95 and upper95 are limits of a 95% confidence interval as published."],
    ]
    start(sheet, "Notes", "This worksheet has one table: shorthand and notes on the tables.", style)
    framed(sheet, "notes", ["Note", "Meaning"], notes, style, (24, 100))


def write_fields(sheet, style: dict) -> None:
    """Write the dictionary of fields of all tables."""
    rows = [
        [
            name,
            field["name"],
            field["title"],
            field["type"],
            field.get("unit", "[z]"),
            field["description"],
            "; ".join(map(str, field.get("constraints", {}).get("enum", []))) or "[z]",
        ]
        for name in data.names()
        for field in data.describe(name)["schema"]["fields"]
    ]
    heads = ["Worksheet", "Column", "Title", "Type", "Unit", "Meaning", "Allowed values"]
    start(sheet, "Fields", "This worksheet has one table: every column of every table.", style)
    framed(sheet, "fields", heads, rows, style, (30, 26, 30, 10, 26, 70, 60))


def write_table(book, sheet, name: str, style: dict) -> None:
    """Write one table of the data: numbers as numbers, all else as text, shorthand as it stands."""
    resource = data.describe(name)
    _, cells = data.raw_table(name)
    fields = resource["schema"]["fields"]
    start(sheet, resource["title"], f"This worksheet has one table. {resource['description']}", style)
    columns, formats, widths = [], [], []
    for field in fields:
        values = cells[field["name"]]
        if field["type"] in data.NUMERIC:
            decimals = max((len(value.partition(".")[2]) for value in values if value not in data.SHORTHAND), default=0)
            formats.append(book.add_format({"num_format": f"0.{'0' * decimals}" if decimals else "0", "valign": "top"}))
            columns.append([value if value in data.SHORTHAND else float(value) for value in values])
        else:
            formats.append(style["text"])
            columns.append([value or "[z]" for value in values])
        widths.append(min(WIDEST, max(NARROWEST, len(field["name"]) + 3, *(len(value) + 1 for value in values))))
    rows = [list(row) for row in zip(*columns, strict=True)]
    framed(sheet, name, [field["name"] for field in fields], rows, style, widths, formats)


def start(sheet, title: str, holds: str, style: dict) -> None:
    """Write what stands above the table of a sheet: its title in A1, and what it holds in A2."""
    sheet.write_string(0, 0, title, style["title"])
    sheet.write_string(1, 0, holds)


def framed(sheet, name: str, heads: list[str], rows: list[list], style: dict, widths, formats: list | None = None) -> None:
    """Write rows below the title of a sheet and mark them as a table with a header row."""
    columns = [{"header": head, "header_format": style["head"]} for head in heads]
    table = {"name": name, "columns": columns, "style": "Table Style Light 1", "autofilter": False, "banded_rows": False}
    sheet.add_table(FIRST_LINES, 0, FIRST_LINES + len(rows), len(heads) - 1, table)
    for place, row in enumerate(rows, start=FIRST_LINES + 1):
        for column, value in enumerate(row):
            kind = formats[column] if formats else style["text"]
            if isinstance(value, str):
                sheet.write_string(place, column, value, kind)
            else:
                sheet.write_number(place, column, value, kind)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)


def main(folder: str) -> int:
    """Check the data, write both files into a folder and print where they are. Return the exit code."""
    try:
        data.check()
    except data.DataError as error:
        print(error, file=sys.stderr)
        return 1
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for file in (write_zip(target / "dcr-data.zip"), write_workbook(target / "dcr-data.xlsx")):
        print(f"{file}: {file.stat().st_size / 1000:,.0f} kB.")
    return 0
