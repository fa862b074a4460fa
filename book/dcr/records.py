"""The project's records of its own data, made ready for the page: gaps, disagreements, corrections, checks and sources.

Tables: `gaps`, `disagreements`, `corrections`, `sources`. None of these functions computes a statistic.
"""

import re

import pandas as pd
from IPython.display import Markdown

from dcr import checks
from dcr.data import describe, load
from dcr.politics import link
from dcr.tables import table

# How a source was read, in the order of trust
KNOWN = {
    "first-hand": "The complete file or document was read",
    "page": "The publisher’s own page was read",
    "secondary": "Another publication that quotes it was read",
    "copy": "A copy was read; the original is cited",
}


def open_gaps() -> pd.DataFrame:
    """Return the rows of `gaps` that the tables do not fill: a row with `closes_when` goes once its rows are there."""
    rows = load("gaps")
    filled = [isinstance(when, str) and checks.register.gap_is_filled(when) for when in rows["closes_when"]]
    return rows[~pd.Series(filled, rows.index)]


def gaps(subject: str, name: str) -> Markdown:
    """Return the table of what was looked for and not available on one subject. Raises ValueError if there is nothing."""
    rows = open_gaps().query("subject == @subject")
    frame = rows[["topic", "what_was_looked_for", "period", "status"]].set_axis(
        ["Topic", "What was looked for", "Period", "Status"], axis="columns"
    )
    frame = frame.assign(**{"What was looked for": frame["What was looked for"].str.rstrip(".")})
    caption = f"Not available to this edition: {subject}"
    return table(frame, name, caption=caption, rows=f"gaps: subject == {subject!r}")


def value_with_source(value: str | None, key: str | None) -> str:
    """Return a recorded value with its publisher linked: 5,388,200 (National Records of Scotland)."""
    text = "Not tabulated" if pd.isna(value) else f"{int(value):,}" if re.fullmatch(r"\d{4,}", value) else value
    return text if pd.isna(key) else f"{text} ({link(key)})"


def quantity_with_year(row) -> str:
    """Return what a disagreement is about, with its year where the words do not name it."""
    year = re.search(r"(?:^|\|)((?:19|20)\d\d)$", row.at if isinstance(row.at, str) else "")
    return row.quantity if year is None or year[1] in row.quantity else f"{row.quantity}, {year[1]}"


def told(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `disagreements` as finished text: what differs, the two values with publishers, and why."""
    return pd.DataFrame({
        "Quantity": [quantity_with_year(row) for row in rows.itertuples()],
        "Kept": [value_with_source(row.kept_value, row.kept_source) for row in rows.itertuples()],
        "Other": [value_with_source(row.other_value, row.other_source) for row in rows.itertuples()],
        "Reason": rows["reason"].to_list(),
    })  # fmt: skip


def by_subject(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how many rows of `gaps` or `disagreements` there are for each subject, in the order of the table."""
    counts = rows["subject"].value_counts(sort=False).rename_axis("Subject").rename("Rows").reset_index()
    return counts.assign(Subject=counts["Subject"].str[0].str.upper() + counts["Subject"].str[1:])


def cell_named(key: str) -> str:
    """Return the key of a table's row in words, area codes as names: North Lanarkshire, 2001."""
    names = load("areas").set_index("area_code")["area_name"]
    return ", ".join(names.get(part, part) for part in key.split("|"))


def corrected(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `corrections` as finished text, one line for each row of a table and each reason."""
    lines = []
    for (name, key, reason), part in rows.groupby(["table", "key", "reason"], sort=False):
        lines.append({
            "Table and row": f"{describe(name)['title']}: {cell_named(key)}",
            "As printed": "; ".join(f"{row.field} {row.published_value}" for row in part.itertuples()).replace("_", " "),
            "Correct": "; ".join(f"{row.field} {row.corrected_value}" for row in part.itertuples()).replace("_", " "),
            "Held here": ", ".join(part["held"].unique()),
            "Reason": reason,
        })  # fmt: skip
    return pd.DataFrame(lines)


def checks_by_subject() -> pd.DataFrame:
    """Return the number of truth checks, and of the tables they concern, for each module of `dcr.checks`."""
    lines = []
    for name in checks.__all__:
        module = getattr(checks, name)
        if name in ("every", "of"):
            continue
        filed = {
            table: [check for check in listed if check.__module__ == module.__name__]
            for table, listed in checks.rules.CHECKS.items()
        }
        subject = module.__doc__.split(".")[0].split(":")[0].removeprefix("Truths about ")
        lines.append({
            "Subject": subject[0].upper() + subject[1:],
            "Checks": len({check for listed in filed.values() for check in listed}),
            "Tables": sum(bool(listed) for listed in filed.values()),
        })  # fmt: skip
    return pd.DataFrame(lines)


def ways_of_knowing() -> pd.DataFrame:
    """Return how many sources were read in each way, the best first. Raises KeyError for a way that has no words here."""
    counts = load("sources")["known"].value_counts()
    if not set(counts.index) <= set(KNOWN):
        raise KeyError(f"Say in dcr/records.py what these mean: {sorted(set(counts.index) - set(KNOWN))}.")
    return pd.DataFrame([{"How it was read": words, "Sources": int(counts.get(way, 0))} for way, words in KNOWN.items()])


def yearly_tables(names: list[str]) -> pd.DataFrame:
    """Return tables that grow by a year: file, title, latest year (or end of a period) and the rows of that year."""
    lines = []
    for name in names:
        rows = load(name)
        years = rows["year" if "year" in rows else "end_year"]
        lines.append({
            "File": f"`{describe(name)['path']}`", "What it holds": describe(name)["title"],
            "Ends in": str(years.max()), "Rows a year": int((years == years.max()).sum()),
        })  # fmt: skip
    return pd.DataFrame(lines)
