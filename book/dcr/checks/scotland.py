"""Truths about deaths in Scotland by year, sex, definition, cause and quarter."""

import numpy as np
import pandas as pd

from dcr.checks.rules import (
    between,
    complete,
    equal,
    grid,
    interval_holds,
    known,
    limits_are_even,
    lookup,
    near,
    not_above,
    on,
    parts_sum_to_total,
    refuse,
    same_latest_year,
)
from dcr.data import read

# Tables of National Records of Scotland's annual edition, beside annual_deaths: they grow together
ANNUAL_EDITION = (
    "deaths_by_sex",
    "first_published",
    "deaths_by_age_sex",
    "rates_by_broad_age",
    "deaths_by_deprivation",
    "deaths_by_area",
    "deaths_by_area_substance",
    "deaths_by_substance",
    "deaths_by_substance_age_sex",
    "single_drug_deaths",
    "deaths_by_definition",
    "deaths_by_cause",
)


def by_sex() -> pd.DataFrame:
    """Return deaths, rates and limits by year and sex from 2000: persons, males and females."""
    persons = read("annual_deaths").query("year >= 2000").assign(sex="persons")
    columns = ["year", "sex", "deaths", "rate_per_100k", "rate_lower95", "rate_upper95"]
    return pd.concat([persons[columns], read("deaths_by_sex")[columns]], ignore_index=True)


@on("annual_deaths")
def annual_deaths_is_one_unbroken_series() -> None:
    """Years follow each other; rates are there from 2000; averages are there wherever two years stand on each side.

    The latest of these averages comes with the newest edition, and may be left out until its row is filled in.
    """
    complete("annual_deaths", ["year"], start=1996)
    rows = read("annual_deaths")
    recent = rows["year"] >= 2000
    for column in ("rate_per_100k", "population", "mean_age_years"):
        refuse("annual_deaths", recent & rows[column].isna(), column, lambda row: "a value is published for every year from 2000")
    inner = rows["year"].between(rows["year"].min() + 2, rows["year"].max() - 2)
    refuse(
        "annual_deaths",
        inner & rows["five_year_average"].isna() & (rows["year"] < rows["year"].max() - 2),
        "five_year_average",
        lambda row: "the average of five years can be formed for this year",
    )
    refuse(
        "annual_deaths",
        ~inner & rows["five_year_average"].notna(),
        "five_year_average",
        lambda row: "the average needs two years on each side, which this year does not have: write [z]",
    )


@on("annual_deaths")
def annual_rates_lie_in_their_limits() -> None:
    """The published limits hold the rate, and fit the count."""
    interval_holds("annual_deaths", "rate_per_100k", "rate_lower95", "rate_upper95")
    limits_are_even("annual_deaths", slack=0.05, step=0.2)


@on("annual_deaths")
def annual_rates_recompute() -> None:
    """The crude rate is deaths over population; the average is of five years with normal limits (NRS's method)."""
    rows = read("annual_deaths")
    crude = rows["deaths"] / rows["population"] * 100_000
    near("annual_deaths", "crude_rate_per_100k", crude, 0.005, "deaths and population")
    average = rows["deaths"].rolling(5, center=True).mean()
    near("annual_deaths", "five_year_average", average, 0.05, "the deaths of five years")
    half = 1.96 * np.sqrt(average)
    near("annual_deaths", "five_year_average_lower95", average - half, 0.0001, "the five-year average")
    near("annual_deaths", "five_year_average_upper95", average + half, 0.0001, "the five-year average")


@on("annual_deaths")
def population_changes_slowly() -> None:
    """The population of Scotland changes by at most 2% from one year to the next (1.2% so far)."""
    rows = read("annual_deaths")
    change = 100 * (rows["population"] / rows["population"].shift() - 1)
    between("annual_deaths", "population", change.astype(float), -2, 2, "the change from the year before in percent")


@on("deaths_by_sex", "annual_deaths")
def sexes_sum_to_all() -> None:
    """Males and females sum to all deaths in every year from 2000 to the latest."""
    same_latest_year("deaths_by_sex", "annual_deaths")
    complete("deaths_by_sex", ["sex", "year"], start=2000)
    parts_sum_to_total("deaths_by_sex", "annual_deaths", ["year"], "deaths")


