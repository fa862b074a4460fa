"""Funnel limits and over-dispersion against sums of their definitions and statsmodels."""

import math

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from dcr import funnel


def cumulative(count: int, mean: float) -> float:
    """The Poisson distribution, summed term by term."""
    return sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count + 1)) if count >= 0 else 0.0


def by_hand(p: float, mean: float) -> float:
    """Spiegelhalter's interpolated quantile, counting upwards from no death."""
    count = 0
    while cumulative(count, mean) < p:
        count += 1
    step = cumulative(count, mean) - cumulative(count - 1, mean)
    return max(count - (cumulative(count, mean) - p) / step, 0)


@pytest.mark.parametrize("mean", [0.4, 5.0, 23.2, 110.0, 672.8])
@pytest.mark.parametrize("level", [0.95, 0.998])
def test_limits_equal_sums_of_the_distribution(mean, level):
    lower, upper = funnel.poisson_limits(mean, level)
    assert lower == pytest.approx(by_hand((1 - level) / 2, mean), abs=1e-6)
    assert upper == pytest.approx(by_hand((1 + level) / 2, mean), abs=1e-6)


def test_limits_near_the_normal_ones_for_many_deaths():
    lower, upper = funnel.funnel_limits(22.5, 10_000, 0.95)
    assert lower == pytest.approx(22.5 * (1 - 1.96 / 100), rel=1e-3)
    assert upper == pytest.approx(22.5 * (1 + 1.96 / 100), rel=1e-3)


def test_expected_deaths_by_proportion():
    assert funnel.expected_deaths(100, 50.0, 25.0) == 50


def test_dispersion_is_dersimonian_laird_about_the_weighted_mean():
    """Without winsorising, and with the areas' own weighted mean as target, τ² is the textbook estimate."""
    expected = np.array([20.0, 90, 150, 300, 700])
    observed = np.array([30.0, 60, 160, 390, 610])
    weights = 4 * expected
    root = np.sqrt(observed / expected)
    target = (weights * root).sum() / weights.sum()
    phi, tau = funnel.dispersion((root - target + 1) ** 2, expected, trim=0)
    textbook = combine_effects(root, 1 / weights, method_re="chi2")
    assert phi == pytest.approx(textbook.q / len(expected))
    assert tau**2 == pytest.approx(textbook.tau2)


def test_no_spread_where_areas_differ_by_chance_alone():
    expected = np.random.default_rng(1).uniform(50, 500, 400)
    ratios = np.random.default_rng(2).poisson(expected) / expected
    phi, tau = funnel.dispersion(ratios, expected, trim=0)
    assert phi == pytest.approx(1, abs=0.15)
    assert tau < 0.03


def test_winsorising_tames_one_outlier():
    expected = np.full(20, 100.0)
    ratios = np.append(np.tile([0.95, 1.05], 9), [0.95, 4.0])
    assert funnel.dispersion(ratios, expected)[1] == 0
    assert funnel.dispersion(ratios, expected, trim=0)[1] > 0.1


def test_dispersed_limits_without_spread_are_the_square_root_limits():
    lower, upper = funnel.dispersed_limits(20.0, 100.0, 0.0, 0.95)
    assert (lower, upper) == (pytest.approx(20 * (1 - 0.098) ** 2, rel=1e-4), pytest.approx(20 * 1.098**2, rel=1e-4))
    assert funnel.dispersed_limits(20.0, 1.0, 1.0, 0.95)[0] == 0


def test_placed():
    assert list(funnel.placed([5, 10, 20], ([8, 8, 8], [15, 15, 15]))) == [-1, 0, 1]


@pytest.mark.parametrize(
    "call",
    [
        lambda: funnel.poisson_limits(0, 0.95),
        lambda: funnel.poisson_limits(5, 95),
        lambda: funnel.expected_deaths(5, 0.0, 20.0),
        lambda: funnel.dispersion([1.0], [5.0]),
    ],
)
def test_senseless_arguments_are_refused(call):
    with pytest.raises(ValueError):
        call()
