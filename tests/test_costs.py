"""Break-even, discounting and draws, each reproduced by arithmetic of its own on the bare CSV file."""

import csv
import json
import math
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from scipy.integrate import quad

from dcr import costs
from dcr.data import load
from dcr.paths import BOOK, DATA


@pytest.fixture
def parameters():
    return load("cost_parameters").set_index("parameter")


@pytest.fixture
def cell():
    """Return a function from parameter and column to the number in data/cost_parameters.csv, without the loader."""
    with (DATA / "cost_parameters.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["parameter"]: row for row in csv.DictReader(file)}
    return lambda name, column="value": float(rows[name][column])


def test_the_sum_of_the_business_case_is_cases_times_cost(cell):
    claims = load("hiv_cost_claims").set_index("claim_key")["total_cost"]
    assert cell("hiv_cases_business_case") * cell("hiv_cost_business_case") == claims["health-board-2017-02"] == 28_080_000
    assert claims["health-board-2017-06"] == 29_640_000 == 78 * 380_000


def test_variants_are_products(parameters, cell):
    frame = costs.variants(parameters, 78, 0.11).set_index("parameter")
    assert len(frame) == 9
    for name, row in frame.iterrows():
        assert row["all_cases"] == pytest.approx(78 * cell(name))
        assert row["share_of_cases"] == pytest.approx(78 * cell(name) * cell("hiv_share_averted_france") / 100)
    assert round(frame["share_of_cases"].min()) == 600_600 and frame["all_cases"].max() == 31_200_000


def test_break_even_by_independent_arithmetic(parameters, cell):
    budget = cell("thistle_annual_funding")

    def middle(name):
        return (cell(name, "low") + cell(name, "high")) / 2

    health = middle("qalys_per_death_prevented")
    to_2024 = {year: 100 / index for year, index in {
        "2023": cell("gdp_deflator_2023"),
        "2020/21": (3 * cell("gdp_deflator_2020") + cell("gdp_deflator_2021")) / 4,
        "2016/17": (3 * cell("gdp_deflator_2016") + cell("gdp_deflator_2017")) / 4,
    }.items()}  # fmt: skip
    expected = {
        "transport": budget / (cell("prevented_fatality_2023") * to_2024["2023"]),
        "green_book": budget / (cell("qaly_value_green_book") * to_2024["2020/21"] * health),
        "nice": budget / (middle("qaly_threshold_nice_2026") * health),
        "nhs": budget / (middle("nhs_marginal_cost_per_qaly") * to_2024["2016/17"] * health),
        "hiv": budget / middle("hiv_cost_uk_range"),
    }  # fmt: skip
    for key, _, _, money, gain in costs.VALUATIONS:
        spend = costs.central(parameters, "thistle_annual_funding") * costs.inflator(parameters, "thistle_annual_funding", "2024")
        assert costs.break_even(spend, costs.worth(parameters, money, gain, "2024")) == pytest.approx(expected[key], rel=1e-9)


def test_draws_agree_with_the_exact_mean_and_quantiles(parameters, cell):
    """The mean of B / (Q v) for independent uniform B and Q is E[B] ln(q2/q1) / ((q2 − q1) v)."""
    draws = costs.simulate(parameters, "thistle_annual_funding", "2024", 200_000, 1)
    b1, b2 = cell("thistle_annual_funding", "low"), cell("thistle_annual_funding", "high")
    q1, q2 = cell("qalys_per_death_prevented", "low"), cell("qalys_per_death_prevented", "high")
    v = cell("qaly_value_green_book") * 100 / ((3 * cell("gdp_deflator_2020") + cell("gdp_deflator_2021")) / 4)
    assert draws["green_book"].mean() == pytest.approx((b1 + b2) / 2 * math.log(q2 / q1) / (q2 - q1) / v, rel=0.005)
    limit = draws["green_book"].quantile(0.975)
    below, _ = quad(lambda q: min(max((limit * v * q - b1) / (b2 - b1), 0), 1) / (q2 - q1), q1, q2)
    assert below == pytest.approx(0.975, abs=0.003)


def test_triangular_draws_have_their_range_mode_and_mean(parameters, cell):
    """The mean is the third of low, mode and high; of the draws, (mode − low) / (high − low) lie below the mode."""
    name = "hiv_share_averted_testing_glasgow"
    low, mode, high = (cell(name, column) for column in ("low", "value", "high"))
    draws = costs.draw(parameters, name, 200_000, np.random.default_rng(1))
    assert low <= draws.min() < draws.max() <= high
    assert draws.mean() == pytest.approx((low + mode + high) / 3, rel=0.001)
    assert (draws < mode).mean() == pytest.approx((mode - low) / (high - low), abs=0.005)


@pytest.mark.parametrize("range_", [(np.nan, np.nan), (5.0, 5.0), (6.0, 5.0)])
def test_no_draws_without_a_range(parameters, range_):
    parameters.loc["qalys_per_death_prevented", ["low", "high"]] = range_
    with pytest.raises(ValueError, match="qalys_per_death_prevented: a uniform distribution needs low below high"):
        costs.draw(parameters, "qalys_per_death_prevented", 10, np.random.default_rng(1))


def test_a_parameter_without_value_and_range_is_refused(parameters):
    parameters.loc["thistle_annual_funding", ["value", "low", "high"]] = np.nan
    with pytest.raises(ValueError, match="thistle_annual_funding: give a value, or low and high"):
        costs.central(parameters, "thistle_annual_funding")


def test_the_seed_repeats_the_draws(parameters):
    first, again, other = (costs.simulate(parameters, "thistle_annual_funding", "2024", 100, seed) for seed in (7, 7, 8))
    assert first.equals(again) and not first.equals(other)


def test_changed_parameters_change_the_results(parameters):
    before = costs.simulate(parameters, "thistle_annual_funding", "2024", 1000, 7)["transport"].mean()
    parameters.loc["prevented_fatality_2023", "value"] *= 2
    assert costs.simulate(parameters, "thistle_annual_funding", "2024", 1000, 7)["transport"].mean() == pytest.approx(before / 2)


def test_even_stream_passes_through_both_published_costs(parameters, cell):
    for model in ("nakagawa_patented", "nakagawa_generic", "ong_list", "ong_generic"):
        name = f"hiv_cost_{model}"
        assert costs.cost_at(parameters, name, 0) == cell(f"{name}_undiscounted")
        assert costs.cost_at(parameters, name, 0.035) == pytest.approx(cell(f"{name}_discounted"))
        assert (
            costs.cost_at(parameters, name, 0.05)
            < costs.cost_at(parameters, name, 0.035)
            < costs.cost_at(parameters, name, 0.015)
        )


@pytest.mark.parametrize(("undiscounted", "discounted", "rate"), [(100, 100, 0.035), (100, 0, 0.035), (100, 50, 0)])
def test_no_stream_fits_costs_that_discounting_does_not_explain(undiscounted, discounted, rate):
    with pytest.raises(ValueError, match="must lie between zero and the undiscounted one"):
        costs.stream_years(undiscounted, discounted, rate)


def test_annuity_by_summing_small_payments():
    steps = np.arange(0.5, 40_000) / 1000
    assert costs.annuity(0.035, 40) == pytest.approx(np.mean(1.035**-steps), rel=1e-6)
    assert costs.annuity(0, 40) == 1
    with pytest.raises(ValueError, match="length above zero"):
        costs.annuity(0.035, 0)


def test_price_years(parameters, cell):
    assert costs.price_index(parameters, "2016/17") == pytest.approx(
        0.75 * cell("gdp_deflator_2016") + 0.25 * cell("gdp_deflator_2017")
    )
    assert costs.inflator(parameters, "thistle_annual_funding", "2024") == 1
    assert costs.inflator(parameters, "hiv_cost_uk_range", "2024") == 1  # states no price year
    with pytest.raises(ValueError, match="no GDP deflator"):
        costs.price_index(parameters, "1999")


def test_one_way_base_is_the_break_even_and_bars_hold_it(parameters):
    frame = costs.one_way(parameters, "thistle_annual_funding", "qaly_value_green_book", "qalys_per_death_prevented",
                          ["nhs_marginal_cost_per_qaly"], (0, 8), "hiv_cost_uk_range", "2024")  # fmt: skip
    low, high = frame[["at_low", "at_high"]].min(axis=1), frame[["at_low", "at_high"]].max(axis=1)
    assert ((low <= frame["base"] + 1e-12) & (frame["base"] <= high + 1e-12)).all()
    assert (high - low).is_monotonic_decreasing
    assert (low >= 0).all()


def test_a_break_even_needs_worth():
    assert costs.break_even(2_300_000, 230_000) == 10
    with pytest.raises(ValueError, match="more than zero"):
        costs.break_even(2_300_000, 0)


@pytest.mark.parametrize(("range_", "word"), [
    ((0.8, 0.9), "below"), ((13, 28), "above"), ((4, 8), "within"), ((1, 4), "across the lower end of"),
    ((5, 20), "across the upper end of"), ((1, 20), "wider on both sides than"),
])  # fmt: skip
def test_ranges_compared(range_, word):
    assert costs.beside(*range_, 1.9, 11.7) == word


def test_money_in_words():
    assert costs.pounds(28_080_000, 2) == "£28.08 million"
    assert costs.pounds(360_000) == "£360,000"
    assert costs.pounds(600_600) == "£0.6 million"
    with pytest.raises(ValueError, match="missing"):
        costs.pounds(float("nan"))


RUN = """
import json, re, sys
import dcr.figures, dcr.numbers, dcr.tables
found = {}
dcr.numbers.display = lambda output, raw: found.update({output[dcr.numbers.MIME]["name"]: output[dcr.numbers.MIME]["text"]})
dcr.figures.chart = lambda figure, name, *, caption, subtitle, alt, **rest: found.update({name: caption + subtitle + alt})
dcr.tables.table = lambda *arguments, **options: None
space = {}
for cell in re.findall(r"```{code-cell} ipython3\\n(.*?)```", open("costs.md", encoding="utf-8").read(), re.DOTALL):
    exec(re.sub(r"^:tags:.*$", "", cell, flags=re.MULTILINE), space)
print(json.dumps(found))
"""


def texts(folder):
    """Return what the chapter on costs prints for each number, and the words of its figures, from tables in a folder."""
    environment = {**os.environ, "DCR_DATA": str(folder), "MPLBACKEND": "agg"}
    run = subprocess.run([sys.executable, "-c", RUN], cwd=BOOK, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1])


