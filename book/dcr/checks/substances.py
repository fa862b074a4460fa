"""Truths about the substances implicated in deaths. Several can be implicated in one death, so they do not sum."""

import numpy as np
import pandas as pd

from dcr.checks.rules import complete, equal, grid, known, lookup, not_above, on, parts_sum_to_total, refuse
from dcr.data import read

# With one drug only in the body, the groups that do not contain each other
SINGLE_GROUPS = (
    "any_opiate_or_opioid",
    "any_benzodiazepine",
    "gabapentin_pregabalin",
    "cocaine",
    "ecstasy_type",
    "amphetamines",
    "xylazine",
    "ketamine",
)


@on("deaths_by_substance")
def substances_are_complete() -> None:
    """Every substance has every year from 1996; once known, it is not unknown again; no more deaths than in all."""
    grid("deaths_by_substance", "substance", "year")
    complete("deaths_by_substance", ["substance", "year"], start=1996)
    rows = read("deaths_by_substance")
    listed = read("substances")
    refuse("substances", ~listed["substance"].isin(rows["substance"]), "substance", lambda row: "deaths_by_substance lacks it")
    total = lookup(rows, read("annual_deaths"), "year", "deaths")
    known("deaths_by_substance", "year", total, "total in annual_deaths")
    not_above("deaths_by_substance", "deaths", total, "all deaths of the year")
    begun = rows["deaths"].notna().groupby(rows["substance"]).cummax()
    refuse(
        "deaths_by_substance", begun & rows["deaths"].isna(), "deaths", lambda row: "the substance is known in an earlier year"
    )
    refuse(
        "deaths_by_substance",
        (rows["recording_basis"] == "reported") != (rows["year"] < 2008),
        "recording_basis",
        lambda row: "substances are reported before 2008, and implicated from then on",
    )


def groups_hold_their_members(table: str, keys: list[str]) -> None:
    """Require that no substance has more deaths than its group, and a group of kinds no more than its kinds together."""
    rows, listed = read(table), read("substances")
    group = lookup(rows, listed, "substance", "part_of")
    of_group = lookup(rows.assign(substance=group), rows, [*keys, "substance"], "deaths").where(group.notna())
    not_above(table, "deaths", of_group, "the group it is part of")
    kinds = rows[rows["substance"].isin(["any_street_benzodiazepine", "any_prescribable_benzodiazepine"])]
    sums = kinds.groupby(keys)["deaths"].agg(["sum", "count"]).query("count == 2").reset_index()
    any_kind = rows[rows["substance"] == "any_benzodiazepine"]
    not_above(table, "deaths", lookup(any_kind, sums, keys, "sum"), "street and prescribable benzodiazepines together")


def group_check(table: str, *keys: str) -> None:
    """File the check of groups under a table."""

    def groups() -> None:
        groups_hold_their_members(table, list(keys))

    groups.__name__ = f"groups_hold_their_members_in_{table}"
    on(table)(groups)


group_check("deaths_by_substance", "year")
group_check("deaths_by_area_substance", "year", "area_code")
group_check("deaths_by_substance_age_sex", "year", "sex", "age_band")
group_check("single_drug_deaths", "year", "sex")


@on("deaths_by_substance")
def substances_change_steadily() -> None:
    """Within one way of recording, a count between two years is not far outside them (1.3 times and 15 deaths so far)."""
    rows = read("deaths_by_substance")
    group = [rows["substance"], rows["recording_basis"]]
    deaths = rows["deaths"].astype(float)
    before, after = deaths.groupby(group).shift(), deaths.groupby(group).shift(-1)
    both = before.notna() & after.notna()
    lower, upper = np.minimum(before, after) / 1.5 - 25, np.maximum(before, after) * 1.5 + 25
    refuse(
        "deaths_by_substance",
        both & ((deaths < lower) | (deaths > upper)),
        "deaths",
        lambda row: f"{deaths[row]:.0f} stands between {before[row]:.0f} and {after[row]:.0f} in the years beside it",
    )


@on("deaths_by_substance_age_sex")
def substances_sum_over_ages() -> None:
    """Deaths by age and sex sum to the substance's; none has more than all deaths of the age and sex."""
    grid("deaths_by_substance_age_sex", "year", "substance", "sex", "age_band")
    rows = read("deaths_by_substance_age_sex")
    parts_sum_to_total("deaths_by_substance_age_sex", "deaths_by_substance", ["year", "substance"], "deaths")
    ages = read("deaths_by_age_sex").replace({"age_band": {"85-89": "85+", "90+": "85+"}})
    ages = ages.groupby(["year", "sex", "age_band"])["deaths"].sum().reset_index()
    every = lookup(rows, ages, ["year", "sex", "age_band"], "deaths")
    known("deaths_by_substance_age_sex", "age_band", every, "deaths by age in deaths_by_age_sex")
    not_above("deaths_by_substance_age_sex", "deaths", every, "all deaths of the age and sex")


@on("single_drug_deaths")
def single_drugs_add_up() -> None:
    """Males and females sum to persons; groups that do not overlap sum to at most all deaths on one drug."""
    grid("single_drug_deaths", "year", "substance", "sex")
    rows = read("single_drug_deaths")
    persons = rows[rows["sex"] == "persons"]
    both = rows[rows["sex"] != "persons"].groupby(["year", "substance"])["deaths"].sum().reset_index()
    equal("single_drug_deaths", "deaths", lookup(persons, both, ["year", "substance"], "deaths"), "males and females")
    every = rows[rows["substance"] == "any"]
    refuse(
        "single_drug_deaths",
        pd.Series([every.empty], [rows.index[0]]),
        "substance",
        lambda row: "the rows of any drug are missing",
    )
    not_above("single_drug_deaths", "deaths", lookup(rows, every, ["year", "sex"], "deaths"), "all deaths on a single drug")
    groups = rows[rows["substance"].isin(SINGLE_GROUPS)].groupby(["year", "sex"])["deaths"].sum().reset_index()
    sums = lookup(every, groups, ["year", "sex"], "deaths")
    refuse(
        "single_drug_deaths",
        sums > every["deaths"],
        "deaths",
        lambda row: f"groups of single drugs sum to {sums[row]}, more than all",
    )
    kinds = rows[rows["substance"].isin(["any_street_benzodiazepine", "any_prescribable_benzodiazepine"])]
    sums = kinds.groupby(["year", "sex"])["deaths"].sum().reset_index()
    any_kind = rows[rows["substance"] == "any_benzodiazepine"]
    equal(
        "single_drug_deaths",
        "deaths",
        lookup(any_kind, sums, ["year", "sex"], "deaths"),
        "street and prescribable benzodiazepines",
    )


@on("single_drug_deaths")
def single_drugs_are_among_all() -> None:
    """A substance alone is implicated in no more deaths of a sex than the substance at all."""
    rows = read("single_drug_deaths")
    ages = read("deaths_by_substance_age_sex").groupby(["year", "sex", "substance"])["deaths"].sum().reset_index()
    not_above("single_drug_deaths", "deaths", lookup(rows, ages, ["year", "sex", "substance"], "deaths"), "all deaths with it")
