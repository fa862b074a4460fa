"""Countries with a room, computed from openings and closures, against what others counted."""

import math

import pandas as pd
import pytest
from scipy.stats import poisson

from dcr import rooms
from dcr.data import load


@pytest.fixture
def events():
    return load("room_country_events")


@pytest.fixture
def compared(events):
    return rooms.against_published(load("world_room_counts"), events, load("countries")).set_index("count_id")


@pytest.mark.parametrize(
    ("count_id", "countries"),
    [
        ("2015-06-emcdda-2015-emcdda", 6),  # EMCDDA, Perspectives on drugs: drug consumption rooms, 2015
        ("2015-06-emcdda-2015-europe", 7),
        ("2017-02-emcdda-2017b-emcdda", 7),  # the same, update of 2017
        ("2017-02-emcdda-2017b-europe", 8),
        ("2017-02-emcdda-2017-world", 10),
        ("2017-indcr-2017-world", 10),
        ("2018-hri-2018-we-western", 9),  # Harm Reduction International, Global state of harm reduction 2018
        ("2024-10-hri-2024-world", 18),  # the same, 2024
    ],
)
def test_published_counts_are_reproduced_exactly(compared, count_id, countries):
    row = compared.loc[count_id]
    assert row.countries == countries
    assert row.certain == row.possible == countries


def test_2022_holds_on_the_day_of_the_report(compared, events):
    """Published on 1 November 2022; at the end of the year one more opening, of unknown date, is possible."""
    row = compared.loc["2022-hri-2022-world"]
    assert rooms.operating_counts(events, ["2022-11-01"]).values.tolist()[0][:2] == [16, 16]
    assert (row.countries, row.certain, row.possible) == (16, 16, 17) and row.agrees


def test_only_declared_exceptions_differ(compared):
    """Each disagreement is declared in disagreements.csv, or vanishes once contested openings count."""
    wrong = compared[~compared.agrees]
    declared = load("disagreements").query("table == 'world_room_counts' and field == 'countries'")
    assert set(wrong.index[~wrong.contested]) <= set(declared["at"])
    assert list(wrong.index[wrong.contested]) == ["2019-11-hri-2019-world"]
    assert len(wrong) == 5
    assert wrong.loc["2016-09-belackova-2018-world", "only_published"] == ["FRA"]
    assert wrong.loc["2019-11-hri-2019-world", "only_published"] == ["UKR"]
    assert wrong.loc["2022-hepcoalition-dcr-world", "only_computed"] == ["ISL"]


def test_computed_numbers_by_date(events):
    days = ["2015-06-30", "2017-02-28", "2018-12-31", "2019-07-15", "2020-12-31", "2022-11-01", "2024-10-31", "2025-01-31"]
    counts = rooms.operating_counts(events, days)
    assert list(counts.certain) == [9, 10, 11, 12, 12, 16, 18, 20]
    assert list(counts.possible) == list(counts.certain)


def test_july_2019_is_the_set_tested_country_by_country(events):
    table = load("countries_july_2019")
    listed = table.query("operating == 'yes' and counting == 'counted'").country
    assert rooms.countries_operating(events, "2019-07-15")[0] == frozenset(listed)


def test_bounds_and_reopening():
    days = pd.to_datetime
    events = pd.DataFrame(
        {
            "country": ["AAA", "AAA", "AAA"],
            "sequence": [1, 2, 3],
            "event": ["opens", "closes", "opens"],
            "date_earliest": days([None, "2010-01-01", "2012-01-01"]),
            "date_latest": days(["2005-06-30", "2010-12-31", "2012-12-31"]),
            "counting": "counted",
        }
    )
    expected = {"1990": (0, 1), "2005-06-29": (0, 1), "2005-06-30": (1, 1), "2010-06": (0, 1), "2011": (0, 0),
                "2012-06": (0, 1), "2012-12-31": (1, 1)}  # fmt: skip
    for day, (certain, possible) in expected.items():
        sure, maybe = rooms.countries_operating(events, day)
        assert (len(sure), len(maybe)) == (certain, possible), day
    with pytest.raises(ValueError, match="AAA"):
        rooms.countries_operating(events.assign(event="opens"), "2020")


def test_partial_dates():
    assert rooms.last_day("2019-02") == pd.Timestamp("2019-02-28")
    assert rooms.first_day("2019") == pd.Timestamp("2019-01-01")
    assert rooms.middle("2019", "2019") == pytest.approx(2019.5, abs=0.01)
    with pytest.raises(ValueError, match="ISO"):
        rooms.last_day("19")


def test_scopes():
    regions = pd.Series({"CHE": "Europe", "DEU": "Europe", "CAN": "Northern America"})
    codes = frozenset(regions.index)
    assert rooms.within_scope(codes, "world", regions) == codes
    assert rooms.within_scope(codes, "Western Europe", regions) == {"CHE", "DEU"}
    assert rooms.within_scope(codes, "EMCDDA reporting countries", regions) == {"DEU"}
    with pytest.raises(ValueError, match="scope"):
        rooms.within_scope(codes, "Mars", regions)


def test_rates_recompute_and_limits_are_exact():
    """The limits of a Poisson count x solve P(X ≥ x) = 0.025 and P(X ≤ x) = 0.025 (Garwood 1936)."""
    rates = rooms.emergency_rates(load("emergencies_per_consumption")).set_index("pair_id")
    thistle = rates.loc["thistle-year-1"]
    assert round(thistle.rate, 2) == 11.88 and thistle.supervised and thistle.bound == "exact"
    assert round(rates.loc["denmark-2012-2014", "rate"], 2) == 0.85
    for row in rates.itertuples():
        low, high = (limit * row.denominator / 1000 for limit in (row.lower, row.upper))
        assert math.isclose(poisson.sf(row.emergencies - 1, low), 0.025, rel_tol=1e-6)
        assert math.isclose(poisson.cdf(row.emergencies, high), 0.025, rel_tol=1e-6)
    assert rates.loc["sydney-2001-2024", "bound"] == "at most"
    assert rates.loc["germany-2023", "bound"] == "rough"
    assert rooms.bound_of("more than", "exact") == "at least" and rooms.bound_of("more than", "more than") == "rough"
    assert not rates.loc["insite-2016", "supervised"]
    with pytest.raises(ValueError, match="above zero"):
        rooms.emergency_rates(load("emergencies_per_consumption").assign(denominator=0))


def test_spells_close_and_reopen(events):
    spans = rooms.spells(events, pd.Timestamp("2026-01-30"))
    greece = spans.query("country == 'GRC'").sort_values("start")
    assert list(greece.going_on) == [False, True]
    assert greece.stop.iloc[0] == pytest.approx(2014.7, abs=0.02)
    assert spans.query("country == 'SLE'").uncertain.item()
    assert not spans.query("country == 'GBR'").uncertain.item()
