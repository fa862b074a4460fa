"""Truths about deaths by age, sex and deprivation."""

import numpy as np
import pandas as pd

from dcr.checks.rules import complete, equal, grid, interval_holds, limits_are_even, lookup, near, on, parts_sum_to_total, refuse
from dcr.checks.scotland import by_sex
from dcr.data import read

# Broad ages as NRS groups them: first and last band of deaths_by_age_sex, counted from 0
BROAD_AGES = {"0-24": (0, 6), "0-34": (0, 8), "35-54": (8, 12), "55+": (12, 20)}


def bands() -> dict[str, int]:
    """Return the age bands in order, each with its weight in the European standard population."""
    rows = read("european_standard_population")
    return dict(zip(rows["age_band"], rows["standard_population"], strict=True))


@on("european_standard_population")
def standard_population_is_100_000() -> None:
    """The twenty weights of the European standard population sum to 100,000."""
    rows = read("european_standard_population")
    wrong = len(rows) != 20 or rows["standard_population"].sum() != 100_000
    refuse(
        "european_standard_population",
        pd.Series([wrong], [rows.index[-1]]),
        "standard_population",
        lambda row: f"{len(rows)} weights sum to {rows['standard_population'].sum():,}, not 20 to 100,000",
    )


@on("deaths_by_age_sex")
def ages_are_complete() -> None:
    """Every year from 2000 has three sexes of twenty age bands."""
    complete("deaths_by_age_sex", ["sex", "age_band", "year"], start=2000)
    grid("deaths_by_age_sex", "year", "sex", "age_band")


@on("deaths_by_age_sex")
def ages_sum_to_all() -> None:
    """Deaths by age sum to the deaths of the year and sex; males and females of each age sum to persons."""
    parts_sum_to_total("deaths_by_age_sex", ("Scotland", by_sex()), ["year", "sex"], "deaths")
    rows = read("deaths_by_age_sex")
    persons = rows[rows["sex"] == "persons"]
    both = rows[rows["sex"] != "persons"].groupby(["year", "age_band"])["deaths"].sum().reset_index()
    equal("deaths_by_age_sex", "deaths", lookup(persons, both, ["year", "age_band"], "deaths"), "males and females")


@on("deaths_by_age_sex")
def no_rate_without_deaths() -> None:
    """A rate by age is nil if, and only if, nobody died."""
    rows = read("deaths_by_age_sex")
    refuse(
        "deaths_by_age_sex",
        (rows["deaths"] == 0) != (rows["rate_per_100k"] == 0),
        "rate_per_100k",
        lambda row: f"the rate is {rows.loc[row, 'rate_per_100k']} on {rows.loc[row, 'deaths']} deaths",
    )


