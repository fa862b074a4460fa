"""The forest plot shows the table; the map counts every estimate once; the certainty follows from its steps."""

import csv

import drawings
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from dcr import evidence
from dcr.data import load
from dcr.paths import DATA


@pytest.fixture
def cells():
    """Return the rows of data/estimates.csv as text, by estimate_id, read without the project's loader."""
    with (DATA / "estimates.csv").open(encoding="utf-8", newline="") as file:
        return {row["estimate_id"]: row for row in csv.DictReader(file)}


def test_every_forest_row_equals_its_row_in_the_table(cells):
    rows = evidence.forest_rows(load("estimates"), load("studies"))
    current = rows[rows["style"] != "superseded"]
    assert set(current["estimate_id"]) == {key for key, row in cells.items() if row["in_forest"] == "true"}
    assert set(rows["estimate_id"]) - set(current["estimate_id"]) == {
        key for key, row in cells.items() if row["role"] == "superseded"
    }
    assert rows["estimate_id"].is_unique
    for row in rows.itertuples():
        cell = cells[row.estimate_id]
        assert row.ratio == float(cell["ratio"])
        if cell["ratio_lower"] == "[x]":
            assert row.style == "no_interval"
        else:
            assert (row.ratio_lower, row.ratio_upper) == (float(cell["ratio_lower"]), float(cell["ratio_upper"]))
            assert row.ratio_lower <= row.ratio <= row.ratio_upper
        assert row.outcome == cell["outcome"]


def test_the_forest_plot_draws_the_ratios_of_its_rows():
    rows = evidence.forest_rows(load("estimates"), load("studies"))
    titles = load("outcome_certainty").set_index("outcome_domain")["outcome_title"]
    for part in evidence.PARTS.values():
        chosen = rows[rows["outcome_domain"].isin(part)]
        figure, axes = plt.subplots()
        evidence.draw_forest(axes, chosen, titles, (0.08, 3))
        lines = [tuple(line.get_xdata()) for line in axes.lines]
        drawn = sorted(x[0] for x in lines if len(x) == 1)
        spans = sorted(x for x in lines if len(x) == 2 and x[0] != x[1] and x != (0, 1))
        plt.close(figure)
        assert drawn == sorted(chosen["ratio"])
        limits = chosen.dropna(subset="ratio_lower")
        assert spans == sorted(zip(limits["ratio_lower"], limits["ratio_upper"], strict=True))


def test_the_parts_of_the_forest_plot_hold_every_outcome_once():
    keys = [key for part in evidence.PARTS.values() for key in part]
    assert sorted(keys) == sorted(set(evidence.outcomes()) - {"cost_effectiveness"})


def test_excluded_and_drawn_rows_are_all_the_rows(cells):
    left = evidence.excluded(load("estimates"), load("studies"))
    drawn = sum(row["in_forest"] == "true" for row in cells.values())
    assert left["Number"].sum() + drawn == len(cells)
    assert left["Reason"].notna().all() and (left["What they report"] != "").all()
    told = left["What they report"].str.findall(r"\d+").map(lambda found: sum(map(int, found)))
    assert (told == left["Number"]).all()


def test_reasons_count_every_excluded_estimate_once(cells):
    table = evidence.reasons(load("estimates")).set_index("Reason")
    left = [row for row in cells.values() if row["in_forest"] == "false"]
    assert table["Estimates"].sum() == len(left)
    assert (table.drop(columns="Estimates").sum(axis="columns") == table["Estimates"]).all()
    silent = table.loc[evidence.EXCLUSIONS["no_figure_published"]]
    for kind, column in (("benefit", "Benefit"), ("no_effect_detected", "No effect detected"), ("harm", "Harm")):
        assert silent[column] == sum(
            row["forest_exclusion"] == "no_figure_published" and row["direction"] == kind for row in left
        )


def test_the_map_counts_each_estimate_once(cells):
    rows = evidence.mapped(load("estimates"))
    counts = evidence.tally(rows, ["outcome_domain", "tier"])
    assert counts.to_numpy().sum() == sum(row["in_evidence_map"] == "true" for row in cells.values())
    figure, axes = plt.subplots()
    evidence.draw_map(axes, rows, load("outcome_certainty").set_index("outcome_domain")["outcome_title"])
    marks = sum(len(line.get_xdata()) == 1 for line in axes.lines)
    plt.close(figure)
    assert marks == len(rows)


def test_certainty_follows_from_its_steps():
    judgements = load("outcome_certainty")
    assert [evidence.certainty_level(row) for _, row in judgements.iterrows()] == list(judgements["certainty"])


def test_certainty_stays_between_very_low_and_high():
    row = load("outcome_certainty").iloc[0].copy()
    row["risk_of_bias"], row["inconsistency"] = -2, -2
    assert evidence.certainty_level(row) == "very_low"
    row[list(evidence.REASONS)], row["start_level"] = 0, "high"
    assert evidence.certainty_level(row) == "high"
    assert evidence.why(row) == "Starts high; no change"


