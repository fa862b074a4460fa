"""The check of the newspaper article: each claim gets a verdict from a fixed scale.

Verdicts on words are judged by hand and stand in the table `article_claims` with their reason. Verdicts on numbers are
computed: `article_claim_tests` holds what the article stated and how far the record may differ, the functions below
find what the record shows, and `verdict` compares. Change the data, and the verdict follows.
"""

from collections.abc import Callable

import pandas as pd

from dcr import words
from dcr.data import load

# The scale, from best to worst; an opinion is not judged
SCALE = ("confirmed", "roughly right", "out of date", "misprint", "unsupported", "opinion")

# What gives a table for its name: `dcr.data.load`, or a stand-in with changed data
Tables = Callable[[str], pd.DataFrame]


def verdict(stated: float, found: float, relation: str, tolerance: float, rough: float, outside: str) -> str:
    """Return the verdict on a number.

    stated     what the article printed, or the bound that its words imply
    found      what the record shows; missing where nothing was found
    relation   “equals”: the two differ by no more than the tolerance; “more than”: the record is above the bound, the
               tolerance being how far it may fall short
    tolerance  largest difference for “confirmed”
    rough      largest difference for “roughly right”
    outside    verdict where the difference is larger

    Raises ValueError for an unknown relation or verdict, or a rough tolerance below the other.
    """
    if relation not in ("equals", "more than") or outside not in SCALE:
        raise ValueError(f"A test needs a relation and a verdict that are known, not “{relation}” and “{outside}”.")
    if rough < tolerance:
        raise ValueError("The rough tolerance of a test cannot be below its tolerance.")
    if pd.isna(found):
        return "unsupported"
    if relation == "more than":
        return "confirmed" if found > stated - tolerance else "roughly right" if found > stated - rough else outside
    gap = abs(found - stated) - 1e-9
    return "confirmed" if gap <= tolerance else "roughly right" if gap <= rough else outside


def only(rows: pd.DataFrame, column: str) -> float:
    """Return the one value of a column. Raises ValueError unless there is exactly one row."""
    if len(rows) != 1:
        raise ValueError(f"A test needs exactly one row with {column}, not {len(rows)}: mend the rows it rests on.")
    return float(rows[column].iloc[0])


def deaths(tables: Tables, year: int, column: str = "deaths") -> float:
    """Return Scotland's drug misuse deaths of a year, or another column of that row."""
    return only(tables("deaths_by_definition").query("definition == 'drug misuse' and year == @year"), column)


def countries_operating(tables: Tables) -> float:
    """Return the number of countries with a room operating in July 2019, without contested ones."""
    return float(len(tables("countries_july_2019").query("operating == 'yes' and counting == 'counted'")))


def start_if_highest(tables: Tables, year: int) -> float:
    """Return the first year of the series if its highest value up to a year is that of the year alone, else missing."""
    series = tables("deaths_by_definition").query("definition == 'drug misuse' and year <= @year").set_index("year")["deaths"]
    highest = series[year] > series.drop(year).max()
    return float(series.index.min()) if highest else float("nan")


def latest_published(tables: Tables, event: str) -> float:
    """Return the latest year whose deaths had been published by the end of the month of an event."""
    month = tables("events").set_index("event_id")["date"][event][:7]
    rows = tables("first_published").dropna(subset="first_published_date")
    return float(rows.loc[rows["first_published_date"].str[:7] <= month, "year"].max())


def portugal(tables: Tables, year: int, series: str = "forensic_register") -> float:
    """Return Portugal's drug deaths of a year in one of its series."""
    rows = tables("europe_drug_deaths").query("country == 'PRT' and series == @series and year == @year")
    return only(rows, "deaths")


def over_portugal(tables: Tables, year: int, series: str = "forensic_register") -> float:
    """Return Scotland's deaths of a year over Portugal's."""
    return deaths(tables, year) / portugal(tables, year, series)


def over_portugal_per_head(tables: Tables, year: int, series: str = "forensic_register") -> float:
    """Return Scotland's crude death rate of a year over Portugal's, at all ages.

    Scotland's population is that of `uk_populations`, as in every other ratio between countries (`dcr.comparison`).
    """
    people = only(tables("country_populations").query("country == 'PRT' and year == @year"), "population")
    at_home = only(tables("uk_populations").query("area_name == 'Scotland' and year == @year"), "population")
    return over_portugal(tables, year, series) * people / at_home


