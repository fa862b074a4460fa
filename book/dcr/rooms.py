"""Drug consumption rooms over time and place: who has one when, and how their counts compare.

Dates in the tables may be a day, a month or a year. A function that asks “at a date” therefore returns two answers:
what is certain, and what is possible.
"""

import pandas as pd

from dcr.stats import poisson_interval

# Measures of use that count each supervised taking of a drug, as against visits or uses of the service
CONSUMPTIONS = ("injections", "consumptions", "injection_visits")

# How published totals limit the countries they count; the countries left out of a European total are the rest
SCOPES = ("world", "Europe", "Western Europe", "EMCDDA reporting countries")


def first_day(text: str) -> pd.Timestamp:
    """Return the first day of an ISO date, month or year. Raises ValueError for anything else."""
    return period(text).start_time.normalize()


def last_day(text: str) -> pd.Timestamp:
    """Return the last day of an ISO date, month or year. Raises ValueError for anything else."""
    return period(text).end_time.normalize()


def period(text: str) -> pd.Period:
    """Return the day, month or year that an ISO date names. Raises ValueError for anything else."""
    try:
        return pd.Period(text, freq={4: "Y", 7: "M", 10: "D"}[len(text)])
    except (KeyError, TypeError):
        raise ValueError(f"A date must be a year, a month or a day in ISO form, not “{text}”.") from None


def middle(start: str, end: str) -> float:
    """Return the middle of a period between two partial dates as a decimal year: about 2018.5 for 2018 to 2018-12-31."""
    days = first_day(start) + (last_day(end) + pd.Timedelta(days=1) - first_day(start)) / 2
    return days.year + (days.day_of_year - 1) / 365.25


def countries_operating(events: pd.DataFrame, day: str | pd.Timestamp, contested: bool = False) -> tuple[frozenset, frozenset]:
    """Return the countries that certainly and those that possibly had a room at the end of a day.

    events     table room_country_events: one row each time a country goes from no room to one, or back
    day        an ISO date, month or year (its last day is meant), or a timestamp
    contested  whether openings that published counts disagree on count too

    An opening makes a country possible from its earliest date and certain from its latest; a closure makes it
    uncertain from its earliest date and impossible from its latest. A missing earliest date means before all others.
    Raises ValueError for a malformed day or a country whose events do not alternate.
    """
    return operating(histories(events, contested), last_day(day) if isinstance(day, str) else day)


def histories(events: pd.DataFrame, contested: bool) -> dict[str, list[dict]]:
    """Return the events of each country in their order. Raises ValueError if openings and closures do not alternate."""
    rows = events if contested else events[events["counting"] == "counted"]
    found: dict[str, list[dict]] = {}
    for event in rows.sort_values(["country", "sequence"]).to_dict("records"):
        history = found.setdefault(event["country"], [])
        history.append(event)
        if event["event"] != ("opens" if len(history) % 2 else "closes"):
            raise ValueError(
                f"The events of {event['country']} in room_country_events do not alternate between opens and closes."
            )
    return found


def operating(histories: dict[str, list[dict]], at: pd.Timestamp) -> tuple[frozenset, frozenset]:
    """Return the countries that certainly and those that possibly had a room at the end of the day `at`."""
    certain, possible = set(), set()
    for country, history in histories.items():
        for event in history:
            begun = pd.isna(event["date_earliest"]) or event["date_earliest"] <= at
            done = event["date_latest"] <= at
            if event["event"] == "opens":
                possible |= {country} if begun else set()
                certain |= {country} if done else set()
            else:
                certain -= {country} if begun else set()
                possible -= {country} if done else set()
    return frozenset(certain), frozenset(possible)


def operating_counts(events: pd.DataFrame, days: list) -> pd.DataFrame:
    """Return the number of countries with a room at each day: index day; columns certain, possible, with_contested."""
    counted, every = histories(events, contested=False), histories(events, contested=True)
    rows = []
    for day in days:
        at = last_day(day) if isinstance(day, str) else day
        certain, possible = operating(counted, at)
        rows.append((len(certain), len(possible), len(operating(every, at)[1])))
    return pd.DataFrame(rows, index=pd.Index(days, name="day"), columns=["certain", "possible", "with_contested"])


def within_scope(codes: frozenset, scope: str, regions: pd.Series) -> frozenset:
    """Return the countries that a published total of this scope may count; `regions` maps codes to parts of the world.

    The reporting countries of the European drugs agency are Europe without Switzerland.
    Raises ValueError for an unknown scope.
    """
    if scope not in SCOPES:
        raise ValueError(f"The scope “{scope}” is unknown; it must be one of {', '.join(SCOPES)}.")
    if scope == "world":
        return codes
    outside = {"CHE"} if scope.startswith("EMCDDA") else set()
    return frozenset(code for code in codes if regions[code] == "Europe" and code not in outside)


