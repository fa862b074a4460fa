"""Growth per year: planted bends are found, intervals agree with independent computations."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import t as student

from dcr import trend
from dcr.data import load


@pytest.fixture(scope="module")
def scotland():
    return load("annual_deaths").set_index("year")


@pytest.fixture(scope="module")
def lines(scotland):
    return trend.bending_lines(scotland.deaths, scotland.population)


def planted(start=2000, years=24, bend=2012, before=0.02, after=0.15, level=400.0):
    index = pd.RangeIndex(start, start + years)
    log = np.log(level) + before * (index - start) + (after - before) * np.maximum(index - bend, 0)
    return pd.Series(np.exp(log).round(), index), pd.Series(5_000_000.0, index)


def test_a_planted_bend_and_its_growth_are_found():
    deaths, population = planted()
    found = trend.bending_lines(deaths, population, most=1)
    assert found[0].breaks == (2012,)
    assert trend.growth(found, 2013, 2023)[0] == pytest.approx(np.expm1(0.15), abs=0.002)
    assert trend.growth(found, 2000, 2012)[0] == pytest.approx(np.expm1(0.02), abs=0.002)


def test_a_straight_line_agrees_with_maximum_likelihood_written_out():
    deaths, population = planted(after=0.02)
    deaths = (deaths * (1 + 0.05 * np.cos(np.arange(len(deaths))))).round()
    years = np.asarray(deaths.index) - deaths.index[0]

    def loss(coefficients):
        log = coefficients[0] + coefficients[1] * years
        return float(np.sum(np.exp(log) - deaths * log))

    best = minimize(loss, [6.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-10, "maxiter": 5000}).x
    line = trend.bending_lines(deaths, population, most=0)[0]
    assert line.coefficients[1] == pytest.approx(best[1], abs=1e-5)
    mean = np.exp(best[0] + best[1] * years)
    columns = np.column_stack([np.ones(len(years)), years])
    dispersion = max(1, np.sum((deaths - mean) ** 2 / mean) / (len(years) - 2))
    covariance = dispersion * np.linalg.inv(columns.T * mean @ columns)
    assert np.sqrt(line.covariance[1, 1]) == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-3)
    reach = student.ppf(0.975, len(years) - 2) * np.sqrt(covariance[1, 1])
    assert trend.growth([line], 2000, 2010)[1:] == pytest.approx((np.expm1(best[1] - reach), np.expm1(best[1] + reach)), abs=1e-4)


def test_growth_from_year_to_year_follows_a_planted_bend():
    deaths, population = planted()
    yearly = trend.yearly_growth(trend.bending_lines(deaths, population, most=1), deaths.index)
    assert list(yearly.index) == list(deaths.index[1:])
    assert yearly.growth.loc[:2012].to_numpy() == pytest.approx(np.expm1(0.02), abs=0.003)
    assert yearly.growth.loc[2013:].to_numpy() == pytest.approx(np.expm1(0.15), abs=0.003)
    assert ((yearly.lower95 < yearly.growth) & (yearly.growth < yearly.upper95)).all()


def test_the_mixture_agrees_with_simulation(lines):
    chance = np.random.default_rng(1)
    weight = [line.weight for line in lines]
    draws = []
    for line in chance.choice(len(lines), 60_000, p=weight):
        middle, spread = trend.slope(lines[line], 2014, 2020)
        draws.append(middle + spread * chance.standard_t(lines[line].freedom))
    simulated = np.expm1(np.quantile(draws, [0.5, 0.025, 0.975]))
    assert trend.growth(lines, 2014, 2020) == pytest.approx(simulated, abs=0.002)


def test_lines_fit_scotland(scotland, lines):
    assert sum(line.weight for line in lines) == pytest.approx(1)
    assert all(first.weight >= second.weight for first, second in pairwise(lines))
    best = lines[0]
    expected = scotland.population * np.exp(trend.design(scotland.index, best.start, best.breaks) @ best.coefficients)
    assert expected.sum() == pytest.approx(scotland.deaths.sum(), rel=1e-4)
    assert ((expected / scotland.deaths - 1).abs() < 0.25).all()


def test_the_quick_fit_loses_no_line_with_support(scotland, monkeypatch):
    chance = np.random.default_rng(4)
    wanted = scotland.loc[2004:]
    editions = [wanted.deaths, pd.Series(chance.poisson(wanted.deaths * 0.2), wanted.index)]
    quick = [trend.bending_lines(deaths, wanted.population, most=2) for deaths in editions]
    monkeypatch.setattr(trend, "promising", lambda deaths, population, choices, start: choices)
    for found, deaths in zip(quick, editions, strict=True):
        every = trend.bending_lines(deaths, wanted.population, most=2)
        assert [line.breaks for line in found] == [line.breaks for line in every]
        assert [line.weight for line in found] == pytest.approx([line.weight for line in every])


def test_a_year_without_deaths_is_fitted(scotland):
    deaths = (scotland.deaths.loc[2004:] // 150).replace(2, 0)
    assert (deaths == 0).any()
    assert sum(line.weight for line in trend.bending_lines(deaths, scotland.population, most=1)) == pytest.approx(1)


def test_fewer_bends_and_years_give_a_like_recent_pace(scotland, lines):
    wanted = scotland.loc[2000:]
    fewer = trend.bending_lines(wanted.deaths, wanted.population, most=2)
    assert trend.growth(fewer, 2020, 2024)[0] == pytest.approx(trend.growth(lines, 2020, 2024)[0], abs=0.015)


def test_bends_keep_apart_and_from_the_ends():
    years = np.arange(2000, 2012)
    chosen = trend.bends(years, 2)
    assert () in chosen and (2002,) in chosen and (2009,) in chosen and (2002, 2005) in chosen
    assert (2001,) not in chosen and (2010,) not in chosen and (2002, 2004) not in chosen


def test_periods_cover_the_years(lines):
    stretches = trend.periods(lines, 2024)
    assert stretches[0][0] == 1996 and stretches[-1][1] == 2024
    assert all(one[1] == two[0] for one, two in pairwise(stretches))


def test_yearly_changes_are_those_of_the_crude_rate(scotland):
    changes = trend.yearly_changes(scotland.deaths, scotland.population)
    assert changes.change[2024] == pytest.approx((1017 / 5546900) / (1172 / 5506000) - 1)
    assert (changes.lower95 < changes.change).all() and (changes.change < changes.upper95).all()
    # the normal limits on the log scale are close at such counts
    half = 1.96 * np.sqrt(1 / 1017 + 1 / 1172)
    near = np.expm1(np.log1p(changes.change[2024]) + np.array([-half, half]))
    assert changes.loc[2024, ["lower95", "upper95"]].to_numpy() == pytest.approx(near, abs=0.003)


def test_faults_are_refused(scotland, lines):
    with pytest.raises(ValueError, match="without gaps"):
        trend.bending_lines(scotland.deaths.drop(2005), scotland.population)
    with pytest.raises(ValueError, match="at least 12 years"):
        trend.bending_lines(scotland.deaths.tail(8), scotland.population)
    with pytest.raises(ValueError, match="to a later one"):
        trend.growth(lines, 2020, 2020)


def test_words():
    assert trend.signed_percent(0.131) == "+13%" and trend.signed_percent(-0.05) == "−5%" and trend.signed_percent(0.001) == "0%"
    assert trend.signed_interval(-0.08, -0.02) == "−8% to −2%"
    assert [trend.clear(*limits) for limits in ((0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1))] == ["a rise", "a fall", "no clear change"]
    assert [trend.below_or_above(ratio) for ratio in (0.97, 1.06, 1.001)] == ["3% below", "6% above", "equal to"]
    assert trend.errors(pd.Series([1.06, 0.97, 1.0])) == "3% below to 6% above"
    assert trend.years_listed([2018, 2019]) == "2018 and 2019" and trend.years_listed([]) == "no year"
