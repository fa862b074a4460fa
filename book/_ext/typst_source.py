"""Write the printed documents in the language of the typesetter Typst, from the HTML that Sphinx gives for one page.

Every element becomes a call of a function of `_templates/print.typ`, which says how it looks. An element that is not
known here is an error: nothing is left out of print in silence.
"""

import json
import re
from collections.abc import Callable, Iterable

from lxml.html import HtmlElement

from columns import measured

# Signs that mean something in Typst; a backslash before any other sign of ASCII is harmless
SIGNS = re.compile(r"([!-/:-@\[-`{-~])")


def quoted(text: str) -> str:
    """Return a string of Typst's."""
    return json.dumps(text, ensure_ascii=False)


def plain(text: str | None) -> str:
    """Return text as Typst's markup; spaces and line ends are one space, those that do not break stay."""
    return SIGNS.sub(r"\\\1", re.sub(r"[ \t\r\n]+", " ", text or ""))


def content(element: HtmlElement) -> str:
    """Return what an element holds, as markup."""
    return plain(element.text) + "".join(written(part) + plain(part.tail) for part in element if isinstance(part.tag, str))


def block(element: HtmlElement) -> str:
    """Return what an element holds, in brackets."""
    return f"[{content(element).strip()}]"


def labelled(element: HtmlElement, markup: str) -> str:
    """Return markup on lines of its own, with the address of its element."""
    address = f"#label({quoted(element.get('id'))})" if element.get("id") else ""
    return f"\n\n{markup}{address}\n\n"


def classes(element: HtmlElement) -> list[str]:
    """Return the classes of an element."""
    return element.get("class", "").split()


def written(element: HtmlElement) -> str:
    """Return an element as markup. Raises ValueError for one that is not known."""
    if element.tag not in WRITERS:
        raise ValueError(f"Print does not know the element <{element.tag}>: {element.text_content()[:60]}")
    return WRITERS[element.tag](element)


def link(element: HtmlElement) -> str:
    """Return a link to the web, or to a place inside the document, which may lack it."""
    address = element.get("href")
    return (
        f"#to({quoted(address[1:])}){block(element)}" if address.startswith("#") else f"#link({quoted(address)}){block(element)}"
    )


def span(element: HtmlElement) -> str:
    """Return what a part of a line holds, after its address."""
    return (f"#place-of({quoted(element.get('id'))})" if element.get("id") else "") + content(element)


def paragraph(element: HtmlElement) -> str:
    """Return a paragraph, by its class."""
    kind = next((name for name in classes(element) if name in PARAGRAPHS), None)
    return labelled(element, f"#{PARAGRAPHS[kind]}{block(element)}" if kind else content(element).strip())


# Classes of paragraphs, and the functions of print.typ that set them
PARAGRAPHS = {"rubric": "rubric", "ledger-line": "entry", "register-line": "entry"}


def heading(element: HtmlElement) -> str:
    """Return a heading, which the contents list unless it has the class `unlisted`."""
    listed = "false" if "unlisted" in classes(element) else "true"
    return labelled(element, f"#head({element.tag[1]}, listed: {listed}){block(element)}")


def bullets(element: HtmlElement) -> str:
    """Return a list, of which each point is a list to the typesetter, so that text can stand between figures anywhere."""
    return labelled(element, "".join(f"#point{block(item)}\n" for item in element))


def numbered(element: HtmlElement) -> str:
    """Return a numbered list, in the same way."""
    return labelled(element, "".join(f"#step({number}){block(item)}\n" for number, item in enumerate(element, 1)))


def terms(element: HtmlElement) -> str:
    """Return a list of terms and what they mean."""
    lines = list(element)
    pairs = zip(lines[::2], lines[1::2], strict=True)
    told = (f"terms.item([{labelled(term, content(term).strip()).strip()}], {block(meaning)}), " for term, meaning in pairs)
    return labelled(element, f"#terms({''.join(told)})")


def figure(element: HtmlElement) -> str:
    """Return a chart with its caption, subtitle, alternative text and source."""
    caption, legend, source = (element.find(path) for path in ("figcaption/p", "figcaption/div", "div/p"))
    picture = element.find("img")
    parts = [where(element), block(caption), block(legend), quoted(picture.get("src")), quoted(picture.get("alt")), block(source)]
    return labelled(element, f"#chart({', '.join(parts)})")


# Characters before a figure or table that stands on a chapter's first page, in its upper half
EARLY = 1100


def where(element: HtmlElement) -> str:
    """Return where on its page a figure or table goes: to the nearer end, yet not above the title of its chapter."""
    before = sum(len(part.text_content()) for part in element.itersiblings(preceding=True))
    return "bottom" if before < EARLY else "auto"


def division(element: HtmlElement) -> str:
    """Return a block: a table with its notes, an entry of the bibliography, or what a container holds."""
    if "tabular" in classes(element):
        return table(element)
    if "citation" in classes(element):
        mark, told = element
        return labelled(element, f"#reference({block(mark)}, {block(told)})")
    return content(element)


# Points: the height of a table, without caption and notes, that is kept whole: less than half a page
WHOLE = 300


def table(element: HtmlElement) -> str:
    """Return a table with its caption and notes."""
    own = element.find("table")
    heads, *rows = own.iter("tr")
    shares, high = measured(own)
    told = {
        "widths": array(f"{100 * share:.2f}fr" for share in shares),
        "right-aligned": array(json.dumps("text-right" in classes(cell)) for cell in heads),
        "heads": array(map(block, heads)),
        "notes": array(map(block, element.findall("p"))),
        "cells": array(block(cell) for row in rows for cell in row),
    }
    named = ", ".join(f"{name}: {value}" for name, value in told.items())
    return labelled(own, f"#tabular({where(element) if high < WHOLE else 'none'}, {block(own.find('caption'))}, {named})")


def array(parts: Iterable[str]) -> str:
    """Return an array of Typst's."""
    return f"({''.join(f'{part}, ' for part in parts)})"


WRITERS: dict[str, Callable[[HtmlElement], str]] = {
    "a": link,
    "br": lambda element: "#linebreak()",
    "code": lambda element: f"#name{block(element)}",
    "div": division,
    "dl": terms,
    "em": lambda element: f"#emph[{content(element)}]",
    "figure": figure,
    "h1": heading,
    "h2": heading,
    "h3": heading,
    "h4": heading,
    "ol": numbered,
    "p": paragraph,
    "span": span,
    "strong": lambda element: f"#strong[{content(element)}]",
    "ul": bullets,
}
