"""Comparisons of areas' rates against independent computation."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from dcr import area_rates, stats
from dcr.data import load


def rates(**areas: tuple[float, float, float]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(areas, orient="index", columns=["rate_per_100k", "rate_lower95", "rate_upper95"])


def test_standard_error_gives_the_limits_back():
    assert 10 + norm.ppf(0.975) * area_rates.standard_error(8.04, 11.96) == pytest.approx(11.96)


def test_ratio_agrees_with_the_ratio_of_crude_rates():
    """Where the published error is the rate over the root of the deaths, as for a crude rate, both formulas agree."""
    deaths, other, population = 120, 80, 500_000
    frames = []
    for count in (deaths, other):
        rate = count / population * 100_000
        half = norm.ppf(0.975) * rate / np.sqrt(count)
        frames.append(rates(a=(rate, rate - half, rate + half)))
    found = area_rates.ratio_of_rates(*frames).loc["a"]
    assert tuple(found) == pytest.approx(stats.rate_ratio(deaths, population, other, population))


def test_withheld_rates_have_no_ratio():
    new = rates(a=(10, 8, 12), b=(np.nan, np.nan, np.nan))
    assert list(area_rates.ratio_of_rates(new, rates(a=(5, 4, 6), b=(5, 4, 6), c=(1, 0.5, 1.5))).index) == ["a"]


def test_places_of_two_areas_follow_the_normal_distribution():
    """The second of two areas is higher with probability Φ(difference ÷ its error): here 2%, then 5%."""
    for probability, last in ((0.02, 1), (0.05, 2)):
        gap = -norm.ppf(probability) * np.sqrt(2)
        half = norm.ppf(0.975)
        places = area_rates.place_limits(rates(a=(10 + gap, 10 + gap - half, 10 + gap + half), b=(10, 10 - half, 10 + half)))
        assert tuple(places.loc["a"]) == (1, last)


def test_far_apart_areas_have_certain_places():
    places = area_rates.place_limits(rates(low=(5, 4.9, 5.1), high=(50, 49, 51), middle=(20, 19, 21)))
    assert places["first"].to_dict() == places["last"].to_dict() == {"high": 1, "middle": 2, "low": 3}


def test_five_years_leaves_former_boundaries_out():
    boards = area_rates.five_years("health board", 2014)
    assert "Lanarkshire" not in set(boards.area_name)
    assert len(area_rates.five_years("council area", 2024)) == 32


def test_five_year_rates_of_scotland_recompute_for_every_period():
    """The published rate of five years is the mean of the five yearly ones, its limits those of their sum's error."""
    years = load("annual_deaths").set_index("year")
    printed = load("area_rates_five_year").query("area_code == 'S92000003'").set_index("end_year")
    mean = years.rate_per_100k.rolling(5).mean()[printed.index]
    error = area_rates.standard_error(years.rate_lower95, years.rate_upper95)
    half = norm.ppf(0.975) * np.sqrt((error**2).rolling(5).sum())[printed.index] / 5
    assert (years.deaths.rolling(5).sum()[printed.index] == printed.deaths).all()
    assert printed.index[0] == 2004 and (mean - printed.rate_per_100k).abs().max() < 0.07
    assert (mean - half - printed.rate_lower95).abs().max() < 0.1
    assert (mean + half - printed.rate_upper95).abs().max() < 0.1


def test_five_year_counts_of_areas_recompute_for_every_period():
    """The published five-year count of an area on its present boundary is the sum of its yearly counts."""
    yearly = load("deaths_by_area").query("sex == 'persons'").pivot(index="year", columns="area_code", values="deaths")
    sums = yearly.rolling(5).sum().stack().rename("summed")
    printed = load("area_rates_five_year").query("boundary == 'present' and area_code != 'S92000003'")
    both = printed.set_index(["end_year", "area_code"]).join(sums.rename_axis(["end_year", "area_code"]))
    assert (both.deaths == both.summed).all()


def test_refusals():
    with pytest.raises(ValueError):
        area_rates.place_limits(rates(a=(np.nan, np.nan, np.nan)))
    with pytest.raises(ValueError):
        area_rates.ratio_of_rates(rates(a=(0, 0, 1)), rates(a=(1, 0.5, 1.5)))
    with pytest.raises(ValueError):
        area_rates.five_years("council area", 1999)
