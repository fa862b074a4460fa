"""Growth per year of a count of deaths, from lines that bend: segmented Poisson regression."""

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.stats import t as student
from statsmodels.stats.rates import confint_poisson_2indep

from dcr import words

# Lines with a smaller share of the support are left out
LEAST_SUPPORT = 1e-4


@dataclass(frozen=True)
class Line:
    """One fitted line: the log of the rate is straight between its breaks.

    breaks        years at which it bends
    coefficients  intercept, slope a year, and the change of slope at each break
    covariance    of the coefficients, over-dispersion included
    freedom       degrees of freedom left
    weight        share of the support among all lines tried; the shares sum to 1
    """

    start: int
    breaks: tuple[int, ...]
    coefficients: np.ndarray
    covariance: np.ndarray
    freedom: int
    weight: float


def design(years: np.ndarray, start: int, breaks: tuple[int, ...]) -> np.ndarray:
    """Return the columns of a bending line: one, years since the start, and years since each break (0 before it)."""
    years = np.asarray(years, dtype=float)
    return np.column_stack([np.ones(len(years)), years - start, *[np.maximum(years - at, 0) for at in breaks]])


def bends(years: np.ndarray, most: int, apart: int = 3, ends: int = 2) -> list[tuple[int, ...]]:
    """Return every choice of up to `most` break years, `apart` years or more apart, `ends` years within the series."""
    inner = years[ends : len(years) - ends]
    return [
        tuple(int(year) for year in chosen)
        for size in range(most + 1)
        for chosen in combinations(inner, size)
        if all(np.diff(chosen) >= apart)
    ]


def bending_lines(deaths: pd.Series, population: pd.Series, most: int = 3) -> list[Line]:
    """Return lines fitted to deaths per head, indexed by year, with the best supported first.

    Every line with up to `most` breaks is fitted by Poisson regression with the population as offset
    (Kim HJ, Fay MP, Feuer EJ, Midthune DN (2000), Permutation tests for joinpoint regression, Statistics in
    Medicine 19:335–351), breaks three or more years apart and two or more from the ends.
    Over-dispersion is taken from the best line with the most breaks. Lines are weighted by the Bayesian
    information criterion with that dispersion (Burnham KP, Anderson DR (2002), Model Selection and Multimodel
    Inference, chapter 2), and those with under `LEAST_SUPPORT` are left out. Most are so poor that weighted least
    squares on the log rate, which is much quicker, shows it (`promising`): those are not fitted.

    Raises ValueError if years are missing from the series or there are too few for the breaks.
    """
    years = np.asarray(deaths.index)
    if not all(np.diff(years) == 1):
        raise ValueError("A trend needs one count for every year, without gaps.")
    if len(years) < 2 * most + 6:
        raise ValueError(f"A trend with {most} breaks needs at least {2 * most + 6} years, not {len(years)}.")
    start, offset = int(years[0]), np.log(population.loc[deaths.index].to_numpy(float))
    fits = [
        (breaks, sm.GLM(deaths.to_numpy(), design(years, start, breaks), sm.families.Poisson(), offset=offset).fit())
        for breaks in promising(deaths, population, bends(years, most), start)
    ]
    spare = len(years) - 2 - 2 * most
    fullest = min((fit for breaks, fit in fits if len(breaks) == most), key=lambda fit: fit.deviance)
    dispersion = max(1.0, fullest.pearson_chi2 / spare)
    deviance = np.array([fit.deviance for _, fit in fits])
    support = np.exp(-excess_score(deviance, [breaks for breaks, _ in fits], dispersion, len(years)) / 2)
    support /= support.sum()
    support[support < LEAST_SUPPORT] = 0
    support /= support.sum()
    lines = [
        Line(start, breaks, fit.params, fit.normalized_cov_params * dispersion, len(years) - 2 - 2 * len(breaks), weight)
        for (breaks, fit), weight in zip(fits, support, strict=True)
        if weight
    ]
    return sorted(lines, key=lambda line: -line.weight)


def excess_score(deviance: np.ndarray, choices: list[tuple[int, ...]], dispersion: float, years: int) -> np.ndarray:
    """Return how far each line's Bayesian information criterion lies above the least: two parameters and two a break."""
    score = deviance / dispersion + np.log(years) * np.array([2 + 2 * len(breaks) for breaks in choices])
    return score - score.min()


def promising(deaths: pd.Series, population: pd.Series, choices: list[tuple[int, ...]], start: int) -> list[tuple[int, ...]]:
    """Return the choices of breaks whose lines may have `LEAST_SUPPORT` or more, by a quick fit to the log rate.

    The residual sum of squares of the log rate, weighted by the deaths, is near the deviance of Poisson regression.
    A margin of 10 in the score, a factor of 150 in support, allows for what that lacks. Without deaths in some year
    there is no log, and every choice is returned.
    """
    if (deaths <= 0).any():
        return choices
    root = np.sqrt(deaths.to_numpy(float))
    outcome = root * np.log((deaths / population.loc[deaths.index]).to_numpy(float))
    columns = [root[:, None] * design(deaths.index, start, breaks) for breaks in choices]
    squares = np.array([np.linalg.lstsq(part, outcome, rcond=None)[1][0] for part in columns])
    most = max(map(len, choices))
    fullest = min(left for left, breaks in zip(squares, choices, strict=True) if len(breaks) == most)
    excess = excess_score(squares, choices, max(1.0, fullest / (len(deaths) - 2 - 2 * most)), len(deaths))
    return [breaks for breaks, above in zip(choices, excess, strict=True) if above < -2 * np.log(LEAST_SUPPORT) + 10]


