"""Truths about studies of effects, their certainty, and costs."""

import numpy as np
import pandas as pd

from dcr.checks.rooms import earlier
from dcr.checks.rules import (
    between,
    cell,
    cells_agree,
    equal,
    interval_holds,
    lookup,
    near,
    not_above,
    not_falling,
    on,
    refuse,
    same,
    shown,
)
from dcr.data import raw_table, read

RATIOS = ("odds_ratio", "count_ratio", "rate_ratio", "hazard_ratio", "ratio_of_rate_ratios", "times_as_likely")
FOREST_ROLES = ("effect", "effect_cited_by_opponent", "neighbouring_area")
CERTAINTY = {1: "very_low", 2: "low", 3: "moderate", 4: "high"}
LEVELS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias", "large_effect")
# Studies with several designs, so that an estimate's design is not the study's
SEVERAL_DESIGNS = ("chalfin-2023", "hamilton-2020", "ryan-2023")


@on("estimates")
def estimates_lie_in_their_intervals() -> None:
    """Estimates and ratios lie in their intervals; ratios are above nil."""
    interval_holds("estimates", "estimate", "estimate_lower", "estimate_upper")
    interval_holds("estimates", "ratio", "ratio_lower", "ratio_upper")
    rows = read("estimates")
    for column in ("ratio", "ratio_lower"):
        refuse("estimates", rows[column] <= 0, column, lambda row: "a ratio is above nil")
    refuse(
        "estimates", rows["effect_measure"].isin(RATIOS) & (rows["estimate"] <= 0), "estimate", lambda row: "a ratio is above nil"
    )


def half_unit(table: str, column: str) -> pd.Series:
    """Return half a unit of the last printed digit of each cell of a column: 0.005 for 0.39."""
    numbers, cells = raw_table(table)
    decimals = [len(text.partition(".")[2]) for text in cells[column]]
    return pd.Series([0.5 * 10.0**-places for places in decimals], numbers)


def even_on_the_log_scale(table: str, rows: pd.DataFrame, estimate: str, lower: str, upper: str) -> None:
    """Require that ratios lie in the middle of their intervals on the log scale, within the rounding of the printed numbers."""
    least, most = {}, {}
    for column in (lower, estimate, upper):
        half = half_unit(table, column).reindex(rows.index)
        least[column] = np.log((rows[column] - half).clip(lower=1e-9))
        most[column] = np.log(rows[column] + half)
    above = 2 * least[estimate] > most[lower] + most[upper] + 0.02
    below = 2 * most[estimate] < least[lower] + least[upper] - 0.02
    refuse(table, above | below, estimate, lambda row: "the ratio is not in the middle of its interval on the log scale")


@on("estimates")
def intervals_of_ratios_are_even() -> None:
    """Intervals of ratios are even on the log scale, within the rounding of the three printed numbers."""
    rows = read("estimates")
    rows = rows[rows["effect_measure"].isin(RATIOS) & rows["estimate_lower"].notna() & (rows["interval_type"] != "model_range")]
    even_on_the_log_scale("estimates", rows, "estimate", "estimate_lower", "estimate_upper")


@on("estimates")
def ratios_follow_from_estimates() -> None:
    """Ratios are the estimates as published, inverted, or made of a percentage, as their basis says."""
    rows = read("estimates")
    plain = rows[
        rows["ratio_basis"].isin(["as_published", "poisson_from_counts"]) & (rows["effect_measure"] != "level_change_per_month")
    ]
    inverted = rows[rows["ratio_basis"] == "inverted"]
    percent = rows[rows["ratio_basis"].isin(["one_plus_percent", "one_plus_rounded_percent"])]
    percent = percent[percent["effect_measure"] != "level_change_per_month"]
    swapped = {"": "", "_lower": "_upper", "_upper": "_lower"}
    for end, other in swapped.items():
        near("estimates", f"ratio{end}", plain[f"estimate{end}"], 0.002, "the estimate")
        near("estimates", f"ratio{end}", 1 / inverted[f"estimate{other}"], 0.002, "one over the estimate")
        near("estimates", f"ratio{end}", 1 + percent[f"estimate{end}"] / 100, 0.002, "the percentage")


