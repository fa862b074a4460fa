import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import poisson

from dcr import data, stats


@pytest.mark.parametrize(
    # Limits printed in Garwood's table and reprinted in standard texts
    ("deaths", "lower", "upper"),
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390), (50, 37.111, 65.919)],
)
def test_poisson_interval_equals_garwood(deaths, lower, upper):
    assert stats.poisson_interval(deaths) == pytest.approx((lower, upper), abs=0.001)


@pytest.mark.parametrize("deaths", [1, 17, 240, 1017])
def test_poisson_interval_leaves_equal_tails(deaths):
    lower = brentq(lambda mean: poisson.sf(deaths - 1, mean) - 0.025, 1e-9, deaths)
    upper = brentq(lambda mean: poisson.cdf(deaths, mean) - 0.025, deaths, 3 * deaths + 20)
    assert stats.poisson_interval(deaths) == pytest.approx((lower, upper), rel=1e-6)


def test_poisson_interval_keeps_the_index_and_refuses_nonsense():
    lower, upper = stats.poisson_interval(pd.Series([5, 10], index=[2001, 2002]))
    assert list(lower.index) == [2001, 2002]
    assert (lower < upper).all()
    with pytest.raises(ValueError, match="negative"):
        stats.poisson_interval(-1)
    with pytest.raises(ValueError, match="level"):
        stats.poisson_interval(5, level=95)


def test_five_year_average_is_what_the_publisher_prints():
    deaths = data.load("annual_deaths").set_index("year")
    average = deaths["deaths"].rolling(5, center=True).mean()
    lower, upper = stats.wald_interval(average)
    printed = deaths.dropna(subset="five_year_average")
    assert len(printed) == len(deaths) - 4
    np.testing.assert_allclose(average[printed.index], printed["five_year_average"], atol=0.05)
    np.testing.assert_allclose(lower[printed.index], printed["five_year_average_lower95"], atol=1e-4)
    np.testing.assert_allclose(upper[printed.index], printed["five_year_average_upper95"], atol=1e-4)


def test_rate_ratio():
    # 30 deaths in 54,308.7 person-years against 23 in 51,477.5: ratio 1.24, 0.72 to 2.13
    assert stats.rate_ratio(30, 54308.7, 23, 51477.5) == pytest.approx((1.236, 0.718, 2.128), abs=0.001)
    with pytest.raises(ValueError, match="above zero"):
        stats.rate_ratio(0, 10, 1, 10)


def test_prediction_range():
    assert stats.prediction_range(1100, [1.1, 1.0]) == pytest.approx((1000, 1100))
    with pytest.raises(ValueError, match="past"):
        stats.prediction_range(1100, [])
