"""What the judgement rests on: the certainty of each outcome, and all numbers of deaths a year on one scale."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from dcr import costs, detection, evidence, rooms, stats, words
from dcr.data import load
from dcr.figures import BLUE, GREY, ORANGE, PLUM, TEAL, from_zero, label_line

# Where the evidence points: marker, colour, colour of the words
POINTS = {
    "benefit": ("o", BLUE, BLUE),
    "mostly_benefit": ("o", BLUE, BLUE),
    "mixed": ("D", ORANGE, "#B34A0B"),
    "unclear": ("D", ORANGE, "#B34A0B"),
    "mostly_no_effect": ("s", GREY, GREY),
    "no_effect": ("s", GREY, GREY),
    "mostly_harm": ("X", PLUM, PLUM),
    "harm": ("X", PLUM, PLUM),
}

# Paper behind words, so that the rules do not cross them
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}

# What each row of the scale of deaths is: marker, colour
KINDS = {
    "illustration": ("o", ORANGE),
    "model": ("o", ORANGE),
    "break_even": ("o", BLUE),
    "detectable": ("s", TEAL),
    "count": ("D", GREY),
}

# The rows that scale_of_deaths rests on
SCALE_ROWS = (
    "estimates: estimate_id in ['milloy-averted', 'milloy-events', 'ryan-lives']; deaths_by_area: area_name == 'Glasgow City' "
    "and sex == 'persons'; annual_deaths; cost_parameters: parameter in ['thistle_annual_funding', 'prevented_fatality_2023', "
    "'qaly_value_green_book', 'qaly_threshold_nice_2026', 'nhs_marginal_cost_per_qaly', 'qalys_per_death_prevented']; "
    "thistle_cumulative; thistle_milestones: kind == 'evaluation'"
)


def judged(certainty: pd.DataFrame) -> pd.DataFrame:
    """Return one row an outcome, the surest first: outcome_title, certainty, direction_of_evidence, level (0 very low to 3 high).

    `certainty` is the table outcome_certainty. Raises ValueError for an unknown level.
    """
    order = list(evidence.CERTAINTY)
    unknown = set(certainty["certainty"]) - set(order)
    if unknown:
        raise ValueError(
            f"data/outcome_certainty.csv, column certainty: “{', '.join(sorted(unknown))}” is not a level of certainty."
        )
    rows = certainty.set_index("outcome_domain").reindex(evidence.outcomes()).reset_index()
    rows = rows.assign(level=[len(order) - 1 - order.index(level) for level in rows["certainty"]])
    columns = ["outcome_domain", "outcome_title", "certainty", "direction_of_evidence", "level"]
    return rows.sort_values("level", ascending=False, kind="stable")[columns].reset_index(drop=True)


def draw_deaths(axes: Axes, deaths: pd.Series) -> None:
    """Draw the deaths of each year (index: years) with their 95% Poisson interval; the peak and the latest year are named."""
    low, high = stats.poisson_interval(deaths)
    latest, peak = deaths.index[-1], deaths.idxmax()
    axes.fill_between(deaths.index, low, high, color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(deaths.index, deaths, color=BLUE, marker="o", markersize=3)
    label_line(axes, latest, deaths[latest], f"{words.count(deaths[latest])}\nin {latest}", BLUE)
    if peak != latest:
        label_line(axes, peak, deaths[peak], f"{words.count(deaths[peak])} in {peak}", BLUE, 0, 10, ha="center")
    from_zero(axes, "Deaths registered in the year")
    axes.set_xlim(deaths.index[0] - 0.5, latest + 3.5)
    axes.set_ylim(top=1.25 * deaths.max())


def told_deaths(deaths: pd.Series) -> str:
    """Return in a sentence what `draw_deaths` shows, for those who do not see it."""
    return f"Line chart. Drug misuse deaths registered in Scotland in a year {words.course(deaths)}."


def draw_certainty(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw how sure one can be of each outcome (across) with where the evidence points (marker and words)."""
    for y, row in enumerate(rows.itertuples()):
        marker, colour, ink = POINTS[row.direction_of_evidence]
        axes.plot([-0.35, row.level], [y, y], color=colour, linewidth=1, alpha=0.5)
        axes.plot(row.level, y, marker, color=colour, markersize=6)
        axes.annotate(evidence.POINTS_TO[row.direction_of_evidence], (row.level, y), (7, 0), textcoords="offset points",
                      va="center", fontsize=8.5, color=ink, bbox=PAPER)  # fmt: skip
    axes.set_yticks(range(len(rows)), rows["outcome_title"], fontsize=9)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(-0.35, 3.3)
    axes.set_xticks(range(4), [evidence.CERTAINTY[level] for level in reversed(evidence.CERTAINTY)])
    axes.xaxis.tick_top()
    axes.spines["bottom"].set_visible(False)
    costs.across(axes)


def averted_if_like(emergencies: float, models: pd.DataFrame) -> tuple[float, float]:
    """Return the least and most deaths a year averted if emergencies averted deaths as models of two other rooms say.

    emergencies  medical emergencies a year
    models       the table estimates, indexed by estimate_id: Vancouver's deaths a year with their limits over the overdoses of
                 its period, and Melbourne's deaths over its overdoses

    An illustration of scale, not an estimate: the models assume what would have happened outside.
    """
    vancouver = models.loc["milloy-averted"]
    years = (pd.Timestamp(vancouver.period_end) - pd.Timestamp(vancouver.period_start)).days / 365.25
    events = models.n["milloy-events"] / years
    shares = [vancouver.estimate_lower / events, vancouver.estimate_upper / events]
    shares.append(models.estimate["ryan-lives"] / models.n["ryan-lives"])
    return emergencies * min(shares), emergencies * max(shares)


