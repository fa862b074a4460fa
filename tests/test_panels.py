"""Small multiples have a panel a head, on shared axes."""

import pytest

from dcr.panels import small_multiples


def test_one_panel_a_head_by_rows():
    figure, panels = small_multiples(["a", "b", "c", "d"], 3, 4)
    assert [axes.get_title(loc="left") for axes in panels] == ["a", "b", "c", "d"]
    assert figure.get_size_inches() == pytest.approx((5.6, 4))
    assert len(figure.axes) == 4
    panels[0].set_ylim(0, 7)
    assert panels[3].get_ylim() == (0, 7)


def test_refusals():
    with pytest.raises(ValueError):
        small_multiples([], 3, 4)
