"""Ratios of published rates with their limits, where the data behind the rates are not at hand.

All limits are normal on the log scale. They say how far a ratio would vary by chance; they do not allow for
different definitions, registers or delays.
"""

import numpy as np
from scipy.stats import norm

from dcr.stats import rate_ratio


def log_error(lower: float, upper: float, level: float = 0.95) -> float:
    """Return the standard error of the logarithm of an estimate whose limits are published.

    Higgins JPT and others, eds, Cochrane Handbook for Systematic Reviews of Interventions, section 6.3.2.
    Raises ValueError unless 0 < lower < upper.
    """
    if not 0 < lower < upper:
        raise ValueError("The limits of a ratio or rate must be above zero, the lower below the upper.")
    return float(np.log(upper / lower) / (2 * norm.ppf(0.5 + level / 2)))


def ratio_from_errors(rate: float, error: float, other_rate: float, other_error: float) -> tuple[float, float, float]:
    """Return rate over other_rate with its 95% limits; each error is the standard error of the rate's logarithm.

    Altman DG, Bland JM (2003), Interaction revisited: the difference between two estimates, BMJ 326:219.
    The rates must be independent. Raises ValueError if a rate or an error is not above zero.
    """
    if min(rate, error, other_rate, other_error) <= 0:
        raise ValueError("A ratio of rates needs rates and standard errors above zero.")
    ratio = rate / other_rate
    spread = np.exp(norm.ppf(0.975) * np.hypot(error, other_error))
    return float(ratio), float(ratio / spread), float(ratio * spread)


def ratio_from_limits(rate: tuple[float, float, float], other: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the ratio of two rates with its 95% limits; each rate is (value, lower 95% limit, upper 95% limit).

    For age-standardised rates whose limits are published. Raises ValueError as `log_error` and `ratio_from_errors` do.
    """
    (value, *limits), (other_value, *other_limits) = rate, other
    return ratio_from_errors(value, log_error(*limits), other_value, log_error(*other_limits))


def ratio_from_counts(rate: float, deaths: float, other_rate: float, other_deaths: float) -> tuple[float, float, float]:
    """Return the ratio of two age-standardised rates with its 95% limits, from their counts of deaths.

    For rates published without limits. The standard error of a standardised rate is about the rate over the square root
    of the deaths: Keyfitz N (1966), Sampling variance of standardized mortality rates, Human Biology 38:309–317.
    Raises ValueError if a rate or count is not above zero.
    """
    if min(deaths, other_deaths) <= 0:
        raise ValueError("A ratio of rates needs counts of deaths above zero.")
    return ratio_from_errors(rate, deaths**-0.5, other_rate, other_deaths**-0.5)


def ratio_to_whole(deaths: float, population: float, rest_deaths: float, rest_population: float) -> tuple[float, float, float]:
    """Return the crude rate of a part over that of the whole, the part included, with its 95% limits.

    Part and whole are not independent, so the limits are those of the part over the rest (`dcr.stats.rate_ratio`),
    carried through the identity whole / rest = (share of the part × part / rest) + share of the rest.
    Raises ValueError if a count or population is not above zero.
    """
    share = population / (population + rest_population)
    return tuple(ratio / (share * ratio + 1 - share) for ratio in rate_ratio(deaths, population, rest_deaths, rest_population))
