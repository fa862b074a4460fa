"""What the judgement draws must be the numbers of the chapters it draws on."""

import drawings
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from dcr import evidence, judgement
from dcr.data import load


def test_judged_outcomes_come_surest_first():
    rows = judgement.judged(load("outcome_certainty"))
    assert len(rows) == len(load("outcome_certainty"))
    assert rows.level.is_monotonic_decreasing
    assert rows.iloc[0].outcome_domain == "on_site_overdose_death"


def test_an_unknown_level_is_refused():
    table = load("outcome_certainty").assign(certainty="fair")
    with pytest.raises(ValueError, match="fair"):
        judgement.judged(table)


def test_averted_deaths_by_hand():
    models = pd.DataFrame(
        {
            "n": [None, 1000, 500],
            "estimate": [None, None, 10],
            "estimate_lower": [2, None, None],
            "estimate_upper": [12, None, None],
            "period_start": ["2004-01-01", None, None],
            "period_end": ["2008-01-01", None, None],
        },
        index=["milloy-averted", "milloy-events", "ryan-lives"],
    )
    # Four years and 1,000 overdoses: 250 a year, of which 2 to 12 averted; Melbourne 10 of 500
    assert judgement.averted_if_like(100, models) == pytest.approx((0.8, 4.8), rel=1e-3)


def test_years_published_follow_the_delay_of_the_latest_release():
    first = pd.DataFrame({"year": [2023, 2024], "first_published_date": ["2024-08-20", "2025-09-02"]})
    opened = pd.Timestamp("2025-01-13")
    assert judgement.years_published_by("2029-09", opened, first) == 4
    assert judgement.years_published_by("2029-08", opened, first) == 3


def test_the_scale_holds_each_kind_and_ranges_hold_their_middle():
    rows = judgement.scale_of_deaths(draws=2_000)
    assert list(dict.fromkeys(rows.kind)) == ["illustration", "model", "break_even", "detectable", "count"]
    assert (rows.low < rows.high)[rows.low.notna()].all()
    assert (rows.low < rows.middle)[rows.low.notna() & rows.middle.notna()].all()
    assert all(judgement.spoken(row) for row in rows.itertuples())


def test_deaths_are_told_in_words_with_their_peak():
    deaths = pd.Series([244, 1339, 1017], index=[1996, 2020, 2024])
    assert judgement.told_deaths(deaths).endswith(
        "rose from 244 in 1996 to 1,339 in 2020, the highest, and fell to 1,017 in 2024."
    )
    assert judgement.told_deaths(deaths.iloc[:2]).endswith("rose from 244 in 1996 to 1,339 in 2020.")


def test_the_peak_is_named_once_where_it_is_the_latest_year():
    _, axes = plt.subplots()
    judgement.draw_deaths(axes, pd.Series([244, 900, 1339], index=[1996, 2010, 2020]))
    assert [text.get_text() for text in axes.texts] == ["1,339\nin 2020"]
    plt.close()


def test_each_outcome_is_drawn_at_its_certainty_with_what_it_points_to():
    rows = judgement.judged(load("outcome_certainty"))
    _, axes = plt.subplots()
    judgement.draw_certainty(axes, rows)
    expected = [(row.level, y, judgement.POINTS[row.direction_of_evidence][0]) for y, row in enumerate(rows.itertuples())]
    assert drawings.marks(axes) == sorted(expected)
    assert drawings.words(axes) == [evidence.POINTS_TO[direction] for direction in rows.direction_of_evidence]
    assert drawings.rows(axes) == list(rows.outcome_title)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Very low", "Low", "Moderate", "High"]
    plt.close()


def test_the_scale_draws_ranges_as_bars_and_middles_as_marks():
    rows = pd.DataFrame(
        [("Guess", "illustration", 1.0, None, 5.0), ("Break-even", "break_even", 0.8, 0.9, 1.04), ("All", "count", None, 47.0, None)],
        columns=["title", "kind", "low", "middle", "high"],
    )  # fmt: skip
    _, axes = plt.subplots()
    judgement.draw_scale(axes, rows)
    assert drawings.marks(axes) == [(0.9, 1, "o"), (47, 2, "D")]
    bars = [tuple(map(tuple, line.get_xydata())) for line in axes.lines if line.get_linewidth() == 5]
    assert bars == [((1, 0), (5, 0)), ((0.8, 1), (1.04, 1))]
    assert drawings.words(axes) == ["1 to 5", "0.9 (0.8 to 1.0)", "47"]
    assert drawings.rows(axes) == ["Guess", "Break-even", "All"]
    assert axes.get_xlim() == (0.5, 4 * 47)
    plt.close()