@on("deaths_by_sex")
def rates_by_sex_lie_in_their_limits() -> None:
    """The published limits hold the rates of males and of females, and fit the counts."""
    interval_holds("deaths_by_sex", "rate_per_100k", "rate_lower95", "rate_upper95")
    limits_are_even("deaths_by_sex", slack=0.08)


@on("deaths_by_sex", "annual_deaths")
def rates_by_sex_fit_all_persons() -> None:
    """The rate of all persons is near the middle of those of the sexes; their mean ages give that of all persons."""
    rows, sexes = read("annual_deaths"), read("deaths_by_sex")
    middle = rows["year"].map(sexes.groupby("year")["rate_per_100k"].mean())
    near("annual_deaths", "rate_per_100k", middle, 0.4, "the rates of males and females, half the population each")
    weights = sexes.assign(total=sexes["deaths"] * sexes["mean_age_years"]).groupby("year")[["total", "deaths"]].sum()
    mean = rows["year"].map(weights["total"] / weights["deaths"])
    near("annual_deaths", "mean_age_years", mean, 0.11, "the mean ages of males and females")


@on("first_published", "annual_deaths")
def revisions_are_small() -> None:
    """First-published counts cover the years of the series, lie within 2% of today's and are dated soon after the year."""
    same_latest_year("first_published", "annual_deaths")
    complete("first_published", ["year"], start=1996)
    first = read("first_published")
    latest = lookup(first, read("annual_deaths"), "year", "deaths")
    near("first_published", "first_published_deaths", latest, 0.02 * latest, "today's count within 2%")
    published = first["first_published_date"].str[:4].astype(float)
    refuse(
        "first_published",
        published.notna() & ~(published - first["year"]).between(1, 2),
        "first_published_date",
        lambda row: "the figure for a year is first published in one of the two years after it",
    )


def edition_check(table: str) -> None:
    """File a check that a table of the annual edition ends with the year of annual_deaths."""

    def one_edition() -> None:
        same_latest_year(table, "annual_deaths")

    one_edition.__name__ = f"{table}_ends_with_the_annual_edition"
    on(table)(one_edition)


for _table in ANNUAL_EDITION:
    edition_check(_table)


@on("deaths_by_definition")
def definitions_are_complete() -> None:
    """Drug poisoning runs from 1979, drug misuse from 1996, drug induced from its first year, each without a gap."""
    complete("deaths_by_definition", ["definition", "year"])
    starts = read("deaths_by_definition").groupby("definition")["year"].agg(["min", "max", "size"])
    rows = read("deaths_by_definition")
    ends = rows.groupby("definition")["year"].transform("max")
    refuse(
        "deaths_by_definition",
        ends != rows["year"].max(),
        "year",
        lambda row: f"the definition “{rows.loc[row, 'definition']}” ends in {ends[row]}, the others later",
    )
    for definition, start in (("drug poisoning", 1979), ("drug misuse", 1996)):
        first = rows.index[rows["definition"] == definition][0]
        refuse(
            "deaths_by_definition",
            pd.Series([starts.loc[definition, "min"] != start], [first]),
            "year",
            lambda row, s=start: f"the series must start in {s}",
        )


@on("deaths_by_definition")
def definitions_agree_with_annual_deaths() -> None:
    """Drug misuse deaths, population and rates are those of annual_deaths."""
    rows, annual = read("deaths_by_definition"), read("annual_deaths")
    misuse = rows[rows["definition"] == "drug misuse"]
    for column in ("deaths", "rate_per_100k", "crude_rate_per_100k"):
        equal("deaths_by_definition", column, lookup(misuse, annual, "year", column), "annual_deaths")
    equal("deaths_by_definition", "population", lookup(rows, annual, "year", "population"), "annual_deaths")
    equal("deaths_by_definition", "population", rows.groupby("year")["population"].transform("first"), "the other definitions")


