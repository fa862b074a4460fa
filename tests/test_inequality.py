"""Ratio, gap and indices of inequality against formulas written out, simulation and SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import linregress

from dcr import inequality
from dcr.data import load


@pytest.fixture(scope="module")
def fifths():
    return load("deaths_by_deprivation").query("simd_division == 'quintile'")


@pytest.fixture(scope="module")
def latest(fifths):
    return fifths[fifths.year == 2024].sort_values("simd_rank")


def test_ratio_and_gap_of_2024(latest):
    most, least = latest.iloc[0], latest.iloc[-1]
    assert inequality.ratio(most, least)[0] == pytest.approx(47.3 / 4.1)
    assert inequality.gap(most, least)[0] == pytest.approx(43.2)


def test_ratio_limits_agree_with_those_from_counts(latest):
    # the relative error of a rate is near one over the root of the deaths
    middle, low, high = inequality.ratio(latest.iloc[0], latest.iloc[-1])
    half = 1.96 * np.sqrt(1 / 484 + 1 / 43)
    assert (low, high) == pytest.approx((middle / np.exp(half), middle * np.exp(half)), rel=0.03)


def test_the_slope_index_is_least_squares_with_simulated_limits(latest):
    errors = inequality.standard_error(latest.rate_lower95, latest.rate_upper95)
    middle, low, high = inequality.slope_index(latest.rate_per_100k, errors)
    ranks = [0.1, 0.3, 0.5, 0.7, 0.9]
    assert middle == pytest.approx(-linregress(ranks, latest.rate_per_100k).slope)
    chance = np.random.default_rng(1)
    draws = chance.normal(latest.rate_per_100k, errors, (100_000, 5))
    slopes = -(draws - draws.mean(axis=1, keepdims=True)) @ (np.array(ranks) - 0.5) / 0.4
    assert (low, high) == pytest.approx(np.quantile(slopes, [0.025, 0.975]), abs=0.1)


@pytest.mark.filterwarnings("ignore:Perfect separation")
def test_exact_indices_of_an_exact_exponential():
    ranks = inequality.rank_middles(5)
    rates = pd.Series(60 * np.exp(-3 * ranks))
    found = inequality.exponential_indices((rates * 10).round(), rates)
    assert found.estimate["relative"] == pytest.approx(np.exp(3), rel=0.01)
    assert found.estimate["slope"] == pytest.approx(60 - 60 * np.exp(-3), rel=0.01)
    assert (found.lower95 < found.estimate).all() and (found.estimate < found.upper95).all()


def test_exponential_indices_agree_with_maximum_likelihood_and_simulation(latest):
    deaths, rates = latest.deaths.to_numpy(float), latest.rate_per_100k.to_numpy()
    ranks, people = inequality.rank_middles(5), deaths / rates

    def fitted(counts):
        def loss(line):
            log = line[0] + line[1] * ranks + np.log(people)
            return np.sum(np.exp(log) - counts * log)

        return minimize(loss, [4.0, -3.0], method="BFGS").x

    line = fitted(deaths)
    found = inequality.exponential_indices(latest.deaths, latest.rate_per_100k)
    assert found.estimate["relative"] == pytest.approx(np.exp(-line[1]), rel=1e-3)
    assert found.estimate["slope"] == pytest.approx(np.exp(line[0]) - np.exp(line.sum()), rel=1e-3)
    mean = people * np.exp(line[0] + line[1] * ranks)
    widened = np.sqrt(max(1, np.sum((deaths - mean) ** 2 / mean) / 3))
    chance = np.random.default_rng(1)
    draws = np.array([fitted(counts) for counts in chance.poisson(mean, (400, 5))])
    reach = (np.log(found.upper95["relative"]) - np.log(found.lower95["relative"])) / (2 * 1.96)
    assert reach == pytest.approx(widened * draws[:, 1].std(), rel=0.1)
    slopes = np.exp(draws[:, 0]) - np.exp(draws.sum(axis=1))
    reach = (found.upper95["slope"] - found.lower95["slope"]) / (2 * 1.96)
    assert reach == pytest.approx(widened * slopes.std(), rel=0.1)


def test_every_year_has_every_measure(fifths):
    measures = inequality.inequality_over_time(fifths)
    assert len(measures) == fifths.year.nunique() and measures.notna().all(axis=None)
    for measure in ("ratio", "gap", "slope", "relative", "straight_slope"):
        part = measures[measure]
        assert ((part.lower95 < part.estimate) & (part.estimate < part.upper95)).all()


def test_comparisons():
    def row(*values):
        return pd.Series(values, index=["estimate", "lower95", "upper95"])

    assert inequality.compared(row(43, 39, 47), row(15, 12, 18), logarithmic=False) == "higher than in"
    assert inequality.compared(row(15, 12, 18), row(43, 39, 47), logarithmic=False) == "lower than in"
    assert inequality.compared(row(11.5, 8.5, 15.7), row(10.4, 6.4, 16.9), logarithmic=True) == "not clearly different from"


def test_faults_are_refused(latest):
    with pytest.raises(ValueError, match="above zero"):
        inequality.ratio(latest.iloc[0], latest.iloc[-1].replace({4.1: 0.0}))
    with pytest.raises(ValueError, match="deaths in every group"):
        inequality.exponential_indices(pd.Series([5, 4, 3, 2, 0]), pd.Series([5.0, 4, 3, 2, 0]))
