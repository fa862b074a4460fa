"""The language of the typesetter: what HTML says is kept, and what is not known is refused."""

import json

import pytest
import typst
from lxml import html

from typeset import Parcel, created, render
from typst_source import plain, written


def source(text: str) -> str:
    return " ".join(written(html.fragment_fromstring(text)).split())


def test_no_sign_of_a_text_is_taken_for_a_command():
    text = "".join(map(chr, range(33, 127))) + " 1. a + b - c = d / e https://a.b // f"
    held = json.loads(typst.query(f"#metadata([{plain(text)}])<told>".encode(), "<told>", field="value", one=True))
    parts = held["children"] if held["func"] == "sequence" else [held]
    assert {part["func"] for part in parts} <= {"text", "symbol", "space"}
    assert "".join(part.get("text", " ") for part in parts) == text


def test_links_go_to_addresses_inside_or_to_the_web():
    assert source('<p id="here">See <a href="#there">it</a>.</p>') == 'See #to("there")[it]\\.#label("here")'
    assert source('<p><a href="https://a.org/?b=1&amp;c">it</a></p>') == '#link("https://a.org/?b=1&c")[it]'


def test_points_of_lists_keep_their_order_and_numbers():
    assert source("<ul><li><p>One.</p></li><li><p>Two</p></li></ul>") == "#point[One\\.] #point[Two]"
    assert source("<ol><li>One</li><li>Two</li></ol>") == "#step(1)[One] #step(2)[Two]"


def test_a_heading_of_a_catalogue_is_not_listed():
    assert source('<h3 id="a" class="unlisted">A</h3>') == '#head(3, listed: false)[A]#label("a")'
    assert source("<h2>A</h2>") == "#head(2, listed: true)[A]"


def test_a_figure_early_in_a_chapter_stays_below_its_title():
    figure = '<figure id="f"><figcaption><p>Caption</p><div><p>Legend</p></div></figcaption><img alt="A" src="a.svg"><div><p>S</p></div></figure>'
    for words, place in (("few", "bottom"), ("many " * 400, "auto")):
        chapter = html.fragment_fromstring(f"<div><p>{words}</p>{figure}</div>")
        assert written(chapter).split("#chart(")[1].startswith(f"{place}, [Caption], [Legend], ")


def test_what_print_does_not_know_is_refused():
    with pytest.raises(ValueError, match="<video>"):
        source("<p>See <video>moving</video></p>")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("#nonsense()", "unknown variable: nonsense"),
        ('#set text(font: "None such")\n#set document(title: "A")\n= A', "unknown font"),
    ],
)
def test_what_the_typesetter_refuses_is_said_in_a_line(tmp_path, document, told):
    (tmp_path / "dcr-report.typ").write_text(document)
    with pytest.raises(RuntimeError, match=f"^dcr-report.typ: {told}[^\n]*$"):
        render(tmp_path, Parcel({}, "rights", "2026.1", created("27 November 2026")))


def test_documents_are_dated_by_the_edition_unless_the_environment_says_when(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert created("27 November 2026").isoformat() == "2026-11-27T00:00:00+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert created("27 November 2026").isoformat() == "1970-01-02T00:00:00+00:00"