@on("deaths_by_definition")
def definition_rates_recompute() -> None:
    """Crude rates are deaths over population; standardised rates are close to them, and are there from 2000 only."""
    rows = read("deaths_by_definition")
    crude = rows["deaths"] / rows["population"] * 100_000
    near("deaths_by_definition", "crude_rate_per_100k", crude, 0.005, "deaths and population")
    between("deaths_by_definition", "rate_per_100k", rows["rate_per_100k"] / crude, 0.9, 1.1, "the rate over the crude rate")
    refuse(
        "deaths_by_definition",
        rows["rate_per_100k"].isna() != (rows["year"] < 2000),
        "rate_per_100k",
        lambda row: "age-standardised rates are published from 2000 on, and not before",
    )


@on("deaths_by_definition")
def drug_induced_are_among_poisonings() -> None:
    """Drug-induced deaths are fewer than all drug poisonings of the year, and so are drug misuse deaths."""
    rows = read("deaths_by_definition")
    poisoning = lookup(rows, rows[rows["definition"] == "drug poisoning"], "year", "deaths")
    not_above("deaths_by_definition", "deaths", poisoning, "all drug poisonings of the year")


@on("deaths_by_cause")
def causes_sum_to_all() -> None:
    """Five underlying causes a year sum to all drug misuse deaths; each cause has one set of codes."""
    grid("deaths_by_cause", "year", "underlying_cause")
    complete("deaths_by_cause", ["year"], start=1996)
    parts_sum_to_total("deaths_by_cause", "annual_deaths", ["year"], "deaths")
    rows = read("deaths_by_cause")
    first = rows.groupby("underlying_cause")["icd10_codes"].transform("first")
    refuse(
        "deaths_by_cause", rows["icd10_codes"] != first, "icd10_codes", lambda row: f"the cause has the codes {first[row]} before"
    )


@on("deaths_consistent_basis")
def consistent_basis_adds_up() -> None:
    """Deaths and extra deaths give the consistent series; deaths are those of annual_deaths or as first published."""
    complete("deaths_consistent_basis", ["year"], start=2000)
    rows = read("deaths_consistent_basis")
    equal("deaths_consistent_basis", "deaths_consistent_basis", rows["deaths"] + rows["extra_deaths"], "deaths and extra deaths")
    today = lookup(rows, read("annual_deaths"), "year", "deaths")
    first = lookup(rows, read("first_published"), "year", "first_published_deaths")
    refuse(
        "deaths_consistent_basis",
        (rows["deaths"] != today) & (rows["deaths"] != first),
        "deaths",
        lambda row: f"{rows.loc[row, 'deaths']:,} is neither today's count, {today[row]:,}, nor the first published",
    )


@on("rate_revisions")
def revised_rates_agree() -> None:
    """Each rate stands in two editions or more and differs from the one before; that of the edition in use is the tables'."""
    rows = read("rate_revisions").sort_values(["year", "sex", "edition"])
    rates = rows.groupby(["year", "sex"])["rate_per_100k"]
    refuse(
        "rate_revisions", rates.transform("size") < 2, "edition", lambda row: "the edition that printed another rate is missing"
    )
    refuse("rate_revisions", rates.diff() == 0, "rate_per_100k", lambda row: "the table lists revised rates only")
    between("rate_revisions", "rate_per_100k", rates.diff(), -0.5, 0.5, "the change from the edition before")
    refuse("rate_revisions", rows["edition"] < rows["year"], "edition", lambda row: "an edition has no rate of a later year")
    sources = pd.concat([read("annual_deaths").assign(sex="persons"), read("deaths_by_sex")])
    current = lookup(rows, sources, ["year", "sex"], "source") == rows["source"]
    held = lookup(rows, by_sex(), ["year", "sex"], "rate_per_100k").where(current)
    equal("rate_revisions", "rate_per_100k", held, "annual_deaths and deaths_by_sex")


@on("suspected_deaths_quarterly")
def suspected_deaths_add_up() -> None:
    """Quarters follow each other, and males and females sum to all suspected deaths where both are known."""
    rows = read("suspected_deaths_quarterly")
    order = rows["year"] * 4 + rows["quarter"]
    refuse(
        "suspected_deaths_quarterly",
        order.diff().fillna(1) != 1,
        "quarter",
        lambda row: "the quarter does not follow the row before it: add or reorder the rows",
    )
    both = rows["males"] + rows["females"]
    refuse(
        "suspected_deaths_quarterly",
        both != rows["suspected_deaths"],
        "suspected_deaths",
        lambda row: f"{rows.loc[row, 'suspected_deaths']} does not equal males plus females, {both[row]}",
    )
    not_above("suspected_deaths_quarterly", "under_25", rows["suspected_deaths"], "the deaths at all ages")