def implied_population(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the least and the most people that a count and a rate rounded to one decimal can stand for."""
    deaths, rate = rows["deaths"].where(rows["deaths"] > 0), rows["rate_per_100k"]
    return deaths / (rate + 0.05) * 100_000, deaths / (rate - 0.05).clip(lower=1e-9) * 100_000


@on("deaths_by_age_sex")
def rates_by_age_imply_one_population() -> None:
    """The people that counts and rates imply agree: persons are males and females, neither sex below 15% of the band."""
    rows = read("deaths_by_age_sex")
    least, most = implied_population(rows)
    rows = rows.assign(least=least, most=most)
    keys = ["year", "age_band"]
    persons = rows[rows["sex"] == "persons"]
    males, females = (rows[rows["sex"] == sex] for sex in ("males", "females"))
    low = lookup(persons, males, keys, "least") + lookup(persons, females, keys, "least")
    high = lookup(persons, males, keys, "most") + lookup(persons, females, keys, "most")
    refuse(
        "deaths_by_age_sex",
        (persons["least"] > high) | (persons["most"] < low),
        "rate_per_100k",
        lambda row: "the population that the rate implies is not that of males and females together",
    )
    sexes = rows[rows["sex"] != "persons"]
    share = np.where(sexes["age_band"].isin(["85-89", "90+"]), 0.15, 0.35)
    least_all, most_all = lookup(sexes, persons, keys, "least"), lookup(sexes, persons, keys, "most")
    refuse(
        "deaths_by_age_sex",
        (sexes["most"] < least_all * share) | (sexes["least"] > most_all * (1 - share)),
        "rate_per_100k",
        lambda row: "the population that the rate implies is not about half that of both sexes",
    )


@on("deaths_by_age_sex")
def rates_by_age_imply_a_steady_population() -> None:
    """The people that a count and a rate imply for an age band change by at most 15% in a year (6.5% so far)."""
    rows = read("deaths_by_age_sex").sort_values(["sex", "age_band", "year"])
    least, most = implied_population(rows)
    group = [rows["sex"], rows["age_band"]]
    jump = (least > 1.15 * most.groupby(group).shift()) | (most < least.groupby(group).shift() / 1.15)
    refuse(
        "deaths_by_age_sex",
        jump,
        "rate_per_100k",
        lambda row: "the population that the rate implies is more than 15% from that of the year before",
    )


@on("deaths_by_age_sex", "european_standard_population")
def standardised_rates_recompute() -> None:
    """Rates by age weighted by the standard population give the published rate and limits of each year and sex."""
    rows = read("deaths_by_age_sex")
    weight = rows["age_band"].map(bands())
    weighted = weight * rows["rate_per_100k"] / 100_000
    spread = (weighted**2 / rows["deaths"].where(rows["deaths"] > 0)).fillna(0)
    sums = pd.DataFrame({"year": rows["year"], "sex": rows["sex"], "rate": weighted, "spread": spread})
    sums = sums.groupby(["year", "sex"])[["rate", "spread"]].sum().reset_index()
    half = 1.96 * np.sqrt(sums["spread"])
    expected = {"rate_per_100k": sums["rate"], "rate_lower95": sums["rate"] - half, "rate_upper95": sums["rate"] + half}
    for table, sexes in (("annual_deaths", None), ("deaths_by_sex", "sex")):
        printed = read(table) if sexes else read(table).assign(sex="persons")
        for column, values in expected.items():
            computed = lookup(printed, sums.assign(value=values), ["year", "sex"], "value")
            near(table, column, computed, 0.1, "the rates by age in deaths_by_age_sex")


@on("rates_by_broad_age", "deaths_by_age_sex")
def broad_ages_follow_from_narrow_ones() -> None:
    """Deaths at broad ages are sums, and their rates weighted means, of the twenty age bands."""
    grid("rates_by_broad_age", "year", "sex", "age_band")
    rows, narrow, weights = read("rates_by_broad_age"), read("deaths_by_age_sex"), bands()
    for band, (first, last) in BROAD_AGES.items():
        inside = list(weights)[first:last]
        part = narrow[narrow["age_band"].isin(inside)]
        weight = part["age_band"].map(weights)
        sums = part.assign(total=weight * part["rate_per_100k"]).groupby(["year", "sex"])[["deaths", "total"]].sum().reset_index()
        sums["rate"] = sums["total"] / sum(weights[each] for each in inside)
        broad = rows[rows["age_band"] == band]
        equal("rates_by_broad_age", "deaths", lookup(broad, sums, ["year", "sex"], "deaths"), "deaths_by_age_sex")
        near("rates_by_broad_age", "rate_per_100k", lookup(broad, sums, ["year", "sex"], "rate"), 0.08, "deaths_by_age_sex")


@on("deaths_by_deprivation")
def fifths_and_tenths_sum_to_all() -> None:
    """Five fifths and ten tenths of areas by deprivation each sum to all deaths; two tenths make a fifth."""
    rows, annual = read("deaths_by_deprivation"), read("annual_deaths")
    for division, size in (("quintile", 5), ("decile", 10)):
        part = rows[rows["simd_division"] == division]
        sums = part.groupby("year")["deaths"].agg(["sum", "size"]).reset_index()
        sums.index = part.drop_duplicates("year").index
        total = lookup(sums, annual, "year", "deaths")
        refuse(
            "deaths_by_deprivation",
            (sums["sum"] != total) | (sums["size"] != size),
            "deaths",
            lambda row, d=division, s=sums, t=total: (
                f"{s.loc[row, 'size']} {d}s of {s.loc[row, 'year']} sum to {s.loc[row, 'sum']:,}, where all deaths are {t[row]}"
            ),
        )
        if set(part["year"]) != set(range(2001, annual["year"].max() + 1)):
            refuse(
                "deaths_by_deprivation", part["year"] == part["year"].max(), "year", lambda row: "a year since 2001 is missing"
            )
    tenths = rows[rows["simd_division"] == "decile"]
    fifths = tenths.assign(simd_rank=(tenths["simd_rank"] + 1) // 2).groupby(["year", "simd_rank"])["deaths"].sum().reset_index()
    printed = rows[rows["simd_division"] == "quintile"]
    equal("deaths_by_deprivation", "deaths", lookup(printed, fifths, ["year", "simd_rank"], "deaths"), "two tenths")


@on("deaths_by_deprivation")
def rates_by_deprivation_fit() -> None:
    """Rates have even limits that fit the counts; that of a fifth is near the mean of its tenths'."""
    interval_holds("deaths_by_deprivation", "rate_per_100k", "rate_lower95", "rate_upper95")
    limits_are_even("deaths_by_deprivation")
    rows = read("deaths_by_deprivation")
    tenths = rows[rows["simd_division"] == "decile"]
    groups = tenths.assign(simd_rank=(tenths["simd_rank"] + 1) // 2).groupby(["year", "simd_rank"])["rate_per_100k"]
    means = groups.mean().where(groups.count() == 2).reset_index()
    printed = rows[rows["simd_division"] == "quintile"]
    near(
        "deaths_by_deprivation",
        "rate_per_100k",
        lookup(printed, means, ["year", "simd_rank"], "rate_per_100k"),
        0.12 + 0.01 * printed["rate_per_100k"],
        "the mean of its two tenths",
    )


@on("deaths_by_deprivation")
def rates_on_few_deaths_are_withheld() -> None:
    """NRS withholds a rate on fewer than ten deaths (one exception: the least deprived tenth in 2011)."""
    rows = read("deaths_by_deprivation")
    exception = (rows["simd_division"] == "decile") & (rows["year"] == 2011) & (rows["simd_rank"] == 10)
    for column in ("rate_per_100k", "rate_lower95", "rate_upper95"):
        refuse(
            "deaths_by_deprivation",
            (rows[column].isna() != (rows["deaths"] < 10)) & ~exception,
            column,
            lambda row: "a rate is printed if, and only if, there are ten deaths or more",
        )


@on("deaths_by_deprivation")
def deprivation_shares_out_the_population() -> None:
    """The people that a rate implies are within 20% of a fifth, or a tenth, of Scotland's; one index serves a year."""
    rows = read("deaths_by_deprivation")
    share = rows["simd_division"].map({"quintile": 5, "decile": 10})
    people = lookup(rows, read("annual_deaths"), "year", "population").astype(float) / share
    least, most = implied_population(rows)
    refuse(
        "deaths_by_deprivation",
        (least > 1.2 * people) | (most < 0.8 * people),
        "rate_per_100k",
        lambda row: "the population that the rate implies is far from an equal share of Scotland's",
    )
    version = rows["simd_version"]
    first = rows.groupby("year")["simd_version"].transform("first")
    refuse(
        "deaths_by_deprivation",
        (version != first) | (version > rows["year"] + 3),
        "simd_version",
        lambda row: f"the year {rows.loc[row, 'year']} has the index of {first[row]} elsewhere, or one from after its time",
    )
    earlier = rows.groupby("year")["simd_version"].max().cummax()
    refuse(
        "deaths_by_deprivation",
        version < rows["year"].map(earlier),
        "simd_version",
        lambda row: "an index older than that of an earlier year",
    )


@on("deaths_by_age_sex")
def latest_ages_have_parents() -> None:
    """Ages are those of the standard population."""
    rows = read("deaths_by_age_sex")
    refuse(
        "deaths_by_age_sex", ~rows["age_band"].isin(list(bands())), "age_band", lambda row: "the standard has no such age band"
    )
