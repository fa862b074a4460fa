"""What HIV care costs, what the Thistle costs, and how much a room must prevent to cover its budget.

Tables: `cost_parameters` holds every input with its range, unit, price year and distribution. Money is in pounds.
Break-even: Drummond MF and others (2015), Methods for the Economic Evaluation of Health Care Programmes, chapter 4.
Monte Carlo draws: Briggs A, Claxton K, Sculpher M (2006), Decision Modelling for Health Economic Evaluation, chapter 4.
"""

import math
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.optimize import brentq
from scipy.stats import triang, uniform

from dcr import words
from dcr.figures import BLUE, GREY, ORANGE, PLUM, TEAL, from_zero, label_line

# The nine published costs of a case of HIV, by parameter, in the order they are drawn: rate, prices
HIV_COSTS = (
    "hiv_cost_business_case", "hiv_cost_nakagawa_patented_undiscounted", "hiv_cost_ong_list_undiscounted",
    "hiv_cost_nakagawa_patented_discounted", "hiv_cost_ong_list_discounted", "hiv_cost_nakagawa_generic_undiscounted",
    "hiv_cost_ong_generic_undiscounted", "hiv_cost_nakagawa_generic_discounted", "hiv_cost_ong_generic_discounted",
)  # fmt: skip

# Models of the cost of a case: label, colour, dash, and how far to shift the label, in points
MODELS = {
    "hiv_cost_ong_list": ("Ong 2019, list prices", BLUE, "-", 8),
    "hiv_cost_nakagawa_patented": ("Nakagawa 2015, patented", TEAL, "--", -4),
    "hiv_cost_nakagawa_generic": ("Nakagawa 2015, generics", ORANGE, "-.", 3),
    "hiv_cost_ong_generic": ("Ong 2019, generics", PLUM, ":", -3),
}
# Darker inks for text in a palette colour too light to read
INKS = {TEAL: "#1B6E67", ORANGE: "#B34A0B"}
CURRENCIES = {"CAD": "CA$", "USD": "US$", "EUR": "€"}

# Ways to value what a room prevents. `unit` is what is counted; `money` is multiplied by `health` where that is given
VALUATIONS = (
    ("transport", "Transport appraisal", "death", "prevented_fatality_2023", None),
    ("green_book", "Green Book value of health", "death", "qaly_value_green_book", "qalys_per_death_prevented"),
    ("nice", "NICE threshold from 2026", "death", "qaly_threshold_nice_2026", "qalys_per_death_prevented"),
    ("nhs", "What the NHS gains elsewhere", "death", "nhs_marginal_cost_per_qaly", "qalys_per_death_prevented"),
    ("hiv", "Lifetime cost of HIV care", "HIV infection", "hiv_cost_uk_range", None),
)


def central(parameters: pd.DataFrame, name: str) -> float:
    """Return the value of a parameter, or the middle of its range where only a range is given.

    `parameters` is `cost_parameters` indexed by parameter. Raises KeyError for an unknown name, ValueError for an empty one.
    """
    row = parameters.loc[name]
    middle = row["value"] if pd.notna(row["value"]) else (row["low"] + row["high"]) / 2
    if pd.isna(middle):
        raise ValueError(f"data/cost_parameters.csv, parameter {name}: give a value, or low and high.")
    return float(middle)


def bounds(parameters: pd.DataFrame, name: str) -> tuple[float, float]:
    """Return the low and high of a parameter; both are its value where no range is given."""
    row = parameters.loc[name]
    if pd.isna(row["low"]):
        return central(parameters, name), central(parameters, name)
    return float(row["low"]), float(row["high"])


def price_index(parameters: pd.DataFrame, year: str) -> float:
    """Return the GDP deflator of a price year; a financial year (2020/21) is three quarters its first year, one its second.

    Where the table does not reach the second year, the first stands for both.
    Raises ValueError for a year that is not four digits, or not in the table.
    """
    match = re.fullmatch(r"(\d{4})(/\d\d)?", str(year))
    key = f"gdp_deflator_{match[1]}" if match else ""
    if key not in parameters.index:
        raise ValueError(f"There is no GDP deflator for the price year “{year}”: add it to data/cost_parameters.csv.")
    first = central(parameters, key)
    after = f"gdp_deflator_{int(match[1]) + 1}"
    return 0.75 * first + 0.25 * central(parameters, after) if match[2] and after in parameters.index else first


