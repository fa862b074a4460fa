"""The flow of print: text passes a figure that does not fit, and lines are not broken for a space at their end."""

from flow import fill_pages, hang_spaces
from typeset import load_renderer

STYLE = """<style>
@page { size: 220px 620px; margin: 10px }
* { font: 10px/20px sans-serif; margin: 0 }
figure { break-inside: avoid; height: %s }
h2 { break-after: avoid }
</style>"""


def rendered(body: str, height: str) -> list:
    """Set a document of small pages; return their boxes."""
    HTML = load_renderer()
    fill_pages()
    hang_spaces()
    return [page._page_box for page in HTML(string=STYLE % height + f"<section>{body}</section>").render().pages]


def text(box) -> str:
    return box.text if hasattr(box, "text") else "".join(text(child) for child in getattr(box, "children", []))


def lines(box) -> list[str]:
    """Return the lines of text in a box."""
    if type(box).__name__ == "LineBox":
        return [text(box).strip()]
    return [line for child in getattr(box, "children", []) for line in lines(child)]


def pages(body: str, height: str = "550px") -> list[str]:
    return [" ".join(lines(page)) for page in rendered(body, height)]


BEFORE = "<h2>One</h2><p>before</p><p>more</p>"
FIGURE = "<figure>figure</figure>"


def test_text_passes_a_figure_that_does_not_fit():
    assert pages(f"{BEFORE}{FIGURE}<p>after</p><p>again</p>") == ["One before more after again", "figure"]


def test_a_figure_that_fits_stays():
    assert pages(f"{BEFORE}{FIGURE}<p>after</p>", "60px") == ["One before more figure after"]


def test_figures_keep_their_order():
    """A small figure that would fit does not pass the large one before it, but text after both does."""
    small = '<figure style="height: 40px">small</figure>'
    assert pages(f"{BEFORE}{FIGURE}{small}<p>after</p>") == ["One before more after", "figure small"]


def test_the_next_section_begins_where_there_is_room():
    assert pages(f"{BEFORE}{FIGURE}<h2>Two</h2><p>after</p><h2>Three</h2><p>end</p>") == [
        "One before more Two after",
        "figure Three end",
    ]


def test_the_last_heading_and_a_heading_without_text_pass_nothing():
    assert pages(f"{BEFORE}{FIGURE}<h2>Two</h2><p>after</p>")[0] == "One before more"
    assert pages(f"{BEFORE}{FIGURE}<h2>Two</h2>{FIGURE}<h2>Three</h2><p>after</p><h2>Four</h2><p>end</p>")[0] == "One before more"


def test_a_link_after_a_text_does_not_change_its_lines():
    """The space before a link needs no room at the end of a line."""
    for width in range(100, 130):
        whole = f'<p style="width: {width}px">ab cdef gh. Ijklm nop qrs %s uvw xyz</p>'
        (plain,), (linked,) = (rendered(whole % word, "0") for word in ("ttt", '<a href="#x">ttt</a>'))
        assert lines(linked) == lines(plain), width
