"""Inequality between areas: ratio, gap, and the slope and relative indices, each with its limits."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import norm

Z = norm.ppf(0.975)


def standard_error(lower: pd.Series, upper: pd.Series) -> pd.Series:
    """Return the standard error behind 95% limits that lie evenly about a rate."""
    return (upper - lower) / (2 * Z)


def rank_middles(groups: int) -> np.ndarray:
    """Return the middle rank of each of equally large groups, from 0 (most deprived) to 1: 0.1, 0.3 … for fifths."""
    return (np.arange(groups) + 0.5) / groups


def gap(most: pd.Series, least: pd.Series) -> tuple[float, float, float]:
    """Return the rate of the most deprived group less that of the least, with its 95% limits.

    Each row holds rate_per_100k, rate_lower95 and rate_upper95. The limits are normal, the groups independent.
    """
    spread = np.hypot(
        standard_error(most.rate_lower95, most.rate_upper95), standard_error(least.rate_lower95, least.rate_upper95)
    )
    middle = most.rate_per_100k - least.rate_per_100k
    return float(middle), float(middle - Z * spread), float(middle + Z * spread)


def ratio(most: pd.Series, least: pd.Series) -> tuple[float, float, float]:
    """Return the rate of the most deprived group over that of the least, with its 95% limits.

    Each row holds rate_per_100k, rate_lower95 and rate_upper95. The limits are normal on the log scale (Armitage P,
    Berry G, Matthews JNS (2002), Statistical Methods in Medical Research, chapter 5).
    Raises ValueError if a rate is not above zero.
    """
    if min(most.rate_per_100k, least.rate_per_100k) <= 0:
        raise ValueError("A ratio of rates needs rates above zero.")
    errors = [standard_error(row.rate_lower95, row.rate_upper95) / row.rate_per_100k for row in (most, least)]
    middle, spread = most.rate_per_100k / least.rate_per_100k, np.exp(Z * np.hypot(*errors))
    return float(middle), float(middle / spread), float(middle * spread)


def slope_index(rates: pd.Series, errors: pd.Series) -> tuple[float, float, float]:
    """Return the slope index of inequality on a straight line, with its 95% limits; both by rank, most deprived first.

    It is the fall of the line from the most to the least deprived end of the population, fitted by least squares to
    groups of equal size (Pamuk ER (1985), Social class inequality in mortality, Population Studies 39:17–31); the
    limits follow from the standard errors of the rates.
    """
    fit = sm.OLS(np.asarray(rates, float), sm.add_constant(rank_middles(len(rates)))).fit()
    spread = np.sqrt(np.sum((fit.model.pinv_wexog[1] * np.asarray(errors, float)) ** 2))
    middle = -fit.params[1]
    return float(middle), float(middle - Z * spread), float(middle + Z * spread)


def exponential_indices(deaths: pd.Series, rates: pd.Series) -> pd.DataFrame:
    """Return slope and relative indices of inequality on a line straight in the log of the rate, with 95% limits.

    deaths, rates  by rank, most deprived first, groups of equal size; rates per 100,000 people

    Poisson regression of deaths on rank, its offset the people at which the deaths give the (age-standardised) rate:
    Moreno-Betancur M, Latouche A, Menvielle G, Kunst AE, Rey G (2015), Relative index of inequality and slope index of
    inequality: a structured regression framework for estimation, Epidemiology 26:518–527. The variance is widened
    where the groups lie further from the line than chance allows; limits of the slope are by the delta method.

    Returns rows `slope` (deaths per 100,000 people) and `relative` (times), columns estimate, lower95, upper95.
    Raises ValueError if a count or rate is not above zero.
    """
    if min(*deaths, *rates) <= 0:
        raise ValueError("Indices of inequality on the log scale need deaths in every group.")
    ranks = rank_middles(len(rates))
    people = np.asarray(deaths, float) / np.asarray(rates, float)
    fit = sm.GLM(np.asarray(deaths, float), sm.add_constant(ranks), sm.families.Poisson(), offset=np.log(people)).fit()
    covariance = fit.normalized_cov_params * max(1.0, fit.pearson_chi2 / fit.df_resid)
    top, bottom = np.exp(fit.params[0]), np.exp(fit.params.sum())
    gradient = np.array([top - bottom, -bottom])
    reach = Z * np.sqrt(gradient @ covariance @ gradient)
    spread = np.exp(Z * np.sqrt(covariance[1, 1]))
    rows = [
        (top - bottom, top - bottom - reach, top - bottom + reach),
        (top / bottom, top / bottom / spread, top / bottom * spread),
    ]
    return pd.DataFrame(rows, index=["slope", "relative"], columns=["estimate", "lower95", "upper95"])


def inequality_over_time(quintiles: pd.DataFrame) -> pd.DataFrame:
    """Return every measure of inequality for every year.

    quintiles  columns year, simd_rank, deaths, rate_per_100k, rate_lower95, rate_upper95

    Returns one row a year, columns by measure (ratio, gap, slope, relative, straight_slope) and limit (estimate,
    lower95, upper95).
    """
    rows = {}
    for year, part in quintiles.sort_values("simd_rank").groupby("year"):
        errors = standard_error(part.rate_lower95, part.rate_upper95)
        indices = exponential_indices(part.deaths, part.rate_per_100k)
        rows[year] = (
            *ratio(part.iloc[0], part.iloc[-1]),
            *gap(part.iloc[0], part.iloc[-1]),
            *indices.loc["slope"],
            *indices.loc["relative"],
            *slope_index(part.rate_per_100k, errors),
        )
    columns = pd.MultiIndex.from_product(
        [["ratio", "gap", "slope", "relative", "straight_slope"], ["estimate", "lower95", "upper95"]], names=["measure", "limit"]
    )
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("year")


def compared(later: pd.Series, earlier: pd.Series, logarithmic: bool) -> str:
    """Return how a measure compares with an earlier value: higher than in, lower than in, or not clearly different from.

    Each holds estimate, lower95 and upper95, on the log scale where the measure is a ratio; the two are independent.
    The words rest on the 95% limits of the difference.
    """
    one, two = (np.log(row.astype(float)) if logarithmic else row.astype(float) for row in (later, earlier))
    spread = np.hypot(standard_error(one.lower95, one.upper95), standard_error(two.lower95, two.upper95))
    change = one.estimate - two.estimate
    if abs(change) <= Z * spread:
        return "not clearly different from"
    return "higher than in" if change > 0 else "lower than in"