@on("estimates")
def directions_follow_from_ratios() -> None:
    """A benefit has a ratio below 1 and a harm above; no effect is detected if, and only if, the interval holds 1."""
    rows = read("estimates")
    rows = rows[rows["role"].isin(["effect", "effect_cited_by_opponent", "modelled"]) & rows["ratio"].notna()]
    benefit, harm, none = (rows["direction"] == each for each in ("benefit", "harm", "no_effect_detected"))
    holds_one = (rows["ratio_lower"] <= 1) & (rows["ratio_upper"] >= 1)
    with_interval = rows["ratio_lower"].notna()
    wrong = (benefit & (rows["ratio"] >= 1)) | (harm & (rows["ratio"] <= 1))
    wrong |= with_interval & (
        (none & ~holds_one) | ((benefit | harm) & holds_one & (rows["ratio_lower"] < 1) & (rows["ratio_upper"] > 1))
    )
    refuse(
        "estimates",
        wrong,
        "direction",
        lambda row: f"“{rows.loc[row, 'direction']}” does not follow from the ratio {rows.loc[row, 'ratio']}",
    )


@on("estimates")
def directions_follow_from_the_favourable_side() -> None:
    """A benefit lies on the side of the estimate that favours rooms, a harm on the other."""
    rows = read("estimates")
    rows = rows[
        (rows["role"] == "effect")
        & rows["estimate"].notna()
        & rows["favours_room_when"].str.match(r"(below|above)_[01]$", na=False)
    ]
    nil = rows["favours_room_when"].str[-1].astype(float)
    good = (rows["estimate"] < nil).where(rows["favours_room_when"].str.startswith("below"), rows["estimate"] > nil)
    wrong = ((rows["direction"] == "benefit") & ~good) | ((rows["direction"] == "harm") & good)
    refuse("estimates", wrong, "direction", lambda row: "the estimate lies on the other side of no effect")


@on("estimates")
def forest_follows_one_rule() -> None:
    """Every ratio of an effect stands in the forest plot, and nothing else does; each one left out has its reason."""
    rows = read("estimates")
    forest = rows["in_forest"].astype(bool)
    refuse(
        "estimates",
        forest != (rows["ratio"].notna() & rows["role"].isin(FOREST_ROLES)),
        "in_forest",
        lambda row: "the forest plot takes every ratio of an effect, and no other row",
    )
    refuse(
        "estimates",
        forest == rows["forest_exclusion"].notna(),
        "forest_exclusion",
        lambda row: "a row outside the forest plot, and no other, has a reason",
    )


@on("estimates", "studies")
def superseded_and_retracted_stay_out() -> None:
    """Superseded studies are in no figure, retracted ones have no estimates, and designs are the study's."""
    rows, studies = read("estimates"), read("studies")
    superseded = lookup(rows, studies, "study_key", "superseded").astype(bool)
    refuse(
        "estimates",
        superseded != (rows["role"] == "superseded"),
        "role",
        lambda row: "the study is superseded, or the row says so wrongly",
    )
    for column in ("in_forest", "in_evidence_map"):
        refuse("estimates", superseded & rows[column].astype(bool), column, lambda row: "the study is superseded")
    retracted = lookup(rows, studies, "study_key", "retracted").astype(bool)
    refuse("estimates", retracted, "study_key", lambda row: "the study is retracted: take its estimates out")
    single = rows[~rows["study_key"].isin(SEVERAL_DESIGNS)]
    same("estimates", "design_type", lookup(single, studies, "study_key", "design_type"), "studies.csv")


@on("estimates", "hiv_glasgow")
def effect_periods_run_forward() -> None:
    """Periods do not end before they start."""
    for table in ("estimates", "hiv_glasgow"):
        rows = read(table)
        refuse(
            table, earlier(rows["period_start"], rows["period_end"]), "period_end", lambda row: "the period ends before it starts"
        )


@on("alternative_effects")
def alternatives_lie_in_their_intervals() -> None:
    """Estimates lie in their intervals; ratios are above nil and, on the log scale, in the middle of theirs."""
    interval_holds("alternative_effects", "estimate", "lower95", "upper95")
    rows = read("alternative_effects")
    ratios = rows["measure"].isin(["rate_ratio", "risk_ratio"])
    for column in ("estimate", "lower95"):
        refuse("alternative_effects", ratios & (rows[column] <= 0), column, lambda row: "a ratio is above nil")
    even_on_the_log_scale("alternative_effects", rows[ratios & rows["lower95"].notna()], "estimate", "lower95", "upper95")