def inflator(parameters: pd.DataFrame, name: str, base: str) -> float:
    """Return what turns a parameter's prices into those of the base year; 1 where it states no price year."""
    year = parameters.loc[name, "price_year"]
    return 1.0 if pd.isna(year) else price_index(parameters, base) / price_index(parameters, year)


def annuity(rate: float, years: float) -> float:
    """Return the present value of one pound spread evenly over some years, at a yearly rate (0.035 for 3.5%).

    Continuous payment, yearly compounding: (1 − (1 + r)^−T) / (T ln(1 + r)); 1 at a rate of zero.
    Raises ValueError for a negative rate or for years that are not above zero.
    """
    if rate < 0 or years <= 0:
        raise ValueError("An even stream needs a rate of zero or more and a length above zero.")
    if rate == 0:
        return 1.0
    return (1 - (1 + rate) ** -years) / (years * math.log1p(rate))


def stream_years(undiscounted: float, discounted: float, rate: float) -> float:
    """Return over how many years an even stream must run for both published costs to hold at the rate.

    Raises ValueError where the discounted cost is not below the undiscounted one.
    """
    if not 0 < discounted < undiscounted or rate <= 0:
        raise ValueError("The discounted cost must lie between zero and the undiscounted one, at a rate above zero.")
    return float(brentq(lambda years: annuity(rate, years) - discounted / undiscounted, 0.01, 1000))


def cost_at(parameters: pd.DataFrame, model: str, rate: float) -> float:
    """Return a model's lifetime cost of a case at another discount rate, the cost taken as an even stream.

    `model` is the name without its ending, such as hiv_cost_nakagawa_patented; the stream fits its two published costs.
    """
    plain, reduced = f"{model}_undiscounted", f"{model}_discounted"
    total = central(parameters, plain)
    published = parameters.loc[reduced, "discount_rate_percent"] / 100
    return total * annuity(rate, stream_years(total, central(parameters, reduced), published))


def variants(parameters: pd.DataFrame, cases: float, share: float) -> pd.DataFrame:
    """Return the cost of the cases on each published cost of a case: all of them, and the share a room might prevent."""
    rows = parameters.loc[list(HIV_COSTS)]
    frame = pd.DataFrame({
        "parameter": rows.index,
        "title": rows["title"].to_numpy(),
        "cost_per_case": [central(parameters, name) for name in rows.index],
        "discounted": (rows["discount_rate_percent"] > 0).to_numpy(),
        "generic": ["generic" in name for name in rows.index],
    })  # fmt: skip
    return frame.assign(all_cases=cases * frame["cost_per_case"], share_of_cases=cases * share * frame["cost_per_case"])


def worth(parameters: pd.DataFrame, money: str, health: str | None, base: str) -> float:
    """Return the central worth of one death or infection prevented, in prices of the base year."""
    amount = central(parameters, money) * inflator(parameters, money, base)
    return amount * (central(parameters, health) if health else 1.0)


def break_even(budget: float, worth_of_one: float) -> float:
    """Return how many a year a room must prevent for their worth to equal its budget. Raises ValueError for no worth."""
    if worth_of_one <= 0:
        raise ValueError("What is prevented must be worth more than zero.")
    return budget / worth_of_one


def draw(parameters: pd.DataFrame, name: str, size: int, generator: np.random.Generator) -> np.ndarray:
    """Return draws of a parameter from the distribution its row states; fixed and scenario rows do not vary.

    Raises ValueError for a distribution without its range.
    """
    row = parameters.loc[name]
    if row["distribution"] in ("fixed", "scenario"):
        return np.full(size, central(parameters, name))
    low, high = row["low"], row["high"]
    if pd.isna(low) or high <= low:
        raise ValueError(
            f"data/cost_parameters.csv, parameter {name}: a {row['distribution']} distribution needs low below high."
        )
    if row["distribution"] == "triangular":
        return triang.rvs((row["value"] - low) / (high - low), low, high - low, size=size, random_state=generator)
    return uniform.rvs(low, high - low, size=size, random_state=generator)


