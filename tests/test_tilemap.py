"""The tile map has every council area once, roughly where it lies, and writing that can be read on every tile."""

import drawings
import matplotlib.pyplot as plt
import pytest

from dcr.data import load
from dcr.figures import BLUE, canvas
from dcr.tilemap import TILES, legible, luminance, shade, tile_map


def test_every_council_area_has_one_tile_of_its_own():
    areas = load("areas")
    assert set(TILES) == set(areas[areas.area_type == "council area"].area_code)
    assert len({tile[:2] for tile in TILES.values()}) == len(TILES)


@pytest.mark.parametrize(
    ("one", "other"),
    [("S12000049", "S12000011"), ("S12000049", "S12000038"), ("S12000036", "S12000010"), ("S12000042", "S12000041")],
)
def test_neighbours_touch(one, other):
    (column, row, _), (column2, row2, _) = TILES[one], TILES[other]
    assert abs(column - column2) + abs(row - row2) == 1


def test_compass():
    row = {code: tile[1] for code, tile in TILES.items()}
    column = {code: tile[0] for code, tile in TILES.items()}
    assert row["S12000027"] == min(row.values())  # Shetland is the northernmost
    assert row["S12000006"] == max(row.values())  # Dumfries and Galloway the southernmost
    assert column["S12000013"] == min(column.values())  # Na h-Eileanan Siar the westernmost
    assert column["S12000049"] < column["S12000036"]  # Glasgow is west of Edinburgh


def test_luminance_of_black_white_and_a_published_grey():
    """WCAG: #767676 on white is the lightest grey to reach 4.5 to 1 (4.54)."""
    assert (luminance("#000000"), luminance("#FFFFFF")) == (0, pytest.approx(1))
    assert 1.05 / (luminance("#767676") + 0.05) == pytest.approx(4.54, abs=0.005)


def test_writing_is_legible_on_every_shade():
    colour = shade("#E8EEF4", BLUE, 0, 100)
    for value in range(101):
        paper, ink = luminance(colour(value)) + 0.05, luminance(legible(colour(value))) + 0.05
        assert max(paper, ink) / min(paper, ink) >= 4.5


def test_the_map_needs_every_area():
    _, axes = canvas()
    with pytest.raises(ValueError):
        tile_map(axes, {}, {})
    with pytest.raises(ValueError):
        shade("#FFFFFF", BLUE, 1, 1)


def test_each_tile_has_its_name_text_and_colour_and_only_marked_ones_a_mark():
    _, axes = canvas()
    texts = {code: str(place) for place, code in enumerate(TILES)}
    colours = dict.fromkeys(TILES, "#FFFFFF") | {"S12000049": BLUE}
    tile_map(axes, texts, colours, {"S12000049": "^"})
    column, row, _ = TILES["S12000049"]
    assert drawings.marks(axes) == [(column + 0.83, row + 0.79, "^")]
    written = {}
    for text in axes.texts:
        x, y = text.get_position()
        written.setdefault((int(x), int(y)), []).append(text.get_text())
    assert written == {tile[:2]: [tile[2], texts[code]] for code, tile in TILES.items()}
    inks = {text.get_text(): text.get_color() for text in axes.texts}
    assert (inks["Glasgow"], inks["Fife"]) == (legible(BLUE), legible("#FFFFFF")) and inks["Glasgow"] != inks["Fife"]
    assert len(axes.patches) == len(TILES)
    plt.close()
