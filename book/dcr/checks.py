"""Truths that the tables must keep: parts sum to totals, rates recompute, intervals hold their estimates.

Each check is a plain function without arguments that raises DataError with the file, row and column at fault.
`@on("table", …)` names the tables it concerns: loading any of them runs it.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from dcr.data import DataError, describe, read
from dcr.stats import wald_interval

CHECKS: dict[str, list[Callable[[], None]]] = {}


def on(*tables: str) -> Callable:
    """Return a decorator that files a check under the tables it concerns."""

    def register(check: Callable[[], None]) -> Callable[[], None]:
        for table in tables:
            CHECKS.setdefault(table, []).append(check)
        return check

    return register


def of(table: str) -> list[Callable[[], None]]:
    """Return the checks that concern a table."""
    return CHECKS.get(table, [])


def fail(table: str, row: int, column: str, fault: str) -> None:
    """Raise the DataError of a broken truth."""
    raise DataError(f"data/{describe(table)['path']}, row {row}, column {column}: {fault}; compare with the source.")


def refuse(table: str, wrong: pd.Series, column: str, fault: Callable[[int], str]) -> None:
    """Fail at the first row that is wrong; `wrong` is indexed by row number, `fault` says what is wrong with a row."""
    if wrong.any():
        row = wrong.idxmax()
        fail(table, row, column, fault(row))


def parts_sum_to_total(parts: str, total: str, by: list[str], part: str, whole: str) -> None:
    """Require that a column of one table, summed over each key, equals the total in another."""
    sums = read(parts).groupby(by)[part].sum()
    totals = read(total).reset_index(names="row").set_index(by)
    for key, amount in sums.items():
        label = " ".join(map(str, key if isinstance(key, tuple) else (key,)))
        if key not in totals.index:
            fail(parts, read(parts).query(f"{by[0]} == @key").index[0], by[0], f"{describe(total)['path']} lacks {label}")
        if amount != totals.loc[key, whole]:
            fail(
                total,
                totals.loc[key, "row"],
                whole,
                f"{totals.loc[key, whole]:,} does not equal the sum of the parts for {label} in "
                f"data/{describe(parts)['path']}, column {part}, which is {amount:,}",
            )


def complete(table: str, by: list[str], start: int | None = None) -> None:
    """Require every whole number between the first and last of the last column of `by`, within the others."""
    rows = read(table).rename_axis("row").reset_index()
    for _, group in rows.groupby(by[:-1]) if by[:-1] else [("", rows)]:
        series = group.set_index("row")[by[-1]].sort_values()
        gap = series.diff() > 1
        refuse(table, gap, by[-1], lambda row, s=series: f"the rows before {s[row]} are missing: add them")
        if start is not None and series.iloc[0] != start:
            fail(table, series.index[0], by[-1], f"the series must start in {start}, not {series.iloc[0]}")


def interval_holds(table: str, estimate: str, lower: str, upper: str) -> None:
    """Require lower ≤ estimate ≤ upper, and that all three or none are there."""
    rows = read(table)
    partial = rows[[estimate, lower, upper]].isna().sum(axis="columns").isin([1, 2])
    refuse(table, partial, estimate, lambda row: "the estimate and its limits must be there together, or not at all")
    outside = (rows[lower] > rows[estimate]) | (rows[estimate] > rows[upper])
    refuse(
        table,
        outside,
        estimate,
        lambda row: f"{rows.loc[row, estimate]} is outside its limits {rows.loc[row, lower]} to {rows.loc[row, upper]}",
    )


def near(table: str, column: str, expected: pd.Series, tolerance: float, how: str) -> None:
    """Require that a column equals what other columns give, within the publisher's rounding."""
    printed = read(table)[column]
    wrong = (printed - expected).abs() > tolerance + 1e-9
    refuse(table, wrong, column, lambda row: f"{printed[row]} does not follow from {how}, which gives {expected[row]:.4g}")


