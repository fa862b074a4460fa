"""Statistics in the field's own terms. Methods come from scipy; each function names its reference."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

Numbers = float | np.ndarray | pd.Series


def poisson_interval(deaths: Numbers, level: float = 0.95) -> tuple[Numbers, Numbers]:
    """Return the exact lower and upper limits of a Poisson count (deaths; same shape as given).

    Garwood F (1936), Fiducial limits for the Poisson distribution, Biometrika 28:437–442.
    Raises ValueError for a negative count or a level outside 0 to 1.
    """
    if np.any(np.asarray(deaths) < 0):
        raise ValueError("A count of deaths cannot be negative.")
    if not 0 < level < 1:
        raise ValueError("The level of an interval must lie between 0 and 1, such as 0.95.")
    tail = (1 - level) / 2
    lower = np.nan_to_num(chi2.ppf(tail, 2 * np.asarray(deaths, dtype=float)) / 2)
    upper = chi2.ppf(1 - tail, 2 * np.asarray(deaths, dtype=float) + 2) / 2
    if isinstance(deaths, pd.Series):
        return pd.Series(lower, deaths.index), pd.Series(upper, deaths.index)
    return lower, upper


def wald_interval(deaths: Numbers, level: float = 0.95) -> tuple[Numbers, Numbers]:
    """Return the normal approximation's limits of a Poisson count: deaths ± z √deaths.

    This is what National Records of Scotland prints as the likely range about its five-year average.
    Use `poisson_interval` for anything else.
    """
    half = norm.ppf(1 - (1 - level) / 2).round(2) * np.sqrt(deaths)
    return deaths - half, deaths + half


def rate_ratio(deaths: float, population: float, other_deaths: float, other_population: float) -> tuple[float, float, float]:
    """Return the ratio of two crude rates with its 95% limits.

    The limits are normal on the log scale: Rothman KJ, Greenland S, Lash TL (2008), Modern Epidemiology, chapter 14.
    Raises ValueError if a count or population is not above zero.
    """
    if min(deaths, population, other_deaths, other_population) <= 0:
        raise ValueError("A rate ratio needs counts and populations above zero.")
    ratio = (deaths / population) / (other_deaths / other_population)
    spread = np.exp(norm.ppf(0.975) * np.sqrt(1 / deaths + 1 / other_deaths))
    return float(ratio), float(ratio / spread), float(ratio * spread)


def prediction_range(signal: float, ratios: Sequence[float]) -> tuple[float, float]:
    """Return the least and greatest outcome if a signal errs as it did in past years.

    `ratios` holds signal over outcome for each past year; the range is the signal over the greatest and the least.
    It is a record of past error, not a confidence interval. If the errors of all years are alike and independent,
    the range from n years holds the next with a chance of (n - 1) / (n + 1): Wilks (1941), Determination of sample sizes
    for setting tolerance limits, Annals of Mathematical Statistics 12, 91-96.
    Raises ValueError without past years or with a ratio that is not above zero.
    """
    if len(ratios) == 0 or min(ratios) <= 0:
        raise ValueError("A range from past error needs at least one past ratio, each above zero.")
    return signal / max(ratios), signal / min(ratios)
