"""The verdicts on the article: the scale, the tests against the tables, and that changed data change the verdict."""

import pandas as pd
import pytest

from dcr import claims, comparison
from dcr.data import load


def changed(table: str, condition: str, column: str, value):
    """Return a stand-in for `load` in which one cell, or the same cell of several rows, is changed."""

    def tables(name: str) -> pd.DataFrame:
        frame = load(name).copy()
        if name == table:
            rows = frame.query(condition).index
            assert len(rows), f"no row of {table} meets {condition}"
            frame.loc[rows, column] = value
        return frame

    return tables


MISUSE = "definition == 'drug misuse' and year == "


def verdict_of(tables, claim: str) -> str:
    return claims.judged(tables).set_index("claim_id").verdict[claim]


@pytest.mark.parametrize(
    ("stated", "found", "relation", "expected"),
    [
        (10, 10, "equals", "confirmed"),
        (10, 11, "equals", "confirmed"),
        (10, 9, "equals", "confirmed"),
        (10, 12, "equals", "roughly right"),
        (10, 12.1, "equals", "misprint"),
        (10, float("nan"), "equals", "unsupported"),
        (2, 2.5, "more than", "confirmed"),
        (2, 0.5, "more than", "roughly right"),
        (2, 0, "more than", "misprint"),
    ],
)
def test_verdict_follows_the_tolerances(stated, found, relation, expected):
    assert claims.verdict(stated, found, relation, 1, 2, "misprint") == expected


def test_more_than_is_strict():
    assert claims.verdict(2, 2, "more than", 0, 0, "unsupported") == "unsupported"
    assert claims.verdict(2, 2.0001, "more than", 0, 0, "unsupported") == "confirmed"


def test_tolerance_is_not_lost_to_binary_fractions():
    assert claims.verdict(0.3, 0.1 + 0.2 + 0.05, "equals", 0.05, 0.1, "misprint") == "confirmed"


@pytest.mark.parametrize("wrong", [("about", 1, 2, "misprint"), ("equals", 2, 1, "misprint"), ("equals", 1, 2, "false")])
def test_verdict_refuses_a_malformed_test(wrong):
    relation, tolerance, rough, outside = wrong
    with pytest.raises(ValueError):
        claims.verdict(1, 1, relation, tolerance, rough, outside)


def test_every_claim_has_a_verdict_of_the_scale():
    judged = claims.judged()
    assert list(judged.claim_id) == [f"c{number:02}" for number in range(1, 34)]
    assert judged.verdict.isin(claims.SCALE).all()


def test_numbers_agree_with_those_that_the_sources_print():
    """Where a source prints the number of a test, the tables give the same within its rounding (half a unit)."""
    tests = claims.tested().dropna(subset="found_value")
    assert ((tests.found - tests.found_value).abs() <= 0.5).all()
    assert len(tests) >= 12


def test_ratios_by_independent_arithmetic():
    """Worked by hand from the counts and populations printed by the statistical offices."""
    found = claims.tested().set_index(["claim_id", "test"]).found
    assert found["c23", 1] == pytest.approx(934 / 38)
    assert found["c23", 2] == pytest.approx((934 / 5424800) / (38 / 10300300))
    united_kingdom = (2503 + 110 + 934) / (58744595 + 1870834 + 5424800)
    assert found["c21", 2] == pytest.approx(934 / 5424800 / united_kingdom)
    assert found["c33", 1] == pytest.approx(934 / 455)


def test_portugal_per_head_is_that_of_the_comparison():
    readings = comparison.portugal_readings().query(
        "scottish_year == 2017 and portuguese_year == 2017 and scottish == 'drug misuse' and basis == 'population'"
    )
    for series in ("forensic_register", "any_illicit_drug_found"):
        expected = readings.loc[readings.series == series, "ratio"].iloc[0]
        assert claims.over_portugal_per_head(load, 2017, series) == pytest.approx(expected)


