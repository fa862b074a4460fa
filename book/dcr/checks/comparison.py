"""Truths about drug deaths elsewhere: the nations of the United Kingdom, Europe and other countries."""

import pandas as pd

from dcr.checks.rules import between, interval_holds, known, lookup, near, not_above, not_falling, on, refuse, same
from dcr.data import read

ENGLAND_AND_WALES, ENGLAND, WALES, SCOTLAND, NORTHERN_IRELAND = "K04000001", "E92000001", "W92000004", "S92000003", "N92000002"
# Two rates that the agency printed for other years or another register than stated (disagreements.csv)
MISPRINTED_RATES = (("DEU", 2016), ("PRT", 2015))
# The one year in which a national count and the European table differ where both rest on one register
REVISED_COUNT = ("NOR", 2016)
# Countries whose national count and European count rest on the same register
ONE_REGISTER = ("AUT", "FIN", "ITA", "NLD", "NOR", "TUR")


@on("uk_drug_deaths")
def misuse_is_among_poisoning() -> None:
    """Drug misuse deaths are fewer than drug poisonings of the same nation and year."""
    rows = read("uk_drug_deaths")
    misuse, poisoning = (rows[rows["definition"] == definition] for definition in ("drug misuse", "drug poisoning"))
    not_above("uk_drug_deaths", "deaths", lookup(misuse, poisoning, ["area_code", "year"], "deaths"), "the drug poisonings")


@on("uk_drug_deaths")
def england_and_wales_add_up() -> None:
    """England and Wales together are England, Wales and at most 60 deaths of people from elsewhere."""
    rows = read("uk_drug_deaths")
    part = {code: rows[rows["area_code"] == code] for code in (ENGLAND_AND_WALES, ENGLAND, WALES)}
    keys = ["definition", "year"]
    both = part[ENGLAND_AND_WALES]
    left = both["deaths"].astype(float)
    for code in (ENGLAND, WALES):
        left = left - lookup(both, part[code], keys, "deaths").astype(float)
    between("uk_drug_deaths", "deaths", left, 0, 60, "what England and Wales alone leave of the two together")


@on("uk_drug_deaths")
def uk_series_are_complete() -> None:
    """England and Wales, England, and Wales have every year of the long series."""
    rows = read("uk_drug_deaths")
    for code, definition in (
        (ENGLAND_AND_WALES, "drug misuse"),
        (ENGLAND_AND_WALES, "drug poisoning"),
        (ENGLAND, "drug misuse"),
        (ENGLAND, "drug poisoning"),
        (WALES, "drug poisoning"),
    ):
        years = rows[(rows["area_code"] == code) & (rows["definition"] == definition)]["year"]
        refuse(
            "uk_drug_deaths",
            years.sort_values().diff() > 1,
            "year",
            lambda row, c=code, d=definition: f"the years before are missing for {d}, {c}",
        )


@on("uk_drug_deaths", "uk_populations")
def uk_rates_recompute() -> None:
    """Standardised rates are within 10% of crude ones."""
    rows = read("uk_drug_deaths").query("definition != 'drug induced 15-64'")
    people = lookup(rows, read("uk_populations"), ["area_code", "year"], "population").astype(float)
    ratio = rows["rate_per_100k"] / (rows["deaths"].astype(float) / people * 100_000)
    between("uk_drug_deaths", "rate_per_100k", ratio, 0.94, 1.10, "the rate over the crude rate")


@on("uk_drug_deaths", "uk_populations")
def drug_induced_rates_recompute() -> None:
    """Rates of drug-induced deaths at ages 15 to 64 are deaths over the people of those ages."""
    rows = read("uk_drug_deaths").query("definition == 'drug induced 15-64'")
    people = lookup(rows, read("uk_populations"), ["area_code", "year"], "population_15_64").astype(float)
    near(
        "uk_drug_deaths",
        "rate_per_100k",
        rows["deaths"].astype(float) / people * 100_000,
        0.05,
        "deaths and people aged 15 to 64",
    )
    scotland = rows[rows["area_code"] == SCOTLAND]
    every = lookup(scotland, read("deaths_by_definition").query("definition == 'drug induced'"), "year", "deaths").astype(float)
    between("uk_drug_deaths", "deaths", scotland["deaths"].astype(float) / every, 0.95, 1, "the share aged 15 to 64")


