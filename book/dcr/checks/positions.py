"""Truths about positions, votes, polls, elections, the law and the article."""

import pandas as pd

from dcr.checks.rules import between, complete, equal, lookup, not_above, on, refuse, same
from dcr.data import read

SEATS = 129
# The two days on which members came or went between divisions; one published count of absences is off by one
UNEVEN_DAYS = ("2021-03-18",)
MISCOUNTED_VOTES = ("sp-2022-03-16-main",)
# Motions whose list of names is shorter than the count beside it
PARTIAL_LISTS = ("edm-2024-302", "edm-2021-mda50")
# From furthest against rooms to furthest for them
STANCES = ("oppose", "no plans", "neutral", "conditional", "pilot-only", "support")
MOST_WORDS_QUOTED = 12


def voters(rows: pd.DataFrame) -> pd.Series:
    """Return how many voted for, against or abstained in each division."""
    return (rows["votes_for"] + rows["votes_against"] + rows["abstentions"].fillna(0)).astype(float)


@on("votes")
def divisions_of_a_day_have_the_same_voters() -> None:
    """Divisions of the Scottish Parliament on one day have one number of voters, at most 129; with absences, 129."""
    rows = read("votes").query("body == 'Scottish Parliament'")
    number = voters(rows)
    between("votes", "votes_for", number, 0, SEATS, "the number of voters")
    day = rows["date"].dt.strftime("%Y-%m-%d")
    first = number.groupby(rows["date"]).transform("first")
    refuse(
        "votes",
        (number != first) & number.notna() & first.notna() & ~day.isin(UNEVEN_DAYS),
        "votes_for",
        lambda row: f"{number[row]:.0f} voted, where {first[row]:.0f} did in the first division of the day",
    )
    every = number + rows["did_not_vote"].astype(float)
    refuse(
        "votes",
        every.notna() & (every != SEATS) & ~rows["vote_id"].isin(MISCOUNTED_VOTES),
        "did_not_vote",
        lambda row: f"voters and absent members are {every[row]:.0f}, not {SEATS}",
    )


@on("votes")
def outcomes_follow_from_counts() -> None:
    """A motion is agreed if, and only if, more voted for than against; without a division there are no counts."""
    rows = read("votes")
    counted = rows["votes_for"].notna() & rows["votes_against"].notna()
    agreed = (rows["votes_for"] > rows["votes_against"]).fillna(False).astype(bool)
    refuse(
        "votes",
        counted & ((rows["outcome"] == "agreed") != agreed),
        "outcome",
        lambda row: (
            f"{rows.loc[row, 'votes_for']} to {rows.loc[row, 'votes_against']} does not give “{rows.loc[row, 'outcome']}”"
        ),
    )
    silent = rows["outcome"].isin(["agreed unanimously", "agreed without division"])
    refuse("votes", silent & counted, "outcome", lambda row: "there are counts, so there was a division")


@on("edm_signatures", "early_day_motions")
def signatures_sum_up() -> None:
    """Signatures by party sum to those of the motion, or to no more where the list is partial."""
    motions = read("early_day_motions")
    sums = read("edm_signatures").groupby("edm_id")["signatures"].sum()
    total = motions["edm_id"].map(sums).astype(float)
    whole = ~motions["edm_id"].isin(PARTIAL_LISTS)
    equal("early_day_motions", "signatures", total[whole], "the signatures by party")
    refuse(
        "early_day_motions",
        motions["signatures"] < total,
        "signatures",
        lambda row: f"{total[row]:.0f} signatures are listed by party",
    )


@on("positions")
def quotations_are_short() -> None:
    """A quotation has at most twelve words; a date is unknown if, and only if, its basis says so."""
    rows = read("positions")
    words = rows["quotation"].str.split().str.len()
    refuse(
        "positions",
        words > MOST_WORDS_QUOTED,
        "quotation",
        lambda row: f"{words[row]:.0f} words are quoted, and twelve are the most",
    )
    refuse(
        "positions",
        rows["date"].isna() != (rows["date_basis"] == "unknown"),
        "date_basis",
        lambda row: "a date is missing if, and only if, its basis is unknown",
    )


