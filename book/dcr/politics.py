"""Public positions on consumption rooms: who took which, where, when, and how a page names and links them.

A row of `positions` is one public act. Rows are what a search found, not a census, so nothing here counts them as
shares of opinion: the functions say which views were found, and whose was the latest.
"""

import pandas as pd
from matplotlib.axes import Axes

from dcr import words
from dcr.data import load
from dcr.figures import BLUE, GREY, PLUM

# Three views, in the order in which a page shows them; the stances behind them are in the table
BACKS, BETWEEN, AGAINST = "backs a room or a trial", "between", "against, or no plans"
VIEWS = (BACKS, BETWEEN, AGAINST)
VIEW_OF_STANCE = {
    "support": BACKS, "pilot-only": BACKS, "conditional": BETWEEN, "neutral": BETWEEN, "no plans": AGAINST, "oppose": AGAINST,
}  # fmt: skip
GLYPHS = {BACKS: ("o", BLUE, BLUE), BETWEEN: ("D", "white", GREY), AGAINST: ("X", PLUM, PLUM)}

# Where a position was taken; chambers and governments that are not here are “elsewhere”
PLACES = ("UK Government", "UK Parliament", "Scottish Government", "Scottish Parliament", "elsewhere")

# What stands in the column of parties for those who belong to none
WITHOUT_PARTY = ("cross-party", "law officer (no party)")
NO_PARTY_WHIP = ("Crossbench", "Independent")


def view(positions: pd.DataFrame) -> pd.Series:
    """Return each position's view: it backs a room or a trial, lies between, or is against or without plans.

    A person who is not in favour but will not block a trial (`will_not_block`) counts as between, unless the stance is
    against. Raises ValueError for a stance that has no view.
    """
    views = positions["stance"].map(VIEW_OF_STANCE)
    if views.isna().any():
        unknown = positions.loc[views.isna(), "stance"].iloc[0]
        raise ValueError(f"The stance “{unknown}” has no view: add it to VIEW_OF_STANCE in dcr/politics.py.")
    tolerated = (positions["will_not_block"] == "yes") & (views == BACKS)
    return views.mask(tolerated, BETWEEN)


def place(positions: pd.DataFrame) -> pd.Series:
    """Return where each position was taken: one of PLACES."""
    chamber = positions["chamber"]
    governments = positions["body"].where((chamber == "government") & positions["body"].isin(PLACES))
    parliaments = chamber.map({"House of Commons": "UK Parliament", "House of Lords": "UK Parliament"})
    holyrood = chamber.where(chamber == "Scottish Parliament")
    return governments.fillna(parliaments).fillna(holyrood).fillna("elsewhere")


def partisan(positions: pd.DataFrame) -> pd.DataFrame:
    """Return the positions of people and bodies of a named party, with columns `view` and `place`."""
    rows = positions[positions["party"].notna() & ~positions["party"].isin(WITHOUT_PARTY)]
    return rows.assign(view=view(rows), place=place(rows))


def parties_with(positions: pd.DataFrame, wanted: str) -> list[str]:
    """Return the parties of which at least one position of a view was found, by name, undated ones included."""
    rows = partisan(positions)
    return sorted(set(rows.loc[rows["view"] == wanted, "party"]) - set(NO_PARTY_WHIP))


def link(key: str) -> str:
    """Return a source as MyST text: its publisher, linked to its address where it has one.

    Raises KeyError for a source that is not in the table of sources.
    """
    source = load("sources").set_index("key").loc[key]
    return source["publisher"] if pd.isna(source["url"]) else f"[{source['publisher']}]({source['url']})"


def links(row: pd.Series) -> str:
    """Return the links to the sources of a row, first and second, separated by a semicolon."""
    keys = [row[column] for column in ("source", "source_2") if column in row and pd.notna(row[column])]
    return "; ".join(dict.fromkeys(link(key) for key in keys))


def remarks(notes: pd.Series) -> pd.Series:
    """Return remarks for a table, none being said where there is none."""
    return notes.replace("", None).fillna("none")


def dated(row: pd.Series) -> str:
    """Return the date of a row in words, with its basis where it was not stated: April 2019 (inferred)."""
    if pd.isna(row["date"]):
        return "undated"
    basis = {"inferred": " (inferred)", "date of report": " (reported)"}.get(row["date_basis"], "")
    return words.partial_date(row["date"]) + basis