def against_published(counts: pd.DataFrame, events: pd.DataFrame, countries: pd.DataFrame) -> pd.DataFrame:
    """Return published numbers of countries beside those computed from openings and closures.

    counts     table world_room_counts; rows without a number of countries are left out
    countries  table countries, for the parts of the world

    Columns: those of `counts`; certain and possible (numbers of countries at the end of the date); agrees (the
    published number lies between them); contested (it equals the number with contested openings instead);
    only_published and only_computed (country codes in doubt, where the source names its countries).
    """
    regions = countries.set_index("country")["region"]
    rows = counts.dropna(subset="countries").copy()
    certain, possible, disputed, extra, lacking = [], [], [], [], []
    for row in rows.itertuples():
        sure, maybe = (within_scope(codes, row.scope, regions) for codes in countries_operating(events, row.date))
        named = None if pd.isna(row.countries_named) else set(row.countries_named.split(";"))
        certain.append(len(sure))
        possible.append(len(maybe))
        disputed.append(len(within_scope(countries_operating(events, row.date, contested=True)[1], row.scope, regions)))
        extra.append([] if named is None else sorted(named - maybe))
        lacking.append([] if named is None else sorted(sure - named))
    rows = rows.assign(certain=certain, possible=possible, only_published=extra, only_computed=lacking)
    agrees = (rows["certain"] <= rows["countries"]) & (rows["countries"] <= rows["possible"])
    return rows.assign(agrees=agrees, contested=~agrees & (rows["countries"] == disputed))


def spells(events: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Return the unbroken times in which a country had a room, one row each.

    Columns: country, start and stop (decimal years; a bounded date stands at its latest day), start_earliest,
    uncertain (the opening is known only within bounds of more than a year, or has no earliest day), going_on
    (no closure by `end`), contested.
    """
    rows = []
    for (country, contested), history in events.sort_values("sequence").groupby(["country", events["counting"] == "contested"]):
        opens, closes = (history[history["event"] == kind].reset_index() for kind in ("opens", "closes"))
        for order, opening in opens.iterrows():
            going_on = order >= len(closes)
            earliest = opening["date_earliest"]
            rows.append(
                {
                    "country": country,
                    "start": decimal_year(opening["date_latest"]),
                    "stop": decimal_year(end if going_on else closes["date_latest"][order]),
                    "start_earliest": None if pd.isna(earliest) else decimal_year(earliest),
                    "uncertain": bool(pd.isna(earliest) or (opening["date_latest"] - earliest).days > 366),
                    "going_on": going_on,
                    "contested": contested,
                }
            )
    return pd.DataFrame(rows)


def decimal_year(day: pd.Timestamp) -> float:
    """Return a day as a decimal year: 2019.5 for the beginning of July 2019."""
    return day.year + (day.day_of_year - 1) / 365.25


def emergency_rates(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return emergencies per 1,000 uses of a room, with exact 95% Poisson limits of the emergencies.

    pairs  table emergencies_per_consumption: emergencies and a count of use of one room and period

    Added columns: rate, lower, upper (per 1,000 of the row's own denominator); supervised (the denominator counts
    supervised use, not visits or uses of the service); bound (what the published words make of the rate: exact,
    rough, at most or at least). The limits allow for chance in the count of emergencies, not for differences of
    definition. Raises ValueError for a denominator that is not above zero.
    """
    if (pairs["denominator"] <= 0).any():
        raise ValueError("A rate of emergencies needs a count of use above zero.")
    lower, upper = poisson_interval(pairs["emergencies"].astype(float))
    scale = 1000 / pairs["denominator"]
    bounds = [
        bound_of(emergencies, use)
        for emergencies, use in zip(pairs["emergencies_qualifier"], pairs["denominator_qualifier"], strict=True)
    ]
    return pairs.assign(
        rate=pairs["emergencies"] * scale,
        lower=lower * scale,
        upper=upper * scale,
        supervised=pairs["denominator_measure"].isin(CONSUMPTIONS),
        bound=bounds,
    )


def bound_of(emergencies: str, use: str) -> str:
    """Return what the published words make of emergencies over use: exact, at most, at least or rough."""
    more = ("more than", "at least")
    if emergencies == use == "exact":
        return "exact"
    if emergencies == "exact" and use in more:
        return "at most"
    return "at least" if emergencies in more and use == "exact" else "rough"
