"""The studies of effect: their designs, the map of what they report, the forest plot and the judgement of certainty.

Tables: `estimates`, `studies`, `outcome_certainty`. A ratio below 1 favours the room throughout.
Certainty follows GRADE: Guyatt GH and others (2008), GRADE: an emerging consensus on rating quality of evidence and
strength of recommendations, BMJ 336:924–926. Nothing is pooled: the estimates are of different quantities.
"""

import textwrap

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes

from dcr import words
from dcr.data import describe
from dcr.figures import BLUE, GREY, PLUM

# Kinds of design, strongest first, as the map's columns group them
TIERS = {
    "Quasi-experiments": ("quasi_experimental",),
    "Cohorts, compared areas": ("cohort", "controlled_ecological"),
    "Surveys, no comparison": ("cross_sectional", "uncontrolled", "consultation"),
    "Models": ("modelling",),
}
DESIGNS = {
    "quasi_experimental": "quasi-experiments",
    "cohort": "cohorts",
    "controlled_ecological": "areas compared",
    "cross_sectional": "surveys",
    "uncontrolled": "counts without comparison",
    "modelling": "models",
    "consultation": "consultation",
}
# What the authors report, in the order it is drawn: words, marker, colour, filled
DIRECTIONS = {
    "benefit": ("benefit", "o", BLUE, True),
    "no_effect_detected": ("no effect detected", "o", GREY, False),
    "harm": ("harm", "X", PLUM, True),
    "descriptive": ("counts only", "_", GREY, True),
}
CERTAINTY = {"high": "High", "moderate": "Moderate", "low": "Low", "very_low": "Very low"}
POINTS_TO = {
    "benefit": "points to benefit",
    "mostly_benefit": "mostly points to benefit",
    "mixed": "conflicts",
    "mostly_no_effect": "mostly shows no change",
    "no_effect": "shows no change",
    "unclear": "is unclear",
    "mostly_harm": "mostly points to harm",
    "harm": "points to harm",
}
REASONS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias", "large_effect")
EXCLUSIONS = {
    "no_figure_published": "The public text gives a direction without a figure",
    "not_a_ratio": "The figure cannot be put on a ratio scale",
    "modelled": "Output of a model, not an observation",
    "monthly_trend": "A change a month, not a change of level",
    "comparison_area": "Describes the comparison area, not the room",
    "raw_before_after": "A raw change; the compared estimate is used",
    "indirect": "Not a direct effect of the room",
    "superseded": "Replaced by the authors' later version; drawn in grey",
    "enforcement": "Arrests that follow a change of policing",
    "descriptive": "A count without any comparison",
}
# The forest plot in three parts
PARTS = {
    "deaths": ("on_site_overdose_death", "overdose_mortality", "all_cause_mortality", "nonfatal_overdose_ambulance"),
    "care": ("emergency_hospital_care", "treatment_uptake", "service_uptake", "hiv_hcv_incidence", "injecting_infections"),
    "conduct": ("syringe_sharing", "public_injecting_litter", "crime_disorder", "drug_use_frequency", "neighbourhood_economy"),
}
# Where a study was done, by the first of these names that its place contains
PLACES = {
    "Insite": "Vancouver", "Vancouver": "Vancouver", "Toronto": "Toronto", "British Columbia": "British Columbia",
    "Ontario": "Ontario", "Alberta": "Alberta", "Red Deer": "Alberta", "Sydney": "Sydney", "Melbourne": "Melbourne",
    "OnPoint": "New York", "Paris": "Paris and Strasbourg", "Catalonia": "Catalonia", "Madrid": "Madrid and Barcelona",
    "Barcelona": "Barcelona", "Copenhagen": "Copenhagen", "Glasgow": "Glasgow", "US city": "US city, undisclosed",
}  # fmt: skip


def outcomes() -> list[str]:
    """Return the keys of the outcomes in the order of the data's description."""
    return describe("outcome_certainty")["schema"]["fields"][0]["constraints"]["enum"]


def tier(design_type: str) -> str:
    """Return the map's column for a kind of design. Raises ValueError for a kind that no column holds."""
    for name, kinds in TIERS.items():
        if design_type in kinds:
            return name
    raise ValueError(f"The kind of design “{design_type}” has no column in the evidence map: add it to TIERS.")


def town(place: str) -> str:
    """Return the town or province of a study's place, or the place itself where none is known."""
    return next((town for name, town in PLACES.items() if name in place), place)


