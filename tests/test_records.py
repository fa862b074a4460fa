"""The records of the data as tables: counts agree with the files, words name what the keys mean."""

import csv
from collections import Counter

import pandas as pd
import pytest

from dcr import checks, paths, records
from dcr.data import load


def lines(name: str) -> list[dict[str, str]]:
    with (paths.DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["gaps", "disagreements"])
def test_counts_by_subject_are_those_of_the_file(name):
    counted = records.by_subject(load(name)).set_index("Subject")["Rows"]
    expected = Counter(line["subject"][0].upper() + line["subject"][1:] for line in lines(name))
    assert counted.to_dict() == expected


@pytest.mark.parametrize("subject", sorted({line["subject"] for line in lines("gaps")}))
def test_every_gap_is_told_without_an_empty_source(subject):
    text = records.gaps(subject, "tab-some").data
    assert text.count("\n| ") - 1 == sum(line["subject"] == subject for line in lines("gaps"))
    assert text.rstrip().endswith("Source: compiled by the authors.")
    assert text.count("Source:") == 1


def test_an_unknown_subject_has_no_table():
    with pytest.raises(ValueError, match="empty"):
        records.gaps("the weather", "tab-weather")


@pytest.mark.parametrize(
    ("value", "key", "text"),
    [
        ("5388200", None, "5,388,200"),
        ("934", "nrs-2024", "934 ([National Records of Scotland]("),
        ("27 and 30 as two series", None, "27 and 30 as two series"),
        (None, None, "Not tabulated"),
        ("28.08", None, "28.08"),
    ],
)
def test_values_with_their_sources(value, key, text):
    assert records.value_with_source(value, key).startswith(text)


@pytest.mark.parametrize(
    ("quantity", "at", "text"),
    [
        ("Deaths", "PRT|2016", "Deaths, 2016"),
        ("Deaths", "2017", "Deaths, 2017"),
        ("Deaths in 2017", "2017", "Deaths in 2017"),
        ("Visits to April", "2025-04-30", "Visits to April"),
        ("Deaths", None, "Deaths"),
    ],
)
def test_quantities_name_their_year(quantity, at, text):
    row = next(pd.DataFrame({"quantity": [quantity], "at": [at]}).itertuples())
    assert records.quantity_with_year(row) == text


def test_corrections_name_areas_and_keep_every_error():
    told = records.corrected(load("corrections"))
    assert told["Table and row"].str.contains("North Lanarkshire, 2001").any()
    assert not told["Table and row"].str.contains(r"S12\d{6}").any()
    assert told["As printed"].str.split("; ").str.len().sum() == len(lines("corrections"))


def test_checks_are_counted_once_each():
    counted = records.checks_by_subject()
    assert counted["Checks"].sum() == len(checks.every())
    assert (counted["Tables"] > 0).all()


def test_ways_of_knowing_sum_to_the_register(monkeypatch):
    assert records.ways_of_knowing()["Sources"].sum() == len(lines("sources"))
    monkeypatch.delitem(records.KNOWN, "copy")
    with pytest.raises(KeyError, match="copy"):
        records.ways_of_knowing()


def test_yearly_tables_end_in_one_year():
    told = records.yearly_tables(["annual_deaths", *checks.scotland.ANNUAL_EDITION, "area_rates_five_year"])
    assert told["Ends in"].nunique() == 1
    assert told.set_index("File").loc["`deaths_by_sex.csv`", "Rows a year"] == 2