@on("uk_populations")
def uk_populations_add_up() -> None:
    """England and Wales are the sum of the two; people aged 15 to 64 are 60% to 68%; a nation changes by at most 3% a year."""
    rows = read("uk_populations")
    both = rows[rows["area_code"] == ENGLAND_AND_WALES]
    parts = sum(lookup(both, rows[rows["area_code"] == code], "year", "population").astype(float) for code in (ENGLAND, WALES))
    near("uk_populations", "population", parts, 100, "England and Wales")
    between(
        "uk_populations", "population_15_64", rows["population_15_64"].astype(float) / rows["population"], 0.60, 0.68, "the share"
    )
    ordered = rows.sort_values(["area_code", "year"])
    group = ordered.groupby("area_code")
    change = 100 * ((ordered["population"] / group["population"].shift()) ** (1 / group["year"].diff()) - 1)
    between("uk_populations", "population", change.astype(float), -3, 3, "the change a year in percent")


@on("uk_populations")
def populations_of_scotland_agree() -> None:
    """Scotland's population is that of the Scottish tables from 2021; before, it is up to 1.1% larger (an older basis)."""
    rows = read("uk_populations").query("area_code == @SCOTLAND")
    annual = lookup(rows, read("annual_deaths"), "year", "population").astype(float)
    recent = rows["year"] >= 2021
    near("uk_populations", "population", annual[recent], 0, "annual_deaths")
    between(
        "uk_populations",
        "population",
        (rows["population"] / annual)[~recent],
        1,
        1.011,
        "the population over that of annual_deaths",
    )


@on("uk_populations", "country_populations")
def uk_population_is_near_the_world_bank() -> None:
    """The nations sum to the United Kingdom's population within 0.5%."""
    rows = read("uk_populations").query("area_code == @SCOTLAND")
    total = rows["population"].astype(float)
    for nation in (ENGLAND_AND_WALES, NORTHERN_IRELAND):
        other = read("uk_populations").set_index("area_code").loc[[nation]].reset_index()
        total = total + lookup(rows, other, "year", "population").astype(float)
    kingdom = lookup(rows, read("country_populations").query("country == 'GBR'"), "year", "population").astype(float)
    between("uk_populations", "population", total / kingdom, 0.995, 1.005, "the sum of the nations over the World Bank's figure")


@on("europe_drug_deaths")
def ages_are_part_of_all() -> None:
    """Deaths at ages 15 to 64 are among all; every row has a count or a rate, and its series is defined."""
    rows = read("europe_drug_deaths")
    not_above("europe_drug_deaths", "deaths_15_64", rows["deaths"], "the deaths at all ages")
    refuse(
        "europe_drug_deaths",
        rows["deaths"].isna() & rows["rate_per_million_15_64"].isna(),
        "deaths",
        lambda row: "the row has neither a count nor a rate",
    )
    large = rows[(rows["series"] == "bulletin_2019") & (rows["deaths"] > 20)]
    share = large["deaths_15_64"].astype(float) / large["deaths"].astype(float)
    between("europe_drug_deaths", "deaths_15_64", share, 0.7, 1, "the share aged 15 to 64")


@on("drug_death_definitions")
def every_definition_is_used() -> None:
    """Every definition of a series has figures in europe_drug_deaths."""
    rows = read("drug_death_definitions")
    used = set(read("europe_drug_deaths")[["country", "series"]].itertuples(index=False, name=None))
    pairs = pd.Series(list(zip(rows["country"], rows["series"], strict=True)), rows.index)
    refuse("drug_death_definitions", ~pairs.isin(used), "series", lambda row: "europe_drug_deaths has no such series")


@on("country_populations", "europe_drug_deaths", "other_countries_drug_deaths")
def every_count_has_a_population() -> None:
    """Every country and year with deaths has a population, and no other has."""
    people, used = read("country_populations"), []
    for table in ("europe_drug_deaths", "other_countries_drug_deaths"):
        rows = read(table)
        used.append(rows[["country", "year"]])
        known(
            table,
            "country",
            lookup(rows, people, ["country", "year"], "population"),
            "population of that year in country_populations",
        )
    used = set(pd.concat(used).itertuples(index=False, name=None))
    pairs = pd.Series(list(zip(people["country"], people["year"], strict=True)), people.index)
    refuse("country_populations", ~pairs.isin(used), "year", lambda row: "no table of deaths has this country and year")


