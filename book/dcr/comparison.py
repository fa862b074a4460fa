"""Deaths of the UK's nations, of Europe and of Portugal, put on one footing for comparison."""

import pandas as pd

from dcr import stats, words
from dcr.data import load
from dcr.numbers import number
from dcr.ratios import ratio_from_counts, ratio_to_whole

Limits = tuple[float, float, float]
REST = "rest of the United Kingdom"
WHOLE = "United Kingdom"
BORDER = "England and Wales"


def uk_deaths(definition: str) -> pd.DataFrame:
    """Return deaths, age-standardised rate per 100,000 and people of the UK's areas, indexed by area and year.

    Scotland's deaths and rates are those of the Scottish tables; people are those of `uk_populations`, which keeps all
    nations on one basis. The rest of the United Kingdom is England and Wales with Northern Ireland, where both are known.
    """
    columns = ["deaths", "rate_per_100k"]
    scotland = load("deaths_by_definition").query("definition == @definition").assign(area_name="Scotland")
    others = load("uk_drug_deaths").query("definition == @definition")
    deaths = pd.concat([scotland, others]).set_index(["area_name", "year"])[columns].astype(float)
    people = load("uk_populations").set_index(["area_name", "year"]).population
    known = deaths.join(people, how="left")
    parts = [known.loc[area, ["deaths", "population"]] for area in (BORDER, "Northern Ireland")]
    rest = (parts[0] + parts[1]).dropna()
    return pd.concat([known, pd.concat({REST: rest}, names=["area_name"])]).sort_index()


def scottish_ratio(known: pd.DataFrame, year: int, against: str, standardised: bool = False) -> Limits | None:
    """Return Scotland's rate over that of another area in a year, with its 95% limits, or None where a part is missing.

    known         deaths, rates and people of one definition, as `uk_deaths` gives them
    against       an area of `uk_deaths`, or `WHOLE`: the United Kingdom, Scotland included
    standardised  from the published age-standardised rates; otherwise deaths per head
    """
    areas = ("Scotland", REST if against == WHOLE else against)
    if any((area, year) not in known.index for area in areas):
        return None
    scotland, other = (known.loc[(area, year)] for area in areas)
    columns = ["deaths", "rate_per_100k"] if standardised else ["deaths", "population"]
    if scotland[columns].isna().any() or other[columns].isna().any():
        return None
    if standardised:
        return ratio_from_counts(scotland.rate_per_100k, scotland.deaths, other.rate_per_100k, other.deaths)
    compared = ratio_to_whole if against == WHOLE else stats.rate_ratio
    return compared(scotland.deaths, scotland.population, other.deaths, other.population)


def with_limits(estimate: Limits | None, places: int = 1) -> str | None:
    """Return an estimate with its limits as a table prints it: 3.2 (3.0 to 3.4); None stays None."""
    return estimate and f"{words.decimal(estimate[0], places)} ({words.interval(*estimate[1:], places)})"


def per_million(deaths: pd.Series, people: pd.Series) -> pd.DataFrame:
    """Return deaths per million people with exact 95% Poisson limits, in columns rate, lower and upper."""
    lower, upper = stats.poisson_interval(deaths.astype(float))
    return pd.DataFrame({"rate": deaths, "lower": lower, "upper": upper}).astype(float).div(people.astype(float), axis=0) * 1e6


def country_counts() -> pd.DataFrame:
    """Return every European count with its definition, country's name, people and deaths per million people of all ages."""
    counts = load("europe_drug_deaths").dropna(subset="deaths")
    counts = counts.merge(load("drug_death_definitions").drop(columns=["source", "source_2", "note"]), on=["country", "series"])
    counts = counts.merge(load("countries")[["country", "country_name"]], on="country")
    people = load("country_populations")[["country", "year", "population", "population_15_64"]]
    counts = counts.merge(people, on=["country", "year"])
    return counts.assign(per_million=counts.deaths / counts.population * 1e6)


def latest_counts(after: int) -> pd.DataFrame:
    """Return the latest count of each country for a year above `after`, European agency's tables apart.

    Counts that are neither clearly narrower nor wider than the European definition come before those that are.
    """
    counts = country_counts().query("year > @after and series != 'bulletin_2019'")
    apart = counts.scope.isin(["narrower", "wider"])
    return counts.assign(apart=apart).sort_values(["apart", "year"], ascending=[True, False]).drop_duplicates("country")


MISUSE, INDUCED = "drug misuse", "drug induced"

# Year and definition in Scotland, year and definition in Portugal, and what the deaths are divided by
READINGS = [
    (2017, MISUSE, 2017, "forensic_register", "total"),
    (2017, INDUCED, 2017, "forensic_register", "total"),
    (2017, MISUSE, 2016, "forensic_register", "total"),
    (2017, MISUSE, 2016, "bulletin_2019", "total"),
    (2017, MISUSE, 2017, "any_illicit_drug_found", "total"),
    (2017, MISUSE, 2017, "forensic_register", "population"),
    (2017, INDUCED, 2017, "forensic_register", "population"),
    (2016, MISUSE, 2016, "forensic_register", "population"),
    (2016, MISUSE, 2016, "bulletin_2019", "population"),
    (2017, MISUSE, 2016, "forensic_register", "population"),
    (2017, MISUSE, 2016, "bulletin_2019", "population"),
    (2017, MISUSE, 2017, "any_illicit_drug_found", "population"),
    (2017, MISUSE, 2017, "forensic_register", "population_15_64"),
    (2017, MISUSE, 2017, "published_rate", "population"),
    (2017, MISUSE, 2017, "published_rate", "population_15_64"),
    (2017, INDUCED, 2017, "published_rate", "population_15_64"),
]


