"""Ratios of rates: a published worked example, published limits, and identities."""

import numpy as np
import pytest
from scipy.stats import poisson

from dcr import ratios, stats
from dcr.data import load


def test_worked_example():
    """Altman and Bland (2003): 0.67 (0.46 to 0.98) against 0.88 (0.71 to 1.08) gives 0.76 (0.49 to 1.17)."""
    assert ratios.log_error(0.46, 0.98) == pytest.approx(0.1930, abs=1e-4)
    assert ratios.log_error(0.71, 1.08) == pytest.approx(0.1070, abs=1e-4)
    found = ratios.ratio_from_limits((0.67, 0.46, 0.98), (0.88, 0.71, 1.08))
    assert [round(value, 2) for value in found] == [0.76, 0.49, 1.17]
    assert np.log(found[0]) == pytest.approx(-0.2726, abs=1e-4)


def test_error_from_counts_is_that_of_published_limits():
    """The rule rate / √deaths gives the error that the published limits of the UK's nations and regions imply."""
    rates = load("uk_poisoning_rates").dropna(subset="rate_lower95")
    for area in rates.itertuples():
        implied = ratios.log_error(area.rate_lower95, area.rate_upper95)
        assert implied == pytest.approx(area.deaths**-0.5, rel=0.06), area.area_name


def test_ratio_of_crude_rates_agrees_with_its_counts():
    assert ratios.ratio_from_counts(17.2, 934, 4.26, 2503) == pytest.approx(stats.rate_ratio(934, 934 / 17.2, 2503, 2503 / 4.26))


def test_ratio_to_whole():
    """The point is the part's rate over the whole's; simulated counts fall within the limits 95% of the time."""
    part, size, rest, others = 934, 5_424_800, 2613, 60_615_429
    ratio, lower, upper = ratios.ratio_to_whole(part, size, rest, others)
    assert ratio == pytest.approx((part / size) / ((part + rest) / (size + others)))
    random = np.random.default_rng(1)
    a, b = poisson.rvs(part, size=20_000, random_state=random), poisson.rvs(rest, size=20_000, random_state=random)
    simulated = (a / size) / ((a + b) / (size + others))
    assert np.mean((simulated > lower) & (simulated < upper)) == pytest.approx(0.95, abs=0.006)


@pytest.mark.parametrize(
    "call",
    [
        lambda: ratios.log_error(0, 1),
        lambda: ratios.log_error(2, 1),
        lambda: ratios.ratio_from_errors(1, 0, 1, 1),
        lambda: ratios.ratio_from_counts(1, 0, 1, 5),
        lambda: ratios.ratio_to_whole(1, 10, 0, 10),
    ],
)
def test_impossible_input_is_refused(call):
    with pytest.raises(ValueError, match="above zero"):
        call()