def changed(folder, **cells):
    """Copy the tables to a folder with some cells of cost_parameters changed; return the folder."""
    shutil.copytree(DATA, folder)
    rows = read_rows(folder / "cost_parameters.csv")
    for row in rows:
        row.update(cells.get(row["parameter"], {}))
    with (folder / "cost_parameters.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def read_rows(path):
    """Return the rows of a CSV file as dictionaries of text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_changed_parameter_changes_the_sentences_that_depend_on_it(tmp_path):
    before = texts(DATA)

    rate = texts(changed(tmp_path / "rate", discount_rate_standard={"value": "5"}))
    moved = {name for name in before if before[name] != rate[name]}
    assert moved == {"costs_rate_standard", "costs_at_standard", "costs_at_generic", "fig-discounting"}, moved
    assert rate["costs_rate_standard"] == "5.0%"

    # A budget three times as high moves every break-even, unit cost and verdict; a dearer case what rests on its model
    both = {"value": "6900000", "low": "6000000", "high": "6900000"}
    case = {"value": "300000"}
    after = texts(changed(tmp_path / "both", thistle_annual_funding=both, hiv_cost_nakagawa_patented_undiscounted=case))
    moved = {name for name in before if before[name] != after[name]}
    kept = {"costs_product", "costs_at_standard", "costs_all_high", "costs_share_low", "costs_milloy", "costs_papers"}
    expected = {f"costs_be_{key}{end}" for key, *_ in costs.VALUATIONS for end in ("", "_range")}
    expected |= {"costs_budget", "costs_one_death", "costs_per_visit", "costs_per_injection", "costs_city_share_nhs",
                 "costs_be_transport_verdict", "costs_be_green_book_verdict", "fig-break-even", "fig-tornado", "fig-unit-cost",
                 "costs_nakagawa", "costs_at_health", "costs_stream_years", "fig-variants", "fig-discounting"}  # fmt: skip
    assert expected <= moved and not kept & moved, (expected - moved, kept & moved)
    assert float(after["costs_be_transport"]) == pytest.approx(3 * float(before["costs_be_transport"]), abs=0.2)