def portugal_readings() -> pd.DataFrame:
    """Return Scotland over Portugal in each reading of the comparison, one row a reading.

    Columns: scottish_year, scottish, portuguese_year, series, basis (total, population, population_15_64), and ratio,
    lower, upper. The limits are 95% limits of chance, except against a printed rate (`published_rate`), where they are
    the range left open by its rounding to a whole number. To the readings of 2017 is added the latest year that both
    countries have. Deaths are of all ages in every reading, so that dividing by people aged 15 to 64 overstates both rates.
    """
    portugal = load("europe_drug_deaths").query("country == 'PRT'").set_index(["series", "year"])
    people = load("country_populations").query("country == 'PRT'").set_index("year")
    scotland = load("deaths_by_definition").set_index(["definition", "year"]).deaths
    at_home = load("uk_populations").query("area_name == 'Scotland'").set_index("year")
    latest = min(portugal.loc["forensic_register"].index.max(), scotland[MISUSE].index.max())
    newest = [(latest, MISUSE, latest, "forensic_register", basis) for basis in ("total", "population")]
    rows = []
    for year, definition, other_year, series, basis in READINGS + newest:
        ours = scotland[definition, year]
        if series == "published_rate":
            rate, printed = ours / at_home[basis][year] * 1e6, portugal.rate_per_million_15_64[series, other_year]
            limits = (rate / printed, rate / (printed + 0.5), rate / (printed - 0.5))
        else:
            theirs = portugal.deaths[series, other_year]
            divisors = (1, 1) if basis == "total" else (at_home[basis][year], people[basis][other_year])
            limits = stats.rate_ratio(float(ours), divisors[0], float(theirs), divisors[1])
        rows.append((year, definition, other_year, series, basis, *limits))
    columns = ["scottish_year", "scottish", "portuguese_year", "series", "basis", "ratio", "lower", "upper"]
    return pd.DataFrame(rows, columns=columns)


# First openings whose day or month is not established stand at the latest date that the evidence allows
def first_openings() -> pd.Series:
    """Return the date of each country's first drug consumption room as a year with its fraction, indexed by country."""
    events = load("room_country_events").query("event == 'opens'").sort_values("sequence").drop_duplicates("country")
    dates = pd.to_datetime(events.set_index("country").date_latest)
    return (dates.dt.year + (dates.dt.day_of_year - 1) / 365).rename("opened").sort_values()


def room_countries_deaths(points: int = 4) -> pd.DataFrame:
    """Return counts per million people of all ages in countries with rooms, one row a country, series and year.

    Kept are series with at least `points` years, and countries with at least one count after their first opening.
    Columns: country, country_name, series, year, deaths, per_million, opened.
    """
    people = load("country_populations").set_index(["country", "year"]).population
    elsewhere = load("other_countries_drug_deaths").dropna(subset="deaths").rename(columns={"measure": "series"})
    counts = pd.concat([load("europe_drug_deaths").dropna(subset="deaths"), elsewhere])[["country", "series", "year", "deaths"]]
    counts = counts.merge(load("countries")[["country", "country_name"]], on="country")
    counts = counts.join(first_openings(), on="country", how="inner").join(people, on=["country", "year"])
    counts = counts[counts.groupby(["country", "series"]).year.transform("size") >= points]
    counts = counts[counts.groupby("country").year.transform("max") > counts.opened]
    counts["per_million"] = counts.deaths.astype(float) / counts.population * 1e6
    return counts.drop(columns="population").sort_values(["opened", "country", "series", "year"]).reset_index(drop=True)


def change_over_series(counts: pd.DataFrame) -> pd.DataFrame:
    """Return, of rows as `room_countries_deaths` gives them, whether each country's rate rose over two of its series.

    Indexed by country's name; columns longest and newest hold the last rate less the first (deaths per million) of the
    series with most years and of the series that ends last, which may be the same; several tells whether they differ.
    """
    ends = counts.sort_values("year").groupby(["country_name", "series"]).agg(
        change=("per_million", lambda rates: rates.iloc[-1] - rates.iloc[0]), years=("year", "size"), last=("year", "max")
    ).reset_index()  # fmt: skip
    longest = ends.sort_values("years").drop_duplicates("country_name", keep="last").set_index("country_name")
    newest = ends.sort_values(["last", "years"]).drop_duplicates("country_name", keep="last").set_index("country_name")
    return pd.DataFrame(
        {"longest": longest.change, "newest": newest.change, "several": longest.series.ne(newest.series.reindex(longest.index))}
    )


def uk_rows(definition: str, year: int, areas: tuple[str, ...] = (BORDER,), standardised: bool = False) -> str:
    """Return the rows behind a ratio of Scotland to other areas in one year, as `dcr.numbers.number` asks for them."""
    named = "', '".join(areas)
    same = f"definition == '{definition}' and year == {year}"
    people = "" if standardised else f"; uk_populations: year == {year} and area_name in ['Scotland', '{named}']"
    return f"deaths_by_definition: {same}; uk_drug_deaths: {same} and area_name in ['{named}']{people}"


def record_ratio(name: str, estimate: Limits, definition: str, rows: str) -> None:
    """Record a ratio under a name, and its 95% limits under that name with `_limits`."""
    number(name, estimate[0], words.decimal(estimate[0]) + " times", unit="times", definition=definition, rows=rows)
    number(f"{name}_limits", estimate[1], words.interval(*estimate[1:]), unit="times", rows=rows,
           definition=f"95% confidence interval of the ratio, from chance variation of the counts (the value is its lower limit): {definition}")  # fmt: skip
