"""The way of a number: from a computed value to the sentence, its tooltip and the ledger.

`number("deaths_latest", 1017, unit="deaths", definition="…", rows="annual_deaths: year == 2024")` records a value
under a name that is unique in the book. The role `` {n}`deaths_latest` `` prints it in any chapter, linked to its entry
in the ledger, which lists the value, its unit, definition, source rows, chapter and cell.
"""

import numbers
import re

import numpy as np
import pandas as pd
from IPython.display import display

from dcr import data, words

# The type of output by which a number travels from the notebook to the page
MIME = "application/vnd.dcr.number+json"

# Rows found before, by table and condition: the table as it was then, the numbers of the rows and their sources
found: dict[tuple[str, str], tuple[pd.DataFrame, str, list[str]]] = {}


def number(name: str, value, text: str | None = None, *, unit: str, definition: str, rows: str) -> None:
    """Record a number, which prose then prints.

    name        unique in the book: lower-case letters, digits and underscores
    value       a finite number, or text such as a date
    text        how a sentence prints it; the default suits whole numbers and text
    unit        what one counts: "deaths", "deaths per 100,000 people", "percent", "years"
    definition  what it is, in words that stand alone
    rows        where it comes from: "table: condition", several joined by "; ", the condition in pandas' query words

    Raises ValueError for a missing value or a malformed name, and DataError for rows that do not exist.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"The name of a number has lower-case letters, digits and underscores only, not “{name}”.")
    value = plain(value, name)
    if text is None:
        if isinstance(value, float) and not value.is_integer():
            raise ValueError(f"The number “{name}” has decimals: say with text= how a sentence prints it.")
        text = value if isinstance(value, str) else words.count(value)
    record = {
        "name": name,
        "value": value,
        "text": text,
        "unit": unit,
        "definition": definition,
        **provenance(rows),
    }
    display({MIME: record, "text/plain": f"{name}: {text} ({unit})"}, raw=True)


# Significant figures of a recorded value: what follows differs from one make of processor to another
FIGURES = 9


def plain(value, name: str) -> int | float | str:
    """Return a number or text as JSON can hold it, decimals to nine significant figures.

    Raises ValueError for anything else and for missing values.
    """
    if isinstance(value, str) and value:
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or pd.isna(value) or np.isinf(value):
        raise ValueError(f"The number “{name}” has no value ({value!r}): it cannot be printed in a sentence.")
    return float(f"{value:.{FIGURES}g}") if isinstance(value, float) else value


def provenance(rows: str) -> dict:
    """Return the rows, row numbers and sources behind a number: {"rows": …, "tables": […], "sources": […]}.

    Raises DataError for an unknown table and ValueError for a condition that no row meets.
    """
    tables, sources = [], []
    for part in rows.split("; "):
        table, _, condition = part.partition(": ")
        place, keys = chosen(table, condition)
        tables.append({"table": table, "rows": place})
        sources += [key for key in keys if key not in sources]
    return {"rows": rows, "tables": tables, "sources": sources}


def chosen(table: str, condition: str) -> tuple[str, list[str]]:
    """Return the numbers of the rows that meet a condition, and the keys of their sources; kept while the table stays.

    Raises DataError and ValueError as `provenance` does.
    """
    whole = data.read(table)
    known, place, keys = found.get((table, condition), (None, "", []))
    if known is not whole:
        frame = data.load(table)
        frame = frame.query(condition) if condition else frame
        if frame.empty:
            raise ValueError(f"No row of data/{data.describe(table)['path']} meets the condition “{condition}”.")
        place, keys = spans(frame.index), data.sources_of(frame)
        found[table, condition] = (whole, place, keys)
    return place, keys


def spans(rows: pd.Index) -> str:
    """Return row numbers as a reader writes them: 2–30, 33."""
    runs: list[list[int]] = []
    for row in sorted(rows):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
