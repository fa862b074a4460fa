"""Standardised rates recompute from ages as National Records of Scotland prints them; cohorts follow the right years."""

import pandas as pd
import pytest

from dcr import ageing
from dcr.data import load


@pytest.fixture(scope="module")
def ages():
    return load("deaths_by_age_sex")


@pytest.fixture(scope="module")
def standard():
    return load("european_standard_population").set_index("age_band").standard_population


SEXES = ["persons", "males", "females"]
# A printed figure is rounded to 0.1, and so are the rates by age behind it
ROUNDING = 0.06


def grid(ages, sex, values="rate_per_100k"):
    return ages[ages.sex == sex].pivot(index="age_band", columns="year", values=values)


def published(sex):
    table = load("annual_deaths") if sex == "persons" else load("deaths_by_sex").query("sex == @sex")
    return table.set_index("year").dropna(subset="rate_per_100k")


@pytest.mark.parametrize("sex", SEXES)
def test_published_rates_recompute_for_every_year(ages, standard, sex):
    computed, printed = ageing.age_standardised_rate(grid(ages, sex), standard), published(sex).rate_per_100k
    assert list(computed.index) == list(printed.index) and printed.index[0] == 2000
    assert (computed - printed).abs().max() < ROUNDING


@pytest.mark.parametrize("sex", SEXES)
def test_published_limits_recompute_for_every_year(ages, standard, sex):
    lower, upper = ageing.standardised_interval(grid(ages, sex, "deaths"), grid(ages, sex), standard)
    printed = published(sex)
    assert list(lower.index) == list(printed.index)
    assert (lower - printed.rate_lower95).abs().max() < ROUNDING
    assert (upper - printed.rate_upper95).abs().max() < ROUNDING


def test_limits_of_one_band_are_those_of_its_count():
    deaths, rates = pd.DataFrame({2000: [100]}, index=["0"]), pd.DataFrame({2000: [50.0]}, index=["0"])
    lower, upper = ageing.standardised_interval(deaths, rates, pd.Series({"0": 1000}))
    assert (lower[2000], upper[2000]) == pytest.approx((50 - 1.96 * 5, 50 + 1.96 * 5), abs=0.001)
    with pytest.raises(ValueError, match="same age bands"):
        ageing.standardised_interval(deaths.set_axis(["1-4"]), rates, pd.Series({"0": 1000}))


@pytest.mark.parametrize(
    ("band", "bounds"), [("0–24", [0, 25, 35]), ("0–34", [0, 35, 55]), ("35–54", [0, 35, 55]), ("55+", [0, 35, 55])]
)
@pytest.mark.parametrize("sex", SEXES)
def test_published_broad_bands_recompute_for_every_year(ages, standard, sex, band, bounds):
    wide = ageing.in_bands(ages[ages.sex == sex], standard, bounds).loc[band]
    printed = load("rates_by_broad_age").query("sex == @sex and age_band == @band.replace('–', '-')").set_index("year")
    assert list(wide.index) == list(printed.index) and (wide.deaths == printed.deaths).all()
    # few bands, each rounded: their errors cancel less
    assert (wide.rate_per_100k - printed.rate_per_100k).abs().max() < 0.11


def test_shares_sum_to_one(ages, standard):
    wide = ageing.in_bands(ages[ages.sex == "persons"], standard, [0, 25, 65])
    assert wide.groupby("year").share.sum().to_numpy() == pytest.approx(1)


def test_a_textbook_standardisation():
    rates = pd.DataFrame({2000: [10.0, 40.0], 2001: [20.0, 20.0]}, index=["0", "1-4"])
    weights = pd.Series({"0": 1000, "1-4": 3000, "5-9": 9000})
    assert ageing.age_standardised_rate(rates, weights).tolist() == [32.5, 20.0]


def test_a_cohort_passes_through_the_right_years(ages):
    line = ageing.cohort_rates(ages[ages.sex == "persons"], 1980, 15, 65).set_index("age")
    assert line.index.tolist() == [22.5, 27.5, 32.5, 37.5, 42.5]
    assert line.year.tolist() == [2002, 2007, 2012, 2017, 2022]
    part = ages.query("sex == 'persons' and age_band == '40-44' and 2021 <= year <= 2023")
    assert line.deaths[42.5] == part.deaths.sum() and line.rate_per_100k[42.5] == pytest.approx(part.rate_per_100k.mean())
    assert (line.lower95 < line.rate_per_100k).all() and (line.rate_per_100k < line.upper95).all()


def test_first_ages():
    assert [ageing.first_age(band) for band in ("0", "1-4", "45-49", "90+")] == [0, 1, 45, 90]


def test_a_band_without_a_weight_is_refused(ages, standard):
    with pytest.raises(ValueError, match="every age band"):
        ageing.age_standardised_rate(grid(ages, "persons"), standard.drop("90+"))