def years_published_by(end: str, opened: pd.Timestamp, first_published: pd.DataFrame) -> int:
    """Return how many calendar years of deaths since an opening are out by a date, at the delay of the latest first release."""
    latest = first_published.dropna(subset="first_published_date").iloc[-1]
    delay = rooms.last_day(latest.first_published_date) - pd.Timestamp(year=latest.year, month=12, day=31)
    last = rooms.last_day(end)
    return sum(pd.Timestamp(year=year, month=12, day=31) + delay <= last for year in range(opened.year, last.year + 1))


def scale_of_deaths(base: str = "2024", draws: int = 50_000, seed: int = 2026) -> pd.DataFrame:
    """Return numbers of deaths a year that a decision rests on, one row each: title, kind, low, middle, high.

    Kinds: what models would make of the Thistle's emergencies, and give for the Vancouver room; what its budget would have to prevent by each
    way of valuing health (middle, and the middle 95% of `draws` draws, prices of `base`); the smallest fall that the
    evaluation's years could show against the rest of Scotland; and the deaths of Glasgow City in the latest year. Each
    follows the chapter on it (thistle, costs) and its choices.
    """
    parameters, models = load("cost_parameters").set_index("parameter"), load("estimates").set_index("estimate_id")
    low, high = averted_if_like(load("thistle_cumulative").iloc[-1].emergencies, models)
    vancouver = models.loc["milloy-averted"]
    rows = [
        ("Thistle, if models of other rooms held", "illustration", low, np.nan, high),
        ("Vancouver room, by a model", "model", vancouver.estimate_lower, np.nan, vancouver.estimate_upper),
    ]
    simulated = costs.simulate(parameters, "thistle_annual_funding", base, draws, seed)
    spend = costs.central(parameters, "thistle_annual_funding") * costs.inflator(parameters, "thistle_annual_funding", base)
    for key, title, unit, money, health in costs.VALUATIONS:
        if unit == "death":
            middle = costs.break_even(spend, costs.worth(parameters, money, health, base))
            least, most = simulated[key].quantile([0.025, 0.975])
            rows.append((f"{title}: break-even", "break_even", least, middle, most))
    area = load("deaths_by_area").query("area_name == 'Glasgow City' and sex == 'persons'").set_index("year").deaths
    milestones, opened = load("thistle_milestones"), load("thistle_monthly").period_start.min()
    end = milestones[milestones.kind == "evaluation"].date.iloc[-1]
    after = years_published_by(end, opened, load("first_published"))
    city = area.loc[: opened.year - 1]
    rest = load("annual_deaths").set_index("year").deaths.loc[city.index] - city
    fall = detection.detectable_falls(city, rest, range(after, after + 1)).loc[after, "against_rest"] * city.tail(5).mean()
    rows.append((f"Smallest fall Glasgow could show by {end[:4]}", "detectable", np.nan, fall, np.nan))
    rows.append((f"All drug misuse deaths in Glasgow, {area.index[-1]}", "count", np.nan, area.iloc[-1], np.nan))
    return pd.DataFrame(rows, columns=["title", "kind", "low", "middle", "high"])


def spoken(row) -> str:
    """Return the numbers of a row of the scale in words: 0.9 (0.8 to 0.9), or 1 to 5, or 47."""
    if pd.isna(row.middle):
        return words.interval(row.low, row.high, 0 if row.kind == "illustration" else 1)
    if pd.isna(row.low):
        return words.count(row.middle)
    return f"{words.decimal(row.middle)} ({words.interval(row.low, row.high)})"


def draw_scale(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the rows of `scale_of_deaths` from top to bottom on a log axis, ranges as bars, with their numbers."""
    for y, row in enumerate(rows.itertuples()):
        marker, colour = KINDS[row.kind]
        ink = {TEAL: "#1B6E67", ORANGE: "#B34A0B"}.get(colour, colour)
        right = row.middle if pd.isna(row.high) else row.high
        if pd.notna(row.low):
            axes.plot([row.low, row.high], [y, y], color=colour, linewidth=5, alpha=0.4, solid_capstyle="butt")
        if pd.notna(row.middle):
            axes.plot(row.middle, y, marker, color=colour, markersize=6)
        axes.annotate(spoken(row), (right, y), (7, 0), textcoords="offset points", va="center", fontsize=8.5, color=ink,
                      weight="semibold", bbox=PAPER)  # fmt: skip
    axes.set_yticks(range(len(rows)), rows["title"], fontsize=8.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.set_xlim(min(0.5, 0.8 * rows[["low", "middle"]].min(axis=None)), 4 * rows[["middle", "high"]].max(axis=None))
    axes.xaxis.set_major_locator(mpl.ticker.FixedLocator([0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]))
    axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.tick_params(axis="x", labelsize=8.5)
    axes.set_xlabel("Deaths a year (log scale)", fontsize=8.5)
    costs.across(axes)