def mapped(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the estimates of the evidence map with their column (`tier`) and `town`; one row an estimate."""
    chosen = estimates[estimates["in_evidence_map"]]
    return chosen.assign(tier=chosen["design_type"].map(tier), town=chosen["place"].map(town))


def tally(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return how many estimates report each direction, indexed by the columns in `by`; absent ones are 0."""
    counts = rows.groupby([*by, "direction"]).size().unstack(fill_value=0)
    return counts.reindex(columns=list(DIRECTIONS), fill_value=0)


def certainty_level(judgement: pd.Series) -> str:
    """Return GRADE's level from a row of `outcome_certainty`: start plus changes, kept within very low to high.

    Raises KeyError for a start level other than low and high.
    """
    start = {"low": 2, "high": 4}[judgement["start_level"]]
    level = min(max(start + sum(int(judgement[reason]) for reason in REASONS), 1), 4)
    return ("very_low", "low", "moderate", "high")[level - 1]


def why(judgement: pd.Series) -> str:
    """Return in words how the certainty was reached: Starts low; risk of bias −1; imprecision −1."""
    changes = [
        f"{reason.replace('_', ' ')} {'+' if judgement[reason] > 0 else '−'}{abs(int(judgement[reason]))}"
        for reason in REASONS
        if judgement[reason]
    ]
    return "; ".join([f"Starts {judgement['start_level']}", *(changes or ["no change"])])


def designs_of(rows: pd.DataFrame) -> str:
    """Return the designs of some estimates, strongest first, with the number of studies of each: 4 cohorts."""
    studies = rows.groupby("design_type")["study_key"].nunique()
    return "; ".join(f"{DESIGNS[kind]} {studies[kind]}" for kind in DESIGNS if kind in studies) or "[z]"


def summary_of_findings(estimates: pd.DataFrame, certainty: pd.DataFrame) -> pd.DataFrame:
    """Return the summary of findings: one row an outcome, with finished text, the surest outcomes first.

    Counts are of the estimates in the evidence map and of their studies; an outcome without any has [z].
    """
    ranked = list(CERTAINTY)
    rows = certainty.set_index("outcome_domain").reindex(outcomes()).reset_index()
    rows = rows.sort_values("certainty", key=lambda levels: levels.map(ranked.index), kind="stable")
    map_rows = mapped(estimates)
    found = []
    for _, row in rows.iterrows():
        own = map_rows[map_rows["outcome_domain"] == row["outcome_domain"]]
        found.append({
            "Outcome": row["outcome_title"],
            "Studies (estimates)": f"{own['study_key'].nunique()} ({len(own)})" if len(own) else "[z]",
            "Designs, with studies of each": designs_of(own),
            "What they find": row["judgement"],
            "Certainty": CERTAINTY[row["certainty"]],
            "Why": why(row),
        })  # fmt: skip
    return pd.DataFrame(found)


def forest_rows(estimates: pd.DataFrame, studies: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the forest plot, by outcome and ratio: those marked in_forest, then superseded ones in grey.

    Adds `style` (published, computed, no_interval or superseded), `label` and `detail`; numbers are as in the table.
    """
    chosen = estimates[estimates["in_forest"] | (estimates["role"] == "superseded")]
    chosen = chosen.merge(studies[["study_key", "authors_short", "year"]], on="study_key", validate="many_to_one")
    chosen["style"] = [style_of(row) for row in chosen.itertuples()]
    chosen["label"] = [label_of(row) for row in chosen.itertuples()]
    twins = chosen.duplicated(["study_key", "outcome"], keep=False)
    chosen["detail"] = [detail_of(row, twin) for row, twin in zip(chosen.itertuples(), twins, strict=True)]
    rank = chosen["outcome_domain"].map(outcomes().index)
    return chosen.assign(rank=rank).sort_values(["rank", "ratio"]).drop(columns="rank").reset_index(drop=True)


def style_of(row) -> str:
    """Return how a row of the forest plot is drawn."""
    if row.role == "superseded":
        return "superseded"
    if pd.isna(row.ratio_lower):
        return "no_interval"
    return "computed" if row.interval_type == "poisson95_by_project" else "published"


def label_of(row) -> str:
    """Return who, when and where: Marshall 2011, Vancouver; only what the public text shows."""
    who = "" if row.authors_short == "Not shown" else row.authors_short
    when = "" if pd.isna(row.year) else str(int(row.year))
    return ", ".join(part for part in (" ".join(part for part in (who, when) if part), town(row.place)) if part)


def detail_of(row, twin: bool = False) -> str:
    """Return what was measured, with the comparison where a `twin` measures the same, and what a reader must know."""
    remarks = [
        remark
        for remark, holds in (
            ("inverted", row.ratio_basis == "inverted"),
            ("cited by an opponent", row.role == "effect_cited_by_opponent"),
            ("neighbouring area", row.role == "neighbouring_area"),
            ("superseded", row.role == "superseded"),
        )
        if holds
    ]
    measured = f"{row.outcome}, {row.comparison}" if twin else row.outcome
    return measured + (f" [{', '.join(remarks)}]" if remarks else "")


MARKS = {"published": ("o", BLUE, True), "computed": ("s", BLUE, True), "no_interval": ("o", BLUE, False),
         "superseded": ("D", "#6F6F6F", False)}  # fmt: skip


def draw_forest(axes: Axes, rows: pd.DataFrame, titles: dict[str, str], limits: tuple[float, float], extra: str = "") -> None:
    """Draw rows of `forest_rows` on a log axis between `limits`, grouped under the titles of their outcomes.

    `extra` is written under the last row, for a finding that must be named but has no value to draw.
    """
    y, ticks, labels = 0.0, [], []
    for outcome, group in rows.groupby("outcome_domain", sort=False):
        axes.text(
            -0.01,
            y,
            titles[outcome],
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            weight="semibold",
            fontsize=9,
        )
        axes.axhline(y - 0.75, color="#D0D0D0", linewidth=0.6) if y else None
        y += 1.15
        for row in group.itertuples():
            lines = [row.label, *textwrap.wrap(row.detail, 44)]
            middle = y + (len(lines) - 1) / 2
            marker, colour, filled = MARKS[row.style]
            if pd.notna(row.ratio_lower):
                axes.plot([row.ratio_lower, row.ratio_upper], [middle] * 2, color=colour, linewidth=1.6,
                          linestyle=(0, (2, 1.5)) if row.style == "superseded" else "-", solid_capstyle="butt")  # fmt: skip
            axes.plot(row.ratio, middle, marker, color=colour, markerfacecolor=colour if filled else "white",
                      markersize=4 if row.style == "superseded" else 5.5, markeredgewidth=1.3, zorder=3)  # fmt: skip
            shown = words.decimal(row.ratio, 2)
            if pd.notna(row.ratio_lower):
                shown += f" ({words.interval(row.ratio_lower, row.ratio_upper, 2)})"
            axes.text(1.02, middle, shown, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5, color=GREY)
            ticks.append(middle)
            labels.append("\n".join(lines))
            y += len(lines) + 0.55
        y += 0.6
    if extra:
        lines = textwrap.wrap(extra, 96)
        axes.text(1.02, y + (len(lines) - 1) / 2, "\n".join(lines), transform=axes.get_yaxis_transform(), va="center", ha="right",
                  fontsize=8.5, color=GREY, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
        y += len(lines)
    axes.set_yticks(ticks, labels, fontsize=8.5, linespacing=0.88)
    axes.set_ylim(y - 0.3, -0.9)
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    shown = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 3) if limits[0] <= tick <= limits[1]]
    axes.xaxis.set_major_locator(mpl.ticker.FixedLocator(shown))
    axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.tick_params(axis="x", labelsize=8.5)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.axvline(1, color=GREY, linewidth=1)
    for text, side, beside in (("← favours the room", "right", -6), ("favours no room →", "left", 6)):
        axes.annotate(text, (1, 1.005), (beside, 0), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
                      ha=side, va="bottom", fontsize=8.5, color=GREY)  # fmt: skip


def draw_marks(axes: Axes, x: float, y: float, counts: pd.Series, across: int, step: float, drop: float) -> None:
    """Draw one mark an estimate from (x, y) rightwards, `across` to a line, lines `drop` apart, in order of direction."""
    kinds = [kind for kind in DIRECTIONS for _ in range(int(counts[kind]))]
    for place, kind in enumerate(kinds):
        _, marker, colour, filled = DIRECTIONS[kind]
        axes.plot(x + step * (place % across), y + drop * (place // across), marker, color=colour, markersize=5.5,
                  markerfacecolor=colour if filled else "white", markeredgewidth=1.1, clip_on=False)  # fmt: skip


def draw_map(axes: Axes, rows: pd.DataFrame, titles: dict[str, str]) -> None:
    """Draw the evidence map: outcomes down, kinds of design across, one mark an estimate (rows of `mapped`)."""
    across, counts, y = 7, tally(rows, ["outcome_domain", "tier"]), 0.0
    ticks, labels = [], []
    for outcome in [key for key in outcomes() if key in set(rows["outcome_domain"])]:
        own = counts.loc[outcome]
        lines = int(max(1, -(-own.sum(axis="columns").max() // across)))
        text = textwrap.wrap(titles[outcome], 24)
        height = max(lines, len(text))
        for column, name in enumerate(TIERS):
            if name in own.index:
                draw_marks(axes, column + 0.07, y + (height - lines) / 2, own.loc[name], across, 0.13, 1)
        ticks.append(y + (height - 1) / 2)
        labels.append("\n".join(text))
        y += height + 0.7
        axes.axhline(y - 0.85, color="#D0D0D0", linewidth=0.6)
    for column, name in enumerate(TIERS):
        axes.text(
            column + 0.03, -1.1, "\n".join(textwrap.wrap(name, 14)), va="bottom", fontsize=8.5, color=GREY, weight="semibold"
        )
        axes.axvline(column, color="#D0D0D0", linewidth=0.6)
    axes.set_yticks(ticks, labels, fontsize=8.5, linespacing=0.9)
    axes.set_ylim(y - 0.8, -0.9)
    axes.set_xlim(0, len(TIERS))
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)


def draw_places(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw one mark an estimate by the place of the study (rows of `mapped`), the place with most at the top."""
    counts = tally(rows, ["town"])
    counts = counts.loc[counts.sum(axis="columns").sort_values(ascending=False, kind="stable").index]
    for y, name in enumerate(counts.index):
        draw_marks(axes, 0.5, y, counts.loc[name], 99, 1, 1)
        axes.text(counts.loc[name].sum() + 0.6, y, str(counts.loc[name].sum()), va="center", fontsize=9, color=GREY)
    axes.set_yticks(range(len(counts)), counts.index, fontsize=9)
    axes.get_yticklabels()[0].set_weight("semibold")
    axes.set_ylim(len(counts) - 0.4, -0.6)
    axes.set_xlim(0, counts.sum(axis="columns").max() + 2)
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)


def spoken(rows: pd.DataFrame) -> str:
    """Return what rows of `forest_rows` show in a few sentences, for those who cannot see the plot.

    Counts of current estimates on each side of 1, and the lowest and highest of them; superseded ones are only counted.
    """
    current = rows[rows["style"] != "superseded"]
    below, above = current[current["ratio"] < 1], current[current["ratio"] > 1]
    sides = (len(below), (below["ratio_upper"] < 1).sum(), len(above), (above["ratio_lower"] > 1).sum())
    under, surely_under, over, surely_over = (words.numeral(size) if size else "none" for size in sides)
    told = (
        f"Of {words.numeral(len(current))} current estimates, {under} lie below 1, which favours the room ({surely_under} with the "
        f"whole interval), and {over} above it ({surely_over} with the whole interval)."
    )
    ends = {"lowest": current["ratio"].idxmin(), "highest": current["ratio"].idxmax()}
    for place, row in ((place, current.loc[at]) for place, at in ends.items()):
        limits = f"limits {words.interval(row.ratio_lower, row.ratio_upper, 2)}" if pd.notna(row.ratio_lower) else "no interval"
        told += f" The {place}: {row.label}, {row.detail}, {words.decimal(row.ratio, 2)} ({limits})."
    superseded = len(rows) - len(current)
    return told + (f" Superseded: {words.numeral(superseded)}." if superseded else "")


def excluded(estimates: pd.DataFrame, studies: pd.DataFrame) -> pd.DataFrame:
    """Return every estimate that the forest plot leaves out, one line a study and reason, with finished text."""
    out = estimates[~estimates["in_forest"]].merge(studies[["study_key", "authors_short", "year"]], on="study_key")
    out = out.assign(study=[label_of(row) for row in out.itertuples()])
    lines = out.groupby(["forest_exclusion", "study_key", "study"], sort=False).agg(
        number=("outcome", "size"), outcomes=("outcome", "; ".join), reported=("direction", reported)
    )
    order = list(EXCLUSIONS)
    lines = lines.reset_index().sort_values(["forest_exclusion", "study"], key=lambda column: column.map(order.index)
                                            if column.name == "forest_exclusion" else column)  # fmt: skip
    return pd.DataFrame({
        "Study": lines["study"],
        "Reason": lines["forest_exclusion"].map(EXCLUSIONS),
        "Number": lines["number"],
        "What was measured": lines["outcomes"],
        "What they report": lines["reported"],
    })  # fmt: skip


def reported(directions: pd.Series) -> str:
    """Return what some estimates report, in the order of `DIRECTIONS`, others last: 2 benefit; 1 no effect detected."""
    names = {kind: name for kind, (name, *_) in DIRECTIONS.items()}
    names |= {kind: kind.replace("_", " ") for kind in directions.unique() if kind not in names}
    counts = directions.value_counts()
    return "; ".join(f"{counts[kind]} {name}" for kind, name in names.items() if kind in counts)


def reasons(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return how many estimates the forest plot leaves out for each reason, by what they report; the most first.

    Columns: Reason, Estimates, one for each direction, and Other, where an estimate has none of these directions.
    """
    left = estimates[~estimates["in_forest"]]
    counts = tally(left, ["forest_exclusion"])
    table = counts.rename(columns={kind: name[0].capitalize() for kind, name in DIRECTIONS.items()})
    table.insert(0, "Estimates", left["forest_exclusion"].value_counts())
    table["Other"] = table["Estimates"] - counts.sum(axis="columns")
    table = table.sort_values("Estimates", ascending=False, kind="stable").rename(index=EXCLUSIONS)
    return table.rename_axis("Reason").rename_axis(None, axis="columns").reset_index()
