"""Every truth is seen broken once, and refused by its own check; the refusal names file, row, column and remedy."""

import csv
import re
from pathlib import Path

import copies
import pandas as pd
import pytest

from dcr import checks, data
from dcr.checks import register, rules, scotland

with Path(__file__).with_name("broken_truths.csv").open(encoding="utf-8", newline="") as opened:
    BROKEN = list(csv.DictReader(opened))
MESSAGE = re.compile(r"^data/\w+\.csv, row \d+, column \w+: .+; compare with the source\.$", re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with copies.copied(tmp_path_factory.mktemp("checks") / "data") as target:
        yield target


def test_every_check_has_its_broken_truth():
    names = {check.__name__ for check in checks.every()}
    editions = {f"{table}_ends_with_the_annual_edition" for table in scotland.ANNUAL_EDITION}
    assert names == {broken["check"] for broken in BROKEN} | editions


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken["check"])
def test_a_broken_truth_is_refused(broken, folder):
    check = next(check for check in checks.every() if check.__name__ == broken["check"])
    table = broken["table"]
    file = folder / data.describe(table)["path"]
    header, *rows = copies.rows_of(file)
    keys = [header.index(column) for column in data.describe(table)["schema"]["primaryKey"]]
    row = next(row for row in rows if "|".join(row[place] for place in keys) == broken["key"])
    if broken["field"]:
        row[header.index(broken["field"])] = broken["value"]
    else:
        rows.remove(row)
    copies.write_rows(file, [header, *rows])
    data.forget(table)
    try:
        with pytest.raises(data.DataError, match=MESSAGE):
            check()
    finally:
        copies.restore(folder, table)
    check()


@pytest.mark.parametrize("table", scotland.ANNUAL_EDITION)
def test_a_table_that_lags_behind_is_refused(table, folder):
    file = folder / data.describe(table)["path"]
    header, *rows = copies.rows_of(file)
    place = header.index("year")
    latest = max(row[place] for row in rows)
    older = [row for row in rows if row[place] != latest] or [[*row[:place], "2026", *row[place + 1 :]] for row in rows]
    copies.write_rows(file, [header, *older])
    data.forget(table)
    check = next(check for check in checks.of(table) if check.__name__ == f"{table}_ends_with_the_annual_edition")
    with pytest.raises(data.DataError, match=r"the table ends in \d{4} where data/\w+\.csv goes on to \d{4}: bring all"):
        check()
    copies.restore(folder, table)


@pytest.mark.parametrize("division", ["quintile", "decile"])
def test_a_year_without_its_fifths_or_tenths_is_refused(division, folder):
    file = folder / "deaths_by_deprivation.csv"
    header, *rows = copies.rows_of(file)
    year, kind = header.index("year"), header.index("simd_division")
    copies.write_rows(file, [header, *(row for row in rows if (row[year], row[kind]) != ("2014", division))])
    data.forget("deaths_by_deprivation")
    check = next(check for check in checks.every() if check.__name__ == "fifths_and_tenths_sum_to_all")
    with pytest.raises(
        data.DataError, match=r"^data/deaths_by_deprivation\.csv, row \d+, column year: a year since 2001 is missing"
    ):
        check()
    copies.restore(folder, "deaths_by_deprivation")


@pytest.mark.parametrize(
    ("table", "field"), [("deaths_by_substance", "deaths"), ("uk_populations", "population_15_64"), ("events", "")]
)
def test_control_totals_are_refused_with_what_to_write(folder, table, field):
    file = folder / data.describe(table)["path"]
    header, *rows = copies.rows_of(file)
    if field:
        place = header.index(field)
        number = next(number for number, row in enumerate(rows) if row[place].isdigit())
        rows[number][place] = str(int(rows[number][place]) + 1)
    else:
        del rows[-1]
    copies.write_rows(file, [header, *rows])
    data.forget(table)
    with pytest.raises(data.DataError, match=r"^data/control_totals\.csv, row \d+, .*write (the new sum|\d+) here"):
        register.control_totals_of(table)()
    copies.restore(folder, table)


def test_a_correction_asks_to_be_renewed_with_a_new_edition(folder):
    file = folder / "area_rates_five_year.csv"
    header, *rows = copies.rows_of(file)
    for row in rows:
        row[header.index("source")] = "nrs-2023"
    copies.write_rows(file, [header, *rows])
    data.forget("area_rates_five_year")
    with pytest.raises(data.DataError, match=r"data/corrections\.csv, row 2, column row_source: the row now rests on “nrs-2023”"):
        register.corrections_still_hold()
    copies.restore(folder, "area_rates_five_year")


def test_the_published_error_is_not_taken_again(folder):
    file = folder / "area_rates_five_year.csv"
    text = file.read_text(encoding="utf-8")
    header, *rows = copies.rows_of(file)
    key = header.index("area_code"), header.index("start_year"), header.index("deaths")
    row = next(row for row in rows if (row[key[0]], row[key[1]]) == ("S12000050", "2001"))
    row[key[2]] = "0"
    copies.write_rows(file, [header, *rows])
    data.forget("area_rates_five_year")
    with pytest.raises(data.DataError, match="“0” is not the corrected value “107”"):
        register.corrections_still_hold()
    file.write_text(text, encoding="utf-8")
    data.forget("area_rates_five_year")


def test_checks_of_a_table_run_once():
    assert checks.of("annual_deaths")[-1] is checks.of("annual_deaths")[-1]
    assert len(checks.of("annual_deaths")) == len(set(checks.of("annual_deaths")))


def test_lookup_keeps_the_rows_and_leaves_the_unknown_missing():
    rows = pd.DataFrame({"year": [2001, 2003]}, index=[5, 9])
    other = pd.DataFrame({"year": [2001, 2002], "deaths": [3, 4]})
    found = rules.lookup(rows, other, "year", "deaths")
    assert list(found.index) == [5, 9]
    assert found[5] == 3
    assert pd.isna(found[9])
