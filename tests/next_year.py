"""A made-up edition of next year: rows appended to every table of the annual edition, in a copy of the data.

Nothing else is edited: no row that stood before, no order of rows, no schema and no total.

The numbers are invented for the test and keep to every truth that real ones keep: deaths are shared out from the total
downwards, and rates follow from them. Nobody may mistake them for statistics.
"""

import math
import random
from pathlib import Path

import copies

SOURCE = "made-up-edition"
BANDS_OF = {"0-24": (0, 6), "0-34": (0, 8), "35-54": (8, 12), "55+": (12, 20)}
Row = dict[str, str]


class Tables:
    """The tables of a folder as lists of rows by column name, written back with `save`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rows = folder, {}

    def __getitem__(self, name: str) -> list[Row]:
        if name not in self.rows:
            header, *body = copies.rows_of(self.folder / f"{name}.csv")
            self.rows[name] = [dict(zip(header, row, strict=True)) for row in body]
        return self.rows[name]

    def pick(self, name: str, **where: str) -> list[Row]:
        return [row for row in self[name] if all(row[column] == value for column, value in where.items())]

    def save(self, only: set[str] | None = None) -> None:
        for name, rows in self.rows.items():
            if only is None or name in only:
                copies.write_rows(self.folder / f"{name}.csv", [list(rows[0]), *(list(row.values()) for row in rows)])


def share_out(total: int, weights: list[float], least: list[int] | None = None, most: list[float] | None = None) -> list[int]:
    """Return whole numbers that sum to `total`, near the proportions of the weights, within their bounds."""
    least, most = least or [0] * len(weights), most or [math.inf] * len(weights)
    scale = total / sum(weights) if sum(weights) else 0
    exact = [weight * scale for weight in weights]
    shares = [min(max(round(value), low), high) for value, low, high in zip(exact, least, most, strict=True)]
    while sum(shares) != total:
        step = 1 if sum(shares) < total else -1
        free = [
            place
            for place, share in enumerate(shares)
            if least[place] <= share + step <= most[place] and (weights[place] or step < 0)
        ]
        place = max(free, key=lambda place: step * (exact[place] - shares[place]))
        shares[place] += step
    return shares


def synthetic_next_year(folder: Path, change: float = 0.08, seed: int = 1, only: set[str] | None = None) -> int:
    """Append one made-up year to the tables of `folder` and return it.

    change  deaths of the year over those of the year before, less 1
    seed    of the random differences between parts
    only    names of the tables to write, for an edition brought in by halves; all by default
    """
    t, dice = Tables(folder), random.Random(seed)
    latest = max(int(row["year"]) for row in t["annual_deaths"])
    old, new = str(latest), str(latest + 1)
    t["sources"].append(
        {
            **t["sources"][0],
            "key": SOURCE,
            "title": "A made-up edition, for a test",
            "authors": "[x]",
            "publisher": "Nobody",
            "published": f"{latest + 2}-09-01",
            "url": "[x]",
            "doi": "[x]",
            "licence": "OGL-3.0",
            "known": "first-hand",
            "note": "",
        }
    )
    total = round(int(t.pick("annual_deaths", year=old)[0]["deaths"]) * (1 + change))
    by_age = grow_ages(t, old, new, total, dice)
    grow_totals(t, old, new, by_age)
    grow_parts(t, old, new, total, dice)
    grow_areas(t, old, new, by_age, dice)
    grow_substances(t, old, new, total, by_age, dice)
    t.save(None if only is None else only | {"sources"})
    return latest + 1


def weights(t: Tables) -> dict[str, int]:
    """Return the standard population by age band."""
    return {row["age_band"]: int(row["standard_population"]) for row in t["european_standard_population"]}


def population(t: Tables, old: str, sex: str, band: str) -> float:
    """Return people of a sex and age whose rate was printed most recently, as count and rate imply."""
    rows = [row for row in t.pick("deaths_by_age_sex", sex=sex, age_band=band) if float(row["rate_per_100k"]) > 0]
    row = max(rows, key=lambda row: (int(row["deaths"]) >= 30, int(row["year"])))
    return int(row["deaths"]) / float(row["rate_per_100k"]) * 1e5


def grow_ages(t: Tables, old: str, new: str, total: int, dice: random.Random) -> dict[tuple[str, str], int]:
    """Add deaths and rates by age and sex; return the counts by sex and age."""
    bands = list(weights(t))
    sexes = [row for row in t.pick("deaths_by_age_sex", year=old) if row["sex"] != "persons"]
    counts = share_out(total, [int(row["deaths"]) * dice.uniform(0.9, 1.1) for row in sexes])
    deaths = {(row["sex"], row["age_band"]): count for row, count in zip(sexes, counts, strict=True)}
    for band in bands:
        deaths["persons", band] = deaths["males", band] + deaths["females", band]
    for sex in ("persons", "males", "females"):
        for band in bands:
            people = population(t, old, sex, band) if deaths[sex, band] else 1
            if sex == "persons" and deaths[sex, band]:
                people = sum(population(t, old, each, band) for each in ("males", "females") if any_rate(t, each, band))
            rate = deaths[sex, band] / people * 1e5
            t["deaths_by_age_sex"].append(
                {
                    "year": new,
                    "sex": sex,
                    "age_band": band,
                    "deaths": str(deaths[sex, band]),
                    "rate_per_100k": f"{rate:.1f}",
                    "source": SOURCE,
                    "locator": "Made up",
                }
            )
        for name, (first, last) in BANDS_OF.items():
            inside = bands[first:last]
            rates = {row["age_band"]: float(row["rate_per_100k"]) for row in t.pick("deaths_by_age_sex", year=new, sex=sex)}
            weight = weights(t)
            rate = sum(weight[band] * rates[band] for band in inside) / sum(weight[band] for band in inside)
            t["rates_by_broad_age"].append(
                {
                    "year": new,
                    "sex": sex,
                    "age_band": name,
                    "deaths": str(sum(deaths[sex, band] for band in inside)),
                    "rate_per_100k": f"{rate:.1f}",
                    "source": SOURCE,
                    "locator": "Made up",
                }
            )
    return deaths


def any_rate(t: Tables, sex: str, band: str) -> bool:
    """Tell whether a rate above nil was ever printed for a sex and age."""
    return any(float(row["rate_per_100k"]) > 0 for row in t.pick("deaths_by_age_sex", sex=sex, age_band=band))


def standardised(t: Tables, year: str, sex: str) -> dict[str, str]:
    """Return the age-standardised rate of a year and sex with its limits, as text."""
    weight, rate, spread = weights(t), 0.0, 0.0
    for row in t.pick("deaths_by_age_sex", year=year, sex=sex):
        part = weight[row["age_band"]] * float(row["rate_per_100k"]) / 1e5
        rate += part
        spread += part**2 / int(row["deaths"]) if int(row["deaths"]) else 0
    half = 1.96 * math.sqrt(spread)
    return {"rate_per_100k": f"{rate:.1f}", "rate_lower95": f"{rate - half:.1f}", "rate_upper95": f"{rate + half:.1f}"}


def grow_totals(t: Tables, old: str, new: str, by_age: dict) -> None:
    """Add the year to annual_deaths, deaths_by_sex, first_published and deaths_by_definition."""
    deaths = {sex: sum(count for (each, _), count in by_age.items() if each == sex) for sex in ("persons", "males", "females")}
    age = {}
    for row in t.pick("deaths_by_sex", year=old):
        age[row["sex"]] = round(float(row["mean_age_years"]) + 0.4, 1)
        t["deaths_by_sex"].append(
            {
                **row,
                "year": new,
                "deaths": str(deaths[row["sex"]]),
                **standardised(t, new, row["sex"]),
                "mean_age_years": f"{age[row['sex']]:.1f}",
                "source": SOURCE,
            }
        )
    last = t.pick("annual_deaths", year=old)[0]
    people = round(int(last["population"]) * 1.004 / 100) * 100
    mean = sum(deaths[sex] * age[sex] for sex in age) / deaths["persons"]
    t["annual_deaths"].append(
        {
            **last,
            "year": new,
            "deaths": str(deaths["persons"]),
            **standardised(t, new, "persons"),
            "population": str(people),
            "crude_rate_per_100k": f"{deaths['persons'] / people * 1e5:.2f}",
            "mean_age_years": f"{mean:.1f}",
            "source": SOURCE,
        }
    )
    first = {"first_published_deaths": str(deaths["persons"]), "first_published_date": f"{int(new) + 1}-09-01"}
    t["first_published"].append({**t.pick("first_published", year=old)[0], "year": new, **first, "source": SOURCE})
    for definition in ("drug misuse", "drug poisoning", "drug induced"):
        row = t.pick("deaths_by_definition", definition=definition, year=old)[0]
        count = round(int(row["deaths"]) * deaths["persons"] / int(last["deaths"]))
        crude = count / people * 1e5
        rate = float(row["rate_per_100k"]) / float(row["crude_rate_per_100k"]) * crude
        fresh = {
            "deaths": str(count),
            "population": str(people),
            "crude_rate_per_100k": f"{crude:.2f}",
            "rate_per_100k": f"{rate:.1f}",
        }
        if definition == "drug misuse":
            fresh.update({name: t["annual_deaths"][-1][name] for name in fresh})
        t["deaths_by_definition"].append({**row, "year": new, **fresh, "source": SOURCE})


def rate_and_limits(deaths: int, people: float) -> dict[str, str]:
    """Return a rate of an area with its limits as text, withheld on fewer than ten deaths."""
    if deaths < 10:
        return dict.fromkeys(("rate_per_100k", "rate_lower95", "rate_upper95"), "[c]")
    rate = deaths / people * 1e5
    half = 1.96 * rate / math.sqrt(deaths)
    return {"rate_per_100k": f"{rate:.1f}", "rate_lower95": f"{rate - half:.1f}", "rate_upper95": f"{rate + half:.1f}"}


def grow_parts(t: Tables, old: str, new: str, total: int, dice: random.Random) -> None:
    """Add the year to the tables by cause and by deprivation."""
    rows = t.pick("deaths_by_cause", year=old)
    counts = share_out(total, [int(row["deaths"]) * dice.uniform(0.95, 1.05) for row in rows])
    fresh = [{**row, "year": new, "deaths": str(n), "source": SOURCE} for row, n in zip(rows, counts, strict=True)]
    t["deaths_by_cause"].extend(fresh)
    tenths = t.pick("deaths_by_deprivation", year=old, simd_division="decile")
    counts = share_out(total, [int(row["deaths"]) for row in tenths], least=[10] * 10)
    grown = {"decile": counts, "quintile": [counts[2 * k] + counts[2 * k + 1] for k in range(5)]}
    for division, deaths in grown.items():
        rows = t.pick("deaths_by_deprivation", year=old, simd_division=division)
        for row, count in zip(rows, deaths, strict=True):
            pair = tenths[2 * (int(row["simd_rank"]) - 1) :][:2] if division == "quintile" else [row]
            people = sum(int(each["deaths"]) / float(each["rate_per_100k"]) * 1e5 for each in pair)
            t["deaths_by_deprivation"].append(
                {**row, "year": new, "deaths": str(count), **rate_and_limits(count, people), "source": SOURCE}
            )


def grow_areas(t: Tables, old: str, new: str, by_age: dict, dice: random.Random) -> None:
    """Add the year to deaths_by_area and the period that it ends to area_rates_five_year."""
    councils = [row for row in t["areas"] if row["area_type"] == "council area"]
    board = {row["area_code"]: row["health_board_code"] for row in councils}
    counts: dict[tuple[str, str], int] = {}
    for sex in ("males", "females"):
        before = [int(t.pick("deaths_by_area", area_code=code, year=old, sex=sex)[0]["deaths"]) for code in board]
        total = sum(count for (each, _), count in by_age.items() if each == sex)
        for code, count in zip(board, share_out(total, [n * dice.uniform(0.9, 1.1) for n in before]), strict=True):
            counts[code, sex] = count
    for code in board:
        counts[code, "persons"] = counts[code, "males"] + counts[code, "females"]
    for sex in ("persons", "males", "females"):
        for code in set(board.values()):
            counts[code, sex] = sum(counts[each, sex] for each in board if board[each] == code)
    for row in [row for row in t["deaths_by_area"] if row["year"] == old]:
        t["deaths_by_area"].append({**row, "year": new, "deaths": str(counts[row["area_code"], row["sex"]]), "source": SOURCE})
    grow_five_years(t, old, new, board)


def grow_five_years(t: Tables, old: str, new: str, board: dict[str, str]) -> None:
    """Add the five-year period that the new year ends."""
    yearly = {(row["area_code"], row["year"]): int(row["deaths"]) for row in t["deaths_by_area"] if row["sex"] == "persons"}
    yearly |= {("S92000003", row["year"]): int(row["deaths"]) for row in t["annual_deaths"]}
    fresh = {}
    for row in [row for row in t["area_rates_five_year"] if row["end_year"] == old]:
        code = row["area_code"]
        deaths = sum(yearly[code, str(year)] for year in range(int(new) - 4, int(new) + 1))
        shown = [each for each in t.pick("area_rates_five_year", area_code=code) if each["rate_per_100k"][0] != "["]
        people = int(shown[-1]["deaths"]) / float(shown[-1]["rate_per_100k"]) * 1e5 if shown else 1e5
        limits = rate_and_limits(deaths, people)
        if code == "S92000003":
            rate = sum(float(each["rate_per_100k"]) for each in t["annual_deaths"][-5:]) / 5
            limits = rate_and_limits(deaths, deaths / rate * 1e5)
        fresh[code] = {**row, "start_year": str(int(new) - 4), "end_year": new, "deaths": str(deaths), **limits, "source": SOURCE}
    alone = {b: [c for c in board if board[c] == b] for b in set(board.values())}
    for code, councils in alone.items():
        if len(councils) == 1:
            fresh[code].update({name: fresh[councils[0]][name] for name in ("rate_per_100k", "rate_lower95", "rate_upper95")})
    t["area_rates_five_year"].extend(fresh.values())


def grow_substances(t: Tables, old: str, new: str, total: int, by_age: dict, dice: random.Random) -> None:
    """Add the year to the four tables of substances: every count of the year before, lowered where it must be.

    Members stay below their groups because each cell of ages and areas is the old one, cut to what the cell can hold.
    """
    cells = []
    limit = {}
    for (sex, band), count in by_age.items():
        name = "85+" if band in ("85-89", "90+") else band
        limit[sex, name] = limit.get((sex, name), 0) + count
    for row in t.pick("deaths_by_substance_age_sex", year=old):
        count = min(int(row["deaths"]), limit[row["sex"], row["age_band"]])
        cells.append({**row, "year": new, "deaths": str(count), "source": SOURCE})
    t["deaths_by_substance_age_sex"].extend(cells)
    area_limit = {row["area_code"]: int(row["deaths"]) for row in t.pick("deaths_by_area", year=new, sex="persons")}
    totals = fit_totals(t, old, cells, area_limit)
    for row in t.pick("deaths_by_substance", year=old):
        t["deaths_by_substance"].append({**row, "year": new, "deaths": str(totals[row["substance"]][0]), "source": SOURCE})
    boards = {row["area_code"]: row["health_board_code"] for row in t["areas"] if row["area_type"] == "council area"}
    for row in t.pick("deaths_by_area_substance", year=old):
        _, by_council = totals[row["substance"]]
        code = row["area_code"]
        count = by_council.get(code, sum(n for council, n in by_council.items() if boards[council] == code))
        t["deaths_by_area_substance"].append({**row, "year": new, "deaths": str(count), "source": SOURCE})
    grow_single_drugs(t, old, new, cells)


def fit_totals(t: Tables, old: str, cells: list[Row], area_limit: dict[str, int]) -> dict[str, tuple[int, dict[str, int]]]:
    """Return for each substance its deaths and those of each council area: the least of what ages and areas can hold.

    Where ages hold more than areas, cells of ages are lowered one by one, alike for members and groups.
    """
    totals = {}
    for substance in {row["substance"] for row in cells}:
        ages = [row for row in cells if row["substance"] == substance]
        rows = [
            row for row in t.pick("deaths_by_area_substance", year=old, substance=substance) if row["area_code"] in area_limit
        ]
        councils = {row["area_code"]: int(row["deaths"]) for row in rows if row["area_code"].startswith("S12")}
        held = {code: min(count, area_limit[code]) for code, count in councils.items()}
        by_ages = sum(int(row["deaths"]) for row in ages)
        while by_ages > sum(held.values()):
            largest = max(ages, key=lambda row: int(row["deaths"]))
            largest["deaths"] = str(int(largest["deaths"]) - 1)
            by_ages -= 1
        while sum(held.values()) > by_ages:
            largest = max(held, key=held.get)
            held[largest] -= 1
        totals[substance] = by_ages, held
    return totals


def grow_single_drugs(t: Tables, old: str, new: str, cells: list[Row]) -> None:
    """Add the year to the deaths on a single drug: half of those of the year before."""
    halves = {}
    for row in t.pick("single_drug_deaths", year=old):
        if row["sex"] != "persons":
            halves[row["substance"], row["sex"]] = int(row["deaths"]) // 2
    for sex in ("males", "females"):
        kinds = ("any_street_benzodiazepine", "any_prescribable_benzodiazepine")
        halves["any_benzodiazepine", sex] = sum(halves[kind, sex] for kind in kinds)
    for row in t.pick("single_drug_deaths", year=old):
        count = halves.get(
            (row["substance"], row["sex"]), halves[row["substance"], "males"] + halves[row["substance"], "females"]
        )
        t["single_drug_deaths"].append({**row, "year": new, "deaths": str(count), "source": SOURCE})
