"""Ages at death: standardising over bands, and following people born in the same years."""

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import norm

from dcr.stats import poisson_interval


def first_age(band: str) -> int:
    """Return the youngest age of a band: 45-49 gives 45, 90+ gives 90, 0 gives 0."""
    return int(band.split("-")[0].rstrip("+"))


def age_standardised_rate(rates: pd.DataFrame, standard: pd.Series) -> pd.Series:
    """Return the directly standardised rate of each column.

    rates     rates by age band (rows) and year (columns), deaths per 100,000 people
    standard  weight of each age band; only the bands of `rates` are used, and their weights are scaled to sum to 1

    Direct standardisation: Eurostat (2013), Revision of the European Standard Population, chapter 2.
    Raises ValueError if a band has no weight or a rate is missing.
    """
    weights = standard.reindex(rates.index)
    if weights.isna().any() or rates.isna().any(axis=None):
        raise ValueError("A standardised rate needs a rate and a weight for every age band.")
    return rates.mul(weights, axis="index").sum() / weights.sum()


def standardised_interval(deaths: pd.DataFrame, rates: pd.DataFrame, standard: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the 95% limits of the directly standardised rate of each column, as National Records of Scotland prints them.

    deaths  counts by age band (rows) and year (columns)
    rates, standard  as in `age_standardised_rate`

    The rate ± 1.96 standard errors, each band's deaths taken as Poisson: Keyfitz N (1966), Sampling variance of
    standardized mortality rates, Human Biology 38:309–317. Raises ValueError as `age_standardised_rate` does, and where
    deaths and rates do not have the same bands and years.
    """
    if not (deaths.index.equals(rates.index) and deaths.columns.equals(rates.columns)):
        raise ValueError("Deaths and rates must have the same age bands and years.")
    middle = age_standardised_rate(rates, standard)
    parts = rates.mul(standard.reindex(rates.index) / standard.reindex(rates.index).sum(), axis="index")
    half = norm.ppf(0.975) * np.sqrt((parts**2 / deaths.where(deaths > 0)).sum())
    return middle - half, middle + half


def in_bands(ages: pd.DataFrame, standard: pd.Series, bounds: list[int]) -> pd.DataFrame:
    """Return deaths and standardised rates in wider age bands.

    ages    columns year, age_band, deaths, rate_per_100k; one row a year and narrow band
    bounds  the first age of each wide band, the last band being open: [0, 25, 35] gives 0–24, 25–34 and 35+

    Returns columns deaths, rate_per_100k, share (of the year's deaths), indexed by band and year.
    """
    wide = [f"{low}–{high - 1}" for low, high in pairwise(bounds)] + [f"{bounds[-1]}+"]
    place = ages.age_band.map(first_age).map(lambda age: wide[int(np.searchsorted(bounds, age, "right")) - 1])
    parts = []
    for band in wide:
        part = ages[place == band]
        rate = age_standardised_rate(part.pivot(index="age_band", columns="year", values="rate_per_100k"), standard)
        deaths = part.groupby("year").deaths.sum()
        parts.append(pd.DataFrame({"deaths": deaths, "rate_per_100k": rate, "band": band}))
    table = pd.concat(parts).set_index("band", append=True).swaplevel()
    return table.assign(share=table.deaths / table.groupby("year").deaths.transform("sum"))


def cohort_rates(ages: pd.DataFrame, births: int, youngest: int, oldest: int, around: int = 1) -> pd.DataFrame:
    """Return the death rates of people born about a year as they pass through five-year age bands.

    ages    columns year, age_band, deaths, rate_per_100k; one row a year and five-year band
    births  the middle year of birth
    youngest, oldest  first ages of the youngest and oldest band wanted
    around  years taken on each side of the year in which those people are in the middle of the band

    Returns columns age (middle of the band), year (middle year), deaths (of all the years), rate_per_100k (mean of the
    years), lower95 and upper95 (exact Poisson limits of the deaths, scaled to the rate). Bands whose years are not all
    in the table are left out. People of one birth year spread over neighbouring bands: `births` is a label of about
    five years of birth, and ages, periods and generations cannot be told apart by such rates alone (Holford TR (1983),
    The estimation of age, period and cohort effects for vital rates, Biometrics 39:311–324).
    """
    known = set(ages.year)
    rows = []
    for start in range(youngest, oldest + 1, 5):
        middle = births + start + 2
        years = range(middle - around, middle + around + 1)
        part = ages[(ages.age_band == f"{start}-{start + 4}") & ages.year.isin(years)]
        if not known.issuperset(years) or part.deaths.sum() == 0:
            continue
        deaths, rate = part.deaths.sum(), part.rate_per_100k.mean()
        low, high = poisson_interval(deaths)
        rows.append((start + 2.5, middle, deaths, rate, rate * low / deaths, rate * high / deaths))
    return pd.DataFrame(rows, columns=["age", "year", "deaths", "rate_per_100k", "lower95", "upper95"])
