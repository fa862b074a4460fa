"""The columns of printed tables: room for the longest word, and the rest where it shortens the table."""

import numpy as np
import pytest
from lxml import html

from columns import BESIDE, LINE, measured, shares, width

LONG = "A claim of many words that asks for a great deal of room and would fill several lines of a narrow column. " * 3


def table(*rows: tuple[str, ...]):
    head, *body = rows
    heads = "".join(f"<th>{text}</th>" for text in head)
    lines = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in body)
    return html.fragment_fromstring(f"<table><caption>c</caption><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>")


def test_shares_fill_the_line_and_hold_the_longest_word():
    found, _ = measured(table(("Year", "What was found"), ("Unimaginatively", LONG), ("2024", "little")))
    assert found.sum() == pytest.approx(1)
    assert found[0] * LINE >= width("Unimaginatively", False) + BESIDE
    assert found[1] > 0.75


def test_height_grows_with_rows_and_with_words():
    heights = [measured(table(("a", "b"), *rows))[1] for rows in ([("1", "2")], [("1", "2")] * 3, [("1", LONG)])]
    assert heights[0] < heights[1] < heights[2] * 2
    assert heights[2] > heights[0] + 2 * 11


def test_room_goes_to_the_column_that_shortens_the_table():
    words, wholes, beside = np.full((2, 3), 30.0), np.array([[60.0, 2000, 300], [60, 2000, 300]]), np.full(3, BESIDE)
    few, most, some = shares(words, wholes, beside)
    assert few < some < most


def test_bold_words_are_wider():
    assert width("unsupported", True) > width("unsupported", False) > 40
