"""A chapter made ready for print, and the documents made of chapters."""

import pytest

from printed import BRIEF, Edition, brief, chapter, places_gone, report

PAGE = """<section id="one"><h1>1. One<a class="headerlink" href="#one">#</a></h1><p>See <a href="two.html">that</a>.</p>
<section id="part-of-it"><h2>Part</h2><p><span id="here"></span>Told in <a href="%s">two</a>.</p></section></section>"""
EDITION = Edition("Book: a book", "Sub", "Us", "About", "words", "CC", "2026.1", "Edition 2026.1")


def made(target: str = "book/two#there", page: str = "book/one", alone: bool = False) -> str:
    return " ".join(chapter(PAGE.replace("two.html", "book/two") % target, page, alone).split())


def test_places_bear_the_name_of_their_page_and_links_lead_there():
    assert made() == (
        '"1. One", [#place-of("one/") #head(2, listed: true)[1\\. One]#label("one/one") ], [See #to("two/")[that]\\. '
        '#head(3, listed: true)[Part]#label("one/part-of-it") #place-of("one/here")Told in #to("two/there")[two]\\.]'
    )
    assert '#to("one/here")' in made("#here")


def test_the_summary_stands_below_no_part_and_its_sections_are_not_listed():
    assert "#head(1, listed: true)[1" in made(alone=True)
    assert "#head(2, listed: false)[Part]" in made(alone=True)


@pytest.mark.parametrize("target", ["../data/deaths.csv", "file.html#x", "javascript:alert()"])
def test_a_link_that_print_cannot_follow_is_refused(target):
    with pytest.raises(ValueError, match="cannot follow"):
        made(target)


def test_what_is_on_no_page_of_the_document_is_told():
    assert places_gone([made()]) == {"two/", "two/there"}
    other = made("#here", "book/two").replace("two/here", "two/there")
    assert places_gone([made(), other]) == set()


def test_the_report_holds_all_but_the_brief_and_names_parts_where_they_begin():
    chapters = {"book/index": made(page="book/index", alone=True), BRIEF: made(page=BRIEF, alone=True), "book/numbers": made()}
    document = report(chapters, {"book/numbers": "The part"}, EDITION)
    assert '#appendix("The part", "1. One"' in document
    assert document.count('#place-of("') == 4
    assert '#let gone = ("two/", "two/there", )' in document
    assert "brief/" not in document
    assert '#chapter(none, "1. One"' in brief(chapters, EDITION)
    assert brief({"book/index": ""}, EDITION) is None
