"""What the checks share: how one is filed under its tables, how it refuses a row, and the rules that recur."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
import pandas as pd

from dcr.data import DataError, describe, read

Check = Callable[[], None]
CHECKS: dict[str, list[Check]] = {}

# A printed number stands for itself give or take this much of floating-point dust
DUST = 1e-6


def on(*tables: str) -> Callable[[Check], Check]:
    """Return a decorator that files a check under the tables it concerns."""

    def register(check: Check) -> Check:
        for table in tables:
            CHECKS.setdefault(table, []).append(check)
        return check

    return register


def fail(table: str, row: int, column: str, fault: str) -> None:
    """Raise the DataError of a broken truth."""
    raise DataError(f"data/{describe(table)['path']}, row {row}, column {column}: {fault}; compare with the source.")


def refuse(table: str, wrong: pd.Series, column: str, fault: Callable[[int], str]) -> None:
    """Fail at the first row that is wrong; `wrong` is indexed by row number, `fault` says what is wrong with a row."""
    wrong = wrong.fillna(False).astype(bool)
    if wrong.any():
        row = wrong.idxmax()
        fail(table, row, column, fault(row))


def shown(value: object) -> str:
    """Return a value as a message prints it: 1,017; 19.1; S12000050."""
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    return f"{value:,.6g}" if isinstance(value, (float, np.floating)) else str(value)


def lookup(rows: pd.DataFrame, other: pd.DataFrame, keys: str | Sequence[str], column: str) -> pd.Series:
    """Return, for each of the rows, the value of a column of another table at the same keys; missing where it has none."""
    keys = [keys] if isinstance(keys, str) else list(keys)
    values = other.drop_duplicates(keys).set_index(keys)[column]
    wanted = pd.MultiIndex.from_frame(rows[keys]) if len(keys) > 1 else pd.Index(rows[keys[0]])
    return pd.Series(values.reindex(wanted).to_numpy(), rows.index)


def equal(table: str, column: str, expected: pd.Series, how: str) -> None:
    """Require that a column equals what `how` gives, wherever both are known."""
    near(table, column, expected, 0, how)


def near(table: str, column: str, expected: pd.Series, tolerance: float | pd.Series, how: str) -> None:
    """Require that a column equals what other columns give, within the publisher's rounding."""
    printed = read(table)[column].reindex(expected.index).astype(float)
    expected = expected.astype(float)
    refuse(
        table,
        (printed - expected).abs() > tolerance + DUST,
        column,
        lambda row: f"{shown(printed[row])} does not follow from {how}, which gives {shown(expected[row])}",
    )


def known(table: str, column: str, expected: pd.Series, how: str) -> None:
    """Require that a value exists for every row in another place, which `how` names."""
    refuse(
        table, expected.isna(), column, lambda row: f"{read(table).loc[row, column]} has no {how}: add it, or take the row out"
    )


def same(table: str, column: str, expected: pd.Series, how: str) -> None:
    """Require that a column of text equals what `how` gives, wherever both are known."""
    printed = read(table)[column].reindex(expected.index)
    wrong = (printed != expected) & printed.notna() & expected.notna()
    refuse(table, wrong, column, lambda row: f"“{printed[row]}” is not what {how} gives, “{expected[row]}”")


def between(table: str, column: str, values: pd.Series, lower: float, upper: float, what: str) -> None:
    """Require that values computed for the rows lie within bounds that hold for every row known so far."""
    refuse(
        table,
        (values < lower) | (values > upper),
        column,
        lambda row: f"{what} is {shown(float(values[row]))}, outside {lower:g} to {upper:g}",
    )


def parts_sum_to_total(
    parts: str, total: str | tuple[str, pd.DataFrame], by: Sequence[str], column: str, rows: pd.DataFrame | None = None
) -> None:
    """Require that a column of one table, summed over each key, equals the same column in another.

    total  the name of the other table, or what to call it and its rows
    rows   the rows of the parts that count; all by default
    """
    where, totals = (f"data/{describe(total)['path']}", read(total)) if isinstance(total, str) else total
    rows, by = read(parts) if rows is None else rows, list(by)
    sums = rows.groupby(by, sort=False)[column].sum().reset_index()
    sums.index = rows.drop_duplicates(by).index
    totals = lookup(sums, totals, by, column)
    known(parts, by[0], totals, f"total in {where}")
    refuse(
        parts,
        sums[column] != totals,
        column,
        lambda row: (
            f"the parts for {label(sums.loc[row, by])} sum to {shown(sums.loc[row, column])}, "
            f"where {where} has {shown(totals[row])}"
        ),
    )


def label(keys: pd.Series) -> str:
    """Return the values of a key in words: year 2024, sex males."""
    return ", ".join(f"{name} {value}" for name, value in keys.items())


def grid(table: str, *keys: str) -> None:
    """Require a row for every combination of the values of these columns: none may be missing."""
    rows = read(table)[list(keys)]
    wanted = pd.MultiIndex.from_product([rows[key].unique() for key in keys])
    missing = wanted.difference(pd.MultiIndex.from_frame(rows))
    if len(missing):
        fail(table, rows.index[-1], keys[0], f"the row for {', '.join(map(str, missing[0]))} is missing: add it")


