"""Effects of the alternatives as text, and in the order of the options."""

import pandas as pd
import pytest

from dcr import treatment
from dcr.data import load


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.47, "53% lower"), (1.44, "44% higher"), (1.0, "the same"), (4.8, "380% higher"), (0.655, "35% lower")]
)
def test_a_ratio_is_said_against_one(ratio, text):
    assert treatment.against_one(ratio) == text


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        (0.42, 0.53, "47% to 58% lower"),
        (1.19, 1.75, "19% to 75% higher"),
        (0.25, 1.69, "75% lower to 69% higher"),
        (0.42, 1.0, "58% lower to the same"),
    ],
)
def test_limits_are_said_against_one(lower, upper, text):
    assert treatment.limits_against_one(lower, upper) == text


def test_a_missing_limit_is_not_said():
    with pytest.raises(ValueError, match="missing"):
        treatment.limits_against_one(float("nan"), 2)


@pytest.mark.parametrize(
    ("measure", "values", "text"),
    [
        ("rate_ratio", (0.47, 0.42, 0.53), "0.47 (0.42 to 0.53)"),
        ("percentage_point_difference", (-3.5, -5.4, -1.6), "−3.5 points (−5.4 to −1.6)"),
        ("risk_ratio", (13.5, float("nan"), float("nan")), "13.50 (limits not seen whole)"),
    ],
)
def test_estimates_are_printed_with_their_limits(measure, values, text):
    row = pd.Series([measure, *values], ["measure", "estimate", "lower95", "upper95"])
    assert treatment.estimate_with_limits(row) == text


def test_alternatives_keep_every_estimate_and_name_it():
    rows = treatment.alternatives()
    assert sorted(rows.index) == sorted(load("alternative_effects").effect_id)
    assert rows[["compared", "found", "printed", "basis"]].notna().all(axis=None)
    assert list(dict.fromkeys(rows.option)) == list(treatment.OPTIONS)
    assert rows.basis["ferri-adverse"] == "Trials, pooled (8 in the review, 3 here)"
    assert rows.basis["santo-any"] == "Cohort studies, pooled (36 in the review)"
    assert rows.basis["bird-prison"] == "Before and after"
