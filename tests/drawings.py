"""What is drawn on axes, as the tests of drawings ask for it."""

from matplotlib.axes import Axes


def marks(axes: Axes) -> list[tuple[float, float, str]]:
    """Return place and shape of every mark, in order of place."""
    lines = [line for line in axes.lines if line.get_marker() not in ("None", "", " ")]
    return sorted((float(x), float(y), line.get_marker()) for line in lines for x, y in line.get_xydata())


def words(axes: Axes) -> list[str]:
    """Return the words written on the axes, those of ticks left out, in the order of writing."""
    return [text.get_text() for text in axes.texts]


def rows(axes: Axes) -> list[str]:
    """Return the labels of the rows from top to bottom."""
    return [label.get_text() for label in axes.get_yticklabels()]