@on("country_populations")
def country_populations_are_plausible() -> None:
    """People aged 15 to 64 are 60% to 73%; a country changes by at most 4% a year; shares after 2020 are projections."""
    rows = read("country_populations").sort_values(["country", "year"])
    between(
        "country_populations",
        "population_15_64",
        rows["population_15_64"] / rows["population"],
        0.60,
        0.73,
        "the share aged 15 to 64",
    )
    group = rows.groupby("country")
    change = 100 * ((rows["population"] / group["population"].shift()) ** (1 / group["year"].diff()) - 1)
    between("country_populations", "population", change, -4, 4, "the change a year in percent")
    share = (rows["population_15_64"] / rows["population"]).groupby(rows["country"]).diff().abs() / group["year"].diff()
    between("country_populations", "population_15_64", share, 0, 0.02, "the change a year of the share aged 15 to 64")
    refuse(
        "country_populations",
        (rows["share_basis"] == "projection") != (rows["year"] > 2020),
        "share_basis",
        lambda row: "shares after 2020, and no others, are projections",
    )


@on("europe_drug_deaths", "country_populations")
def published_rates_recompute() -> None:
    """Rates printed by the European agency are those of its counts within 1 a million, but for two declared misprints."""
    rows = read("europe_drug_deaths")
    printed = rows[rows["series"] == "published_rate"]
    pairs = pd.Series(list(zip(printed["country"], printed["year"], strict=True)), printed.index)
    printed = printed[~pairs.isin(MISPRINTED_RATES)]
    deaths = lookup(printed, rows[rows["series"] == "bulletin_2019"], ["country", "year"], "deaths_15_64").astype(float)
    people = lookup(printed, read("country_populations"), ["country", "year"], "population_15_64").astype(float)
    near("europe_drug_deaths", "rate_per_million_15_64", deaths / people * 1e6, 1, "deaths and people aged 15 to 64")


@on("europe_drug_deaths")
def national_counts_equal_the_european_table() -> None:
    """Where a national count and the European table rest on one register they are equal, but for one revised year."""
    rows = read("europe_drug_deaths")
    european = rows[rows["series"] == "bulletin_2019"]
    national = rows[rows["series"].isin(["causes_of_death", "special_register", "forensic_register", "police_register"])]
    same_register = national[national["country"].isin(ONE_REGISTER)]
    revised = (same_register["country"] == REVISED_COUNT[0]) & (same_register["year"] == REVISED_COUNT[1])
    near(
        "europe_drug_deaths",
        "deaths",
        lookup(same_register[~revised], european, ["country", "year"], "deaths").astype(float),
        0,
        "the European table",
    )
    german = national[national["country"] == "DEU"]
    ratio = lookup(german, european, ["country", "year"], "deaths").astype(float) / german["deaths"].astype(float)
    between("europe_drug_deaths", "deaths", ratio, 0.85, 1, "the European count over that of the German police register")


@on("europe_drug_deaths")
def portuguese_series_nest() -> None:
    """In Portugal overdoses are among deaths with any illicit drug found."""
    rows = read("europe_drug_deaths").query("country == 'PRT'")
    overdoses = rows[rows["series"] == "forensic_register"]
    found = lookup(overdoses, rows[rows["series"] == "any_illicit_drug_found"], "year", "deaths")
    not_above("europe_drug_deaths", "deaths", found, "the deaths with any illicit drug found")


@on("europe_totals")
def wider_groups_are_larger() -> None:
    """A European total with Norway and Türkiye exceeds the one without."""
    rows = read("europe_totals")
    for group in ("eu27", "eu28"):
        wider = rows[rows["grouping"] == f"{group}_norway_turkiye"]
        refuse(
            "europe_totals",
            lookup(wider, rows[rows["grouping"] == group], "year", "deaths") >= wider["deaths"],
            "deaths",
            lambda row: "the total with Norway and Türkiye is not above the one without",
        )


@on("europe_totals", "europe_drug_deaths")
def european_countries_sum_to_the_total() -> None:
    """Countries' counts of 2014 and 2015 sum to the printed total of the Union, Norway and Türkiye within 5%."""
    totals = read("europe_totals").query("grouping == 'eu28_norway_turkiye' and year in [2014, 2015]")
    sums = read("europe_drug_deaths").query("series == 'bulletin_2019'").groupby("year")["deaths"].sum()
    ratio = totals["year"].map(sums).astype(float) / totals["deaths"].astype(float)
    between("europe_totals", "deaths", ratio, 0.95, 1.05, "the sum of the countries over the total")