@on("suspected_deaths_quarterly", "annual_deaths")
def suspected_deaths_track_registered() -> None:
    """In each complete year suspected deaths are at least half and at most twice those registered (widest so far: 15% more)."""
    suspected = read("suspected_deaths_quarterly").groupby("year")["suspected_deaths"].agg(["sum", "size"])
    rows = read("annual_deaths")
    totals = rows["year"].map(suspected.loc[suspected["size"] == 4, "sum"])
    refuse(
        "annual_deaths",
        ~(totals / rows["deaths"]).between(0.5, 2) & totals.notna(),
        "deaths",
        lambda row: f"{rows.loc[row, 'deaths']:,} is far from the {totals[row]:,.0f} suspected deaths",
    )


@on("deaths_quarterly")
def quarters_sum_to_years() -> None:
    """Registered deaths of four quarters sum to the year; suspected deaths are those of suspected_deaths_quarterly."""
    grid("deaths_quarterly", "year", "quarter")
    parts_sum_to_total("deaths_quarterly", "annual_deaths", ["year"], "deaths")
    suspected = lookup(read("deaths_quarterly"), read("suspected_deaths_quarterly"), ["year", "quarter"], "suspected_deaths")
    known("deaths_quarterly", "quarter", suspected, "suspected deaths in suspected_deaths_quarterly")
    equal("deaths_quarterly", "suspected_deaths", suspected, "suspected_deaths_quarterly")


@on("suspected_deaths_by_division")
def divisions_sum_to_scotland() -> None:
    """Thirteen police divisions sum to Scotland; where some are suppressed, four to six deaths are left for each."""
    rows = read("suspected_deaths_by_division")
    quarters = rows.groupby(["year", "quarter"])["suspected_deaths"].agg(["sum", "count", "size"]).reset_index()
    quarters.index = rows.drop_duplicates(["year", "quarter"]).index
    total = lookup(quarters, read("suspected_deaths_quarterly"), ["year", "quarter"], "suspected_deaths").astype(float)
    left, hidden = total - quarters["sum"], quarters["size"] - quarters["count"]
    whole = quarters["year"] < 2024
    refuse(
        "suspected_deaths_by_division",
        whole & (quarters["size"] != 13),
        "police_division",
        lambda row: f"{quarters.loc[row, 'size']} of thirteen divisions have a row in this quarter",
    )
    refuse(
        "suspected_deaths_by_division",
        whole & ~left.between(4 * hidden, 6 * hidden),
        "suspected_deaths",
        lambda row: f"{left[row]:.0f} deaths are left for {hidden[row]} suppressed divisions of this quarter",
    )
    refuse(
        "suspected_deaths_by_division",
        ~whole & (left < 0),
        "suspected_deaths",
        lambda row: "the divisions of this quarter sum to more than Scotland",
    )
    codes = rows.groupby("police_division")["division_code"].transform("first")
    refuse(
        "suspected_deaths_by_division",
        rows["division_code"] != codes,
        "division_code",
        lambda row: f"the division has the code {codes[row]} before",
    )
    before = rows[rows["year"] < 2024].groupby("police_division")["suspected_deaths"].agg(["min", "max"])
    later = rows[rows["year"] >= 2024]
    low, high = (later["police_division"].map(before[end]).astype(float) for end in ("min", "max"))
    refuse(
        "suspected_deaths_by_division",
        ~later["suspected_deaths"].astype(float).between(0.5 * low, 1.5 * high),
        "suspected_deaths",
        lambda row: "the count is far from every quarter before of this division",
    )


@on("deaths_by_definition")
def definitions_cover_every_year() -> None:
    """Every year of annual_deaths stands in deaths_by_definition."""
    rows = read("annual_deaths")
    misuse = read("deaths_by_definition").query("definition == 'drug misuse'")
    known("annual_deaths", "year", lookup(rows, misuse, "year", "deaths"), "row of drug misuse in deaths_by_definition")