@on("alternative_effects")
def directions_of_alternatives_follow() -> None:
    """No effect is detected if the interval holds no difference; otherwise the side of the estimate says benefit or harm."""
    rows = read("alternative_effects")
    nil = rows["better_when"].str[-1].astype(float)
    refuse(
        "alternative_effects",
        (nil == 0) != (rows["measure"] == "percentage_point_difference"),
        "better_when",
        lambda row: "no difference is 0 for a difference of shares and 1 for a ratio",
    )
    good = (rows["estimate"] < nil).where(rows["better_when"].str.startswith("below"), rows["estimate"] > nil)
    expected = good.map({True: "benefit", False: "harm"})
    expected = expected.mask((rows["lower95"] <= nil) & (nil <= rows["upper95"]), "no_effect_detected")
    same("alternative_effects", "direction", expected, "the estimate with its interval")


@on("alternative_effects")
def pooled_studies_are_among_all() -> None:
    """An estimate pools no more studies than its publication has."""
    not_above("alternative_effects", "pooled", read("alternative_effects")["studies"], "the studies of the publication")


@on("alternative_effects")
def shares_of_alternatives_recompute() -> None:
    """A difference of shares, and its interval, recompute from the counts, and only such a difference has counts."""
    rows = read("alternative_effects")
    differences = rows["measure"] == "percentage_point_difference"
    counts = ["cases", "total", "years", "comparison_cases", "comparison_total", "comparison_years"]
    for column in counts:
        refuse("alternative_effects", differences != rows[column].notna(), column,
               lambda row: "a difference of shares, and no other measure, has counts")  # fmt: skip
    cases, total, _, before, whole, _ = (rows.loc[differences, column].astype(float) for column in counts)
    ours, theirs = cases / total, before / whole
    spread = 1.96 * np.sqrt(ours * (1 - ours) / total + theirs * (1 - theirs) / whole)
    for column, side in (("estimate", 0), ("lower95", -1), ("upper95", 1)):
        near("alternative_effects", column, 100 * (ours - theirs + side * spread), 0.06, "the counts")


@on("outcome_certainty")
def certainty_follows_from_its_levels() -> None:
    """Certainty starts low, moves by the sum of its levels, and stays between very low and high."""
    rows = read("outcome_certainty")
    level = (2 + rows[list(LEVELS)].sum(axis="columns")).clip(1, 4).map(CERTAINTY)
    same("outcome_certainty", "certainty", level, "the sum of its levels")


@on("studies")
def studies_stand_once() -> None:
    """No DOI stands at two studies; a study does not come after its own later version."""
    rows = read("studies")
    refuse("studies", rows["doi"].notna() & rows["doi"].duplicated(), "doi", lambda row: "another study has this DOI")
    later = lookup(rows.assign(study_key=rows["later_version"]), rows, "study_key", "year").astype(float)
    not_above("studies", "year", later, "the year of its later version")


@on("reviews")
def one_review_is_retracted() -> None:
    """Exactly one review is retracted: another must be looked at before it is believed."""
    rows = read("reviews")
    refuse(
        "reviews",
        pd.Series([int(rows["retracted"].sum()) != 1], [rows.index[0]]),
        "retracted",
        lambda row: f"{int(rows['retracted'].sum())} reviews are marked as retracted, not one",
    )


@on("hiv_cost_claims")
def hiv_costs_recompute() -> None:
    """A claimed total is cases times the cost of a case, within 1% where the claim is rounded."""
    rows = read("hiv_cost_claims")
    product = rows["cases"].astype(float) * rows["cost_per_case"]
    near("hiv_cost_claims", "total_cost", product, 0.01 * product, "cases and cost per case")


@on("hiv_cost_claims", "cost_parameters", "hiv_glasgow", "estimates")
def hiv_quantities_agree() -> None:
    """Cases, cost and shares averted are the same wherever they stand."""
    cells_agree("cost_parameters", "hiv_cases_business_case", "value", "hiv_glasgow", "dx-2015-16", "value")
    for ours, theirs in (("value", "value"), ("low", "value_lower"), ("high", "value_upper")):
        cells_agree("cost_parameters", "hiv_share_averted_testing_glasgow", ours, "hiv_glasgow", "mod-averted", theirs)
    row, _ = cell("cost_parameters", "hiv_share_averted_france", "value")
    _, estimate = cell("estimates", "cousien-hiv", "estimate")
    equal("cost_parameters", "value", pd.Series(-estimate, [row]), "the estimate cousien-hiv")
    row, _ = cell("hiv_cost_claims", "health-board-2017-02", "total_cost")
    _, cases = cell("cost_parameters", "hiv_cases_business_case", "value")
    _, cost = cell("cost_parameters", "hiv_cost_business_case", "value")
    equal("hiv_cost_claims", "total_cost", pd.Series(cases * cost, [row]), "cases and cost in cost_parameters")


