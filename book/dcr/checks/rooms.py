"""Truths about drug consumption rooms elsewhere and the Thistle in Glasgow."""

import pandas as pd

from dcr.checks.rules import between, cells_agree, equal, known, label, lookup, near, not_above, not_falling, on, refuse, same
from dcr.data import read

# The last day of a date of which only the year or the month is known
LAST_DAY = {4: "-12-31", 7: "-31", 10: ""}
OUTSIDE_EUROPE = ("AUS", "CAN", "USA", "MEX", "COL", "SLE")
# Published counts of countries that the openings and closings on record do not bear out (disagreements.csv says why)
DISPUTED_COUNTS = (
    "2008-03-31-eac-2008-world",
    "2016-09-belackova-2018-world",
    "2019-11-hri-2019-world",
    "2022-hepcoalition-dcr-world",
    "2023-12-18-emcdda-cehrn-2023-world",
)
RUNNING = ("visits", "injections", "consumptions", "emergencies", "individuals", "registered_people")


def last_day(dates: pd.Series) -> pd.Series:
    """Return the last day that each partial date can mean, as text."""
    return dates.map(lambda date: date + LAST_DAY[len(date)] if isinstance(date, str) else date)


def earlier(first: pd.Series, second: pd.Series) -> pd.Series:
    """Tell where the second of two partial dates is before the first, as far as both are known."""
    pairs = zip(first, second, strict=True)
    known_pairs = [isinstance(a, str) and isinstance(b, str) and a[: len(b)] > b[: len(a)] for a, b in pairs]
    return pd.Series(known_pairs, first.index)


@on("thistle_monthly")
def thistle_months_follow_each_other() -> None:
    """Each period of the Thistle starts the day after the one before; the first starts when it opened."""
    rows = read("thistle_monthly")
    gap = (rows["period_start"] - rows["period_end"].shift()).dt.days
    refuse(
        "thistle_monthly",
        gap.notna() & (gap != 1),
        "period_start",
        lambda row: "the period does not start the day after the last",
    )
    refuse(
        "thistle_monthly", rows["period_end"] < rows["period_start"], "period_end", lambda row: "the period ends before it starts"
    )
    cells_agree("rooms", "thistle", "opened", "room_country_events", ("GBR", 1), "date")
    opened = pd.to_datetime(read("rooms").query("room_id == 'thistle'")["opened"].iloc[0])
    refuse(
        "thistle_monthly",
        rows.iloc[:1]["period_start"] != opened,
        "period_start",
        lambda row: f"the Thistle opened on {opened:%Y-%m-%d}",
    )


@on("thistle_monthly")
def emergencies_are_among_injections() -> None:
    """In each period emergencies are at most injections, and injections at most visits."""
    rows = read("thistle_monthly")
    not_above("thistle_monthly", "emergencies", rows["injections"], "the injections")
    not_above("thistle_monthly", "injections", rows["visits"], "the visits")


@on("thistle_monthly", "thistle_cumulative")
def thistle_months_sum_to_totals() -> None:
    """Months sum to the running totals of the days on which a month ends, where no lower bound or correction is declared."""
    months, totals = read("thistle_monthly"), read("thistle_cumulative")
    day = pd.to_datetime(totals["as_of"].where(totals["as_of"].str.len() == 10))
    declared = read("corrections").query("table == 'thistle_cumulative' and held == 'published'")
    for column in ("visits", "injections", "emergencies"):
        running = months[column].astype(float).cumsum().where(months[column].notna())
        expected = day.map(dict(zip(months["period_end"], running, strict=True)))
        skip = totals["lower_bounds"].str.contains(column, na=False)
        skip |= totals["as_of"].isin(declared.loc[declared["field"] == column, "key"])
        near("thistle_cumulative", column, expected[~skip], 0, "the months of thistle_monthly")


@on("thistle_cumulative")
def thistle_totals_never_fall() -> None:
    """Running totals of the Thistle never fall, leaving out lower bounds; males and females sum to people registered."""
    rows = read("thistle_cumulative")
    rows = rows.loc[last_day(rows["as_of"]).sort_values().index]
    for column in ("visits", "injections", "emergencies", "registered_people", "ambulance_callouts", "referrals"):
        values = rows[column].where(~rows["lower_bounds"].str.contains(column, na=False))
        not_falling("thistle_cumulative", column, values)
    both = rows["registered_males"] + rows["registered_females"]
    equal("thistle_cumulative", "registered_people", both.astype(float), "males and females")


