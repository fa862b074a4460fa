"""A drawn timeline: years run down the page, one column of labels on each side of the axis."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes

from dcr.figures import BLUE, GREY, PLUM


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
    return parts[0] + (day.dayofyear - 1) / (366 if day.is_leap_year else 365)


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


def draw_timeline(axes: Axes, events: pd.DataFrame, *, line_height: float = 0.21, width: int = 33) -> None:
    """Draw events on both sides of a line of years.

    events       columns `date` (ISO, partial), `label`, `left` (whether it stands on the left), `toward`: 1 for a step
                 towards a room, -1 for a refusal or a step away, 0 for neither
    line_height  room of one line of text, in years
    width        letters in a line of text
    """
    rows = events.assign(at=events["date"].map(decimal_year)).sort_values("at", kind="stable")
    rows = rows.assign(text=[textwrap.fill(label, width) for label in rows["label"]])
    axes.axvline(0, color=GREY, linewidth=1.2, zorder=1)
    for left, side in rows.groupby("left"):
        sign = -1 if left else 1
        heights = [line_height * (text.count("\n") + 1) + line_height * 0.45 for text in side["text"]]
        for (_, row), place in zip(side.iterrows(), spread(list(side["at"]), heights), strict=True):
            marker, face, edge = {1: ("o", BLUE, BLUE), -1: ("X", PLUM, PLUM), 0: ("D", "white", GREY)}[row["toward"]]
            axes.plot([0, sign * 0.09, sign * 0.14], [row["at"], place, place], color="#8A8A8A", linewidth=0.6, zorder=0)
            axes.plot(0, row["at"], marker=marker, markerfacecolor=face, markeredgecolor=edge, markersize=6, zorder=3)
            axes.text(sign * 0.16, place, row["text"], ha="right" if left else "left", va="center", fontsize=8.5,
                      linespacing=1.05, color=edge)  # fmt: skip
    first, last = int(rows["at"].min()), int(rows["at"].max()) + 1
    for year in range(first, last + 1):
        axes.plot([-0.025, 0.025], [year, year], color=GREY, linewidth=0.8)
    axes.set_ylim(last + 0.2, first - 0.2)
    axes.set_xlim(-1.2, 1.2)
    axes.axis("off")
