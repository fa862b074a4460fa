"""The drawn timeline: dates on a scale of years, and labels that never overlap."""

import drawings
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from dcr.timeline import SPINE, decimal_year, draw_timeline, spread


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("2018", 2018.5),
        ("2018-01-01", 2018.0),
        ("2018-07-02", 2018 + 182 / 365),
        ("2020-12-31", 2020 + 365 / 366),
        ("2018-01", 2018 + 14 / 365),
    ],
)
def test_decimal_year(date, year):
    assert decimal_year(date) == pytest.approx(year)


def test_decimal_year_refuses_other_dates():
    with pytest.raises(ValueError, match="2018-1"):
        decimal_year("2018-1")


def test_labels_with_room_stay_where_they_are():
    assert spread([1, 3, 5], [1, 1, 1]) == [1, 3, 5]


def test_labels_that_touch_share_the_shift():
    assert spread([1.0, 1.0], [1, 1]) == pytest.approx([0.5, 1.5])


def test_labels_never_overlap_and_keep_their_order():
    wanted, heights = [1, 1.1, 1.2, 2.9, 3, 3.05, 7], [1, 0.5, 1, 0.5, 0.5, 1, 1]
    places = spread(wanted, heights)
    for upper, lower, high, low in zip(places, places[1:], heights, heights[1:], strict=False):
        assert lower - upper >= (high + low) / 2 - 1e-9
    assert places[-1] == 7


def test_events_stand_at_their_dates_on_their_sides_and_labels_do_not_overlap():
    events = pd.DataFrame(
        {
            "date": ["2018-07-02", "2016", "2016-06-30", "2018-01-01"],
            "label": ["a refusal", "a first step of which much is to be told on two lines", "another step", "neither"],
            "left": [True, False, False, True],
            "toward": [-1, 1, 1, 0],
        }
    )
    _, axes = plt.subplots()
    draw_timeline(axes, events)
    at = [decimal_year(date) for date in events["date"]]
    expected = [(-SPINE, at[0], "X"), (SPINE, at[1], "o"), (SPINE, at[2], "o"), (-SPINE, at[3], "D")]
    assert drawings.marks(axes) == sorted(expected)
    assert drawings.words(axes)[:3] == ["2016", "2017", "2018"]
    sides = {text.get_text(): text.get_ha() for text in axes.texts[3:]}
    assert sides == {"a first step of which much is to be told\non two lines": "left", "another step": "left",
                     "a refusal": "right", "neither": "right"}  # fmt: skip
    upper, lower = [text.get_position()[1] for text in axes.texts if text.get_ha() == "left"]
    assert lower - upper >= 0.27 * 1.75 - 1e-9, (
        "two lines and one, each with a quarter of a line, are a line and three quarters apart"
    )
    assert axes.get_ylim() == (2019.1, 2015.9)
    plt.close()
