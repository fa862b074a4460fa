"""Truths about deaths by council area and health board."""

import numpy as np
import pandas as pd

from dcr.checks.rules import (
    between,
    complete,
    equal,
    interval_holds,
    known,
    limits_are_even,
    lookup,
    near,
    on,
    parts_sum_to_total,
    refuse,
    same,
    same_latest_year,
)
from dcr.checks.scotland import by_sex
from dcr.data import read

SCOTLAND = "S92000003"
# Health boards whose boundaries changed in April 2014: NRS prints five-year periods that start before 2013 on the old ones
LAST_FORMER_START = 2012
# Deaths of a five-year period that fall to no board on its former boundaries: at most this many so far
MOST_UNPLACED = 160


def of_type(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows that concern areas of a type: council area, health board or country."""
    codes = read("areas").query("area_type == @kind")["area_code"]
    return rows[rows["area_code"].isin(codes)]


def boards_of(rows: pd.DataFrame) -> pd.Series:
    """Return the code of the health board of each row's council area."""
    return lookup(rows, read("areas"), "area_code", "health_board_code")


@on("areas")
def scotland_has_32_councils_in_14_boards() -> None:
    """Every council area lies in a health board, and every board has a council area."""
    areas = read("areas")
    councils, boards = of_type(areas, "council area"), of_type(areas, "health board")
    refuse(
        "areas",
        pd.Series([len(councils) != 32 or len(boards) != 14], [areas.index[-1]]),
        "area_type",
        lambda row: f"{len(councils)} council areas and {len(boards)} health boards, where Scotland has 32 and 14",
    )
    refuse(
        "areas",
        (areas["area_type"] == "council area") != areas["health_board_code"].notna(),
        "health_board_code",
        lambda row: "council areas, and nothing else, lie in a health board",
    )
    refuse(
        "areas",
        ~boards["area_code"].isin(councils["health_board_code"]),
        "area_code",
        lambda row: "the health board has no council area",
    )
    refuse("areas", councils["area_name"].duplicated(), "area_name", lambda row: "two council areas have this name")
    refuse(
        "areas",
        ~councils["health_board_code"].isin(boards["area_code"]),
        "health_board_code",
        lambda row: "this is not the code of a health board",
    )


def names_agree(table: str) -> None:
    """File a check that names of areas in a table are those of the table of areas."""

    def agree() -> None:
        rows = read(table)
        same(table, "area_name", lookup(rows, read("areas"), "area_code", "area_name"), "areas.csv")

    agree.__name__ = f"area_names_agree_in_{table}"
    on(table)(agree)


for _table in ("deaths_by_area", "area_rates_five_year", "deaths_by_area_substance", "uk_poisoning_rates"):
    names_agree(_table)


@on("deaths_by_area")
def areas_are_complete() -> None:
    """Each of 46 areas has every year from 2000, by sex from 2010; counts before 2010 are derived, later ones published."""
    complete("deaths_by_area", ["sex", "area_code", "year"])
    rows = read("deaths_by_area")
    sizes = rows.groupby("year")["deaths"].transform("size")
    refuse(
        "deaths_by_area",
        sizes != np.where(rows["year"] < 2010, 46, 138),
        "area_code",
        lambda row: f"the year {rows.loc[row, 'year']} has {sizes[row]} rows, not 46 areas (from 2010: by three sexes)",
    )
    refuse(
        "deaths_by_area",
        (rows["value_type"] == "derived") != (rows["year"] < 2010),
        "value_type",
        lambda row: "counts before 2010, and no others, are derived",
    )


@on("deaths_by_area")
def councils_sum_to_scotland() -> None:
    """Council areas sum to Scotland in every year and sex, and to their health board."""
    rows = read("deaths_by_area")
    councils, boards = of_type(rows, "council area"), of_type(rows, "health board")
    parts_sum_to_total("deaths_by_area", ("Scotland", by_sex()), ["year", "sex"], "deaths", councils)
    parts = councils.assign(area_code=boards_of(councils)).groupby(["area_code", "year", "sex"])["deaths"].sum().reset_index()
    equal("deaths_by_area", "deaths", lookup(boards, parts, ["area_code", "year", "sex"], "deaths"), "its council areas")


@on("deaths_by_area")
def sexes_sum_in_each_area() -> None:
    """Males and females sum to persons in every area and year from 2010."""
    rows = read("deaths_by_area")
    persons = rows[(rows["sex"] == "persons") & (rows["year"] >= 2010)]
    both = rows[rows["sex"] != "persons"].groupby(["area_code", "year"])["deaths"].sum().reset_index()
    equal("deaths_by_area", "deaths", lookup(persons, both, ["area_code", "year"], "deaths"), "males and females")


@on("area_rates_five_year")
def five_year_periods_are_complete() -> None:
    """Each of 47 areas has every period of five years from 2000-2004 to the latest year."""
    complete("area_rates_five_year", ["area_code", "start_year"], start=2000)
    same_latest_year("area_rates_five_year", "annual_deaths", "end_year")
    rows = read("area_rates_five_year")
    equal("area_rates_five_year", "end_year", rows["start_year"] + 4, "the start year")
    sizes = rows.groupby("start_year")["deaths"].transform("size")
    refuse("area_rates_five_year", sizes != 47, "area_code", lambda row: f"{sizes[row]} areas have this period, not 47")


def sums_of_five_years(rows: pd.DataFrame) -> pd.Series:
    """Return for each five-year row the sum of the yearly counts of its area."""
    yearly = read("deaths_by_area").query("sex == 'persons'")[["area_code", "year", "deaths"]]
    scotland = read("annual_deaths").query("year >= 2000")[["year", "deaths"]].assign(area_code=SCOTLAND)
    yearly = pd.concat([yearly, scotland]).sort_values(["area_code", "year"])
    yearly["sum"] = yearly.groupby("area_code")["deaths"].rolling(5).sum().to_numpy()
    return lookup(rows, yearly.rename(columns={"year": "end_year"}), ["area_code", "end_year"], "sum")


@on("area_rates_five_year", "deaths_by_area")
def five_years_sum_up() -> None:
    """Five-year counts on present boundaries are sums of yearly ones; former boundaries are boards' before 2013 only."""
    rows = read("area_rates_five_year")
    sums = sums_of_five_years(rows)
    present = rows["boundary"] == "present"
    known("area_rates_five_year", "end_year", sums, "yearly counts in deaths_by_area")
    equal("area_rates_five_year", "deaths", sums[present], "the yearly counts of deaths_by_area")
    refuse(
        "area_rates_five_year",
        ~present & (rows["deaths"] == sums),
        "boundary",
        lambda row: "the count is that of the present boundaries",
    )
    boards = rows.index.isin(of_type(rows, "health board").index)
    refuse(
        "area_rates_five_year",
        ~present & (~boards | (rows["start_year"] > LAST_FORMER_START)),
        "boundary",
        lambda row: "only health boards, and only before 2013, are printed on former boundaries",
    )


@on("area_rates_five_year")
def boards_leave_few_deaths_unplaced() -> None:
    """Boards sum to Scotland over five years; on former boundaries, up to 160 deaths are placed elsewhere."""
    rows = read("area_rates_five_year")
    boards = of_type(rows, "health board")
    sums = boards.groupby("start_year")["deaths"].sum()
    scotland = rows[rows["area_code"] == SCOTLAND]
    left = scotland["deaths"] - scotland["start_year"].map(sums)
    refuse(
        "area_rates_five_year",
        ~left.between(0, np.where(scotland["end_year"] >= 2011, 0, MOST_UNPLACED)),
        "deaths",
        lambda row: f"health boards leave {left[row]} deaths of this period unplaced",
    )


@on("area_rates_five_year")
def five_year_rates_lie_in_their_limits() -> None:
    """Rates have even limits that fit the counts, and are withheld on fewer than ten deaths."""
    interval_holds("area_rates_five_year", "rate_per_100k", "rate_lower95", "rate_upper95")
    limits_are_even("area_rates_five_year", slack=0.03)
    rows = read("area_rates_five_year")
    for column in ("rate_per_100k", "rate_lower95", "rate_upper95"):
        refuse(
            "area_rates_five_year",
            rows[column].isna() != (rows["deaths"] < 10),
            column,
            lambda row: "a rate is printed if, and only if, there are ten deaths or more",
        )


@on("area_rates_five_year")
def five_year_rate_of_scotland_is_a_mean() -> None:
    """Scotland's rate over five years is the mean of its yearly rates."""
    rows = read("area_rates_five_year")
    scotland = rows[rows["area_code"] == SCOTLAND]
    means = read("annual_deaths").set_index("year")["rate_per_100k"].rolling(5).mean()
    near("area_rates_five_year", "rate_per_100k", scotland["end_year"].map(means), 0.15, "the mean of five yearly rates")


@on("area_rates_five_year")
def one_council_boards_equal_their_council() -> None:
    """A health board of one council area has the council's count, rate and limits."""
    rows, areas = read("area_rates_five_year"), read("areas")
    alone = areas.groupby("health_board_code")["area_code"].agg(["first", "size"]).query("size == 1")["first"]
    boards = rows[rows["area_code"].isin(alone.index)]
    council = boards.assign(area_code=boards["area_code"].map(alone))
    for column in ("deaths", "rate_per_100k", "rate_lower95", "rate_upper95"):
        equal("area_rates_five_year", column, lookup(council, rows, ["area_code", "start_year"], column), "its only council area")


@on("area_rates_five_year")
def five_year_rates_imply_a_steady_population() -> None:
    """The people that a count and a rate imply change by at most a twelfth, or what rounding and ages allow, in a year."""
    rows = read("area_rates_five_year").sort_values(["area_code", "start_year"])
    least = np.log(rows["deaths"] / (rows["rate_per_100k"] + 0.05))
    most = np.log(rows["deaths"] / (rows["rate_per_100k"] - 0.05))
    allowed = np.minimum(0.08, 1 / np.sqrt(rows["deaths"].clip(lower=1)))
    before = rows["area_code"]
    jump = (least - most.groupby(before).shift() > allowed) | (least.groupby(before).shift() - most > allowed)
    refuse(
        "area_rates_five_year",
        jump,
        "rate_per_100k",
        lambda row: "the population that the rate implies is far from that of the period before",
    )


@on("deaths_by_area_substance")
def substances_sum_over_areas() -> None:
    """Council areas sum to their board, boards to Scotland, and no substance has more deaths than its area."""
    rows = read("deaths_by_area_substance")
    councils, boards = of_type(rows, "council area"), of_type(rows, "health board")
    keys = ["area_code", "year", "substance"]
    sizes = rows.groupby("year")["deaths"].transform("size")
    refuse(
        "deaths_by_area_substance",
        sizes != 46 * read("substances").shape[0],
        "area_code",
        lambda row: f"the year has {sizes[row]} rows, where 46 areas have a row for every substance",
    )
    parts = councils.assign(area_code=boards_of(councils)).groupby(keys)["deaths"].sum().reset_index()
    equal("deaths_by_area_substance", "deaths", lookup(boards, parts, keys, "deaths"), "its council areas")
    parts_sum_to_total("deaths_by_area_substance", "deaths_by_substance", ["year", "substance"], "deaths", boards)
    deaths = lookup(rows, read("deaths_by_area").query("sex == 'persons'"), ["area_code", "year"], "deaths")
    refuse(
        "deaths_by_area_substance",
        rows["deaths"] > deaths,
        "deaths",
        lambda row: f"{rows.loc[row, 'deaths']} is more than the {deaths[row]} deaths of the area",
    )


@on("uk_poisoning_rates")
def poisoning_rates_fit() -> None:
    """Limits are even, regions sum to England, and rates are close to crude ones."""
    rows = read("uk_poisoning_rates")
    step = pd.Series(np.where(rows["area_code"].str[0].isin(["E", "W"]), 0.01, 0.1), rows.index)
    interval_holds("uk_poisoning_rates", "rate_per_100k", "rate_lower95", "rate_upper95")
    limits_are_even("uk_poisoning_rates", step=step)
    for year, each in rows.groupby("year"):
        regions = each[each["area_code"].str.startswith("E12")]
        england = each.index[each["area_code"] == "E92000001"]
        refuse(
            "uk_poisoning_rates",
            pd.Series(each.loc[england, "deaths"] != regions["deaths"].sum(), england),
            "deaths",
            lambda row, r=regions, y=year: f"the {len(r)} regions sum to {r['deaths'].sum():,} in {y}",
        )
        people = regions["deaths"] / regions["rate_per_100k"]
        whole = each.loc[england, "deaths"] / each.loc[england, "rate_per_100k"]
        between(
            "uk_poisoning_rates",
            "rate_per_100k",
            people.sum() / whole,
            0.98,
            1.02,
            "what the regions' rates imply over England's",
        )


@on("uk_poisoning_rates")
def poisoning_rates_agree_with_national_tables() -> None:
    """The rows of the four nations are those of deaths_by_definition and uk_drug_deaths."""
    rows = read("uk_poisoning_rates")
    for other, code in (("deaths_by_definition", SCOTLAND), ("uk_drug_deaths", None)):
        theirs = read(other).query("definition == 'drug poisoning'")
        theirs = theirs.assign(area_code=code) if code else theirs
        for column in ("deaths", "rate_per_100k"):
            equal("uk_poisoning_rates", column, lookup(rows, theirs, ["area_code", "year"], column), other)
    crude = rows["deaths"] / lookup(rows, read("uk_populations"), ["area_code", "year"], "population").astype(float) * 100_000
    between("uk_poisoning_rates", "rate_per_100k", rows["rate_per_100k"] / crude, 0.9, 1.15, "the rate over the crude rate")