@on("other_countries_drug_deaths", "country_populations")
def other_rates_recompute() -> None:
    """Rates of other countries are within 3% of deaths over population."""
    rows = read("other_countries_drug_deaths")
    people = lookup(rows, read("country_populations"), ["country", "year"], "population").astype(float)
    ratio = rows["rate_per_100k"] / (rows["deaths"].astype(float) / people * 100_000)
    between("other_countries_drug_deaths", "rate_per_100k", ratio, 0.97, 1.05, "the rate over the crude rate")


def values_in_limits(table: str) -> None:
    """File a check that values lie in their limits."""

    def limits() -> None:
        interval_holds(table, "value", "lower95", "upper95")

    limits.__name__ = f"values_lie_in_their_limits_in_{table}"
    on(table)(limits)


values_in_limits("uk_treatment_harm")
values_in_limits("country_treatment")


@on("uk_treatment_harm")
def treatment_figures_are_plausible() -> None:
    """Periods run forward; percentages are 0 to 100; treatment in the community is part of all; running totals rise."""
    rows = read("uk_treatment_harm")
    refuse(
        "uk_treatment_harm",
        rows["period_start"] >= rows["period_end"],
        "period_end",
        lambda row: "the period ends before it starts",
    )
    between("uk_treatment_harm", "value", rows["value"].where(rows["unit"] == "percent"), 0, 100, "the percentage")
    keys = ["area_name", "period_start", "period_end"]
    community = rows[rows["indicator"] == "oat_people_community"]
    whole = lookup(community, rows[rows["indicator"] == "oat_people_all"], keys, "value")
    not_above("uk_treatment_harm", "value", whole, "all people in treatment")
    kits = rows[rows["indicator"] == "naloxone_kits_issued_cumulative"].sort_values("period_end")
    not_falling("uk_treatment_harm", "value", kits["value"])


@on("uk_treatment_harm")
def treatment_rates_imply_scotland() -> None:
    """Counts over rates imply the people of Scotland: 5.1 to 5.6 million, 3.4 to 3.7 million of them aged 15 to 64."""
    rows = read("uk_treatment_harm").query("area_name == 'Scotland'")
    keys = ["period_start", "period_end"]
    for count, rate, factor, lower, upper in (
        ("drug_hospital_stays", "drug_hospital_stays_rate", 1e5, 5.1e6, 5.6e6),
        ("opioid_dependence_people", "opioid_dependence_percent", 1e2, 3.4e6, 3.7e6),
    ):
        rates = rows[rows["indicator"] == rate]
        people = lookup(rates, rows[rows["indicator"] == count], keys, "value") / rates["value"] * factor
        between("uk_treatment_harm", "value", people, lower, upper, "the population implied by count and rate")


@on("published_ratios")
def ratios_run_upwards() -> None:
    """The lower end of a published ratio is not above its upper end."""
    rows = read("published_ratios")
    not_above("published_ratios", "ratio_low", rows["ratio_high"], "the upper end")


@on("published_ratios", "uk_drug_deaths")
def poisoning_ratio_recomputes() -> None:
    """Scotland's rate of drug poisoning in 2023 is two to three times that of each other nation, as published."""
    scotland = read("deaths_by_definition").query("definition == 'drug poisoning' and year == 2023")["rate_per_100k"].iloc[0]
    nations = read("uk_drug_deaths").query("definition == 'drug poisoning' and year == 2023 and area_code != @ENGLAND_AND_WALES")
    between("uk_drug_deaths", "rate_per_100k", scotland / nations["rate_per_100k"], 1.5, 3.5, "Scotland's rate over the nation's")


@on("uk_drug_deaths", "uk_populations")
def uk_area_names_agree() -> None:
    """A code has one name in all tables of the United Kingdom."""
    listed = read("areas")
    for table in ("uk_drug_deaths", "uk_populations"):
        rows = read(table)
        same(table, "area_name", lookup(rows, listed, "area_code", "area_name"), "areas.csv")
        same(table, "area_name", rows.groupby("area_code")["area_name"].transform("first"), "the rows before")
