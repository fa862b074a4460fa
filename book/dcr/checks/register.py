"""Truths about the records of the data themselves: corrections, disagreements, control totals and sources."""

from functools import cache

import pandas as pd

from dcr.checks.rules import DUST, Check, fail, on, refuse, shown
from dcr.data import describe, raw_table, read

# Tables with totals that another publication prints
PUBLISHED = (
    "annual_deaths",
    "deaths_by_area",
    "deaths_by_cause",
    "deaths_by_substance",
    "single_drug_deaths",
    "suspected_deaths_quarterly",
    "thistle_monthly",
    "uk_drug_deaths",
    "uk_poisoning_rates",
)


def raw_cell(table: str, key: str, field: str) -> tuple[int, str] | None:
    """Return the row number and text of a cell at a primary key joined by |, or None if there is no such cell."""
    numbers, cells = raw_table(table)
    if field not in cells:
        return None
    columns = [cells[column] for column in describe(table)["schema"]["primaryKey"]]
    for place, values in enumerate(zip(*columns, strict=True)):
        if "|".join(values) == key:
            return numbers[place], cells[field][place]
    return None


@on("corrections", "area_rates_five_year", "thistle_cumulative", "operator_surveys", "country_room_counts")
def corrections_still_hold() -> None:
    """Each correction's table holds what the correction says, and its row still rests on the edition with the error."""
    for row, correction in read("corrections").iterrows():
        table, key, field = correction["table"], correction["key"], correction["field"]
        found = raw_cell(table, key, field)
        if found is None:
            fail(
                "corrections",
                row,
                "key",
                f"data/{describe(table)['path']} has no cell {field} at {key}: mend the key, or delete the row",
            )
        number, value = found
        value = "suppressed" if value == "[c]" else value
        expected = correction[f"{correction['held']}_value"]
        if value != expected:
            fail(
                table,
                number,
                field,
                f"“{value}” is not the {correction['held']} value “{expected}” of data/corrections.csv, row {row}: "
                "if the publisher now prints another value, delete the correction or write it anew",
            )
        _, source = raw_cell(table, key, "source")
        if source != correction["row_source"]:
            fail(
                "corrections",
                row,
                "row_source",
                f"the row now rests on “{source}”: see whether that edition still prints "
                f"“{correction['published_value']}”, and then renew or delete the correction",
            )


@on("published_totals", *PUBLISHED)
def published_totals_hold() -> None:
    """Totals and changes that other publications print are those of the tables."""
    for row, printed in read("published_totals").iterrows():
        table, _, condition = printed["rows"].partition(": ")
        try:
            values = read(table).query(condition)[printed["field"]]
        except Exception as error:
            fail("published_totals", row, "rows", f"“{printed['rows']}” cannot be asked of the tables ({error})")
        found = values.sum() if printed["measure"] == "sum" else values.iloc[-1] - values.iloc[0]
        if values.empty or abs(float(found) - printed["value"]) > DUST:
            fail(
                "published_totals",
                row,
                "value",
                f"{shown(printed['value'])} is what “{printed['source']}” prints, where {printed['rows']} gives {shown(found)}",
            )


@on("disagreements")
def values_kept_are_the_tables() -> None:
    """Where a disagreement names a cell, the table still holds the value kept."""
    for row, entry in read("disagreements").dropna(subset=["table", "field", "key"]).iterrows():
        found = raw_cell(entry["table"], entry["key"], entry["field"])
        if found is None:
            fail(
                "disagreements",
                row,
                "key",
                f"data/{describe(entry['table'])['path']} has no cell {entry['field']} at {entry['key']}",
            )
        number, value = found
        if value != entry["kept_value"]:
            fail(
                "disagreements",
                row,
                "kept_value",
                f"“{entry['kept_value']}” is not the “{value}” that data/{describe(entry['table'])['path']} has in row {number}",
            )


@on("gaps")
def gaps_close_by_themselves() -> None:
    """What would fill a gap names a table and a condition on its columns, so that new rows close the gap."""
    for row, condition in read("gaps")["closes_when"].dropna().items():
        try:
            gap_is_filled(condition)
        except Exception as error:
            fail("gaps", row, "closes_when", f"“{condition}” cannot be asked of the tables ({error}): write table: condition")


def gap_is_filled(condition: str) -> bool:
    """Tell whether the rows that would fill a gap are there: annual_deaths: year >= 2025."""
    table, _, wanted = condition.partition(": ")
    return not read(table).query(wanted).empty


@on("disagreements")
def disagreements_disagree() -> None:
    """The two values of a disagreement differ, or differ in meaning with two sources."""
    rows = read("disagreements")
    alike = (rows["kept_value"] == rows["other_value"]) & (rows["kept_source"] == rows["other_source"])
    refuse("disagreements", alike, "other_value", lambda row: "both values and both sources are the same")


def control_check(table: str) -> None:
    """Compare one table with its control totals."""
    totals = read("control_totals")
    for row, control in totals[totals["table"] == table].iterrows():
        rows, when = read(table), ""
        if not pd.isna(control["through_year"]):
            rows = rows[rows["year" if "year" in rows else "end_year"] <= control["through_year"]]
            when = f" through {control['through_year']}"
        if not pd.isna(control["key"]):
            rows = rows[rows[control["key_field"]] == control["key"]]
        if pd.isna(control["field"]):
            compare_rows(row, control, len(rows), when)
        else:
            compare_sum(row, control, rows[control["field"]], when)


def compare_rows(row: int, control: pd.Series, rows: int, when: str) -> None:
    """Require that a table has the number of rows that its control total says."""
    if rows != control["cells"]:
        fail(
            "control_totals",
            row,
            "cells",
            f"data/{describe(control['table'])['path']} has {rows} rows{when}, not {control['cells']}: restore what is missing "
            f"or doubled, or, if the change is meant, write {rows} here",
        )


def compare_sum(row: int, control: pd.Series, column: pd.Series, when: str) -> None:
    """Require that a column has as many numbers, and the sum, that its control total says."""
    cells, total = int(column.notna().sum()), round(float(column.sum()), 6)
    if cells != control["cells"] or abs(total - control["total"]) > 1e-5:
        of = "" if pd.isna(control["key"]) else f" of {control['key']}"
        where = f"data/{describe(control['table'])['path']}, column {control['field']}{of}"
        fail(
            "control_totals",
            row,
            "total",
            f"{where}, sums to {shown_exactly(total)} over {cells} values{when}, not to {shown_exactly(control['total'])} over "
            f"{control['cells']}: look for a slip there, or, if the publisher revised a value, write the new sum here",
        )


def shown_exactly(total: float) -> str:
    """Return a sum as it is written in the table: 27486, 11112.2."""
    return f"{total:.6f}".rstrip("0").rstrip(".")


@cache
def control_totals_of(table: str) -> Check:
    """Return the check of a table's control totals: the same function each time, so that it runs once a process."""

    def control_totals() -> None:
        control_check(table)

    control_totals.__name__ = f"control_totals_of_{table}"
    control_totals.__doc__ = f"The rows and columns of {table} give the totals taken when all other checks held."
    return control_totals