def test_no_estimate_belongs_to_a_retracted_study():
    studies, reviews = load("studies"), load("reviews")
    gone = set(studies.loc[studies["retracted"], "study_key"]) | set(reviews.loc[reviews["retracted"], "review_key"])
    assert gone and not gone & set(load("estimates")["study_key"])


def test_a_kind_of_design_without_a_column_is_refused():
    assert evidence.tier("cohort") == "Cohorts, compared areas"
    with pytest.raises(ValueError, match="add it to TIERS"):
        evidence.tier("randomised_trial")


def test_places_are_known_by_town():
    assert evidence.town("Insite, Vancouver") == "Vancouver"
    assert evidence.town("Oslo") == "Oslo"


def test_the_summary_counts_what_the_map_draws_surest_outcomes_first():
    certainty = load("outcome_certainty")
    table = evidence.summary_of_findings(load("estimates"), certainty).set_index("Outcome")
    assert sorted(table.index) == sorted(certainty["outcome_title"])
    levels = [list(evidence.CERTAINTY.values()).index(level) for level in table["Certainty"]]
    assert levels == sorted(levels)
    mapped = evidence.mapped(load("estimates"))
    for row in certainty.itertuples():
        own = mapped[mapped["outcome_domain"] == row.outcome_domain]
        told = table.loc[row.outcome_title]
        assert told["Certainty"] == evidence.CERTAINTY[row.certainty]
        assert told["Studies (estimates)"] == (f"{own['study_key'].nunique()} ({len(own)})" if len(own) else "[z]")


def test_an_outcome_without_estimates_is_not_counted_as_none():
    estimates = load("estimates").query("outcome_domain != 'syringe_sharing'")
    title = load("outcome_certainty").set_index("outcome_domain").loc["syringe_sharing", "outcome_title"]
    row = evidence.summary_of_findings(estimates, load("outcome_certainty")).set_index("Outcome").loc[title]
    assert row["Studies (estimates)"] == row["Designs, with studies of each"] == "[z]"


def test_designs_are_counted_by_study_strongest_first():
    rows = pd.DataFrame({"design_type": ["modelling", "cohort", "cohort", "cohort"], "study_key": ["a", "b", "b", "c"]})
    assert evidence.designs_of(rows) == "cohorts 2; models 1"


def test_places_are_drawn_with_one_mark_an_estimate_and_most_at_the_top():
    rows = evidence.mapped(load("estimates"))
    _, axes = plt.subplots()
    evidence.draw_places(axes, rows)
    marks = [y for _, y, _ in drawings.marks(axes)]
    counts = rows["town"].value_counts()
    assert [marks.count(y) for y in range(len(counts))] == sorted(counts, reverse=True)
    assert {name: int(size) for name, size in zip(drawings.rows(axes), drawings.words(axes), strict=True)} == counts.to_dict()
    plt.close()


def test_a_finding_without_a_value_is_written_below_the_last_row():
    rows = evidence.forest_rows(load("estimates"), load("studies"))
    titles = load("outcome_certainty").set_index("outcome_domain")["outcome_title"]
    extra = "Not drawn: " + "a finding that must be named but has no value to draw; " * 3
    lowest = []
    for note in ("", extra):
        _, axes = plt.subplots()
        evidence.draw_forest(axes, rows, titles, (0.08, 3), note)
        written = [text for text in axes.texts if text.get_text().startswith("Not drawn")]
        assert [" ".join(text.get_text().split()) for text in written] == [note.strip()] * bool(note)
        assert all(text.get_position()[1] > max(axes.get_yticks()) for text in written)
        lowest.append(axes.get_ylim()[0])
        plt.close()
    assert lowest[1] == pytest.approx(lowest[0] + 2), "room for its two lines"


def test_the_forest_plot_in_words_by_hand():
    rows = pd.DataFrame(
        [("published", 0.5, 0.4, 0.6, "Ann 2001, Oslo", "deaths"), ("published", 0.9, 0.7, 1.2, "Ben", "calls"),
         ("no_interval", 1.5, None, None, "Cat", "crime"), ("superseded", 0.1, 0.05, 0.2, "Dan", "old")],
        columns=["style", "ratio", "ratio_lower", "ratio_upper", "label", "detail"],
    )  # fmt: skip
    told = (
        "Of three current estimates, two lie below 1, which favours the room (one with the whole interval), and one above it "
        "(none with the whole interval). The lowest: Ann 2001, Oslo, deaths, 0.50 (limits 0.40 to 0.60). "
        "The highest: Cat, crime, 1.50 (no interval)."
    )
    assert evidence.spoken(rows) == f"{told} Superseded: one."
    assert evidence.spoken(rows.iloc[:3]) == told