@on("annual_deaths")
def annual_deaths_is_one_unbroken_series() -> None:
    """Years follow each other; rates are there from 2000; averages are there wherever two years stand on each side."""
    complete("annual_deaths", ["year"], start=1996)
    rows = read("annual_deaths")
    refuse(
        "annual_deaths",
        (rows["year"] >= 2000) & rows["rate_per_100k"].isna(),
        "rate_per_100k",
        lambda row: "the age-standardised rate is published for every year from 2000",
    )
    inner = rows["year"].between(rows["year"].min() + 2, rows["year"].max() - 2)
    refuse(
        "annual_deaths",
        inner & rows["five_year_average"].isna(),
        "five_year_average",
        lambda row: "the average of five years can be formed for this year",
    )
    interval_holds("annual_deaths", "rate_per_100k", "rate_lower95", "rate_upper95")


@on("annual_deaths")
def annual_rates_recompute() -> None:
    """The crude rate is deaths over population; the average is of five years with Poisson limits (NRS's method)."""
    rows = read("annual_deaths")
    crude = rows["deaths"] / rows["population"] * 100_000
    near("annual_deaths", "crude_rate_per_100k", crude, 0.005, "deaths and population")
    average = rows["deaths"].rolling(5, center=True).mean()
    near("annual_deaths", "five_year_average", average, 0.05, "the deaths of five years")
    lower, upper = wald_interval(average)
    near("annual_deaths", "five_year_average_lower95", lower, 0.0001, "the five-year average")
    near("annual_deaths", "five_year_average_upper95", upper, 0.0001, "the five-year average")


def limits_are_even(table: str) -> None:
    """Published limits of an age-standardised rate lie evenly about it, about as wide as the count of deaths says.

    The limits are normal: the half-width is near 1.96 × rate / √deaths. Weighting by age moves it a little.
    """
    rows = read(table)
    middle = (rows["rate_lower95"] + rows["rate_upper95"]) / 2
    near(table, "rate_per_100k", middle, 0.1, "the middle of its limits")
    half = (rows["rate_upper95"] - rows["rate_lower95"]) / 2
    expected = 1.96 * rows["rate_per_100k"] / np.sqrt(rows["deaths"])
    wrong = (half - expected).abs() > 0.1 + 0.05 * expected
    refuse(
        table,
        wrong,
        "rate_upper95",
        lambda row: f"the limits are {half[row]:.2f} either side of the rate, where the deaths suggest {expected[row]:.2f}",
    )


@on("annual_deaths")
def annual_limits_are_even() -> None:
    """The published limits of the rate for all persons fit the rate and the count."""
    limits_are_even("annual_deaths")


@on("deaths_by_sex", "annual_deaths")
def sexes_sum_to_all() -> None:
    """Males and females sum to all deaths in every year from 2000 to the latest, and both tables end together."""
    complete("deaths_by_sex", ["sex", "year"], start=2000)
    parts_sum_to_total("deaths_by_sex", "annual_deaths", ["year"], "deaths", "deaths")
    same_latest_year("deaths_by_sex", "annual_deaths")


def same_latest_year(table: str, other: str) -> None:
    """Require that two tables of one publication end with the same year, so that editions are never mixed."""
    ours, theirs = read(table)["year"], read(other)["year"]
    if ours.max() != theirs.max():
        older, newest = (table, ours) if ours.max() < theirs.max() else (other, theirs)
        fail(older, newest.idxmax(), "year", f"the table ends in {newest.max()}, but {other if older == table else table} "
             f"goes on to {max(ours.max(), theirs.max())}: add the new rows to both")  # fmt: skip


