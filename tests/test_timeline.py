"""The drawn timeline: dates on a scale of years, and labels that never overlap."""

import pytest

from dcr.timeline import decimal_year, spread


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