@on("thistle_drugs")
def drug_shares_sum_to_100() -> None:
    """Shares of drugs in a month sum to 100% within rounding, where all are given; the months are those of thistle_monthly."""
    rows = read("thistle_drugs")
    months = read("thistle_monthly")
    known("thistle_drugs", "period_start", lookup(rows, months, "period_start", "visits"), "period in thistle_monthly")
    short = rows[(rows["period_end"] - rows["period_start"]).dt.days <= 31]
    sums = short.groupby("period_start")["share_percent"].sum().reset_index()
    sums.index = short.drop_duplicates("period_start").index
    between("thistle_drugs", "share_percent", sums["share_percent"], 99, 100.2, "the sum of the shares of the month")


@on("thistle_referrals")
def referrals_are_ranked() -> None:
    """Referrals are ranked from 1 without a gap; shares do not rise with rank and sum to at most 100%."""
    rows = read("thistle_referrals").sort_values(["as_of", "rank"])
    order = rows.groupby("as_of").cumcount() + 1
    refuse("thistle_referrals", rows["rank"] != order, "rank", lambda row: f"the rank should be {order[row]}")
    before = rows.groupby("as_of")["share_percent"].shift()
    refuse(
        "thistle_referrals",
        rows["share_percent"] > before,
        "share_percent",
        lambda row: "the share exceeds that of the rank before",
    )
    total = rows.groupby("as_of")["share_percent"].transform("sum")
    between("thistle_referrals", "share_percent", total, 0, 100, "the sum of the shares")


@on("thistle_neighbourhood")
def needle_reports_sum() -> None:
    """The printed sum of needle reports is that of its three periods."""
    rows = read("thistle_neighbourhood").query("measure == 'needle reports'")
    whole = rows[(rows["period_start"] == "2023-01") & (rows["period_end"] == "2025-05-20")]
    years = rows[rows["period_start"].isin(["2023-01-01", "2024-01-01", "2025-01-13"])]
    equal("thistle_neighbourhood", "value", pd.Series(float(years["value"].sum()), whole.index), "its three periods")


@on("thistle_costs_capacity", "rooms")
def thistle_capacity_agrees() -> None:
    """Places and budget of the Thistle are the same in both tables."""
    cells_agree("thistle_costs_capacity", "booths", "value", "rooms", "thistle", "places_total")
    cells_agree("thistle_costs_capacity", "funding-ceiling", "value", "rooms", "thistle", "annual_budget")


@on("thistle_milestones")
def thistle_opening_is_a_milestone() -> None:
    """The opening among the milestones is the day the room opened."""
    rows = read("thistle_milestones").query("kind == 'opening'")
    opened = read("rooms").query("room_id == 'thistle'")["opened"].iloc[0]
    same("thistle_milestones", "date", pd.Series(opened, rows.index), "rooms.csv")


@on("thistle_cumulative", "room_activity")
def thistle_activity_agrees() -> None:
    """The Thistle's first year is the same in the table of all rooms' activity and in its own."""
    for measure in ("visits", "injections", "emergencies", "registered_people"):
        key = f"thistle-2026-01-13-{measure.replace('_', '-')}"
        cells_agree("room_activity", key, "value", "thistle_cumulative", "2026-01-13", measure)


@on("room_country_events")
def openings_and_closings_alternate() -> None:
    """In each country events are numbered from 1, open and close in turn, and follow each other; dates lie in their bounds."""
    rows = read("room_country_events").sort_values(["country", "sequence"])
    order = rows.groupby("country").cumcount() + 1
    refuse("room_country_events", rows["sequence"] != order, "sequence", lambda row: f"the number should be {order[row]}")
    turn = order.map(lambda number: "opens" if number % 2 else "closes")
    same("room_country_events", "event", turn, "the turn of openings and closings")
    before = rows.groupby("country")["date_latest"].shift()
    refuse(
        "room_country_events",
        rows["date_latest"] < before,
        "date_latest",
        lambda row: "the event is dated before the one before it",
    )
    refuse(
        "room_country_events",
        rows["date_earliest"] > rows["date_latest"],
        "date_earliest",
        lambda row: "the bounds are in the wrong order",
    )
    early, late = (rows[column].dt.strftime("%Y-%m-%d") for column in ("date_earliest", "date_latest"))
    refuse(
        "room_country_events",
        earlier(early, rows["date"]) | earlier(rows["date"], late),
        "date",
        lambda row: "the date is outside its bounds",
    )