@on("position_changes", "positions")
def changes_of_position_follow() -> None:
    """The earlier position is earlier, the stances differ, the party is one, and the direction follows."""
    changes, rows = read("position_changes"), read("positions")
    side = {}
    for end in ("earlier", "later"):
        pointed = changes.assign(position_id=changes[f"{end}_position_id"])
        side[end] = {column: lookup(pointed, rows, "position_id", column) for column in ("date", "stance", "party", "person")}
        same("position_changes", "party", side[end]["party"], "positions.csv")
    refuse(
        "position_changes",
        side["earlier"]["date"] >= side["later"]["date"],
        "later_position_id",
        lambda row: "the later position is not dated after the earlier one",
    )
    rank = {end: side[end]["stance"].map(STANCES.index) for end in side}
    refuse("position_changes", rank["earlier"] == rank["later"], "later_position_id", lambda row: "the two stances are the same")
    towards = rank["later"] > rank["earlier"]
    refuse(
        "position_changes",
        towards != (changes["direction"] == "towards support"),
        "direction",
        lambda row: f"from “{side['earlier']['stance'][row]}” to “{side['later']['stance'][row]}” is the other direction",
    )


@on("letter_signatories", "open_letters")
def signatories_agree() -> None:
    """Signatories are as in their positions, which are acts of signing a letter; a letter has at least those named."""
    rows, letters = read("letter_signatories"), read("open_letters")
    for column in ("person", "party"):
        same("letter_signatories", column, lookup(rows, read("positions"), "position_id", column), "positions.csv")
    act = lookup(rows, read("positions"), "position_id", "act")
    refuse(
        "letter_signatories",
        act != "open letter",
        "position_id",
        lambda row: f"the position is a “{act[row]}”, not an open letter",
    )
    named = letters["letter_id"].map(rows.groupby("letter_id").size())
    refuse("open_letters", named > letters["signatories"], "signatories", lambda row: f"{named[row]:.0f} signatories are named")
    whole = letters[letters["letter_id"] == "telegraph-2019"]
    equal("open_letters", "signatories", named.reindex(whole.index).astype(float), "those named")


@on("members_with_position", "positions", "office_holders")
def members_agree() -> None:
    """A member's stance is that of the position pointed to, which is the person's latest; party and seat are as in office."""
    rows, positions = read("members_with_position"), read("positions")
    for column, theirs in (("person", "person"), ("stance", "stance"), ("party_at_the_time", "party")):
        same("members_with_position", column, lookup(rows, positions, "position_id", theirs), "positions.csv")
    dated = positions.dropna(subset=["date"])
    latest = rows["person"].map(dated.groupby("person")["date"].max())
    date = lookup(rows, positions, "position_id", "date")
    refuse(
        "members_with_position",
        latest.str.slice(0, 7) > date.str.slice(0, 7),
        "position_id",
        lambda row: f"the person has a later position, of {latest[row]}",
    )
    for column in ("party", "seat"):
        same("members_with_position", column, lookup(rows, read("office_holders"), "person", column), "office_holders.csv")


@on("poll_results", "polls")
def poll_shares_sum_to_100() -> None:
    """Answers sum to 100% within rounding where “do not know” is among them, and else to no more; samples agree."""
    rows = read("poll_results")
    groups = rows.groupby(["poll_id", "subgroup"])
    total = groups["percent"].transform("sum")
    whole = (rows["answer"] == "do not know").groupby([rows["poll_id"], rows["subgroup"]]).transform("any")
    between("poll_results", "percent", total.where(whole), 97, 103, "the sum of the answers")
    between("poll_results", "percent", total, 0, 103, "the sum of the answers")
    between(
        "poll_results",
        "percent",
        total.where(~whole & (groups["percent"].transform("size") > 1)),
        0,
        100,
        "the sum of the answers",
    )
    every = rows[rows["subgroup"] == "all"]
    equal("poll_results", "sample", lookup(every, read("polls"), "poll_id", "sample").astype(float), "polls.csv")