@on("cost_parameters")
def parameters_lie_in_their_ranges() -> None:
    """A parameter has a value or a range, and its value lies in its range; the running cost of 2017 is the sum of its parts."""
    interval_holds("cost_parameters", "value", "low", "high")
    rows = read("cost_parameters")
    refuse("cost_parameters", rows["value"].isna() & rows["low"].isna(), "value", lambda row: "neither a value nor a range")
    parts = [cell("cost_parameters", f"business_case_{part}", "value")[1] for part in ("redirected", "contingency")]
    row, _ = cell("cost_parameters", "business_case_annual_cost", "value")
    equal("cost_parameters", "value", pd.Series(float(sum(parts)), [row]), "its two parts")


@on("cost_parameters")
def hiv_costs_are_in_order() -> None:
    """Undiscounted costs of HIV exceed discounted ones, and patented or list prices generic ones."""
    rows = read("cost_parameters")
    values = rows.set_index("parameter")["value"]
    for row, name in rows["parameter"].items():
        if name.startswith("hiv_cost_") and name.endswith("_discounted"):
            whole = values.get(name.replace("_discounted", "_undiscounted"))
            refuse(
                "cost_parameters",
                pd.Series([whole is not None and values[name] >= whole], [row]),
                "value",
                lambda row: "a discounted cost is not below the undiscounted one",
            )
        if "_generic_" in name:
            dear = next(
                (values[other] for price in ("patented", "list") if (other := name.replace("generic", price)) in values), None
            )
            refuse(
                "cost_parameters",
                pd.Series([dear is not None and values[name] >= dear], [row]),
                "value",
                lambda row: "a generic price is not below the patented or list price",
            )


@on("cost_parameters")
def values_of_a_prevented_death_agree() -> None:
    """The value of a prevented fatality in 2023 is that of 2010 at 2023 prices, raised by real growth (up to 20%)."""
    get = {
        name: cell("cost_parameters", name, "value")
        for name in ("prevented_fatality_2010", "prevented_fatality_2023", "gdp_deflator_2010", "gdp_deflator_2023")
    }
    row, value = get["prevented_fatality_2023"]
    uprated = get["prevented_fatality_2010"][1] * get["gdp_deflator_2023"][1] / get["gdp_deflator_2010"][1]
    between("cost_parameters", "value", pd.Series([value / uprated], [row]), 1, 1.2, "the value over that of 2010 at 2023 prices")


@on("economic_evaluations")
def economic_results_recompute() -> None:
    """Printed benefits over costs recompute, and values lie in their ranges."""
    rows = read("economic_evaluations")
    not_above("economic_evaluations", "value", rows["value_upper"], "the upper end")
    not_above("economic_evaluations", "value_lower", rows["value"], "the value")
    for benefit, cost, ratio in (("hood-benefit", "hood-cost", 4.22), ("irwin-balt-sav", "irwin-balt-cost", 4.35)):
        row, value = cell("economic_evaluations", benefit, "value")
        _, spent = cell("economic_evaluations", cost, "value")
        between(
            "economic_evaluations", "value", pd.Series([value / spent], [row]), ratio - 0.06, ratio + 0.06, "benefit over cost"
        )


@on("hiv_glasgow")
def hiv_values_are_consistent() -> None:
    """Values lie in their intervals, percentages recompute from counts, and cumulative diagnoses do not fall."""
    interval_holds("hiv_glasgow", "value", "value_lower", "value_upper")
    rows = read("hiv_glasgow")
    share = 100 * rows["numerator"].astype(float) / rows["denominator"].astype(float)
    near("hiv_glasgow", "value", share.where(rows["unit"] == "percent"), 0.55, "the numbers it rests on")
    order = ["dx-2015-16", "dx-cum-2017q1", "dx-cum-2017jun", "dx-cum-2017", "dx-cum-2018", "dx-cum-2019", "dx-cum-2020"]
    cumulative = pd.Series(dict(cell("hiv_glasgow", key, "value") for key in order))
    not_falling("hiv_glasgow", "value", cumulative)
    row, whole = cell("hiv_glasgow", "dx-cum-2017q1", "value")
    parts = cell("hiv_glasgow", "dx-2015-16", "value")[1] + cell("hiv_glasgow", "dx-2017q1", "value")[1]
    refuse(
        "hiv_glasgow",
        pd.Series([whole != parts], [row]),
        "value",
        lambda row: f"{shown(whole)} is not the {shown(parts)} of its parts",
    )