def countries_with_rooms(day: str) -> tuple[set[str], set[str]]:
    """Return the countries in which a room certainly operated on a day, and those in which one may have."""
    certain, possible = set(), set()
    events = read("room_country_events").query("counting == 'counted'").sort_values(["country", "sequence"])
    day = pd.Timestamp(day)
    for country, each in events.groupby("country"):
        sure = maybe = False
        for _, event in each.iterrows():
            begun = pd.isna(event["date_earliest"]) or event["date_earliest"] <= day
            done = event["date_latest"] <= day
            if event["event"] == "opens":
                maybe, sure = maybe or begun, sure or done
            else:
                sure, maybe = sure and not begun, maybe and not done
        certain |= {country} if sure else set()
        possible |= {country} if maybe else set()
    return certain, possible


@on("world_room_counts", "room_country_events")
def published_counts_of_countries_recompute() -> None:
    """Published counts of countries lie between those certainly and possibly open on the day, but for declared disputes."""
    rows = read("world_room_counts").dropna(subset=["countries"])
    rows = rows[~rows["count_id"].isin(DISPUTED_COUNTS)]
    for row, entry in rows.iterrows():
        day = last_day(pd.Series([entry["date"]]))[0]
        day = f"{day[:8]}{min(int(day[8:]), pd.Timestamp(day[:7]).days_in_month)}"
        out = set() if entry["scope"] == "world" else set(OUTSIDE_EUROPE)
        out |= {"CHE"} if entry["scope"] == "EMCDDA reporting countries" else set()
        certain, possible = (len(countries - out) for countries in countries_with_rooms(day))
        refuse(
            "world_room_counts",
            pd.Series([not certain <= entry["countries"] <= possible], [row]),
            "countries",
            lambda row, e=entry, c=certain, p=possible: f"{e['countries']} countries, where openings on record give {c} to {p}",
        )


@on("world_room_counts")
def named_countries_are_counted() -> None:
    """Where countries are named, there are as many names as the count says, each with a record of rooms."""
    rows = read("world_room_counts").dropna(subset=["countries", "countries_named"])
    named = rows["countries_named"].str.split(";")
    equal("world_room_counts", "countries", named.str.len().astype(float), "the countries named")
    listed = set(read("room_countries")["country"])
    refuse(
        "world_room_counts",
        named.map(lambda codes: not set(codes) <= listed),
        "countries_named",
        lambda row: "room_countries lacks one of the countries",
    )


@on("countries_july_2019", "room_country_events")
def july_2019_recomputes() -> None:
    """The countries counted as having a room in July 2019 are those whose openings and closings say so."""
    rows = read("countries_july_2019")
    certain, _ = countries_with_rooms("2019-07-15")
    counted = (rows["operating"] == "yes") & (rows["counting"] == "counted")
    refuse(
        "countries_july_2019",
        counted != rows["country"].isin(certain),
        "operating",
        lambda row: "room_country_events says otherwise of this country on 15 July 2019",
    )
    refuse(
        "countries_july_2019",
        pd.Series([not certain <= set(rows["country"])], [rows.index[-1]]),
        "country",
        lambda row: f"{', '.join(sorted(certain - set(rows['country'])))} had a room in July 2019: add the row",
    )


@on("country_room_counts", "world_room_counts")
def countries_sum_to_published_totals() -> None:
    """Rooms by country of three publications sum to the totals printed with them."""
    rows, totals = read("country_room_counts"), read("world_room_counts").set_index("count_id")
    for source, count, out in (
        ("emcdda-2015-dcr", "2015-06-emcdda-2015-emcdda", ("CHE",)),
        ("emcdda-2015-dcr", "2015-06-emcdda-2015-europe", ()),
        ("emcdda-2017-dcr", "2017-02-emcdda-2017b-emcdda", ("CHE", "CAN", "AUS")),
        ("emcdda-2017-dcr", "2017-02-emcdda-2017b-europe", ("CAN", "AUS")),
        ("emcdda-2017-dcr", "2017-02-emcdda-2017-world", ()),
        ("hri-2018-we", "2018-hri-2018-we-western", ()),
    ):
        part = rows[(rows["source"] == source) & ~rows["country"].isin(out)]
        part = part[part["date"] == part["date"].max()] if source == "emcdda-2015-dcr" else part
        total = int(totals.loc[count, "rooms"]) if count in totals.index else 0
        first = part.index[:1] if len(part) else rows.index[:1]
        refuse(
            "country_room_counts",
            pd.Series([part["rooms"].sum() != total], first),
            "rooms",
            lambda row, p=part, t=total, c=count: (
                f"the {len(p)} rows of this source sum to {p['rooms'].sum()}, where world_room_counts, {c}, has {t}"
            ),
        )


