"""A tile map of Scotland: one equal square for each council area, so that a small city shows as well as a wide moor."""

from collections.abc import Callable

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

# A schematic, not a map to scale: the column from the west, the row from the north, and a name that fits the tile.
# It gives neighbours where it can: along the Clyde and the Forth, then north and south of them.
TILES = {
    "S12000027": (7, 0, "Shetland"),
    "S12000023": (5, 1, "Orkney"),
    "S12000013": (0, 2, "Eileanan\nSiar"),
    "S12000017": (3, 2, "Highland"),
    "S12000020": (4, 2, "Moray"),
    "S12000034": (5, 2, "Aberdeen-\nshire"),
    "S12000033": (6, 2, "Aberdeen"),
    "S12000048": (4, 3, "Perth &\nKinross"),
    "S12000041": (5, 3, "Angus"),
    "S12000042": (6, 3, "Dundee"),
    "S12000035": (1, 4, "Argyll\n& Bute"),
    "S12000030": (3, 4, "Stirling"),
    "S12000005": (4, 4, "Clackman-\nnanshire"),
    "S12000047": (5, 4, "Fife"),
    "S12000018": (0, 5, "Inverclyde"),
    "S12000039": (1, 5, "West Dun-\nbarton"),
    "S12000045": (2, 5, "East Dun-\nbarton"),
    "S12000050": (3, 5, "North\nLanark"),
    "S12000014": (4, 5, "Falkirk"),
    "S12000040": (5, 5, "West\nLothian"),
    "S12000036": (6, 5, "Edinburgh"),
    "S12000010": (7, 5, "East\nLothian"),
    "S12000021": (0, 6, "North\nAyrshire"),
    "S12000038": (1, 6, "Renfrew-\nshire"),
    "S12000049": (2, 6, "Glasgow"),
    "S12000029": (3, 6, "South\nLanark"),
    "S12000019": (5, 6, "Midlothian"),
    "S12000026": (6, 6, "Borders"),
    "S12000028": (0, 7, "South\nAyrshire"),
    "S12000008": (1, 7, "East\nAyrshire"),
    "S12000011": (2, 7, "East\nRenfrew"),
    "S12000006": (3, 7, "Dumfries\n& Gall’way"),
}


def tile_map(axes: Axes, texts: dict[str, str], colours: dict[str, str], marks: dict[str, str] | None = None) -> None:
    """Draw the 32 council areas as tiles, each with its name and a text such as its rate.

    texts    by area code: what stands under the name
    colours  by area code: the tile's colour; the writing is black or white, whichever is easier to read
    marks    by area code, where wanted: a matplotlib marker for the tile's corner, so that colour is never alone

    Raises ValueError unless texts and colours name the council areas, each once.
    """
    if set(texts) != set(TILES) or set(colours) != set(TILES):
        raise ValueError("A tile map needs a text and a colour for each of the council areas, and for no other.")
    for code, (column, row, name) in TILES.items():
        ink = legible(colours[code])
        axes.add_patch(FancyBboxPatch((column + 0.04, row + 0.04), 0.92, 0.92, facecolor=colours[code], edgecolor="#3D3D3D",
                                      linewidth=0.6, boxstyle="round,pad=0,rounding_size=0.06"))  # fmt: skip
        axes.text(column + 0.5, row + 0.34, name, ha="center", va="center", fontsize=8.5, linespacing=0.95, color=ink)
        axes.text(column + 0.5, row + 0.79, texts[code], ha="center", va="center", fontsize=10.5, weight="semibold", color=ink)
        if marks and code in marks:
            axes.plot(column + 0.83, row + 0.79, marker=marks[code], color=ink, markersize=5, linestyle="")
    axes.set(xlim=(0, 1 + max(t[0] for t in TILES.values())), ylim=(1 + max(t[1] for t in TILES.values()), 0), aspect="equal")
    axes.axis("off")


def shade(low: str, high: str, least: float, most: float) -> Callable[[float], str]:
    """Return a function from a value to a colour between `low` (at `least`) and `high` (at `most`).

    Raises ValueError unless `least` is below `most`.
    """
    if least >= most:
        raise ValueError("A scale of colours needs two different ends.")
    scale = mpl.colors.LinearSegmentedColormap.from_list("tiles", [low, high])
    return lambda value: mpl.colors.to_hex(scale((value - least) / (most - least)))


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, 0 (black) to 1 (white): WCAG 2.2, definition of relative luminance."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in mpl.colors.to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def legible(background: str) -> str:
    """Return black or white, whichever has more contrast with the background; never below 4.5 to 1."""
    light = luminance(background) + 0.05
    return "#000000" if light / 0.05 > 1.05 / light else "#FFFFFF"
