"""The power calculation against simulation, and against the formulas written out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from dcr import detection
from dcr.data import load

GLASGOW, REST = 245.8, 936.0


def simulated_counts(rng, mean, spread, size):
    """Return yearly counts with variance `spread` times the mean, by the negative binomial where it exceeds chance."""
    if spread == 1:
        return rng.poisson(mean, size)
    return rng.negative_binomial(mean / (spread - 1), 1 / spread, size)


@pytest.mark.parametrize("fall", [0.1, 0.25, 0.4])
@pytest.mark.parametrize("spread", [1, 4])
@pytest.mark.parametrize("after", [1, 4])
def test_before_after_power_is_met_in_simulation(fall, spread, after):
    rng = np.random.default_rng(20260101)
    runs, before = 20_000, 5
    first = simulated_counts(rng, GLASGOW, spread, (runs, before)).sum(axis=1)
    then = np.maximum(simulated_counts(rng, GLASGOW * (1 - fall), spread, (runs, after)).sum(axis=1), 1)
    z = np.log((then / after) / (first / before)) / np.sqrt(spread * (1 / then + 1 / first))
    found = np.mean(np.abs(z) > norm.ppf(0.975))
    # The normal approximation errs by more, to the side of caution, where few deaths are left to count
    error = 0.06 if after == 1 else 0.025
    assert detection.power_before_after(fall, GLASGOW, before, after, spread) == pytest.approx(found, abs=error)


@pytest.mark.parametrize("fall", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("spread", [1, 2.2])
def test_power_against_the_rest_is_met_in_simulation(fall, spread):
    """Both counts vary with the same dispersion; what happens to the share is tested with that dispersion known."""
    rng = np.random.default_rng(20260102)
    runs, before, after = 20_000, 5, 4
    glasgow = [simulated_counts(rng, mean, spread, (runs, years)).sum(axis=1)
               for mean, years in ((GLASGOW, before), (GLASGOW * (1 - fall), after))]  # fmt: skip
    rest = [simulated_counts(rng, REST, spread, (runs, years)).sum(axis=1) for years in (before, after)]
    odds = np.log(glasgow[1] / rest[1]) - np.log(glasgow[0] / rest[0])
    z = odds / np.sqrt(spread * sum(1 / count for count in (*glasgow, *rest)))
    found = np.mean(np.abs(z) > norm.ppf(0.975))
    assert detection.power_against_rest(fall, GLASGOW, REST, before, after, spread) == pytest.approx(found, abs=0.03)


def test_the_chapter_follows_by_hand():
    """The falls that the chapter prints, from the tables and the normal formulas alone."""
    glasgow = load("deaths_by_area").query("area_name == 'Glasgow City' and sex == 'persons'").set_index("year").deaths
    rest = load("annual_deaths").set_index("year").deaths.loc[glasgow.index] - glasgow
    ten, other = glasgow.tail(10).to_numpy(float), rest.tail(10).to_numpy(float)
    spread = ((ten - ten.mean()) ** 2 / ten.mean()).sum() / 9
    assert detection.dispersion(ten) == pytest.approx(spread)
    share, total = ten.sum() / (ten + other).sum(), ten + other
    of_share = ((ten - share * total) ** 2 / (share * (1 - share) * total)).sum() / 9
    assert detection.dispersion_of_share(ten, other) == pytest.approx(of_share)

    deaths, elsewhere, z = glasgow.tail(5).mean(), rest.tail(5).mean(), norm.ppf(0.975)
    for after in (1, 3, 4):
        fall = detection.detectable_fall(lambda f, a=after: detection.power_before_after(f, deaths, 5, a))
        error = np.sqrt(1 / (5 * deaths) + 1 / (after * deaths * (1 - fall)))
        assert norm.cdf(-np.log(1 - fall) / error - z) == pytest.approx(0.8, abs=1e-3)
        fall = detection.detectable_fall(lambda f, a=after: detection.power_against_rest(f, deaths, elsewhere, 5, a, of_share))
        p0 = deaths / (deaths + elsewhere)
        n0, n1 = 5 * (deaths + elsewhere) / of_share, after * (deaths * (1 - fall) + elsewhere) / of_share
        p1 = deaths * (1 - fall) / (deaths * (1 - fall) + elsewhere)
        pooled = (n0 * p0 + n1 * p1) / (n0 + n1)
        null, true = np.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1)), np.sqrt(p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1)
        assert norm.cdf((p0 - p1 - z * null) / true) == pytest.approx(0.8, abs=2e-3)


def test_more_years_find_smaller_falls_and_noise_hides_them():
    falls = [
        detection.detectable_fall(lambda f, a=years: detection.power_before_after(f, GLASGOW, 5, a)) for years in range(1, 8)
    ]
    assert falls == sorted(falls, reverse=True)
    assert detection.power_before_after(0.2, GLASGOW, 5, 3, 4) < detection.power_before_after(0.2, GLASGOW, 5, 3)
    assert np.isnan(detection.detectable_fall(lambda f: 0.1))


def test_table_of_falls_holds_each_design():
    years = range(2015, 2025)
    city = pd.Series([157, 170, 192, 280, 279, 291, 311, 196, 246, 185], years)
    rest = pd.Series([549, 698, 742, 907, 1001, 1048, 1019, 855, 926, 832], years)
    falls = detection.detectable_falls(city, rest, range(1, 5))
    assert list(falls.index) == [1, 2, 3, 4]
    alone = detection.detectable_fall(lambda fall: detection.power_before_after(fall, city.tail(5).mean(), 5, 4))
    assert falls.loc[4, "chance_alone"] == pytest.approx(alone)
    assert (falls.chance_alone < falls.against_rest).all() and (falls.against_rest < falls.city_alone).all()


def test_refusals():
    with pytest.raises(ValueError, match="between 0 and 1"):
        detection.power_before_after(1.2, GLASGOW, 5, 3)
    with pytest.raises(ValueError, match="above zero"):
        detection.power_against_rest(0.2, GLASGOW, 0, 5, 3)
    with pytest.raises(ValueError, match="three years"):
        detection.dispersion([1, 2])
    with pytest.raises(ValueError, match="the same three years"):
        detection.dispersion_of_share([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="power"):
        detection.detectable_fall(lambda f: f, 1)