@on("country_room_counts")
def cities_are_at_most_rooms() -> None:
    """A country has no more cities with rooms than rooms; a closure leaves none."""
    rows = read("country_room_counts")
    not_above("country_room_counts", "cities", rows["rooms"], "the rooms")
    refuse(
        "country_room_counts",
        (rows["basis"] == "closure") & (rows["rooms"] != 0),
        "rooms",
        lambda row: "a closure leaves no room",
    )


@on("rooms")
def rooms_are_consistent() -> None:
    """A room opens before it closes; it is closed if it has a date of closing; its places add up."""
    rows = read("rooms")
    refuse("rooms", earlier(rows["opened"], rows["closed"]), "closed", lambda row: "the room closes before it opens")
    refuse(
        "rooms",
        (rows["status"] == "closed") != rows["closed"].notna(),
        "closed",
        lambda row: "a closed room, and no other, has a date of closing",
    )
    places = (rows["places_injecting"] + rows["places_inhaling"]).astype(float)
    equal("rooms", "places_total", places, "places to inject and places to inhale")
    first = read("room_country_events").query("sequence == 1").copy()
    first["earliest"] = first["date_earliest"].dt.strftime("%Y-%m-%d")
    refuse(
        "rooms",
        earlier(lookup(rows, first, "country", "earliest"), rows["opened"]),
        "opened",
        lambda row: "the room opens before the first of its country",
    )


@on("room_developments")
def closures_agree_with_rooms() -> None:
    """A closure among the developments is dated as in the table of rooms."""
    rows = read("room_developments").query("kind == 'closed'").dropna(subset=["room_id"])
    closed = lookup(rows, read("rooms"), "room_id", "closed")
    refuse(
        "room_developments",
        earlier(rows["date"], closed) | earlier(closed, rows["date"]),
        "date",
        lambda row: f"rooms.csv has {closed[row]}",
    )


@on("emergencies_per_consumption", "room_activity")
def pairs_repeat_their_activity() -> None:
    """Emergencies and denominators are the rows of activity they point to, and their ratio is 0.1 to 30 in 1,000."""
    rows, activity = read("emergencies_per_consumption"), read("room_activity")
    for column, pointer in (("emergencies", "emergencies_activity"), ("denominator", "denominator_activity")):
        pointed = rows.assign(activity_id=rows[pointer])
        equal("emergencies_per_consumption", column, lookup(pointed, activity, "activity_id", "value"), "room_activity")
        same(
            "emergencies_per_consumption",
            f"{column}_qualifier",
            lookup(pointed, activity, "activity_id", "qualifier"),
            "room_activity",
        )
        same("emergencies_per_consumption", "country", lookup(pointed, activity, "activity_id", "country"), "room_activity")
    pointed = rows.assign(activity_id=rows["denominator_activity"])
    same(
        "emergencies_per_consumption", "denominator_measure", lookup(pointed, activity, "activity_id", "measure"), "room_activity"
    )
    ratio = 1000 * rows["emergencies"] / rows["denominator"]
    between("emergencies_per_consumption", "emergencies", ratio, 0.1, 30, "emergencies in 1,000")


@on("room_activity")
def running_activity_never_falls() -> None:
    """Counts of one room from one starting day do not fall as the period grows; a period does not end before it starts."""
    rows = read("room_activity")
    refuse(
        "room_activity",
        earlier(rows["period_start"], rows["period_end"]),
        "period_end",
        lambda row: "the period ends before it starts",
    )
    rows = rows[rows["measure"].isin(RUNNING) & rows["period_start"].notna()]
    rows = rows[rows["qualifier"].isin(["exact", "more than", "about", "at least"])].sort_values("period_end")
    keys = [rows[key].fillna("") for key in ("room_id", "country", "period_start", "measure")]
    before = rows.groupby(keys)["value"].shift()
    refuse(
        "room_activity",
        rows["value"] < before,
        "value",
        lambda row: f"the count is less than the {before[row]:,.0f} of a shorter period",
    )


