"""The comparisons against what National Records of Scotland printed and the evidence notes computed apart."""

import csv

import pandas as pd
import pytest

from dcr import comparison, numbers, treatment
from dcr.comparison import BORDER, MISUSE, REST, WHOLE, scottish_ratio, uk_deaths
from dcr.paths import DATA


@pytest.mark.parametrize(
    ("year", "against", "expected"),
    [(2017, BORDER, 4.04), (2017, REST, 3.99), (2017, WHOLE, 3.21), (2020, WHOLE, 3.64), (2024, BORDER, 3.03)],
)
def test_ratio_per_head(year, against, expected):
    ratio, lower, upper = scottish_ratio(uk_deaths(MISUSE), year, against)
    assert round(ratio, 2) == expected
    assert lower < ratio < upper


@pytest.mark.parametrize(("area", "expected"), [("England", 2.76), ("Wales", 1.94), ("Northern Ireland", 2.76)])
def test_ratio_of_poisoning_lies_between_two_and_three_as_stated(area, expected):
    """National Records of Scotland (2025): between two and three times the other parts of the United Kingdom in 2023."""
    ratio = scottish_ratio(uk_deaths("drug poisoning"), 2023, area, standardised=True)[0]
    assert ratio == pytest.approx(expected, abs=0.005)
    assert round(ratio) in (2, 3)


def test_ratio_with_a_part_missing_is_none():
    assert scottish_ratio(uk_deaths(MISUSE), 2024, WHOLE) is None
    assert scottish_ratio(uk_deaths(MISUSE), 2020, BORDER, standardised=True) is None
    assert comparison.with_limits(None) is None


def test_per_million_reproduces_printed_rates():
    """Sweden 2017: 92 per million printed by the European agency, from 574 deaths; limits after Garwood (1936)."""
    rates = comparison.per_million(pd.Series([574]), pd.Series([6_303_000]))
    assert rates.rate[0] == pytest.approx(91.1, abs=0.1)
    assert rates.lower[0] < rates.rate[0] < rates.upper[0]


def test_portugal_readings():
    """Computed apart for the evidence notes: 24.6 as a total, 46.7 per head, 46.2 at ages 15 to 64, 61.4 and 55.3 for 2016."""
    readings = comparison.portugal_readings().set_index(["scottish_year", "scottish", "portuguese_year", "series", "basis"]).ratio
    expected = {
        (2017, MISUSE, 2017, "forensic_register", "total"): 24.6,
        (2017, MISUSE, 2017, "forensic_register", "population"): 46.7,
        (2017, MISUSE, 2017, "forensic_register", "population_15_64"): 46.2,
        (2016, MISUSE, 2016, "forensic_register", "population"): 61.4,
        (2016, MISUSE, 2016, "bulletin_2019", "population"): 55.3,
        (2017, MISUSE, 2017, "any_illicit_drug_found", "total"): 3.6,
        (2017, MISUSE, 2017, "published_rate", "population_15_64"): 65.8,
    }
    for reading, ratio in expected.items():
        assert readings[reading] == pytest.approx(ratio, abs=0.06), reading
    assert not readings.index.duplicated().any()


def test_change_over_series_takes_the_longest_and_the_newest():
    counts = pd.DataFrame(
        [("A", "old", 2000, 5.0), ("A", "old", 2001, 4.0), ("A", "old", 2002, 3.0), ("A", "new", 2003, 1.0), ("A", "new", 2004, 2.0),
         ("B", "only", 2000, 1.0), ("B", "only", 2004, 1.5)],
        columns=["country_name", "series", "year", "per_million"],
    )  # fmt: skip
    change = comparison.change_over_series(counts)
    assert change.longest.to_dict() == {"A": -2.0, "B": 0.5}
    assert change.newest.to_dict() == {"A": 1.0, "B": 0.5}
    assert change.several.to_dict() == {"A": True, "B": False}


def test_latest_counts_prefer_the_european_scope_and_one_row_a_country():
    late = comparison.latest_counts(2017).set_index("country")
    assert late.index.is_unique
    assert (late.year > 2017).all()
    assert late.series["IRL"] == "european_definition"