def growth(lines: list[Line], first: int, last: int, level: float = 0.95) -> tuple[float, float, float]:
    """Return the average yearly growth of deaths per head between two years, with its limits, as shares: 0.1 is 10%.

    The estimate and the limits are those of all lines together, each by its support: the middle and the tails of a
    mixture of t distributions. They therefore allow for not knowing when the trend bent.
    Raises ValueError unless the last year is after the first.
    """
    if last <= first:
        raise ValueError(f"Growth runs from a year to a later one, not from {first} to {last}.")
    middle, spread = np.array([slope(line, first, last) for line in lines]).T
    weight = np.array([line.weight for line in lines])
    freedom = np.array([line.freedom for line in lines])
    reach = 60 * spread.max()

    def quantile(share: float) -> float:
        def excess(value: float) -> float:
            return float(weight @ student.cdf((value - middle) / spread, freedom)) - share

        return float(np.expm1(brentq(excess, middle.min() - reach, middle.max() + reach)))

    return quantile(0.5), quantile((1 - level) / 2), quantile((1 + level) / 2)


def slope(line: Line, first: int, last: int) -> tuple[float, float]:
    """Return a line's mean change of the log rate a year between two years, and its standard error."""
    ends = design(np.array([first, last]), line.start, line.breaks)
    contrast = (ends[1] - ends[0]) / (last - first)
    return float(contrast @ line.coefficients), float(np.sqrt(contrast @ line.covariance @ contrast))


def yearly_growth(lines: list[Line], years: pd.Index) -> pd.DataFrame:
    """Return the growth to each year from the one before: columns `growth`, `lower95`, `upper95`, as shares."""
    rows = [growth(lines, int(year) - 1, int(year)) for year in years[1:]]
    return pd.DataFrame(rows, index=years[1:], columns=["growth", "lower95", "upper95"])


def periods(lines: list[Line], last: int) -> list[tuple[int, int]]:
    """Return the first and last year of each straight stretch of the best supported line."""
    years = [lines[0].start, *lines[0].breaks, last]
    return list(pairwise(years))


def yearly_changes(deaths: pd.Series, population: pd.Series) -> pd.DataFrame:
    """Return the change of deaths per head from each year to the next: `change`, `lower95`, `upper95`, as shares.

    The limits are the score interval of the ratio of two Poisson rates: Gu K, Ng HKT, Tang ML, Schucany WR (2008),
    Testing the ratio of two Poisson rates, Biometrical Journal 50:283–298.
    """
    rate = deaths / population
    limits = [
        confint_poisson_2indep(deaths[year], population[year], deaths[before], population[before], method="score")
        for before, year in pairwise(deaths.index)
    ]
    table = pd.DataFrame(limits, index=deaths.index[1:], columns=["lower95", "upper95"], dtype=float) - 1
    return table.assign(change=(rate / rate.shift() - 1).iloc[1:])[["change", "lower95", "upper95"]]


def signed_percent(share: float, places: int = 0) -> str:
    """Return a share as a percentage with its sign: 0.131 gives +13%, −0.05 gives −5%, 0 gives 0%."""
    text = words.percent(share, places)
    return text if text.startswith("−") or words.rounded(100 * share, places) == 0 else f"+{text}"


def signed_interval(lower: float, upper: float, places: int = 0) -> str:
    """Return the limits of a change in words: −8% to −2%."""
    return f"{signed_percent(lower, places)} to {signed_percent(upper, places)}"


def clear(lower: float, upper: float) -> str:
    """Return what an interval of a change says: a rise, a fall or no clear change."""
    return {"above": "a rise", "below": "a fall"}.get(words.direction(lower, upper, 0), "no clear change")


def below_or_above(ratio: float) -> str:
    """Return how a signal stood to the outcome it foretold: 3% below, 6% above, equal to."""
    share = words.percent(abs(ratio - 1))
    return "equal to" if share == "0%" else f"{share} {'above' if ratio > 1 else 'below'}"


def errors(ratios: pd.Series) -> str:
    """Return the least and greatest error of a signal in words: 3% below to 6% above."""
    least, greatest = (
        f"{words.percent(abs(each - 1))} {'above' if each > 1 else 'below'}" for each in (ratios.min(), ratios.max())
    )
    return f"{least} to {greatest}"


def years_listed(years) -> str:
    """Return years as a sentence lists them: 2018, 2019 and 2020; "no year" where there is none."""
    years = list(years)
    return words.listed(str(year) for year in years) if years else "no year"
