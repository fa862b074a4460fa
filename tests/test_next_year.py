"""Next year's figures in minutes: rows appended to the tables flow through, and half an edition is refused."""

import copies
import pytest
from next_year import synthetic_next_year

from dcr import data, records

GROWN_TOGETHER = (
    "annual_deaths",
    "deaths_by_sex",
    "first_published",
    "deaths_by_age_sex",
    "rates_by_broad_age",
    "deaths_by_deprivation",
    "deaths_by_area",
    "deaths_by_area_substance",
    "deaths_by_substance",
    "deaths_by_substance_age_sex",
    "single_drug_deaths",
    "deaths_by_definition",
    "deaths_by_cause",
)


@pytest.mark.parametrize(("change", "seed"), [(0.08, 1), (-0.15, 2), (0.3, 3), (-0.02, 4)])
def test_a_new_edition_passes_every_check(tmp_path, change, seed):
    with copies.copied(tmp_path / "data") as folder:
        latest = int(data.load("annual_deaths")["year"].max())
        year = synthetic_next_year(folder, change, seed)
        data.forget()
        assert year == latest + 1
        assert data.check() == len(data.names())
        for table in GROWN_TOGETHER:
            assert data.load(table)["year"].max() == year
        assert data.load("area_rates_five_year")["end_year"].max() == year
        deaths = data.load("annual_deaths").set_index("year")["deaths"]
        assert deaths[year] == round(deaths[latest] * (1 + change))


@pytest.mark.parametrize(
    "table",
    [
        "annual_deaths",
        "deaths_by_sex",
        "deaths_by_age_sex",
        "deaths_by_area",
        "area_rates_five_year",
        "deaths_by_substance",
        "deaths_by_deprivation",
        "deaths_by_cause",
    ],
)
def test_half_an_edition_is_refused(tmp_path, table):
    with copies.copied(tmp_path / "data") as folder:
        synthetic_next_year(folder, only={table})
        data.forget()
        with pytest.raises(data.DataError, match=r"^data/\w+\.csv, row \d+, column \w+: .+\.$"):
            data.check()


def test_the_refusal_says_what_to_do(tmp_path):
    with copies.copied(tmp_path / "data") as folder:
        synthetic_next_year(folder, only={"deaths_by_cause"})
        data.forget()
        with pytest.raises(data.DataError, match="bring all tables of the annual edition to the same year"):
            data.load("deaths_by_cause")


def test_rows_that_stood_before_are_untouched(tmp_path):
    with copies.copied(tmp_path / "data") as folder:
        synthetic_next_year(folder)
        for file in sorted((data.paths.ROOT / "data").iterdir()):
            assert (folder / file.name).read_bytes().startswith(file.read_bytes()), file.name


def test_a_gap_closes_when_its_rows_arrive(tmp_path):
    with copies.copied(tmp_path / "data") as folder:
        waiting = records.open_gaps()
        year = synthetic_next_year(folder)
        data.forget()
        closed = set(waiting.index) - set(records.open_gaps().index)
        assert [data.load("gaps").loc[row, "period"] for row in closed] == [str(year)]
        assert f"registered in Scotland in {year}" not in records.gaps("deaths in Scotland", "tab-some").data


def test_a_table_ahead_of_the_others_is_refused_by_name(tmp_path):
    with copies.copied(tmp_path / "data") as folder:
        synthetic_next_year(folder, only={"deaths_by_substance"})
        data.forget()
        with pytest.raises(data.DataError, match=r"^data/\w+\.csv, row \d+, column year: the (table|parts)"):
            data.load("deaths_by_substance")
