"""Small multiples: the same chart for several series, on one scale, as wide as the page's text."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def small_multiples(heads: list[str], columns: int, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure 5.6 inches wide and one titled panel for each head, by rows; all share both axes.

    Places left over in the last row stay empty. Raises ValueError without heads or columns.
    """
    if not heads or columns < 1:
        raise ValueError("Small multiples need at least one head and one column.")
    rows = -(-len(heads) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(5.6, height), sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(heads) :]:
        axes.remove()
    panels = list(grid.flat[: len(heads)])
    for axes, head in zip(panels, heads, strict=True):
        axes.set_title(head, loc="left", fontsize=9.2, weight="semibold")
    return figure, panels
