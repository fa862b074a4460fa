"""Load the tables of `data/`, and refuse those that are broken.

`load("annual_deaths")` reads `data/annual_deaths.csv`, checks it against its schema in
`data/datapackage.json` and against the truths in `checks.py`, and returns typed columns.
A broken table raises `DataError`: one sentence with the file, the row, the column and the remedy.

Rows are counted as a spreadsheet shows them: the header is row 1.
"""

import csv
import io
import json
from collections.abc import Callable
from functools import cache

import pandas as pd

from dcr.paths import DATA, PACKAGE

# Official shorthand for a value that is not there: not available, suppressed, not applicable
SHORTHAND = {"[x]": "not available", "[c]": "suppressed by the publisher", "[z]": "not applicable"}

# What a cell of each type must look like, and how to say so
PATTERNS = {
    "integer": (r"-?\d+", "a whole number written in digits only"),
    "year": (r"\d{4}", "a year of four digits"),
    "number": (r"-?\d+(\.\d+)?", "a number written in digits with at most one decimal point"),
    "date": (r"\d{4}-\d{2}-\d{2}", "a date written as YYYY-MM-DD"),
    "boolean": (r"true|false", "true or false"),
    "string": (r"(?s).+", "some text"),
}
NUMERIC = ("integer", "year", "number")


class DataError(ValueError):
    """A table that must not be used; its message is a sentence for the person who edits the table."""


@cache
def package() -> dict:
    """Return the Data Package descriptor as a dictionary.

    Raises DataError if it is missing or is not JSON.
    """
    try:
        return json.loads(PACKAGE.read_text(encoding="utf-8"))
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


def load(name: str) -> pd.DataFrame:
    """Return a checked table with typed columns.

    Whole numbers are `int64` (`Int64` where values are missing), other numbers `float64`, dates `datetime64`,
    text `str`. Missing values stay missing. The first call checks the table; later calls return a copy.

    Raises DataError if the file is missing or unreadable, breaks its schema, or breaks a truth in `checks.py`.
    """
    from dcr import checks  # imports this module in turn

    for check in checks.of(name):
        verified(check)
    return read(name).copy()


@cache
def verified(check: Callable[[], None]) -> None:
    """Run a check of `checks.py` once; it raises DataError when the tables break it."""
    check()


@cache
def read(name: str) -> pd.DataFrame:
    """Return a table checked against its schema alone. Raises DataError as `load` does."""
    resource = describe(name)
    cells = cells_of(name)
    for foreign in resource["schema"].get("foreignKeys", []):
        check_foreign_key(cells, resource, foreign)
    return pd.DataFrame({field["name"]: typed(cells[field["name"]], field) for field in resource["schema"]["fields"]})


@cache
def cells_of(name: str) -> pd.DataFrame:
    """Return a table as text cells, indexed by row number, shorthand as missing, once it keeps to its fields' rules."""
    resource = describe(name)
    fields = resource["schema"]["fields"]
    cells = raw_cells(resource["path"], [field["name"] for field in fields])
    for field in fields:
        check_field(cells[field["name"]], field, resource["path"])
    check_primary_key(cells, resource)
    return cells.mask(cells.isin(list(SHORTHAND)))


def raw_cells(path: str, columns: list[str]) -> pd.DataFrame:
    """Return every cell of a CSV file as text, columns in the schema's order, indexed by row number."""
    try:
        text = (DATA / path).read_bytes().decode("utf-8")
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
    return pd.DataFrame(rows[1:], columns=rows[0], index=numbers[1:], dtype=str)[columns]


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


