"""Published age-standardised rates of areas compared: over time, and by the place each takes among the others."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from dcr.data import load

Numbers = float | np.ndarray | pd.Series


def standard_error(lower: Numbers, upper: Numbers) -> Numbers:
    """Return the standard error behind published 95% limits: a fourth of their distance, nearly (÷ 2 × 1.96)."""
    return (upper - lower) / (2 * norm.ppf(0.975))


def ratio_of_rates(new: pd.DataFrame, old: pd.DataFrame) -> pd.DataFrame:
    """Return the ratio of two sets of independent standardised rates with 95% limits: `ratio`, `lower`, `upper`.

    Both frames hold rate_per_100k, rate_lower95 and rate_upper95 by the same index; an area that either lacks is left
    out, as is one whose rate is withheld. The limits are normal on the log scale: Rothman KJ, Greenland S, Lash TL
    (2008), Modern Epidemiology, chapter 15. Raises ValueError for a rate not above zero.
    """
    pair = new.join(old.add_suffix("_old"), how="inner").dropna(subset=["rate_per_100k", "rate_per_100k_old"])
    if (pair[["rate_per_100k", "rate_per_100k_old"]] <= 0).any(axis=None):
        raise ValueError("A ratio of rates needs rates above zero.")
    spread = standard_error(pair.rate_lower95, pair.rate_upper95) / pair.rate_per_100k
    spread_old = standard_error(pair.rate_lower95_old, pair.rate_upper95_old) / pair.rate_per_100k_old
    ratio = pair.rate_per_100k / pair.rate_per_100k_old
    factor = np.exp(norm.ppf(0.975) * np.hypot(spread, spread_old))
    return pd.DataFrame({"ratio": ratio, "lower": ratio / factor, "upper": ratio * factor})


def place_limits(areas: pd.DataFrame, draws: int = 20_000, seed: int = 2005) -> pd.DataFrame:
    """Return the 95% limits of the place each area takes from the highest rate (1) to the lowest: `first`, `last`.

    `areas` holds rate_per_100k, rate_lower95 and rate_upper95. Every rate is drawn from the normal distribution that
    its limits describe, and the areas are put in order each time: Marshall EC, Spiegelhalter DJ (1998), Reliability of
    league tables of in vitro fertilisation clinics, BMJ 316:1701–1705. The same seed gives the same limits.
    Raises ValueError if a rate is missing.
    """
    if areas.rate_per_100k.isna().any():
        raise ValueError("An area without a rate has no place: leave it out.")
    error = standard_error(areas.rate_lower95, areas.rate_upper95)
    drawn = np.random.default_rng(seed).normal(areas.rate_per_100k, error, (draws, len(areas)))
    places = (-drawn).argsort(axis=1).argsort(axis=1) + 1
    first, last = np.quantile(places, [0.025, 0.975], axis=0, method="nearest")
    return pd.DataFrame({"first": first.astype(int), "last": last.astype(int)}, index=areas.index)


def five_years(kind: str, end: int) -> pd.DataFrame:
    """Return the five-year counts and rates to the year `end` of one kind of area, such as "council area", by area code.

    Areas that the publisher counted on a former boundary are left out, since no later rate compares with theirs.
    Raises ValueError if there are none.
    """
    rows = load("area_rates_five_year")
    kinds = load("areas").set_index("area_code").area_type
    chosen = rows[(rows.end_year == end) & (rows.boundary == "present") & (rows.area_code.map(kinds) == kind)]
    if chosen.empty:
        raise ValueError(f"There is no five-year rate of any {kind} on its present boundary to {end}.")
    return chosen.set_index("area_code")
