"""Positions: the views behind stances, where they were taken, and how they are named and linked."""

import drawings
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from dcr import politics
from dcr.data import load

ROWS = pd.DataFrame(
    {
        "position_id": ["a", "b", "c", "d", "e", "f"],
        "date": ["2018-01-17", "2021-11", "2021-12", "2018", None, "2021-11-02"],
        "date_basis": ["stated", "inferred", "date of report", "inferred", "unknown", "stated"],
        "person": ["Ann", "Ann", "Ben", "Cat", "Dan", "Eve"],
        "party": ["Red", "Red", "Red", "Blue", "Blue", "Crossbench"],
        "chamber": ["House of Commons", "Scottish Parliament", "government", "government", "council", "House of Lords"],
        "office": ["MP", "leader", None, "minister", "councillor", "peer"],
        "body": ["Moray", None, "UK Government", "Welsh Government", "Glasgow City Council", None],
        "stance": ["oppose", "pilot-only", "no plans", "neutral", "support", "conditional"],
        "will_not_block": ["no", "yes", "no", "no", "no", "no"],
    }
)


def test_views_follow_stances_and_tolerating_a_trial_is_not_backing_it():
    expected = [politics.AGAINST, politics.BETWEEN, politics.AGAINST, politics.BETWEEN, politics.BACKS, politics.BETWEEN]
    assert list(politics.view(ROWS)) == expected


def test_not_blocking_does_not_soften_opposition():
    rows = ROWS.assign(will_not_block="yes")
    assert politics.view(rows)[0] == politics.AGAINST


def test_unknown_stance_is_refused():
    with pytest.raises(ValueError, match="hesitant"):
        politics.view(ROWS.assign(stance="hesitant"))


def test_places():
    expected = ["UK Parliament", "Scottish Parliament", "UK Government", "elsewhere", "elsewhere", "UK Parliament"]
    assert list(politics.place(ROWS)) == expected


def test_presence_shows_a_view_once_however_many_rows_there_are():
    doubled = pd.concat([ROWS, ROWS])
    pd.testing.assert_frame_equal(
        politics.presence(ROWS).reset_index(drop=True), politics.presence(doubled).reset_index(drop=True)
    )
    assert len(politics.presence(ROWS)) == 5  # Dan's position has no date


def test_parties_are_not_the_crossbenches():
    assert politics.parties_with(ROWS, politics.BETWEEN) == ["Blue", "Red"]
    assert politics.parties_with(ROWS, politics.BACKS) == ["Blue"]


def test_each_person_stands_once_in_a_party_with_the_latest_position():
    rows = ROWS.assign(source="nrs-2024", source_2=None)
    cells = politics.by_party(rows, ["Red"]).iloc[0]
    assert "Ann" in cells["Between"]
    assert "Ann" not in cells["Against, or no plans"]
    assert cells["Backs a room or a trial"] == "None found"


def test_a_view_that_was_held_earlier_is_not_called_none():
    rows = ROWS.assign(source="nrs-2024", source_2=None)
    cells = politics.by_party(rows[rows.person == "Ann"], ["Red"]).iloc[0]
    assert cells["Against, or no plans"].startswith("earlier: Ann, MP (17 January 2018")


def test_every_view_found_in_a_party_is_told_with_its_source():
    positions = load("positions")
    parties = sorted(set(politics.partisan(positions)["party"]))
    shown = politics.by_party(positions, parties).set_index("Party")
    links = {politics.link(key) for key in positions.source}
    for party, part in politics.partisan(positions).groupby("party"):
        for view, cell in zip(politics.VIEWS, shown.loc[party], strict=True):
            assert (cell == "None found") == (view not in set(part["view"])), (party, view)
            assert cell == "None found" or any(link in cell for link in links), (party, view)


def test_dates_say_how_they_are_known():
    assert [politics.dated(row) for _, row in ROWS.iterrows()] == [
        "17 January 2018", "November 2021 (inferred)", "December 2021 (reported)",
        "2018 (inferred)", "undated", "2 November 2021",
    ]  # fmt: skip


def test_every_position_has_a_link_or_a_publisher():
    positions = load("positions")
    assert all(politics.links(row) for _, row in positions.iterrows())
    with pytest.raises(KeyError):
        politics.link("no-such-source")


def test_no_party_is_without_a_source_and_both_sides_are_there():
    positions = load("positions")
    assert positions.source.notna().all()
    parties = politics.parties_with(positions, politics.BACKS)
    both = set(parties) & set(politics.parties_with(positions, politics.AGAINST))
    shown = politics.by_party(positions, sorted(both))
    assert not (shown[["Backs a room or a trial", "Against, or no plans"]] == "None found").any(axis=None)


def test_empty_remarks_say_so():
    assert list(politics.remarks(pd.Series(["", "told", None]))) == ["none", "told", "none"]


def test_each_view_stands_in_the_row_of_its_party_and_place_beside_its_year():
    _, axes = plt.subplots()
    politics.draw_presence(axes, politics.presence(ROWS), {"Amber": "none found"})
    assert drawings.rows(axes) == [
        "Amber",
        "Blue: elsewhere",
        "Crossbench: UK Parl.",
        "Red: UK Govt",
        "UK Parl.",
        "Scottish Parl.",
    ]
    against, between = 2018.29, 2018.0
    assert drawings.marks(axes) == sorted(
        [(between, 1, "D"), (2021.0, 2, "D"), (2021.29, 3, "X"), (against, 4, "X"), (2021.0, 5, "D")]
    )
    (silent,) = axes.texts
    assert (silent.get_text(), silent.get_position()[1]) == ("none found", 0)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2018", "2019", "2020", "2021"]
    plt.close()


def test_a_group_of_the_council_has_a_short_name_and_people_keep_theirs():
    assert politics.changed_name("Conservative group, Glasgow City Council") == "Glasgow council group"
    assert politics.changed_name("Ann") == "Ann"