def simulate(parameters: pd.DataFrame, budget: str, base: str, size: int, seed: int) -> pd.DataFrame:
    """Return draws of the break-even number a year under each way of valuing (columns), one row a draw.

    The same draws of the budget and of health per death serve every column; the seed makes them repeatable.
    """
    generator = np.random.default_rng(seed)
    names = [budget, *dict.fromkeys(name for *_, money, health in VALUATIONS for name in (money, health) if name)]
    draws = {name: draw(parameters, name, size, generator) for name in names}
    columns = {}
    for key, _, _, money, health in VALUATIONS:
        one = draws[money] * inflator(parameters, money, base) * (draws[health] if health else 1.0)
        columns[key] = draws[budget] * inflator(parameters, budget, base) / one
    return pd.DataFrame(columns)


def one_way(parameters: pd.DataFrame, budget: str, money: str, health: str, others: list[str], infections: tuple[float, float],
            infection: str, base: str) -> pd.DataFrame:  # fmt: skip
    """Return break-even deaths a year with one input changed at a time, the widest span first.

    `money` values health at the base case; `others` are parameters that might value it instead. `infections` is the
    range of HIV infections averted as well, worth the parameter `infection` each, against none at the base case.
    Columns: input, low, high (the inputs), at_low, at_high (deaths a year, never below zero), base.
    """
    spend = central(parameters, budget) * inflator(parameters, budget, base)
    value = central(parameters, money) * inflator(parameters, money, base)
    life = central(parameters, health)
    limits = [limit * inflator(parameters, name, base) for name in (money, *others) for limit in bounds(parameters, name)]
    values, lives, budgets = (min(limits), max(limits)), bounds(parameters, health), bounds(parameters, budget)
    saved = [count * central(parameters, infection) * inflator(parameters, infection, base) for count in infections]
    prices = inflator(parameters, budget, base)
    rows = [
        ("Value of a year of healthy life", *values, *(break_even(spend, value_ * life) for value_ in values)),
        ("Health gained per death prevented", *lives, *(break_even(spend, value * life_) for life_ in lives)),
        ("HIV infections averted as well", *infections, *(max(spend - amount, 0) / (value * life) for amount in saved)),
        ("Yearly budget", *budgets, *(break_even(amount * prices, value * life) for amount in budgets)),
    ]
    frame = pd.DataFrame(rows, columns=["input", "low", "high", "at_low", "at_high"]).assign(base=break_even(spend, value * life))
    span = (frame["at_high"] - frame["at_low"]).abs()
    return frame.loc[span.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def beside(lower: float, upper: float, low: float, high: float) -> str:
    """Return how one range lies to another.

    One of: below, within, above, wider on both sides than,
    across the lower end of, across the upper end of.
    """
    if upper < low:
        return "below"
    if lower > high:
        return "above"
    if lower >= low and upper <= high:
        return "within"
    if lower < low and upper > high:
        return "wider on both sides than"
    return "across the lower end of" if lower < low else "across the upper end of"


def pounds(value: float, places: int | None = None) -> str:
    """Return money as a reader writes it: £28.1 million, £0.6 million, £360,000, £203. Raises ValueError for a missing value."""
    if pd.isna(value):
        raise ValueError("A sentence needs a sum of money that is missing from the data.")
    if abs(value) >= 500_000:
        return f"£{value / 1e6:,.{1 if places is None else places}f} million"
    return f"£{value:,.0f}"


def result(row) -> str:
    """Return a row of `economic_evaluations` as a reader writes its result: about CA$14,000,000, 5.12."""
    sign = CURRENCIES.get(row.currency, "")
    before = {"about": "about ", "more_than": "more than "}.get(row.value_relation, "")

    def part(value: float) -> str:
        return sign + (f"{value:,.0f}" if value >= 100 or float(value).is_integer() else f"{value:g}")

    if pd.isna(row.value):
        return f"{part(row.value_lower)} to {part(row.value_upper)}"
    return before + part(row.value) + (f" (up to {part(row.value_upper)})" if pd.notna(row.value_upper) else "")


def shown(row: pd.Series, side: str) -> str:
    """Return one end, low or high, of an input of `one_way` in words."""
    if "budget" in row["input"] or "Value" in row["input"]:
        return pounds(row[side])
    return f"{row[side]:g}" + (" QALYs" if "Health" in row["input"] else " a year")


def variant_labels(rows: pd.DataFrame) -> list[str]:
    """Return how the published costs of a case are named beside the chart: prices, discounting and model."""
    labels = []
    for row in rows.itertuples():
        text = row.title.split(": ")[-1]
        model = " (Nakagawa 2015)" if "nakagawa" in row.parameter else " (Ong 2019)" if "ong" in row.parameter else ""
        labels.append(
            "As told to the joint board, 2017" if "business_case" in row.parameter else text[0].upper() + text[1:] + model
        )
    return labels


def draw_variants(axes: Axes, rows: pd.DataFrame, labels: list[str], share: str) -> None:
    """Draw the cost of all cases (filled) and of a share of them (hollow), one line a published cost of a case."""
    for y, row in enumerate(rows.itertuples()):
        axes.plot([row.share_of_cases / 1e6, row.all_cases / 1e6], [y, y], color="#D0D0D0", linewidth=1, zorder=1)
        axes.plot(row.all_cases / 1e6, y, "o", color=BLUE, markersize=7)
        axes.plot(row.share_of_cases / 1e6, y, "D", color=ORANGE, markerfacecolor="white", markersize=6, markeredgewidth=1.5)
        label_line(axes, row.all_cases / 1e6, y, f"{row.all_cases / 1e6:.1f}", BLUE, 7, fontsize=9)
    first, widest = rows.iloc[0], rows["all_cases"].max() / 1e6
    label_line(axes, first.all_cases / 1e6, -0.85, "All prevented", BLUE, 0, ha="right", fontsize=9)
    label_line(axes, first.share_of_cases / 1e6, -0.85, f"{share} prevented", INKS[ORANGE], 0, fontsize=9)
    axes.set_yticks(range(len(rows)), labels, fontsize=8.5)
    axes.set_ylim(len(rows) - 0.4, -1.1)
    axes.set_xlim(-0.025 * widest, 1.1 * widest)
    axes.set_xlabel("£ million")
    across(axes)


def across(axes: Axes) -> None:
    """Turn the light rules upright, for a chart whose values run from left to right."""
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)