@on("holyrood_results")
def seats_sum_to_129() -> None:
    """Seats sum to 129 at each election, and are those of constituencies and lists; members listed are at most one fewer."""
    rows = read("holyrood_results")
    total = rows.groupby("election_year")["seats"].transform("sum")
    refuse(
        "holyrood_results",
        total != SEATS,
        "seats",
        lambda row: f"the seats of {rows.loc[row, 'election_year']} sum to {total[row]}",
    )
    both = (rows["constituency_seats"] + rows["list_seats"]).astype(float)
    equal("holyrood_results", "seats", both, "constituencies and lists")
    for kind, seats in (("constituency", 73), ("list", 56)):
        sums = rows.groupby("election_year")[f"{kind}_seats"].transform("sum")
        wrong = rows[f"{kind}_seats"].notna() & (sums != seats)
        refuse("holyrood_results", wrong, f"{kind}_seats", lambda row, s=sums, n=seats: f"{s[row]} seats, where there are {n}")
    absent = rows["seats"] - rows["members_listed"]
    between("holyrood_results", "members_listed", absent.astype(float), 0, 1, "seats less members listed")


@on("holyrood_results")
def shares_of_votes_follow_from_one_total() -> None:
    """Votes over printed shares give one total for all parties."""
    rows = read("holyrood_results")
    for kind in ("constituency", "list"):
        votes, share = rows[f"{kind}_votes"].astype(float), rows[f"{kind}_vote_percent"]
        least, most = 100 * votes / (share + 0.05), 100 * votes / (share - 0.05)
        low, high = least.groupby(rows["election_year"]).transform("max"), most.groupby(rows["election_year"]).transform("min")
        refuse(
            "holyrood_results",
            votes.notna() & (low > high) & ((least == low) | (most == high)),
            f"{kind}_votes",
            lambda row: "votes and share give another total than those of other parties",
        )
        sums = share.groupby(rows["election_year"]).transform("sum")
        between("holyrood_results", f"{kind}_vote_percent", sums, 0, 100.1, "the sum of the shares")


@on("events")
def events_are_in_order() -> None:
    """Events are sorted by date, and those of a vote are on its day."""
    rows = read("events")
    order = rows["date"].dropna()
    refuse("events", order < order.shift(), "date", lambda row: "the event is dated before the row above: sort the table by date")
    day = lookup(rows, read("votes"), "vote_id", "date")
    day = pd.Series(pd.to_datetime(day).dt.strftime("%Y-%m-%d").to_numpy(), rows.index).where(rows["vote_id"].notna())
    same("events", "date", day, "votes.csv")


@on("article_claims", "article_claim_tests")
def claims_are_tested() -> None:
    """Claims are numbered; each numeric claim, and no other, has tests, one of them the primary."""
    claims, tests = read("article_claims"), read("article_claim_tests")
    numbers = pd.Series([f"c{place:02d}" for place in range(1, len(claims) + 1)], claims.index)
    same("article_claims", "claim_id", numbers, "the numbering")
    numeric = claims["numeric"] == "yes"
    refuse(
        "article_claims",
        numeric != claims["claim_id"].isin(tests["claim_id"]),
        "numeric",
        lambda row: "numeric claims, and no others, have tests",
    )
    refuse(
        "article_claims",
        numeric != claims["verdict"].isna(),
        "verdict",
        lambda row: "the verdict of a numeric claim is computed: write [z]",
    )
    primary = claims["claim_id"].map(tests[tests["primary"] == "yes"].groupby("claim_id").size()).fillna(0)
    refuse(
        "article_claims",
        numeric & (primary != 1),
        "claim_id",
        lambda row: f"the claim has {primary[row]:.0f} primary tests, not one",
    )


@on("article_claim_tests")
def tests_of_claims_are_complete() -> None:
    """Tests of a claim are numbered from 1, and the stricter tolerance is at most the looser."""
    complete("article_claim_tests", ["claim_id", "test"], start=1)
    rows = read("article_claim_tests")
    not_above("article_claim_tests", "tolerance", rows["tolerance_rough"], "the looser tolerance")


@on("article_claim_tests", "annual_deaths")
def values_found_are_the_tables() -> None:
    """Values found for claims on Scottish deaths are those of annual_deaths."""
    rows, annual = read("article_claim_tests"), read("annual_deaths").set_index("year")["deaths"]
    for claim, year in (("c16", 2017), ("c19", 2007), ("c22", 2018)):
        found = rows[(rows["claim_id"] == claim) & (rows["primary"] == "yes") & rows["found_value"].notna()]
        equal("article_claim_tests", "found_value", pd.Series(float(annual.get(year, "nan")), found.index), "annual_deaths")
