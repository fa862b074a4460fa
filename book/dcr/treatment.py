"""Treatment and harms other than deaths: one indicator, people in treatment beside the population, effects of alternatives."""

import pandas as pd

from dcr import words
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


# What kind of study an estimate of an alternative comes from
DESIGNS = {
    "cohorts_pooled": "Cohort studies, pooled",
    "non_randomised_pooled": "Non-randomised studies, pooled",
    "trials_pooled": "Trials, pooled",
    "interrupted_time_series": "Interrupted time series",
    "before_after": "Before and after",
}
OPTIONS = {
    "opioid_agonist_treatment": "Agonist treatment",
    "needle_and_syringe_programme": "Needle and syringe programmes",
    "take_home_naloxone": "Take-home naloxone",
    "heroin_assisted_treatment": "Heroin-assisted treatment",
}
POINTS_TO = {"benefit": "Benefit", "no_effect_detected": "No effect detected", "harm": "Harm"}


def against_one(ratio: float) -> str:
    """Return a ratio as a reader says it: 53% lower, 44% higher, the same. Raises ValueError for a missing value."""
    change = words.relative_change(ratio, 1)
    return "the same" if change == 0 else f"{words.percent(abs(change))} {'higher' if change > 0 else 'lower'}"


def limits_against_one(lower: float, upper: float) -> str:
    """Return the limits of a ratio in the same way: 47% to 58% lower, 19% to 75% higher, 75% lower to 69% higher.

    Raises ValueError for a missing limit.
    """
    ends = [against_one(limit) for limit in (lower, upper)]
    if lower < 1 and upper < 1:
        ends.reverse()
    same = ends[0].split()[-1] == ends[1].split()[-1]
    return f"{ends[0].split()[0] if same else ends[0]} to {ends[1]}"


def estimate_with_limits(row) -> str:
    """Return an estimate of `alternative_effects` as a table prints it: 0.47 (0.42 to 0.53), −3.5 points (−5.4 to −1.6)."""
    difference = row.measure == "percentage_point_difference"
    places = 1 if difference else 2
    limits = "limits not seen whole" if pd.isna(row.lower95) else words.interval(row.lower95, row.upper95, places)
    return f"{words.decimal(row.estimate, places)}{' points' if difference else ''} ({limits})"


def alternatives() -> pd.DataFrame:
    """Return the estimates of `alternative_effects` in the order of the options, indexed by key, with finished text beside them.

    Columns added: compared (what with what), found (benefit, harm or no effect detected), printed (estimate with its interval)
    and basis (design and, where the abstract says it, how many studies).
    """
    rows = load("alternative_effects")
    order = list(OPTIONS)
    rows = rows.sort_values("option", key=lambda options: options.map(order.index), kind="stable")
    said = [
        "" if row.studies == 1 else f" ({row.studies} in the review{'' if pd.isna(row.pooled) else f', {row.pooled} here'})"
        for row in rows.itertuples()
    ]
    return rows.assign(
        compared=rows["option"].map(OPTIONS) + ": " + rows["intervention"] + " against " + rows["comparison"],
        found=rows["direction"].map(POINTS_TO),
        printed=[estimate_with_limits(row) for row in rows.itertuples()],
        basis=rows["design"].map(DESIGNS) + said,
    ).set_index("effect_id")