def check_field(column: pd.Series, field: dict, path: str) -> None:
    """Refuse a cell that breaks the field's type or constraints; `column` holds text, indexed by row number."""
    limits = field.get("constraints", {})
    present = column[~column.isin(list(SHORTHAND))]

    def refuse(wrong: pd.Series, why: str) -> None:
        if wrong.any():
            row = wrong.idxmax()
            raise DataError(
                f"data/{path}, row {row}, column {field['name']}: “{column[row]}” {why}; correct it from the source."
            )

    if limits.get("required"):
        refuse(column.isin([*SHORTHAND, ""]), "stands where a value is required")
    elif field["type"] != "string":
        refuse(column == "", "(blank) stands where a value or one of [x], [c] and [z] is expected")
    pattern, meaning = PATTERNS[field["type"]]
    filled = present[present != ""]
    refuse(~filled.str.fullmatch(pattern), f"is not {meaning}")
    if "pattern" in limits:
        refuse(~filled.str.fullmatch(limits["pattern"]), f"does not have the form {limits['pattern']}")
    if "enum" in limits:
        allowed = [str(value) for value in limits["enum"]]
        refuse(~filled.isin(allowed), f"is not one of {', '.join(allowed)}")
    if field["type"] in NUMERIC:
        values = filled.astype(float)
        refuse(values < limits.get("minimum", float("-inf")), f"is below the least allowed, {limits.get('minimum')}")
        refuse(values > limits.get("maximum", float("inf")), f"is above the most allowed, {limits.get('maximum')}")
    if field["type"] == "date":
        refuse(pd.to_datetime(filled, errors="coerce").isna(), "is not a day of the calendar")
    if limits.get("unique"):
        refuse(present.duplicated(), "stands there a second time, where each value must be different")


def check_primary_key(cells: pd.DataFrame, resource: dict) -> None:
    """Refuse two rows with the same primary key, naming both."""
    key = resource["schema"]["primaryKey"]
    twice = cells.duplicated(key)
    if twice.any():
        row = twice.idxmax()
        values = cells.loc[row, key]
        first = (cells[key] == values).all(axis="columns").idxmax()
        described = ", ".join(f"{column} {value}" for column, value in values.items())
        raise DataError(
            f"data/{resource['path']}, row {row}, column {key[0]}: {described} is already in row {first}; "
            "delete or correct one of the two."
        )


def check_foreign_key(cells: pd.DataFrame, resource: dict, foreign: dict) -> None:
    """Refuse a value that the table it points to does not have."""
    columns, other = as_list(foreign["fields"]), foreign["reference"]["resource"]
    known = cells_of(other or resource["name"])[as_list(foreign["reference"]["fields"])]
    filled = cells[columns].dropna()
    unknown = ~filled.apply(tuple, axis="columns").isin(set(known.itertuples(index=False, name=None)))
    if unknown.any():
        row = unknown.idxmax()
        raise DataError(
            f"data/{resource['path']}, row {row}, column {columns[0]}: “{', '.join(filled.loc[row])}” is not in "
            f"data/{describe(other)['path']}; correct it, or add it there."
        )


def as_list(value: str | list[str]) -> list[str]:
    """Return the value as a list: Table Schema allows a lone name where a list may stand."""
    return [value] if isinstance(value, str) else value


def typed(column: pd.Series, field: dict) -> pd.Series:
    """Return checked text cells as values of the field's type."""
    if field["type"] in ("integer", "year"):
        whole = pd.to_numeric(column).astype("Int64")
        return whole if whole.isna().any() else whole.astype("int64")
    if field["type"] == "number":
        return column.astype(float)
    if field["type"] == "date":
        return pd.to_datetime(column)
    if field["type"] == "boolean":
        return column.map({"true": True, "false": False}).astype("boolean")
    return column


def check() -> int:
    """Check every table, that every source is used and that no file is left over; return the number of tables.

    Raises DataError at the first fault.
    """
    for name in names():
        load(name)
    described = {describe(name)["path"] for name in names()}
    for file in sorted(DATA.glob("*.csv")):
        if file.name not in described:
            raise DataError(f"data/{file.name} is not in data/datapackage.json: describe it there, or delete it.")
    used = set().union(*(sources_of(read(name)) for name in names()))
    unused = read("sources").loc[lambda sources: ~sources["key"].isin(used), "key"]
    if len(unused):
        raise DataError(
            f"data/sources.csv, row {unused.index[0]}, column key: no table uses the source “{unused.iloc[0]}”; "
            "delete it, or cite it in the row that rests on it."
        )
    return len(names())


def sources_of(rows: pd.DataFrame) -> list[str]:
    """Return the keys of the sources that the rows name, in order of first mention, each once."""
    columns = [column for column in rows.columns if column in ("source", "source_2")]
    return list(dict.fromkeys(rows[columns].stack().dropna().tolist()))
