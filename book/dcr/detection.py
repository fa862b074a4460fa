"""How large a fall in deaths could be told from chance, and how soon.

Deaths in an area are compared before and after a service opens. Yearly counts vary more than chance alone would make
them: the dispersion says how many times more. All quantities are yearly deaths and whole years.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import brentq
from statsmodels.stats.proportion import power_proportions_2indep
from statsmodels.stats.rates import power_poisson_ratio_2indep


def dispersion(deaths: np.ndarray) -> float:
    """Return the variance of yearly counts of deaths over that of chance alone; 1 means no more than chance.

    Pearson's chi-squared over its degrees of freedom about a constant mean.
    Wedderburn RWM (1974), Quasi-likelihood functions, Biometrika 61:439–447. Raises ValueError for fewer than three years.
    """
    deaths = np.asarray(deaths, dtype=float)
    if len(deaths) < 3:
        raise ValueError("The dispersion of yearly deaths needs at least three years.")
    fit = sm.GLM(deaths, np.ones_like(deaths), family=sm.families.Poisson()).fit()
    return float(fit.pearson_chi2 / fit.df_resid)


def dispersion_of_share(deaths: np.ndarray, elsewhere: np.ndarray) -> float:
    """Return the variance of an area's share of all deaths over that of chance alone, about a constant share.

    deaths and elsewhere are yearly counts in the area and in the rest of the country, of the same length.
    Raises ValueError for fewer than three years or unequal lengths.
    """
    deaths, elsewhere = np.asarray(deaths, dtype=float), np.asarray(elsewhere, dtype=float)
    if len(deaths) != len(elsewhere) or len(deaths) < 3:
        raise ValueError("The dispersion of a share needs the same three years or more of the area and of the rest.")
    fit = sm.GLM(np.column_stack([deaths, elsewhere]), np.ones(len(deaths)), family=sm.families.Binomial()).fit()
    return float(fit.pearson_chi2 / fit.df_resid)


def checked(fall: float, *positive: float) -> None:
    """Raise ValueError unless the fall lies between 0 and 1 and the other quantities are above zero."""
    if not 0 < fall < 1:
        raise ValueError("A fall in deaths must lie between 0 and 1, such as 0.2 for a fifth.")
    if min(positive) <= 0:
        raise ValueError("Deaths, years and dispersion must be above zero.")


def power_before_after(fall: float, deaths: float, before: int, after: int, dispersion: float = 1, alpha: float = 0.05) -> float:
    """Return the chance of finding that yearly deaths changed, comparing years before with years after in one area.

    fall        share by which yearly deaths truly fall (0 to 1)
    deaths      expected deaths a year without it
    before, after  number of years compared
    dispersion  variance of yearly counts over that of chance alone
    alpha       two-sided level of the test

    Normal test of the log rate ratio: Zhu H (2017), Sample size calculation for comparing two Poisson or negative
    binomial rates, Statistics in Biopharmaceutical Research 9:107–115, as statsmodels computes it.
    Raises ValueError for a fall outside 0 to 1 or a quantity that is not above zero.
    """
    checked(fall, deaths, before, after, dispersion)
    return float(
        power_poisson_ratio_2indep(
            deaths * (1 - fall),
            deaths,
            nobs1=after,
            nobs_ratio=before / after,
            value=1,
            dispersion=dispersion,
            alpha=alpha,
            alternative="two-sided",
            method_var="alt",
            return_results=False,
        )
    )


def power_against_rest(
    fall: float, deaths: float, elsewhere: float, before: int, after: int, dispersion: float = 1, alpha: float = 0.05
) -> float:
    """Return the chance of finding that an area's share of the country's deaths changed.

    As `power_before_after`, but measured against the rest of the country, so that what moves both alike drops out;
    elsewhere is deaths a year in the rest, supposed unchanged, and dispersion that of the share.
    Normal test of two proportions, deaths divided by the dispersion: Fleiss JL, Levin B, Paik MC (2003), Statistical
    Methods for Rates and Proportions, chapter 4, as statsmodels computes it. Raises ValueError as that function does.
    """
    checked(fall, deaths, elsewhere, before, after, dispersion)
    share_before = deaths / (deaths + elsewhere)
    share_after = deaths * (1 - fall) / (deaths * (1 - fall) + elsewhere)
    sample_after = (deaths * (1 - fall) + elsewhere) * after / dispersion
    sample_before = (deaths + elsewhere) * before / dispersion
    return float(
        power_proportions_2indep(
            share_after - share_before,
            share_before,
            sample_after,
            ratio=sample_before / sample_after,
            alpha=alpha,
            return_results=False,
        )
    )


def detectable_fall(power_of: Callable[[float], float], power: float = 0.8) -> float:
    """Return the smallest fall (0 to 1) that is found with the given power; NaN if none is.

    power_of returns the power for a fall. The normal approximation weakens as deaths near zero, so the first fall that
    reaches the power is taken. Raises ValueError for a power outside 0.05 to 1.
    """
    if not 0.05 < power < 1:
        raise ValueError("The power must lie between 0.05 and 1, such as 0.8.")
    below = 1e-6
    for fall in np.append(np.arange(0.05, 1, 0.05), 0.99):
        if power_of(fall) >= power:
            return float(brentq(lambda fall: power_of(fall) - power, below, fall))
        below = fall
    return float("nan")


def detectable_falls(
    deaths: pd.Series,
    elsewhere: pd.Series,
    horizon: range,
    before: int = 5,
    variation: int = 10,
    power: float = 0.8,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Return the smallest fall in an area's deaths that could be found, by years after a service opened.

    deaths, elsewhere  yearly deaths in the area and in the rest of the country before the opening, index the year
    horizon            numbers of years after the opening
    before             how many of the last years are compared with those after
    variation          how many of the last years show the usual variation

    Index years_after; columns, each a share of 0 to 1: chance_alone (the area alone, counts varying by chance only),
    against_rest (against the rest of the country, with the usual variation of the share) and city_alone (the area
    alone, with the usual variation of its counts). Raises ValueError as the functions it uses do.
    """
    base, rest = deaths.tail(before).mean(), elsewhere.tail(before).mean()
    spread = dispersion(deaths.tail(variation))
    of_share = dispersion_of_share(deaths.tail(variation), elsewhere.tail(variation))
    rows = []
    for after in horizon:
        designs = (
            lambda fall, after=after: power_before_after(fall, base, before, after, 1, alpha),
            lambda fall, after=after: power_against_rest(fall, base, rest, before, after, of_share, alpha),
            lambda fall, after=after: power_before_after(fall, base, before, after, spread, alpha),
        )
        rows.append([detectable_fall(design, power) for design in designs])
    return pd.DataFrame(rows, index=pd.Index(horizon, name="years_after"), columns=["chance_alone", "against_rest", "city_alone"])