@on("deaths_by_sex", "annual_deaths")
def rates_by_sex_fit() -> None:
    """Limits hold the rates, and the rate and mean age of all persons lie between those of the sexes."""
    interval_holds("deaths_by_sex", "rate_per_100k", "rate_lower95", "rate_upper95")
    limits_are_even("deaths_by_sex")
    sexes = read("deaths_by_sex")
    persons = read("annual_deaths").rename_axis("row").reset_index().merge(
        sexes.groupby("year")[["rate_per_100k", "mean_age_years"]].agg(["min", "max", "mean"]).pipe(flat), on="year"
    ).set_index("row")  # fmt: skip
    # Half the population is of each sex, near enough, so the rate for all is close to the middle of the two.
    off = (persons["rate_per_100k"] - persons["rate_per_100k_mean"]).abs() > 0.4
    refuse("annual_deaths", off, "rate_per_100k", lambda row: "the rate is not between those of males and females")
    weights = sexes.assign(total=sexes["deaths"] * sexes["mean_age_years"]).groupby("year")[["total", "deaths"]].sum()
    mean = persons["year"].map(weights["total"] / weights["deaths"])
    wrong = (persons["mean_age_years"] - mean).abs() > 0.11
    refuse("annual_deaths", wrong, "mean_age_years",
           lambda row: f"the mean age does not follow from that of the sexes, {mean[row]:.1f}")  # fmt: skip


def flat(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with its two levels of column names joined by an underscore."""
    return table.set_axis(["_".join(names) for names in table.columns], axis="columns")


@on("first_published", "annual_deaths")
def revisions_are_small() -> None:
    """First-published counts cover the years of the series and lie within 2% of today's."""
    complete("first_published", ["year"], start=1996)
    same_latest_year("first_published", "annual_deaths")
    first = read("first_published")
    latest = first["year"].map(read("annual_deaths").set_index("year")["deaths"])
    wrong = ((first["first_published_deaths"] - latest).abs() > 0.02 * latest).fillna(False)
    refuse(
        "first_published",
        wrong,
        "first_published_deaths",
        lambda row: f"{first.loc[row, 'first_published_deaths']} is more than 2% from today's {latest[row]}",
    )
    published = first["first_published_date"].str[:4].astype(float)
    refuse(
        "first_published",
        published.notna() & ~(published - first["year"]).between(1, 2),
        "first_published_date",
        lambda row: "the figure for a year is first published in one of the two years after it",
    )


@on("suspected_deaths_quarterly")
def suspected_deaths_add_up() -> None:
    """Quarters follow each other, and males and females sum to all suspected deaths where both are known."""
    rows = read("suspected_deaths_quarterly")
    order = rows["year"] * 4 + rows["quarter"]
    refuse("suspected_deaths_quarterly", order.diff().fillna(1) != 1, "quarter",
           lambda row: "the quarter does not follow the row before it: add or reorder the rows")  # fmt: skip
    both = rows["males"] + rows["females"]
    refuse("suspected_deaths_quarterly", (both != rows["suspected_deaths"]).fillna(False), "suspected_deaths",
           lambda row: f"{rows.loc[row, 'suspected_deaths']} does not equal males plus females, {both[row]}")  # fmt: skip
    refuse("suspected_deaths_quarterly", (rows["under_25"] > rows["suspected_deaths"]).fillna(False), "under_25",
           lambda row: "more deaths under 25 than at all ages")  # fmt: skip


@on("suspected_deaths_quarterly", "annual_deaths")
def suspected_deaths_track_registered() -> None:
    """In each complete year suspected deaths lie within 20% of those registered (widest so far: 15%, in 2017)."""
    suspected = read("suspected_deaths_quarterly").groupby("year")["suspected_deaths"].agg(["sum", "size"])
    rows = read("annual_deaths")
    totals = rows["year"].map(suspected.loc[suspected["size"] == 4, "sum"])
    wrong = (totals / rows["deaths"] - 1).abs() > 0.20
    refuse("annual_deaths", wrong, "deaths",
           lambda row: f"{rows.loc[row, 'deaths']:,} is more than 20% from the {totals[row]:,.0f} suspected deaths")  # fmt: skip