@on("room_activity")
def routes_sum_to_consumptions() -> None:
    """Where a room reports injections, inhalations and consumptions to the day, the first two are at most the third."""
    rows = read("room_activity")
    keys = ["scope", "room_id", "country", "period_start", "period_end"]
    whole = rows[(rows["measure"] == "consumptions") & (rows["qualifier"] == "exact")]
    parts = rows[rows["measure"].isin(["injections", "inhalations"]) & (rows["qualifier"] == "exact")]
    sums = parts.groupby(keys, dropna=False)["value"].agg(["sum", "size"]).query("size == 2").reset_index()
    total = pd.merge(whole.reset_index(names="row"), sums, on=keys).set_index("row")["sum"]
    refuse(
        "room_activity",
        (whole["value"].reindex(total.index) < total),
        "value",
        lambda row: f"its routes sum to {total[row]:,.0f}",
    )


@on("room_activity")
def no_death_in_a_room_goes_unnoticed() -> None:
    """Every count of deaths on site is nil so far: one above nil must change what the chapters say, then this check."""
    rows = read("room_activity").query("measure == 'deaths_on_site'")
    refuse(
        "room_activity", rows["value"] > 0, "value", lambda row: "a death on site: check it twice, and the chapters' words on it"
    )


@on("routes_and_drugs")
def route_shares_sum_to_100() -> None:
    """Shares of one room, period and dimension sum to at most 101%, but where several answers were possible (Denmark)."""
    rows = read("routes_and_drugs").query("country != 'DNK'")
    keys = ["room_id", "country", "period_start", "period_end", "dimension"]
    total = rows.groupby(keys, dropna=False)["share_percent"].transform("sum")
    between("routes_and_drugs", "share_percent", total, 0, 101, "the sum of the shares")


@on("operator_surveys", "operator_survey_results")
def survey_shares_recompute() -> None:
    """Response rates and derived shares recompute from counts (one printed response rate is declared in corrections.csv)."""
    surveys, results = read("operator_surveys"), read("operator_survey_results")
    declared = read("corrections").query("table == 'operator_surveys' and held == 'published'")["key"]
    plain = surveys[~surveys["survey_id"].isin(declared)]
    rate = 100 * plain["rooms_replied"].astype(float) / plain["rooms_asked"].astype(float)
    near("operator_surveys", "response_percent", rate, 0.5, "the rooms that replied and were asked")
    derived = results[results["basis"] == "derived"]
    replied = lookup(derived, surveys, "survey_id", "rooms_replied").astype(float)
    near(
        "operator_survey_results",
        "value",
        100 * derived["rooms"].astype(float) / replied,
        0.05,
        "the rooms and those that replied",
    )
    shares = results["value"].where(results["unit"].str.startswith("percent"))
    between("operator_survey_results", "value", shares, 0, 100, "the percentage")
    not_above("operator_surveys", "rooms_replied", surveys["rooms_asked"], "the rooms asked")


@on("room_staffing")
def danish_rooms_have_nurses_not_doctors() -> None:
    """Of five Danish rooms in 2016, four employed nurses and none a doctor, as the paper says."""
    rows = read("room_staffing").query("source == 'kappel-2016'")
    found = (
        rows["room_id"].nunique(),
        rows.loc[rows["role"] == "nurse", "room_id"].nunique(),
        int((rows["role"] == "doctor").sum()),
    )
    refuse(
        "room_staffing",
        pd.Series([found != (5, 4, 0)], [rows.index[0] if len(rows) else 2]),
        "role",
        lambda row: f"{found[0]} rooms, {found[1]} with nurses and {found[2]} with doctors, not 5, 4 and 0",
    )


@on("practice_claims")
def verified_claims_have_a_value() -> None:
    """A claim without a value found is not verified, and no other is."""
    rows = read("practice_claims")
    refuse(
        "practice_claims",
        rows["found"].isna() != (rows["verdict"] == "not verified"),
        "verdict",
        lambda row: f"the verdict does not follow from what was found, for {label(rows.loc[row, ['claim_id']])}",
    )


@on("room_services")
def services_are_numbered() -> None:
    """Services are numbered from 1 without a gap."""
    rows = read("room_services")
    order = pd.Series(range(1, len(rows) + 1), rows.index)
    refuse("room_services", rows["sequence"] != order, "sequence", lambda row: f"the number should be {order[row]}")
