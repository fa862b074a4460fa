"""Tables for the page: numbered, referable, with a caption, row headers and a source line."""

import pandas as pd
from IPython.display import Markdown

from dcr.data import SHORTHAND
from dcr.figures import source_line


def table(
    frame: pd.DataFrame,
    name: str,
    *,
    caption: str,
    rows: str,
    note: str = "",
    missing: str = "[x]",
    printed: int | None = None,
) -> Markdown:
    """Return a table for the page; it must be the last expression of its cell.

    frame    finished text or whole numbers; the first column heads the rows, the columns' names head the columns
    name     what `{numref}` refers to: "tab-revisions"
    caption  what the table shows; may hold `{n}` roles, as may the cells
    rows     where it comes from, as in `dcr.numbers.number`
    note     said under the table
    missing  what stands for a missing value: [x] not available, [c] suppressed, [z] not applicable
    printed  how many rows, the first ones, the report prints of a long table; the web book shows all

    Raises ValueError for an empty table.
    """
    if frame.empty:
        raise ValueError(f"The table “{name}” is empty.")
    numeric = [pd.api.types.is_numeric_dtype(frame[column]) for column in frame]
    cells = frame.astype(object).where(frame.notna(), missing)
    lines = [row(frame.columns), "|" + "|".join("---:" if right else ":---" for right in numeric) + "|"]
    lines += [row(written(value) for value in values) for values in cells.itertuples(index=False, name=None)]
    shorthand = f" {missing} means that the value is {SHORTHAND[missing]}." if (cells == missing).any(axis=None) else ""
    below = " ".join(part for part in (note + shorthand, source_line(rows)) if part.strip()).strip()
    body = "\n".join(lines)
    classes, cut = "row-headers", ""
    if printed is not None and printed < len(frame):
        classes += f" printed-{printed}"
        cut = f"{{.source-line .print-only}}\nThe first {printed:,} of {len(frame):,} rows; the web book shows all.\n\n"
    return Markdown(
        f":::{{table}} {caption}\n:name: {name}\n:class: {classes}\n\n{body}\n:::\n\n{cut}{{.source-line}}\n{below}\n"
    )


def row(cells) -> str:
    """Return the cells as a line of a Markdown table."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def written(value: object) -> str:
    """Return a cell's text, whole numbers with thousands separated."""
    return f"{value:,}" if isinstance(value, int) else str(value)
