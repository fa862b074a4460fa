"""Funnel plots: which areas differ from the national rate by more than chance, and by more than areas usually do.

Spiegelhalter DJ (2005), Funnel plots for comparing institutional performance, Statistics in Medicine 24:1185–1202
(limits: appendix A.1.1), and Handling over-dispersion of performance indicators, Quality and Safety in Health Care
14:347–351 (winsorised dispersion and the additive model, on the square-root scale).
A standardised rate stands for deaths among deaths ÷ rate people, as in the Public Health Methods of the Department of
Health and Social Care (function calculate_funnel_limits of PHEindicatormethods, rate type "dsr").
"""

import numpy as np
import pandas as pd
from scipy.stats import norm, poisson
from scipy.stats.mstats import winsorize

Numbers = float | np.ndarray | pd.Series


def expected_deaths(deaths: Numbers, rate: Numbers, target: float) -> Numbers:
    """Return the deaths an area would have had at the target rate: deaths × target ÷ its own standardised rate.

    Rate and target share a unit. Raises ValueError for a rate or target that is not above zero.
    """
    if target <= 0 or np.any(np.asarray(rate) <= 0):
        raise ValueError("Expected deaths need rates above zero.")
    return deaths * target / rate


def poisson_limits(expected: Numbers, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits within which a Poisson count of the given mean lies, at a level such as 0.95 (in deaths).

    The quantiles are interpolated between whole counts, so that the curves are smooth; a lower limit below no death is
    zero. Raises ValueError for a mean not above zero or a level outside 0 to 1.
    """
    expected = np.asarray(expected, dtype=float)
    if np.any(expected <= 0) or not 0 < level < 1:
        raise ValueError("Funnel limits need expected deaths above zero and a level between 0 and 1.")

    def quantile(p: float) -> np.ndarray:
        count = poisson.ppf(p, expected)
        below = poisson.cdf(count - 1, expected)
        return np.maximum(count - (poisson.cdf(count, expected) - p) / (poisson.cdf(count, expected) - below), 0)

    return quantile((1 - level) / 2), quantile((1 + level) / 2)


def funnel_limits(target: float, expected: Numbers, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of the rate, in the target's unit, if an area differed from the target by chance alone."""
    lower, upper = poisson_limits(expected, level)
    return target * lower / np.asarray(expected), target * upper / np.asarray(expected)


def dispersion(ratios: Numbers, expected: Numbers, trim: float = 0.1) -> tuple[float, float]:
    """Return the dispersion φ and the spread τ of areas about the target beyond chance.

    ratios    each area's rate over the target
    expected  its deaths at the target rate
    trim      share of areas winsorised at each end, so that outliers do not widen the limits that judge them

    On the square-root scale, whose standard error is 1 ÷ (2 √expected), φ is the mean square of the winsorised
    z-scores (1 if areas differ by chance alone) and τ the DerSimonian–Laird estimate from it, zero if φ is small.
    Raises ValueError with fewer than two areas.
    """
    if len(ratios) < 2:
        raise ValueError("A dispersion needs at least two areas.")
    weight = 4 * np.asarray(expected, dtype=float)
    scores = (np.sqrt(np.asarray(ratios, dtype=float)) - 1) * np.sqrt(weight)
    phi = float(np.mean(np.asarray(winsorize(scores, (trim, trim))) ** 2))
    excess = phi * len(scores) - (len(scores) - 1)
    return phi, float(np.sqrt(max(excess / (weight.sum() - (weight**2).sum() / weight.sum()), 0)))


def dispersed_limits(target: float, expected: Numbers, tau: float, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of the rate, in the target's unit, if areas also differ among themselves with spread `tau`.

    The additive model of `dispersion`; a lower limit below zero is zero.
    """
    half = norm.ppf((1 + level) / 2) * np.sqrt(1 / (4 * np.asarray(expected, dtype=float)) + tau**2)
    return target * np.maximum(1 - half, 0) ** 2, target * (1 + half) ** 2


def placed(rate: Numbers, limits: tuple[Numbers, Numbers]) -> np.ndarray:
    """Return where each rate lies: 1 above its limits, −1 below them, 0 between."""
    return np.where(np.asarray(rate) > np.asarray(limits[1]), 1, np.where(np.asarray(rate) < np.asarray(limits[0]), -1, 0))
