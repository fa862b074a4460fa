import pandas as pd
import pytest

from dcr import figures, tables
from dcr.data import load

ARGUMENTS = {"caption": "Up", "subtitle": "Deaths", "rows": "annual_deaths", "data": pd.DataFrame({"year": [1], "deaths": [2]})}


def drawn():
    figure, axes = figures.canvas()
    axes.plot([1, 2], [3, 4])
    return figure


def test_the_same_chart_gives_the_same_bytes():
    one, two = (figures.chart(drawn(), "fig-test", alt="A line.", **ARGUMENTS).svg for _ in range(2))
    assert one == two
    assert "<dc:date>" not in one


def test_a_chart_travels_with_all_that_the_page_needs():
    bundle = figures.chart(drawn(), "fig-test", alt="A line.", **ARGUMENTS)._repr_mimebundle_()
    page = bundle[figures.MIME]
    assert page["alt"] == bundle["text/plain"] == "A line."
    assert page["csv"] == "year,deaths\n1,2\n"
    assert page["source"].startswith("Source: National Records of Scotland, [")
    assert "Open Government Licence" in page["source"]


def test_a_figure_whose_axes_were_placed_by_hand_is_left_so():
    figure, axes = figures.canvas(layout="none")
    axes.set_position([0.3, 0.3, 0.4, 0.4])
    figures.chart(figure, "fig-test", alt="Nothing.", **ARGUMENTS)
    assert axes.get_position().bounds == pytest.approx((0.3, 0.3, 0.4, 0.4))


def test_a_chart_needs_alternative_text():
    with pytest.raises(ValueError, match="alternative text"):
        figures.chart(drawn(), "fig-test", alt=" ", **ARGUMENTS)


@pytest.mark.parametrize(
    ("alt", "fault"),
    [
        ("Rates: " + "12.3, " * 20, "Less than half of the alternative text of the figure “fig-test” is letters"),
        ("Words without an end. " * 40, "The alternative text of the figure “fig-test” has 880 characters"),
    ],
    ids=["numbers", "long"],
)
def test_alternative_text_must_be_fit_for_a_listener(alt, fault):
    with pytest.raises(ValueError, match=fault):
        figures.chart(drawn(), "fig-test", alt=alt, **ARGUMENTS)


def test_alternative_text_at_the_limits_is_accepted():
    figures.check_alternative("fig-test", "a1" * (figures.LONGEST_ALT // 2))
    with pytest.raises(ValueError, match="Less than half"):
        figures.check_alternative("fig-test", "a12")


def contrast(one, other="#FFFFFF"):
    """Return the contrast of two colours as WCAG 2 defines it."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [figures.BLUE, figures.PLUM, figures.GREY])
def test_colours_for_text_stand_out(colour):
    assert contrast(colour) >= 4.5


def test_a_table_is_numbered_text():
    frame = pd.DataFrame({"Year": ["2023", "2024"], "Deaths": pd.array([1172, None], dtype="Int64")})
    text = tables.table(frame, "tab-test", caption="Deaths", rows="annual_deaths").data
    assert ":::{table} Deaths\n:name: tab-test" in text
    assert "| 2023 | 1,172 |" in text
    assert "| 2024 | [x] |" in text
    assert "[x] means that the value is not available" in text
    assert "|:---|---:|" in text
    with pytest.raises(ValueError, match="empty"):
        tables.table(frame.head(0), "tab-test", caption="Deaths", rows="annual_deaths")


@pytest.mark.parametrize(("printed", "cut"), [(None, False), (2, True), (3, False)])
def test_a_long_table_says_in_print_that_it_is_cut(printed, cut):
    frame = pd.DataFrame({"Year": ["2022", "2023", "2024"], "Deaths": [1051, 1172, 1017]})
    text = tables.table(frame, "tab-test", caption="Deaths", rows="annual_deaths", printed=printed).data
    assert f":class: row-headers{' printed-2' * cut}\n" in text
    assert ("{.source-line .print-only}\nThe first 2 of 3 rows; the web book shows all." in text) == ("The first" in text) == cut
    assert text.count("\n| 202") == 3


def test_a_break_in_a_series_is_a_line_at_its_place_with_its_reason():
    figure, axes = figures.canvas()
    figures.break_line(axes, 2008, "New definition")
    assert [list(line.get_xdata()) for line in axes.lines] == [[2008, 2008]]
    assert [(text.get_text(), text.xy[0]) for text in axes.texts] == [("New definition", 2008)]
    figures.plt.close(figure)


@pytest.mark.parametrize("record", ["gaps", "control_totals", "sources"])
def test_rows_that_name_no_source_are_the_authors_own(record):
    assert figures.source_line(record) == "Source: compiled by the authors."


def test_disagreements_name_the_sources_that_disagree():
    assert figures.source_line("disagreements").startswith("Source: National Records of Scotland, [")


def test_licences_of_all_sources_are_known():
    assert set(load("sources")["licence"]) <= set(figures.LICENCES)