CHANGED = (
    ("c19", "deaths_by_definition", MISUSE + "2007", "deaths", 445, "misprint", "confirmed"),
    ("c16", "deaths_by_definition", MISUSE + "2017", "deaths", 930, "confirmed", "roughly right"),
    ("c17", "deaths_by_definition", MISUSE + "2016", "deaths", 850, "confirmed", "misprint"),
    ("c18", "deaths_by_definition", MISUSE + "2009", "deaths", 2000, "confirmed", "unsupported"),
    ("c20", "events", "event_id == 'e014'", "date", "2019-07-21", "confirmed", "out of date"),
    ("c22", "deaths_by_definition", MISUSE + "2018", "deaths", 900, "confirmed", "unsupported"),
    ("c33", "deaths_by_definition", MISUSE + "2007", "deaths", 470, "confirmed", "roughly right"),
    ("c10", "countries_july_2019", "country in ['BEL', 'PRT']", "operating", "no", "out of date", "confirmed"),
    ("c10", "countries_july_2019", "country == 'BEL'", "operating", "no", "out of date", "roughly right"),
    ("c23", "europe_drug_deaths", "country == 'PRT' and series == 'forensic_register' and year == 2017", "deaths", 19,
     "misprint", "confirmed"),
    ("c24", "hiv_cost_claims", "claim_key == 'health-board-2017-02'", "cases", 90, "confirmed", "unsupported"),
    ("c25", "hiv_cost_claims", "claim_key == 'health-board-2017-02'", "total_cost", 29640000, "confirmed", "roughly right"),
    ("c13", "article_claim_tests", "claim_id == 'c13'", "found_value", 80.2, "unsupported", "confirmed"),
    ("c19", "article_claim_tests", "claim_id == 'c19'", "tolerance_rough", 10, "misprint", "roughly right"),
    ("c01", "article_claims", "claim_id == 'c01'", "verdict", "unsupported", "confirmed", "unsupported"),
    ("c14", "article_claim_tests", "claim_id == 'c14'", "found_value", 33, "unsupported", "confirmed"),
    ("c15", "article_claim_tests", "claim_id == 'c15'", "found_value", 58, "unsupported", "roughly right"),
    ("c21", "article_claim_tests", "claim_id == 'c21' and test == 1", "found_value", 9, "confirmed", "unsupported"),
)  # fmt: skip


@pytest.mark.parametrize(("claim", "table", "condition", "column", "value", "before", "after"), CHANGED)
def test_changed_data_change_the_verdict(claim, table, condition, column, value, before, after):
    assert verdict_of(load, claim) == before
    assert verdict_of(changed(table, condition, column, value), claim) == after


def test_every_claim_with_a_number_was_tried_with_changed_data():
    judged = claims.judged()
    assert set(judged.loc[judged.numeric == "yes", "claim_id"]) <= {claim for claim, *_ in CHANGED}


def test_a_claim_without_its_primary_test_is_refused():
    with pytest.raises(ValueError, match="exactly one primary test"):
        claims.judged(changed("article_claim_tests", "claim_id == 'c16'", "primary", "no"))


def test_a_table_named_without_a_way_to_find_the_number_is_refused():
    with pytest.raises(ValueError, match=r"say in dcr/claims\.py"):
        claims.tested(changed("article_claim_tests", "claim_id == 'c13'", "test_table", "rooms"))


def test_a_verdict_outside_the_scale_is_refused():
    with pytest.raises(ValueError, match="c01 has no verdict"):
        claims.judged(changed("article_claims", "claim_id == 'c01'", "verdict", "true"))


def test_two_rows_for_one_number_are_refused():
    def twice(name):
        frame = load(name)
        return pd.concat([frame, frame.query("year == 2007")]) if name == "deaths_by_definition" else frame

    with pytest.raises(ValueError, match="exactly one row"):
        claims.deaths(twice, 2007)


def test_the_united_kingdom_needs_each_of_its_parts():
    def without(name):
        frame = load(name)
        return frame.query("area_name != 'Northern Ireland'") if name == "uk_drug_deaths" else frame

    with pytest.raises(ValueError, match="deaths of 2017 need one row for each of England and Wales and Northern Ireland"):
        claims.over_uk_per_head(without, 2017)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (455, "deaths", "455 deaths"), (1187.0, "deaths", "1,187 deaths"), (24.5789, "times", "24.6 times"),
        (2.0, "times", "2 times"),
        (80, "percent", "80%"), (33.3, "percent", "33.3%"), (1996, "year", "1996"), (28, "million GBP", "£28 million"),
        (28.08, "million GBP", "£28.08 million"), (float("nan"), "percent", "not found"),
    ],
)  # fmt: skip
def test_written_numbers_read_as_a_reader_writes_them(value, unit, text):
    assert claims.written(value, unit) == text