def named(row: pd.Series) -> str:
    """Return who took a position, with the office held at the time: Kit Malthouse, Minister for Crime and Policing."""
    return row["person"] if pd.isna(row["office"]) else f"{row['person']}, {row['office']}"


def told(row: pd.Series) -> str:
    """Return a position as one line with its link: name, office (date, publisher)."""
    return f"{named(row)} ({dated(row)}, {links(row)})"


def by_party(positions: pd.DataFrame, parties: list[str], people: int = 3) -> pd.DataFrame:
    """Return one row a party: the latest people found for each view, as text with links.

    Each person or body stands once in a party, with the latest position found. A view that only earlier positions hold
    is told by these, as earlier, so that no view found in a party goes unsaid.
    """
    ordered = partisan(positions).sort_values("date", ascending=False, na_position="last", kind="stable")
    rows = ordered.drop_duplicates(["party", "person"])
    lines = []
    for party in parties:
        cells = {"Party": party}
        for each in VIEWS:
            found = rows[(rows["party"] == party) & (rows["view"] == each)].head(people)
            past = ordered[(ordered["party"] == party) & (ordered["view"] == each)].drop_duplicates("person").head(people)
            said = "; ".join(told(row) for _, row in found.iterrows())
            said = said or "; ".join(f"earlier: {told(row)}" for _, row in past.iterrows())
            cells[each[0].upper() + each[1:]] = said or "None found"
        lines.append(cells)
    return pd.DataFrame(lines)


def presence(positions: pd.DataFrame) -> pd.DataFrame:
    """Return which views were found for each party, place and year: each once, however many rows there are."""
    rows = partisan(positions).dropna(subset="date")
    rows = rows.assign(year=rows["date"].str[:4].astype(int))
    found = rows[["party", "place", "year", "view"]].drop_duplicates()
    order = {name: number for number, name in enumerate(PLACES)}
    return found.sort_values(["party", "place", "year", "view"], key=lambda c: c.map(order) if c.name == "place" else c)


def draw_presence(axes: Axes, found: pd.DataFrame, silent: dict[str, str]) -> None:
    """Draw the matrix of parties and places by years; `silent` maps parties without a dated position to what to say."""
    keys = list(found[["party", "place"]].drop_duplicates().itertuples(index=False, name=None))
    keys = sorted([*keys, *((party, "") for party in silent)], key=lambda key: key[0])
    first, last = found["year"].min(), found["year"].max()
    for row, (party, where) in enumerate(keys):
        if row and keys[row - 1][0] != party:
            axes.axhline(row - 0.5, color="#9A9A9A", linewidth=0.6)
        if not where:
            axes.text(
                first - 0.4,
                row,
                silent[party],
                va="center",
                color=GREY,
                fontsize=8.5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
                zorder=2,
            )
        part = found[(found["party"] == party) & (found["place"] == where)]
        for view_number, each in enumerate(VIEWS):
            marker, face, edge = GLYPHS[each]
            years = part.loc[part["view"] == each, "year"]
            axes.plot(years + (view_number - 1) * 0.29, [row] * len(years), linestyle="", marker=marker, markersize=4.8,
                      markerfacecolor=face, markeredgecolor=edge, markeredgewidth=0.9)  # fmt: skip
    names = [f"{party}: {where}" if where and (not row or keys[row - 1][0] != party) else where or party
             for row, (party, where) in enumerate(keys)]  # fmt: skip
    axes.set_yticks(range(len(keys)), [short(name) for name in names], fontsize=8.5)
    axes.set_ylim(len(keys) - 0.5, -0.5)
    axes.set_xlim(first - 0.5, last + 0.5)
    axes.set_xticks(range(first, last + 1), [str(year) for year in range(first, last + 1)], fontsize=8.5)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)
    axes.grid(False)
    for year in range(first, last):
        axes.axvline(year + 0.5, color="#E0E0E0", linewidth=0.6, zorder=0)


def short(name: str) -> str:
    """Return a label short enough for a figure's margin."""
    return name.replace("Green (England and Wales)", "Green (E&W)").replace("Parliament", "Parl.").replace("Government", "Govt")


def changed_name(name: str) -> str:
    """Return a person's or group's name on at most two lines of a figure's margin."""
    return name.replace("Conservative group, Glasgow City Council", "Glasgow council group")