def complete(table: str, by: Sequence[str], start: int | None = None) -> None:
    """Require every whole number between the first and last of the last column of `by`, within the others."""
    *within, last = by
    rows = read(table).sort_values(list(by), kind="stable")
    steps = rows.groupby(within)[last].diff() if within else rows[last].diff()
    refuse(table, steps > 1, last, lambda row: f"the rows before {rows.loc[row, last]} are missing: add them")
    if start is not None:
        wrong = steps.isna() & (rows[last] != start)
        refuse(table, wrong, last, lambda row: f"the series must start in {start}, not {rows.loc[row, last]}")


def interval_holds(table: str, estimate: str, lower: str, upper: str) -> None:
    """Require lower ≤ estimate ≤ upper, and that both limits or neither are there."""
    rows = read(table)
    partial = rows[lower].isna() != rows[upper].isna()
    refuse(table, partial, lower, lambda row: "the lower and the upper limit must be there together, or not at all")
    outside = (rows[lower] > rows[estimate]) | (rows[estimate] > rows[upper]) | (rows[lower] > rows[upper])
    refuse(
        table,
        outside,
        estimate,
        lambda row: f"{rows.loc[row, estimate]} is outside its limits {rows.loc[row, lower]} to {rows.loc[row, upper]}",
    )


def limits_are_even(table: str, slack: float = 0.02, step: float | pd.Series = 0.1) -> None:
    """Published limits of a rate lie evenly about it, about as wide as the count of deaths says.

    The limits are normal: the half-width is near 1.96 × rate / √deaths. Weighting by age moves it a little (`slack`);
    `step` is one unit of the last printed digit.
    """
    rows = read(table)
    near(table, "rate_per_100k", (rows["rate_lower95"] + rows["rate_upper95"]) / 2, step / 2, "the middle of its limits")
    half = (rows["rate_upper95"] - rows["rate_lower95"]) / 2
    expected = 1.96 * rows["rate_per_100k"] / np.sqrt(rows["deaths"])
    wrong = (half - expected).abs() > step / 2 + step / np.sqrt(rows["deaths"]) + slack * expected
    refuse(
        table,
        wrong,
        "rate_upper95",
        lambda row: f"the limits are {half[row]:.2f} either side of the rate, where the deaths suggest {expected[row]:.2f}",
    )


def same_latest_year(table: str, other: str, column: str = "year") -> None:
    """Require that two tables of one publication end with the same year, so that editions are never mixed."""
    ours, theirs = read(table)[column], read(other)["year"]
    if ours.max() == theirs.max():
        return
    behind, years, ahead = (table, ours, other) if ours.max() < theirs.max() else (other, theirs, table)
    fail(
        behind,
        years.index[-1],
        column if behind == table else "year",
        f"the table ends in {years.max()} where data/{describe(ahead)['path']} goes on to {max(ours.max(), theirs.max())}: "
        "bring all tables of the annual edition to the same year",
    )


def not_above(table: str, column: str, limit: pd.Series, what: str) -> None:
    """Require that a column is at most a limit, wherever both are known."""
    values = read(table)[column].reindex(limit.index).astype(float)
    refuse(
        table,
        values > limit.astype(float) + DUST,
        column,
        lambda row: f"{shown(values[row])} is more than {what}, {shown(float(limit[row]))}",
    )


def not_falling(table: str, column: str, values: pd.Series) -> None:
    """Require that a running total, given in order of time, never falls."""
    values = values.dropna()
    before = values.shift()
    refuse(table, values < before, column, lambda row: f"{shown(values[row])} is less than the {shown(before[row])} before it")


def cell(table: str, key: Hashable | tuple, column: str) -> tuple[int, object]:
    """Return the row number and value of the cell at a primary key. Fails if no row has the key."""
    keys = describe(table)["schema"]["primaryKey"]
    wanted = key if isinstance(key, tuple) else (key,)
    rows = read(table)
    here = np.logical_and.reduce(
        [(rows[name] == value).to_numpy(dtype=bool, na_value=False) for name, value in zip(keys, wanted, strict=True)]
    )
    if not here.any():
        fail(table, rows.index[-1], keys[0], f"the row {label(pd.Series(wanted, keys))} is missing: restore it")
    row = rows.index[here][0]
    return row, rows.loc[row, column]


def cells_agree(
    table: str, key: Hashable | tuple, column: str, other: str, other_key: Hashable | tuple, other_column: str
) -> None:
    """Require that one cell equals a cell of another table that holds the same quantity."""
    row, value = cell(table, key, column)
    other_row, other_value = cell(other, other_key, other_column)
    if value != other_value:
        fail(
            table,
            row,
            column,
            f"{shown(value)} is not the {shown(other_value)} of data/{describe(other)['path']}, row {other_row}",
        )
