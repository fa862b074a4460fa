"""Figures: one style, one way to show them.

A chapter draws with matplotlib on `canvas()` and ends its cell with `chart(…)`, which carries the picture with its
caption, subtitle, source line, alternative text and plotted data to the page.
"""

import base64
import io
from dataclasses import dataclass

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from dcr.data import load
from dcr.numbers import provenance
from dcr.paths import FONTS, STATIC

# The type of output by which a figure travels from the notebook to the page
MIME = "application/vnd.dcr.figure+json"

# Government Analysis Function palette; each has a contrast of 3:1 or more with white, the first and last two 4.5:1
BLUE, TEAL, PLUM, ORANGE, GREY = "#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D"

# Characters of alternative text that a listener can be asked to keep in mind
LONGEST_ALT = 600

for font in FONTS.glob("SourceSansPro-*.ttf"):
    font_manager.fontManager.addfont(font)
plt.style.use(STATIC / "dcr.mplstyle")


@dataclass
class Chart:
    """A finished figure: its SVG, and what the page prints with it."""

    svg: str
    page: dict  # with the same picture for print, its words as text in the report's own typeface

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {MIME: self.page | {"svg": self.svg}, "image/svg+xml": self.svg, "text/plain": self.page["alt"]}


def canvas(height: float = 3.1, panels: int = 1, **options) -> tuple[Figure, Axes]:
    """Return a figure as wide as the page's text (5.6 inches) and its axes; height in inches."""
    return plt.subplots(1, panels, figsize=(5.6, height), **options)


def chart(figure: Figure, name: str, *, caption: str, subtitle: str, alt: str, data: pd.DataFrame, rows: str) -> Chart:
    """Return a figure for the page; it must be the last expression of its cell.

    name      what `{numref}` refers to and the data file is called: "fig-annual-deaths"
    caption   the finding, in words; may hold `{n}` roles
    subtitle  measure, unit, area, years
    alt       what a reader who cannot see it needs to know, with figures computed from the data
    data      the plotted values, offered as CSV; its columns are named for people
    rows      where they come from, as in `dcr.numbers.number`

    Raises ValueError where `alt` is missing, too long or mostly numbers.
    """
    check_alternative(name, alt)
    arrange(figure)
    web, printed, dots = drawn(figure, "path"), drawn(figure, "none"), dotted(figure)
    plt.close(figure)
    page = {
        "name": name,
        "caption": caption,
        "subtitle": subtitle,
        "source": source_line(rows),
        "alt": alt,
        "csv": data.to_csv(index=False, lineterminator="\n"),
        "print": printed,
        "png": base64.b64encode(dots).decode("ascii"),
    }
    return Chart(web, page)


def check_alternative(name: str, alt: str) -> None:
    """Raise ValueError unless a listener can follow the alternative text: not empty, not too long, half of it letters or more."""
    if not alt.strip():
        raise ValueError(f"The figure “{name}” needs alternative text.")
    if len(alt) > LONGEST_ALT:
        raise ValueError(
            f"The alternative text of the figure “{name}” has {len(alt)} characters: say what it shows in {LONGEST_ALT} or fewer."
        )
    if sum(letter.isalpha() for letter in alt) < len(alt) / 2:
        raise ValueError(
            f"Less than half of the alternative text of the figure “{name}” is letters: say the finding in words, with only "
            "the numbers that carry it."
        )


def arrange(figure: Figure) -> None:
    """Find the places of axes and labels once for both pictures; `savefig` would draw each picture twice to find them anew."""
    figure.set_canvas(FigureCanvasSVG(figure))
    figure.dpi = 72  # as in any SVG
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine("none")


def drawn(figure: Figure, letters: str) -> str:
    """Return the figure, arranged before, as SVG, its letters as outlines ("path") or as text ("none")."""
    picture = io.StringIO()
    with plt.rc_context({"svg.fonttype": letters}):
        figure.canvas.print_svg(picture, metadata={"Date": None, "Creator": None})
    return picture.getvalue()


# Dots an inch of a picture for slides and papers: twice those of a screen
DOTS = 192


def dotted(figure: Figure) -> bytes:
    """Return the figure, arranged before, as PNG."""
    picture = io.BytesIO()
    figure.dpi = DOTS
    FigureCanvasAgg(figure).print_png(picture, metadata={"Software": None})
    return picture.getvalue()


LICENCES = {
    "OGL-3.0": "Open Government Licence v3.0",
    "CC-BY-4.0": "CC BY 4.0",
    "EUDA-reuse": "reuse with acknowledgement",
    "OPL-3.0": "Open Parliament Licence v3.0",
    "SPCB": "Scottish Parliament copyright licence",
    "facts-cited": "facts cited",
}


def source_line(rows: str) -> str:
    """Return the sources of the rows as MyST text: publisher, title linked to its address, licence.

    Rows that name no source, such as those of `gaps`, are the authors' own record, and the line says so.
    """
    sources = load("sources").set_index("key")
    lines = []
    for key in provenance(rows)["sources"]:
        source = sources.loc[key]
        title = source["title"] if pd.isna(source["url"]) else f"[{source['title']}]({source['url']})"
        lines.append(f"{source['publisher']}, {title} ({LICENCES[source['licence']]})")
    if not lines:
        return "Source: compiled by the authors."
    shown, hidden = lines[:3], lines[3:]
    rest = f"; and {len(hidden)} more, listed in the data file" if hidden else ""
    return f"Source: {'; '.join(shown)}{rest}."


def label_line(axes: Axes, x: float, y: float, text: str, colour: str, dx: float = 5, dy: float = 0, **options) -> None:
    """Write the name of a line beside it, in its colour; the offset is in points."""
    axes.annotate(text, (x, y), (dx, dy), textcoords="offset points", color=colour, weight="semibold",
                  va="center", **options)  # fmt: skip


def from_zero(axes: Axes, unit: str) -> None:
    """Start the axis at zero, write thousands with a comma, and put the unit above the axis, not beside it."""
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))
    axes.set_title(unit, loc="left")


def break_line(axes: Axes, x: float, text: str) -> None:
    """Mark a break in a series: a thin dashed line with its reason at the top."""
    axes.axvline(x, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.annotate(text, (x, 1), (3, -2), xycoords=("data", "axes fraction"), textcoords="offset points",
                  va="top", fontsize=8.5, color=GREY)  # fmt: skip
