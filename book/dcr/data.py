"""Load the tables of `data/`, and refuse those that are broken.

`load("annual_deaths")` reads `data/annual_deaths.csv`, checks it against its schema in
`data/datapackage.json` and against the truths in `dcr.checks`, and returns typed columns.
A broken table raises `DataError`: one sentence with the file, the row, the column and the remedy.
`python -m dcr.data` (from `book/`) checks every table and says so in one line.

Rows are counted as a spreadsheet shows them: the header is row 1.
"""

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from datetime import date
from functools import cache, wraps
from pathlib import Path

import pandas as pd

from dcr import paths

# Official shorthand for a value that is not there: not available, suppressed, not applicable
SHORTHAND = {"[x]": "not available", "[c]": "suppressed by the publisher", "[z]": "not applicable"}

# What a cell of each type must look like, and how to say so
PATTERNS = {
    "integer": (re.compile(r"-?[0-9]+"), "a whole number written in digits only"),
    "year": (re.compile(r"[0-9]{4}"), "a year of four digits"),
    "number": (re.compile(r"-?[0-9]+(\.[0-9]+)?"), "a number written in digits with at most one decimal point"),
    "date": (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a date written as YYYY-MM-DD"),
    "boolean": (re.compile(r"true|false"), "true or false"),
    "string": (
        re.compile(r"(?![=@\s])[^\x00-\x1f\x7f\ufffd]*(?<!\s)"),
        "plain text: it must not begin with =, @ or a space, end with a space, or hold unreadable characters or line breaks",
    ),
}
NUMERIC = ("integer", "year", "number")

# Columns of a primary key that run forward in a table, within the other columns of the key
RUNNING = ("election_year", "year", "start_year", "quarter", "period_start", "period_end", "as_of", "sequence", "rank", "test")

Cells = dict[str, list[str]]


class DataError(ValueError):
    """A table that must not be used; its message is a sentence for the person who edits the table."""


def use(folder: Path | str | None = None) -> None:
    """Read tables from another folder from now on, such as a copy in a test; without a folder, from `data/` again."""
    paths.DATA = Path(folder) if folder else paths.ROOT / "data"
    forget()


def kept(function: Callable[[str], object]) -> Callable[[str], object]:
    """Return a function of a table's name that keeps what it returns, until `forget`."""
    results: dict[str, object] = {}

    @wraps(function)
    def remembering(name: str) -> object:
        if name not in results:
            results[name] = function(name)
        return results[name]

    remembering.results = results
    return remembering


def forget(*tables: str) -> None:
    """Forget these tables and those that point to them, so that changed files are read anew; without names, forget all."""
    verified.cache_clear()
    if tables:
        pointing = [name for name in names() if any(key["reference"]["resource"] in tables for key in foreign_keys(name))]
        for name in {*tables, *pointing}:
            read.results.pop(name, None)
        for name in tables:
            raw_table.results.pop(name, None)
    else:
        package.cache_clear()
        read.results.clear()
        raw_table.results.clear()


@cache
def package() -> dict:
    """Return the Data Package descriptor as a dictionary.

    Raises DataError if it is missing or is not JSON.
    """
    try:
        return json.loads((paths.DATA / "datapackage.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError("data/datapackage.json is missing: restore it, since it describes every table.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"data/datapackage.json is not valid JSON ({error}): mend it at that place.") from None


def names() -> list[str]:
    """Return the names of all tables, in the order of the catalogue."""
    return [resource["name"] for resource in package()["resources"]]


def describe(name: str) -> dict:
    """Return the descriptor of one table. Raises DataError for a name that no table has."""
    for resource in package()["resources"]:
        if resource["name"] == name:
            return resource
    raise DataError(f"There is no table “{name}” in data/datapackage.json; the tables are {', '.join(names())}.")


def foreign_keys(name: str) -> list[dict]:
    """Return the foreign keys of a table as its schema describes them."""
    return describe(name)["schema"].get("foreignKeys", [])


def load(name: str) -> pd.DataFrame:
    """Return a checked table with typed columns.

    Whole numbers are `int64` (`Int64` where values are missing), other numbers `float64`, dates `datetime64`,
    text `str`. Missing values stay missing. The first call checks the table; later calls return a copy.

    Raises DataError if the file is missing or unreadable, breaks its schema, or breaks a truth in `dcr.checks`.
    """
    from dcr import checks  # imports this module in turn

    for check in checks.of(name):
        verified(check)
    return read(name).copy()


@cache
def verified(check: Callable[[], None]) -> None:
    """Run a check of `dcr.checks` once; it raises DataError when the tables break it, or lack what it rests on."""
    try:
        check()
    except (LookupError, TypeError, ArithmeticError) as error:
        raise DataError(
            f"data/: the check “{check.__name__.replace('_', ' ')}” cannot be made ({error!r}): "
            "a row or value that it rests on is missing; restore it."
        ) from error


@kept
def read(name: str) -> pd.DataFrame:
    """Return a table checked against its schema alone. Raises DataError as `load` does."""
    resource = describe(name)
    numbers, cells = raw_table(name)
    for foreign in foreign_keys(name):
        check_foreign_key(numbers, cells, resource, foreign)
    index = pd.Index(numbers, dtype="int64")
    return pd.DataFrame({field["name"]: typed(cells[field["name"]], field, index) for field in resource["schema"]["fields"]})


@kept
def raw_table(name: str) -> tuple[list[int], Cells]:
    """Return the row numbers of a table and its cells as text by column, once they keep to their fields' rules."""
    resource = describe(name)
    fields = resource["schema"]["fields"]
    numbers, cells = raw_cells(resource["path"], [field["name"] for field in fields])
    for field in fields:
        check_field(numbers, cells[field["name"]], field, resource["path"])
    check_primary_key(numbers, cells, resource)
    check_order(numbers, cells, resource)
    return numbers, cells


def raw_cells(path: str, columns: list[str]) -> tuple[list[int], Cells]:
    """Return the row numbers of a CSV file and its cells as text by column, columns in the schema's order."""
    try:
        text = (paths.DATA / path).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"data/{path} is missing: restore it, or take it out of data/datapackage.json.") from None
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"data/{path}, row {row}: byte {error.start + 1} of the file is not UTF-8; save the file as UTF-8."
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, numbers = [], []
    try:
        for row in reader:
            numbers.append(reader.line_num)
            rows.append(row)
    except csv.Error as error:
        raise DataError(f"data/{path}, row {reader.line_num}: {error}; close the quotation mark in that row.") from None
    if not rows:
        raise DataError(f"data/{path} is empty: restore its header and rows.")
    check_header(rows[0], columns, path)
    for number, row in zip(numbers[1:], rows[1:], strict=True):
        if len(row) != len(columns):
            raise DataError(
                f"data/{path}, row {number} has {len(row)} cells where the header has {len(columns)}: "
                "complete the row, or put quotation marks around a cell that holds a comma."
            )
    if len(rows) == 1:
        raise DataError(f"data/{path} has a header but no rows: restore them.")
    by_column = dict(zip(rows[0], map(list, zip(*rows[1:], strict=True)), strict=True))
    return numbers[1:], {column: by_column[column] for column in columns}


def check_header(header: list[str], columns: list[str], path: str) -> None:
    """Refuse a header with a missing, unknown or doubled column; their order does not matter."""
    for column in columns:
        if column not in header:
            raise DataError(f"data/{path}, row 1: the column “{column}” is missing; add it as datapackage.json says.")
    for column in header:
        if column not in columns:
            raise DataError(
                f"data/{path}, row 1: the column “{column}” is not in datapackage.json; describe it there or delete it."
            )
        if header.count(column) > 1:
            raise DataError(f"data/{path}, row 1: the column “{column}” stands there twice; delete one.")


def check_field(numbers: list[int], cells: list[str], field: dict, path: str) -> None:
    """Refuse a cell that breaks the field's type or constraints; `numbers` holds the rows' numbers."""
    limits = field.get("constraints", {})

    def refuse(wrong: Callable[[str], bool], why: str, among: list[str] = cells) -> None:
        refused = {cell for cell in dict.fromkeys(among) if cell is not None and wrong(cell)}
        for number, cell in zip(numbers, among, strict=True) if refused else ():
            if cell in refused:
                raise DataError(f"data/{path}, row {number}, column {field['name']}: “{cell}” {why}; correct it from the source.")

    present = [None if cell in SHORTHAND else cell for cell in cells]
    if limits.get("required"):
        refuse(lambda cell: cell in SHORTHAND or cell == "", "stands where a value is required")
    elif field["type"] != "string" or field["name"] != "note":
        refuse(lambda cell: cell == "", "(blank) stands where a value or one of [x], [c] and [z] is expected")
    filled = [cell or None for cell in present]
    pattern, meaning = PATTERNS[field["type"]]
    refuse(lambda cell: not pattern.fullmatch(cell), f"is not {meaning}", filled)
    if "pattern" in limits:
        form = re.compile(limits["pattern"])
        refuse(lambda cell: not form.fullmatch(cell), f"does not have the form {limits['pattern']}", filled)
    if "enum" in limits:
        allowed = {str(value) for value in limits["enum"]}
        refuse(lambda cell: cell not in allowed, f"is not one of {', '.join(map(str, limits['enum']))}", filled)
    if "minimum" in limits and field["type"] in NUMERIC:
        refuse(lambda cell: float(cell) < limits["minimum"], f"is below the least allowed, {limits['minimum']}", filled)
    if "maximum" in limits and field["type"] in NUMERIC:
        refuse(lambda cell: float(cell) > limits["maximum"], f"is above the most allowed, {limits['maximum']}", filled)
    if field["type"] == "date":
        refuse(lambda cell: not is_day(cell), "is not a day of the calendar", filled)
    if limits.get("unique"):
        seen: set[str] = set()
        for number, cell in zip(numbers, filled, strict=True):
            if cell in seen:
                raise DataError(
                    f"data/{path}, row {number}, column {field['name']}: “{cell}” stands there more than once, "
                    "where each must differ; correct it from the source."
                )
            if cell is not None:
                seen.add(cell)


def is_day(text: str) -> bool:
    """Tell whether text written as YYYY-MM-DD is a day of the calendar."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def check_primary_key(numbers: list[int], cells: Cells, resource: dict) -> None:
    """Refuse two rows with the same primary key, naming both."""
    key = resource["schema"]["primaryKey"]
    first = {}
    for number, values in zip(numbers, zip(*(cells[column] for column in key), strict=True), strict=True):
        if values in first:
            described = ", ".join(f"{column} {value}" for column, value in zip(key, values, strict=True))
            raise DataError(
                f"data/{resource['path']}, row {number}, column {key[0]}: {described} is already in row {first[values]}; "
                "delete or correct one of the two."
            )
        first[values] = number


def check_order(numbers: list[int], cells: Cells, resource: dict) -> None:
    """Refuse a row that stands below a later one of the same series: charts and “latest” read rows from top to bottom."""
    key = resource["schema"]["primaryKey"]
    time = [column for column in key if column in RUNNING]
    last = {}
    for place, number in enumerate(numbers):
        series = tuple(cells[column][place] for column in key if column not in RUNNING)
        now = tuple(cells[column][place].rjust(4) for column in time)
        if now < last.get(series, now):
            raise DataError(
                f"data/{resource['path']}, row {number}, column {time[0]}: the row stands below a later one "
                f"({' '.join(last[series])}); put the rows of a series in order of time."
            )
        last[series] = now


def check_foreign_key(numbers: list[int], cells: Cells, resource: dict, foreign: dict) -> None:
    """Refuse a value that the table it points to does not have."""
    columns, other = as_list(foreign["fields"]), foreign["reference"]["resource"] or resource["name"]
    known = raw_table(other)[1]
    allowed = set(zip(*(known[column] for column in as_list(foreign["reference"]["fields"])), strict=True))
    for number, values in zip(numbers, zip(*(cells[column] for column in columns), strict=True), strict=True):
        if values not in allowed and not any(value in SHORTHAND for value in values):
            raise DataError(
                f"data/{resource['path']}, row {number}, column {columns[0]}: “{', '.join(values)}” is not in "
                f"data/{describe(other)['path']}; correct it, or add it there."
            )


def as_list(value: str | list[str]) -> list[str]:
    """Return the value as a list: Table Schema allows a lone name where a list may stand."""
    return [value] if isinstance(value, str) else value


def typed(cells: list[str], field: dict, index: pd.Index) -> pd.Series:
    """Return checked text cells as values of the field's type."""
    present = [None if cell in SHORTHAND else cell for cell in cells]
    missing = None in present
    if field["type"] in ("integer", "year"):
        whole = [None if cell is None else int(cell) for cell in present]
        return pd.Series(whole, index=index, dtype="Int64" if missing else "int64")
    if field["type"] == "number":
        return pd.Series([float("nan") if cell is None else float(cell) for cell in present], index=index, dtype="float64")
    if field["type"] == "date":
        return pd.to_datetime(pd.Series(present, index=index, dtype="object"), format="%Y-%m-%d")
    if field["type"] == "boolean":
        return pd.Series([None if cell is None else cell == "true" for cell in present], index=index, dtype="boolean")
    return pd.Series(present, index=index, dtype="str")


def check() -> int:
    """Check every table, that every source is used or cited and that no file is left over; return the number of tables.

    Raises DataError at the first fault.
    """
    for name in names():
        load(name)
    described = {describe(name)["path"] for name in names()}
    for file in sorted(paths.DATA.glob("*.csv")):
        if file.name not in described:
            raise DataError(f"data/{file.name} is not in data/datapackage.json: describe it there, or delete it.")
    used = {key for name in names() for column in source_columns(name) for key in raw_table(name)[1][column]} | cited()
    for number, key in zip(raw_table("sources")[0], raw_table("sources")[1]["key"], strict=True):
        if key not in used:
            raise DataError(
                f"data/sources.csv, row {number}, column key: no table uses the source “{key}”, and no chapter cites it; "
                "delete it, or name it in the row that rests on it."
            )
    return len(names())


def cited() -> set[str]:
    """Return the keys of the sources that the chapters cite."""
    texts = [chapter.read_text(encoding="utf-8") for chapter in paths.BOOK.glob("*.md")]
    keys = [keys for text in texts for keys in re.findall(r"\{cite:[a-z]+\}`([^`]+)`", text)]
    return {key.strip() for group in keys for key in group.split(",")}


def source_columns(name: str) -> list[str]:
    """Return the columns of a table that point to the register of sources."""
    return [
        column for key in foreign_keys(name) if key["reference"]["resource"] == "sources" for column in as_list(key["fields"])
    ]


def sources_of(rows: pd.DataFrame) -> list[str]:
    """Return the keys of the sources that the rows name, in order of first mention, each once."""
    columns = [column for column in rows.columns if column in ("source", "source_2", "kept_source", "other_source")]
    return [key for key in dict.fromkeys(rows[columns].to_numpy(object).ravel()) if pd.notna(key)]


def main() -> int:
    """Check all tables, print one line, and return the exit code: 0 when all is well, 1 when a table is refused."""
    try:
        tables = check()
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    rows = sum(len(raw_table(name)[0]) for name in names())
    print(f"All {tables} tables of data/ are sound: {rows:,} rows, {len(raw_table('sources')[0])} sources.")
    return 0


if __name__ == "__main__":
    from dcr import data  # the checks raise the DataError of that module, not of this script

    sys.exit(data.main())