def test_financial_year():
    year = pd.Series({"period_start": pd.Timestamp(2022, 4, 1), "period_end": pd.Timestamp(2023, 3, 31)})
    assert treatment.financial_year(year) == "2022/23"
    calendar = pd.Series({"period_start": pd.Timestamp(2023, 1, 1), "period_end": pd.Timestamp(2023, 12, 31)})
    assert treatment.financial_year(calendar) == "2023"
    with pytest.raises(ValueError, match="is not a year"):
        treatment.financial_year(pd.Series({"period_start": pd.Timestamp(2023, 1, 1), "period_end": pd.Timestamp(2023, 3, 31)}))


def test_treatment_numbers():
    numbers = treatment.treatment_numbers()
    assert numbers.index.is_unique
    assert numbers.per_1000["Portugal"] == pytest.approx(16_888 / 6_670_504 * 1000, rel=1e-3)
    with pytest.raises(ValueError, match="has no row"):
        treatment.indicator("no_such_indicator")


def lines(name: str) -> list[dict[str, str]]:
    """Return the rows of a table as text, without the loader."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_countries_with_rooms_by_independent_arithmetic():
    counts = comparison.room_countries_deaths()
    people = {(row["country"], row["year"]): float(row["population"]) for row in lines("country_populations")}
    printed = {
        (row["country"], row.get("series") or row["measure"], row["year"]): float(row["deaths"])
        for name in ("europe_drug_deaths", "other_countries_drug_deaths")
        for row in lines(name)
        if row["deaths"][0].isdigit()
    }
    first: dict[str, str] = {}
    for row in lines("room_country_events"):
        if row["event"] == "opens":
            first.setdefault(row["country"], row["date_latest"])
    assert len(counts) > 50
    for row in counts.itertuples():
        key = (row.country, row.series, str(row.year))
        assert row.per_million == pytest.approx(printed[key] / people[row.country, str(row.year)] * 1e6), key
        assert int(row.opened) == int(first[row.country][:4])
    assert counts.groupby(["country", "series"]).size().min() >= 4
    assert (counts.groupby("country").year.max() > counts.groupby("country").opened.first()).all()
    assert "SWE" not in set(counts.country), "Sweden has no room"


def test_a_country_opened_its_first_room_at_the_earliest_of_its_openings():
    opened = comparison.first_openings()
    assert opened.idxmin() == "CHE" and int(opened.min()) == 1986
    assert opened["AUS"] == pytest.approx(2001 + 125 / 365)  # 6 May
    assert opened.is_monotonic_increasing and opened.index.is_unique


def test_a_country_that_opened_again_stands_at_its_first_opening(monkeypatch):
    dates = {2: "2020-01-01", 1: "2001-01-01"}
    events = pd.DataFrame([("AUS", number, "opens", date) for number, date in dates.items()] + [("AUS", 0, "closes", "1999-01-01")],
                          columns=["country", "sequence", "event", "date_latest"])  # fmt: skip
    monkeypatch.setattr(comparison, "load", lambda name: events)
    assert comparison.first_openings().to_dict() == {"AUS": 2001}


@pytest.mark.parametrize("standardised", [False, True])
def test_a_ratio_is_recorded_with_its_limits_and_the_rows_behind_it(monkeypatch, standardised):
    recorded = {}
    monkeypatch.setattr(
        numbers, "display", lambda output, raw: recorded.update({output[numbers.MIME]["name"]: output[numbers.MIME]})
    )
    rows = comparison.uk_rows(MISUSE, 2017, standardised=standardised)
    comparison.record_ratio("ratio", (4.04, 3.61, 4.5), "A ratio", rows)
    assert [(name, record["value"], record["text"]) for name, record in recorded.items()] == [
        ("ratio", 4.04, "4.0 times"), ("ratio_limits", 3.61, "3.6 to 4.5"),
    ]  # fmt: skip
    tables = [part["table"] for part in recorded["ratio"]["tables"]]
    assert tables == ["deaths_by_definition", "uk_drug_deaths"] + ["uk_populations"] * (not standardised)