def draw_discounting(axes: Axes, curves: pd.DataFrame, parameters: pd.DataFrame, cases: float, rates: list[float]) -> None:
    """Draw the cost of the cases by discount rate for each of MODELS, with the published points; `rates` in percent."""
    for model, (label, colour, dash, shift) in MODELS.items():
        axes.plot(curves["discount_rate_percent"], curves[model] / 1e6, color=colour, linestyle=dash)
        for ending in ("undiscounted", "discounted"):
            rate = parameters.loc[f"{model}_{ending}", "discount_rate_percent"]
            axes.plot(rate, cases * central(parameters, f"{model}_{ending}") / 1e6, "o", color=colour, markersize=5)
        end = curves.iloc[-1]
        label_line(axes, end["discount_rate_percent"], end[model] / 1e6, label, INKS.get(colour, colour), 5, shift)
    for rate in rates:
        axes.axvline(rate, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    from_zero(axes, "£ million")
    axes.set_xlabel("Discount rate, percent a year")
    axes.set_xlim(-0.1, curves["discount_rate_percent"].max() * 1.48)
    axes.set_xticks(range(int(curves["discount_rate_percent"].max()) + 1))


def draw_unit_costs(axes: Axes, months: pd.DataFrame) -> None:
    """Draw the cost of an injection and of a visit by period; a bar spans the days that one figure covers."""
    series = (("per_injection", "Per injection", BLUE, "-", "o", 6), ("per_visit", "Per visit", TEAL, "--", "s", -6))
    for column, name, colour, dash, marker, shift in series:
        for row in months.itertuples():
            value = getattr(row, column)
            axes.plot([row.period_start, row.period_end], [value, value], color=colour, linewidth=2.5, solid_capstyle="butt")
        middle = months["period_start"] + (months["period_end"] - months["period_start"]) / 2
        axes.plot(middle, months[column], color=colour, linewidth=0.8, linestyle=dash, marker=marker, markersize=4)
        last = months.iloc[-1]
        label_line(axes, last["period_end"], last[column], f"{name}\n{pounds(last[column])}", INKS.get(colour, colour), 6, shift)
    from_zero(axes, "£, at the funding ceiling")
    axes.set_xlim(months["period_start"].min() - pd.Timedelta(days=8), months["period_end"].max() + pd.Timedelta(days=75))
    axes.xaxis.set_major_locator(mpl.dates.MonthLocator(bymonth=(1, 4, 7, 10)))
    axes.xaxis.set_major_formatter(mpl.dates.DateFormatter("%b %Y"))


def draw_break_even(axes: Axes, results: pd.DataFrame, deaths: pd.Series, infections: pd.Series) -> None:
    """Draw the break-even of each valuation with its range on a log axis, and two models' ranges in grey beneath.

    `results` has title, unit, break_even, low and high; `deaths` and `infections` are rows of `estimates`.
    """
    for y, row in enumerate(results.itertuples()):
        colour, marker = (BLUE, "o") if row.unit == "death" else (PLUM, "s")
        axes.plot([row.low, row.high], [y, y], color=colour, linewidth=5, alpha=0.35, solid_capstyle="butt")
        axes.plot(row.break_even, y, marker, color=colour, markersize=6.5)
        label_line(axes, row.high, y, f"{words.decimal(row.break_even)} {row.unit}s", colour, 6, fontsize=9)
    last_death = int((results["unit"] == "death").sum()) - 1
    for model, y, text in ((deaths, last_death + 0.55, "deaths"), (infections, len(results) - 0.45, "infections")):
        axes.plot([model.estimate_lower, model.estimate_upper], [y, y], color=GREY, linewidth=1.5, marker="|", markersize=7)
        axes.annotate(f"Vancouver model: {text}", (model.estimate_upper, y), (6, 0), textcoords="offset points", va="center",
                      fontsize=8.5, color=GREY)  # fmt: skip
    axes.set_yticks(range(len(results)), results["title"], fontsize=9)
    axes.set_ylim(len(results) - 0.1, -0.6)
    axes.set_xscale("log")
    axes.set_xlim(min(0.5, results["low"].min() * 0.8), max(150, results["high"].max() * 3))
    axes.xaxis.set_major_locator(mpl.ticker.FixedLocator([0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]))
    axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.set_xlabel("Deaths or infections prevented a year (log scale)")
    across(axes)


def draw_tornado(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw rows of `one_way` as bars from the base case, the value of the input written at each end that moves it."""
    for y, (_, row) in enumerate(rows.iterrows()):
        for side in ("low", "high"):
            end = row[f"at_{side}"]
            fewer = end < row["base"]
            axes.barh(y, end - row["base"], left=row["base"], color=TEAL if fewer else ORANGE, height=0.5)
            if abs(end - row["base"]) > 0.001:
                axes.annotate(shown(row, side), (end, y), (-4 if fewer else 4, 0), textcoords="offset points", va="center",
                              ha="right" if fewer else "left", fontsize=8.5, color=GREY)  # fmt: skip
    axes.axvline(rows["base"].iloc[0], color=GREY, linewidth=1)
    labels = [
        text.replace(" per ", "\nper ").replace(" of a year", "\nof a year").replace(" averted", "\naverted")
        for text in rows["input"]
    ]
    axes.set_yticks(range(len(rows)), labels, fontsize=9, linespacing=0.9)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    widest = rows[["at_low", "at_high"]].max(axis=None)
    axes.set_xlim(-0.22 * widest, 1.18 * widest)
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(6))
    axes.set_xlabel("Break-even, deaths prevented a year")
    across(axes)
