"""A drawn timeline: years run down the page, one column of labels on each side of the axis."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes

from dcr.figures import BLUE, GREY, PLUM

# Half the width of the column of years, the axes being a little over one unit wide on each side
SPINE = 0.09

# Marker, face and edge of a step towards a room, a step away, and neither
MARKS = {1: ("o", BLUE, BLUE), -1: ("X", PLUM, PLUM), 0: ("D", "white", GREY)}


def decimal_year(date: str) -> float:
    """Return an ISO day, month or year as a decimal year; a month stands at its middle, a year at its middle.

    Raises ValueError for anything else.
    """
    if len(date) not in (4, 7, 10):
        raise ValueError(f"“{date}” is not a year, a month or a day written as YYYY, YYYY-MM or YYYY-MM-DD.")
    parts = [int(part) for part in date.split("-")]
    if len(parts) == 1:
        return parts[0] + 0.5
    day = pd.Timestamp(parts[0], parts[1], parts[2] if len(parts) == 3 else 15)
    return parts[0] + (day.day_of_year - 1) / (366 if day.is_leap_year else 365)


def spread(wanted: list[float], heights: list[float]) -> list[float]:
    """Return places for labels, in order, as near as they can be to those wanted without overlapping.

    `wanted` holds the middle of each label in rising order, `heights` the room each needs, both in units of the axis.
    Labels that touch move together as one block about the mean of what they want.
    """
    blocks: list[dict] = []
    for number, (middle, height) in enumerate(zip(wanted, heights, strict=True)):
        blocks.append({"members": [number], "middle": middle, "height": height})
        while len(blocks) > 1 and overlap(blocks[-2], blocks[-1]):
            lower, upper = blocks.pop(), blocks.pop()
            members = upper["members"] + lower["members"]
            height_all = upper["height"] + lower["height"]
            offsets, at = [], 0.0
            for member in members:
                offsets.append(at + heights[member] / 2)
                at += heights[member]
            top = sum(wanted[member] - offset for member, offset in zip(members, offsets, strict=True)) / len(members)
            blocks.append({"members": members, "middle": top + height_all / 2, "height": height_all})
    places = [0.0] * len(wanted)
    for block in blocks:
        at = block["middle"] - block["height"] / 2
        for member in block["members"]:
            places[member] = at + heights[member] / 2
            at += heights[member]
    return places


def overlap(upper: dict, lower: dict) -> bool:
    """Return whether two blocks of labels overlap."""
    return upper["middle"] + upper["height"] / 2 > lower["middle"] - lower["height"] / 2 + 1e-12


def draw_timeline(axes: Axes, events: pd.DataFrame, *, line_height: float = 0.27, width: int = 40) -> None:
    """Draw events on both sides of a column of years.

    events       columns `date` (ISO, partial), `label`, `left` (whether it stands on the left), `toward`: 1 for a step
                 towards a room, -1 for a refusal or a step away, 0 for neither
    line_height  room of one line of text, in years
    width        letters in a line of text
    """
    rows = events.assign(at=events["date"].map(decimal_year)).sort_values("at", kind="stable")
    rows = rows.assign(text=[textwrap.fill(label, width) for label in rows["label"]])
    first, last = int(rows["at"].min()), int(rows["at"].max()) + 1
    for year in range(first, last):
        axes.text(0, year + 0.5, str(year), ha="center", va="center", fontsize=9.5, color=GREY)
        axes.plot([-SPINE, SPINE], [year, year], color="#B0B0B0", linewidth=0.6)
    for left, side in rows.groupby("left"):
        sign = -1 if left else 1
        axes.plot([sign * SPINE] * 2, [first, last], color=GREY, linewidth=1)
        heights = [line_height * (text.count("\n") + 1) + line_height * 0.25 for text in side["text"]]
        for (_, row), place in zip(side.iterrows(), spread(list(side["at"]), heights), strict=True):
            marker, face, edge = MARKS[row["toward"]]
            axes.plot([sign * SPINE, sign * (SPINE + 0.07), sign * (SPINE + 0.1)], [row["at"], place, place],
                      color="#8A8A8A", linewidth=0.6, zorder=1)  # fmt: skip
            above = 4 if row["toward"] < 0 else 3  # a cross is seen over a circle, not the other way round
            axes.plot(sign * SPINE, row["at"], marker=marker, markerfacecolor=face, markeredgecolor=edge, markersize=6,
                      zorder=above)  # fmt: skip
            axes.text(sign * (SPINE + 0.115), place, row["text"], ha="right" if left else "left", va="center",
                      fontsize=8.5, linespacing=1.0, color=edge)  # fmt: skip
    axes.set_ylim(last + 0.1, first - 0.1)
    axes.set_xlim(-1.15, 1.15)
    axes.axis("off")
