"""Treatment and harms other than deaths: the rows of one indicator, and people in treatment beside the population."""

import pandas as pd

from dcr.data import load


def indicator(name: str, area: str = "Scotland") -> pd.DataFrame:
    """Return the rows of `uk_treatment_harm` for one indicator and area, oldest first.

    Raises ValueError if there are none.
    """
    rows = load("uk_treatment_harm").query("indicator == @name and area_name == @area").sort_values("period_start")
    if rows.empty:
        raise ValueError(f"data/uk_treatment_harm.csv has no row for “{name}” in {area}: restore it, or reword the chapter.")
    return rows


def financial_year(row) -> str:
    """Return the period of a row as a reader writes it: 2022/23, or 2023 for a calendar year.

    `row` has period_start and period_end as timestamps. Raises ValueError for a period that is not a year.
    """
    start, end = row.period_start, row.period_end
    if end != start + pd.DateOffset(years=1) - pd.DateOffset(days=1):
        raise ValueError(f"The period from {start:%Y-%m-%d} to {end:%Y-%m-%d} is not a year: write it out.")
    return str(start.year) if start.month == 1 else f"{start.year}/{end.year % 100:02d}"


def treatment_numbers() -> pd.DataFrame:
    """Return people in opioid agonist treatment, the latest year of each country, indexed by country's name, alphabetical.

    Columns: period, people, per_1000 (people aged 15 to 64; missing without a population) and basis (what is counted). Scotland's row is the latest year
    of community prescriptions that has a population aged 15 to 64.
    """
    abroad = (
        load("country_treatment").query("indicator == 'oat_people'").sort_values("year").drop_duplicates("country", keep="last")
    )
    people = load("country_populations").set_index(["country", "year"]).population_15_64
    abroad = abroad.merge(load("countries")[["country", "country_name"]], on="country")
    abroad = abroad.join(people, on=["country", "year"])
    table = pd.DataFrame({
        "country_name": abroad.country_name, "period": abroad.year.astype(str), "people": abroad.value.astype(int),
        "per_1000": abroad.value / abroad.population_15_64.astype(float) * 1000,
        "basis": abroad.value_type.map({"derived": "Sum over medicines", "published": "Total as published"}),
    })  # fmt: skip
    at_home = load("uk_populations").query("area_name == 'Scotland'").set_index("year").population_15_64.dropna()
    own = indicator("oat_people_community")
    own = own[own.period_start.dt.year.isin(at_home.index)].iloc[-1]
    table.loc[len(table)] = ["Scotland", financial_year(own), int(own.value), own.value / at_home[own.period_start.year] * 1000,
                             "Community prescriptions, minimum count"]  # fmt: skip
    return table.set_index("country_name").sort_index()