def over_uk_per_head(tables: Tables, year: int) -> float:
    """Return Scotland's crude rate of drug misuse deaths over that of the United Kingdom, Scotland included."""
    rest = ["England and Wales", "Northern Ireland"]
    uk = tables("uk_drug_deaths").query("definition == 'drug misuse' and year == @year and area_name in @rest")
    people = tables("uk_populations").query("year == @year").set_index("area_name")["population"]
    if sorted(uk["area_name"]) != rest:
        raise ValueError(f"The United Kingdom's deaths of {year} need one row for each of {words.listed(rest)}.")
    everywhere = [*rest, "Scotland"]
    scottish = deaths(tables, year)
    return scottish / people["Scotland"] / ((scottish + uk["deaths"].sum()) / people[everywhere].sum())


def hiv(tables: Tables, key: str, column: str) -> float:
    """Return a figure of the statements on HIV cases and their cost."""
    return only(tables("hiv_cost_claims").query("claim_key == @key"), column)


# How each test finds its number in the tables; tests that are not here use the number printed in their row
FINDERS: dict[tuple[str, int], Callable[[Tables], float]] = {
    ("c10", 1): countries_operating,
    ("c16", 1): lambda t: deaths(t, 2017),
    ("c17", 1): lambda t: deaths(t, 2017) - deaths(t, 2016),
    ("c17", 2): lambda t: 100 * words.relative_change(deaths(t, 2017), deaths(t, 2016)),
    ("c18", 1): lambda t: start_if_highest(t, 2017),
    ("c19", 1): lambda t: deaths(t, 2007),
    ("c20", 1): lambda t: latest_published(t, "e014"),
    ("c21", 2): lambda t: over_uk_per_head(t, 2017),
    ("c22", 1): lambda t: deaths(t, 2018),
    ("c23", 1): lambda t: over_portugal(t, 2017),
    ("c23", 2): lambda t: over_portugal_per_head(t, 2017),
    ("c24", 1): lambda t: hiv(t, "health-board-2017-02", "cases"),
    ("c25", 1): lambda t: hiv(t, "health-board-2017-02", "total_cost") / 1e6,
    ("c25", 2): lambda t: hiv(t, "hps-2017-06", "total_cost") / 1e6,
    ("c33", 1): lambda t: deaths(t, 2017) / deaths(t, 2007),
}


def tested(tables: Tables = load) -> pd.DataFrame:
    """Return the tests of numbers with what the record shows (`found`) and the verdict of each.

    Raises ValueError for a test that names a table but has no function here to find its number.
    """
    tests = tables("article_claim_tests")
    found, verdicts = [], []
    for row in tests.itertuples():
        key = (row.claim_id, row.test)
        if key not in FINDERS and pd.notna(row.test_table):
            raise ValueError(f"Test {row.test} of claim {row.claim_id} names a table: say in dcr/claims.py how to find it.")
        value = FINDERS[key](tables) if key in FINDERS else row.found_value
        found.append(float(value))
        verdicts.append(
            verdict(row.stated_value, value, row.relation, row.tolerance, row.tolerance_rough, row.verdict_if_outside)
        )
    return tests.assign(found=found, verdict=verdicts)


def judged(tables: Tables = load) -> pd.DataFrame:
    """Return all claims with their verdict: judged ones as they stand, numbers as their primary test decides.

    Columns `stated`, `found` and `unit` are those of the primary test, missing where no number is tested.
    Raises ValueError where a claim lacks a verdict or has two.
    """
    claims, tests = tables("article_claims"), tested(tables)
    primary = tests[tests["primary"] == "yes"]
    numeric = claims.loc[claims["numeric"] == "yes", "claim_id"]
    if sorted(primary["claim_id"]) != sorted(numeric):
        raise ValueError("Each claim with a number needs exactly one primary test in data/article_claim_tests.csv.")
    primary = primary.rename(columns={"stated_value": "stated", "verdict": "computed"})
    merged = claims.merge(primary[["claim_id", "stated", "found", "unit", "computed"]], on="claim_id", how="left")
    merged["verdict"] = merged["verdict"].fillna(merged["computed"])
    if not merged["verdict"].isin(SCALE).all():
        wrong = merged.loc[~merged["verdict"].isin(SCALE), "claim_id"].iloc[0]
        raise ValueError(f"Claim {wrong} has no verdict of the scale: {words.listed(SCALE)}.")
    return merged.drop(columns="computed").set_index(claims.index)


def written(value: float, unit: str) -> str:
    """Return a number of a claim with its unit, as a reader writes it: 455 deaths, 24.6 times, £28.08 million."""
    if pd.isna(value):
        return "not found"
    if unit == "year":
        return f"{value:.0f}"
    if unit == "million GBP":
        return f"£{value:.2f} million".replace(".00", "")
    text = words.count(value) if float(value).is_integer() else words.decimal(value)
    return text + "%" if unit == "percent" else f"{text} {unit}"
