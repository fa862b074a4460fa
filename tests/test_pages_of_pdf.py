"""The printed pages as pictures and as set text: nothing blank, nothing in the margins, nothing too small, no heading left alone."""

import pymupdf
import pytest

# Points: what the page rules of the style sheets leave free at the sides, above and below (running heads stand there)
SIDE, ABOVE, BELOW = 40, 22, 16
SMALLEST = 7.99
HEADING = 0x12436D


@pytest.fixture(scope="module", params=["dcr-report", "dcr-brief"])
def document(request, built):
    with pymupdf.open(built / "pdf" / f"{request.param}.pdf") as pdf:
        yield pdf


@pytest.fixture(scope="module")
def lines(document) -> list[list[dict]]:
    """Return the lines of text of each page, with their spans, in the order in which they were set."""
    return [
        [line for block in page.get_text("dict", flags=pymupdf.TEXTFLAGS_TEXT)["blocks"] for line in block["lines"]]
        for page in document
    ]


def text(line: dict) -> str:
    return "".join(span["text"] for span in line["spans"]).strip()


def test_no_page_is_blank_or_runs_into_its_margins(document):
    for page in document:
        picture = page.get_pixmap(dpi=36, colorspace=pymupdf.csGRAY)
        rows = [picture.samples[row * picture.stride : row * picture.stride + picture.width] for row in range(picture.height)]
        inked = [(x, y) for y, row in enumerate(rows) for x, shade in enumerate(row) if shade < 200]
        scale = 72 / 36
        assert len(inked) > 60, f"page {page.number + 1} is blank"
        assert min(x for x, _ in inked) * scale >= SIDE, f"page {page.number + 1}, left margin"
        assert max(x for x, _ in inked) * scale <= page.rect.width - SIDE, f"page {page.number + 1}, right margin"
        assert min(y for _, y in inked) * scale >= ABOVE, f"page {page.number + 1}, top margin"
        assert max(y for _, y in inked) * scale <= page.rect.height - BELOW, f"page {page.number + 1}, bottom margin"


def test_no_text_is_too_small(lines):
    for number, page in enumerate(lines, 1):
        for line in page:
            for span in line["spans"]:
                assert span["size"] >= SMALLEST or not span["text"].strip(), (
                    f"page {number}: {span['size']:.1f} pt, {span['text']}"
                )


def test_no_heading_ends_a_page(document, lines):
    for number, page in enumerate(lines, 1):
        body = [line for line in page if text(line) and ABOVE + 42 < line["bbox"][1] < document[0].rect.height - BELOW - 37]
        if body and number > 1:
            last = max(body, key=lambda line: line["bbox"][3])["spans"][0]
            heads = last["color"] == HEADING and "Semibold" in last["font"] and last["size"] > 11
            assert not heads, f"page {number} ends with the heading {last['text']}"


def test_nothing_lies_over_the_text(lines):
    for number, page in enumerate(lines, 1):
        boxes = [
            (pymupdf.Rect(x, above + 3, right, below - 3), text(line))
            for line in page
            for x, above, right, below in [line["bbox"]]
        ]
        body = [place for place, line in enumerate(page) if text(line) and "Serif" in line["spans"][0]["font"]]
        for one in body:
            over = [told for place, (box, told) in enumerate(boxes) if place != one and told and box.intersects(boxes[one][0])]
            assert not over, f"page {number}: {over[0]} lies over {boxes[one][1]}"


def test_the_brief_has_two_pages(built):
    with pymupdf.open(built / "pdf" / "dcr-brief.pdf") as pdf:
        assert len(pdf) == 2
