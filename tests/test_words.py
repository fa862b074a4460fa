import numpy as np
import pandas as pd
import pytest

from dcr import words


def test_numbers_as_text():
    assert words.count(1017) == "1,017"
    assert words.count(np.int64(1339)) == "1,339"
    assert words.decimal(18.0) == "18.0"
    assert words.decimal(-2.55) == "−2.6"
    assert words.percent(0.131) == "13%"
    assert words.interval(18, 20.3) == "18.0 to 20.3"


@pytest.mark.parametrize(("value", "text"), [(0.5, "1"), (1.5, "2"), (2.5, "3"), (-0.5, "−1"), (0.0, "0"), (0.4999, "0")])
def test_rounding_is_half_away_from_zero(value, text):
    assert words.count(value) == text


@pytest.mark.parametrize(("change", "text"), [(5, "rose"), (-5, "fell"), (0, "was unchanged")])
def test_direction(change, text):
    assert words.rose_or_fell(change) == text


@pytest.mark.parametrize(("change", "text"), [(46, "46 more than"), (-155, "155 fewer than"), (0, "the same as")])
def test_more_or_fewer(change, text):
    assert words.more_or_fewer(change) == text


@pytest.mark.parametrize(
    ("new", "old", "text"),
    [
        (1017, 1172, "13% fewer than"),
        (1146, 1065, "8% more than"),
        (7, 7, "the same as"),
        (10001, 10000, "less than 1% more than"),
    ],
)
def test_percent_change(new, old, text):
    assert words.percent_change(new, old) == text


def test_change_from_zero_has_no_percentage():
    with pytest.raises(ValueError, match="zero"):
        words.percent_change(5, 0)
    with pytest.raises(ValueError, match="zero"):
        words.times(5, 0)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
@pytest.mark.parametrize(
    "function",
    [words.count, words.decimal, words.percent, words.rose_or_fell, words.more_or_fewer, words.numeral],
)
def test_a_missing_value_stops_the_sentence(function, missing):
    with pytest.raises(ValueError, match="missing"):
        function(missing)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([5, 9, 7], "the lowest since 2001"),
        ([5, 9, 4], "the lowest on record"),
        ([9, 5, 7], "the highest since 2001"),
        ([5, 6, 7], "the highest on record"),
        ([5, 7, 7], "the same as in 2002"),
        ([7, 9, 7], "the lowest since 2001"),
    ],
)
def test_record(values, text):
    assert words.record(pd.Series(values, index=[2001, 2002, 2003])) == text


def test_record_needs_an_earlier_value():
    with pytest.raises(ValueError, match="earlier"):
        words.record(pd.Series([5], index=[2001]))


def test_other_words():
    assert words.times(19.1, 5.3) == "3.6 times"
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.numeral(7) == "seven"
    assert words.numeral(12) == "12"
    assert words.partial_date("2025-09-02") == "2 September 2025"
    assert words.partial_date("2025-09") == "September 2025"
    assert words.partial_date("2025") == "2025"
    assert words.direction(11, 12, 10) == "above"
    assert words.direction(8, 9, 10) == "below"
    assert words.direction(9, 11, 10) == "no clear difference from"
    with pytest.raises(ValueError, match="at least one"):
        words.listed([])


def test_how_a_quantity_went_is_said_with_its_times():
    assert words.went(244, 1017, start="in 1996", end="in 2024") == "rose from 244 in 1996 to 1,017 in 2024"
    assert words.went(1172, 1017) == "fell from 1,172 to 1,017"
    assert words.went(5.01, 5.04, words.decimal, "in 2000", "in 2001") == "stood at 5.0 in 2000 and in 2001"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([2, 9, 4], "rose from 2 in 2000 to 9 in 2001, the highest, and fell to 4 in 2002"),
        ([2, 4, 9], "rose from 2 in 2000 to 9 in 2002"),
        ([9, 4, 2], "fell from 9 in 2000 to 2 in 2002"),
        ([9, 4, 9], "stood at 9 in 2000 and in 2002"),
        ([float("nan"), 4, 9], "rose from 4 in 2001 to 9 in 2002"),
    ],
)
def test_the_course_of_a_series_names_its_highest_value_between_its_ends(values, told):
    assert words.course(pd.Series(values, [2000, 2001, 2002])) == told
