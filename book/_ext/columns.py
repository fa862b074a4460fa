"""The widths of the columns of a printed table.

The renderer gives each column the same share of what its text asks for, so that one long cell starves the others. Here
each column begins as wide as its longest word; what is left of the line goes, bit by bit, to the column that shortens the
table most.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parents[1] / "_static" / "fonts"

# Points: a line of the report, a table's type, the space right of words and of figures (as the style sheet has it), what
# a line loses on average where it turns between words, the smallest step
LINE, TYPE, BESIDE, BESIDE_FIGURES, LOSS, STEP = 453.5, 9, 5.7, 8.6, 9, 3

# Points: a line of a table with its leading, and the space between two rows
HIGH, BETWEEN = 11.7, 6.3


def measured(table) -> tuple[np.ndarray, float]:
    """Return the widths of a table's columns, as shares of the line, and about how high it is, in points."""
    rows = list(table.iter("tr"))
    cells = [
        [(cell.text_content(), row.getparent().tag == "thead" or cell.find(".//strong") is not None) for cell in row]
        for row in rows
    ]
    wholes = np.array([[width(text, bold) for text, bold in row] for row in cells])
    words = np.array([[max(width(word, bold) for word in re.split(r"[ \n]+", text)) for text, bold in row] for row in cells])
    beside = np.array([BESIDE_FIGURES if "text-right" in cell.get("class", "") else BESIDE for cell in rows[0]])
    found = shares(words, wholes, beside)
    return found, height(found * LINE - beside, wholes) * HIGH + len(rows) * BETWEEN


def shares(words: np.ndarray, wholes: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Return each column's share of the line.

    words   length of the longest word of each cell, in points: rows by columns
    wholes  length of the text of each cell on one line
    beside  the space right of each column's cells
    """
    room = LINE - beside.sum()
    widths = words.max(axis=0) + 2
    most = np.maximum(wholes.max(axis=0), widths)
    while room - widths.sum() >= STEP and (widths < most).any():
        wider = [height(widths + STEP * (column == np.arange(len(widths))), wholes) for column in range(len(widths))]
        open_ones = np.where(widths < most, wider, np.inf)
        widths[open_ones.argmin()] += STEP
    return (widths / widths.sum() * room + beside) / LINE


def height(widths: np.ndarray, wholes: np.ndarray) -> float:
    """Return about how many lines a table has with these widths of its columns."""
    return np.where(wholes <= widths, 1, 1 + wholes / (widths - LOSS)).max(axis=1).sum()


@cache
def advances(bold: bool) -> tuple[dict[int, int], int]:
    """Return the widths of a typeface's characters in its own units, and how many of these a line of type is high."""
    font = TTFont(FONTS / f"SourceSansPro-{'Semibold' if bold else 'Regular'}.ttf")
    return {code: font["hmtx"][name][0] for code, name in font.getBestCmap().items()}, font["head"].unitsPerEm


def width(text: str, bold: bool) -> float:
    """Return the length of a text on one line, in points."""
    known, high = advances(bold)
    return TYPE / high * sum(known.get(ord(letter), high // 2) for letter in text.strip())
