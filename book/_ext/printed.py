"""The documents that print sets: the report and the brief, made of the book's chapters on one page."""

import re
from dataclasses import asdict, dataclass
from html import escape
from itertools import takewhile
from pathlib import Path

from lxml import html

from typst_source import quoted, written

BRIEF = "book/brief"


TEMPLATES = Path(__file__).resolve().parents[1] / "_templates"

# The chapters that are set as appendices, in small print
APPENDICES = ("references", "data-catalogue", "ledger-of-numbers")


@dataclass
class Edition:
    """What a printed document says of itself."""

    title: str
    subtitle: str
    author: str
    description: str
    keywords: str
    licence: str
    name: str
    dated: str

    def document(self, template: str, *parts: str) -> str:
        """Return a whole document in Typst: the rules of two templates and the parts that the second one sets."""
        rules = "".join((TEMPLATES / f"{name}.typ").read_text(encoding="utf-8") for name in ("print", template))
        told = ", ".join(f"{name}: {quoted(value)}" for name, value in asdict(self).items())
        return f"{rules}\n#document-of(({told}), {', '.join(f'[{part}]' for part in parts)})\n"


def printed_documents(body: str, captions: list[str], edition: Edition) -> tuple[str, str | None]:
    """Return the report, and the brief where the book has one, in the language of Typst.

    body      all chapters as one page, as Sphinx nests them
    captions  the names of the parts, in the order of the table of contents
    """
    article = html.fragment_fromstring(body, create_parent="main")
    brief = taken_out(article)
    tidy(article)
    chapters = side_by_side(article, captions)
    tell_apart(chapters)
    unlink_what_is_gone(chapters)
    for chapter in chapters:
        drop_sections(chapter)
    summary, *others = map(written, chapters)
    short = None if brief is None else brief_document(brief, edition)
    return edition.document("report", summary, "".join(others)), short


def taken_out(article):
    """Take the brief out of the article and return its section, or None."""
    anchor = article.xpath(f".//span[@id='document-{BRIEF}']")
    if not anchor:
        return None
    section = anchor[0].getnext()
    for part in (anchor[0], section):
        part.getparent().remove(part)
    return section


def brief_document(section, edition: Edition) -> str:
    """Return the brief as a document of its own; what it refers to is in the report, so its links inside are taken away."""
    whole = html.Element("main")
    whole.append(section)
    tidy(whole)
    for link in whole.xpath(".//a[starts-with(@href, '#')]"):
        link.drop_tag()
    for number in having(whole, "section-number") + having(whole, "caption-number"):
        number.drop_tree()
    for heading in whole.iter("h2", "h3", "h4"):
        heading.tag = f"h{int(heading.tag[1]) - 1}"
    section.set("class", "chapter")
    drop_sections(section)
    return edition.document("brief", written(section))


def having(article, name: str) -> list:
    """Return the elements below `article` that have a class."""
    return article.xpath(f".//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]")


def side_by_side(article, captions: list[str]) -> list:
    """Return the chapters as sections of equal rank, the first of a part beginning with the part's name.

    Sphinx nests them under the first page, one level lower, which is where they stand below the names of the parts.
    """
    first = article.find("section")
    chapters = [first]
    for caption, wrapper in zip(captions, having(first, "toctree-wrapper"), strict=True):
        sections = wrapper.findall("section")
        for section in sections[:1]:
            section.insert(0, html.fromstring(f'<p class="part">{escape(caption)}</p>'))
        chapters += sections
        wrapper.getparent().remove(wrapper)
    for chapter in chapters:
        chapter.tail = "\n"
        chapter.set("class", "chapter appendix" if chapter.get("id") in APPENDICES else "chapter")
    return chapters


def tidy(article) -> None:
    """Take away what belongs to the web, and what a tagged PDF cannot hold."""
    for name in ("headerlink", "chart-data", "downloads", "web-only"):
        for tag in having(article, name):
            tag.drop_tree()
    for tag in [*article.iter("script", "details")]:
        tag.drop_tree()
    lay_flat(article)
    for span in article.xpath(".//a//span | .//span[contains(@class, 'pre')]"):
        span.drop_tag()
    # The marks of citations are numbered by page, so several on this page would bear one name
    for mark in having(article, "bibtex-citation"):
        mark.attrib.pop("id", None)
    moved = move_anchors(article)
    for link in article.xpath(".//a[@href]"):
        # A link to a file beside the page leads nowhere from a document that travels alone.
        if "download" in link.get("class", "").split():
            link.drop_tag()
            continue
        # Sphinx addresses places on this one page by the page's name as well.
        target = re.sub(r"^(?!https?:)[^#]*#", "#", link.get("href"))
        link.set("href", "#" + moved.get(target[1:], target[1:]) if target.startswith("#") else target)
        if not re.match(r"https?://|#|mailto:", target):
            raise ValueError(f"The report has a link that print cannot follow: {target}")


def move_anchors(article) -> dict[str, str]:
    """Take away empty anchors, which would be empty elements of the PDF; return the address that serves in place of each."""
    moved = {}
    for anchor in article.xpath(".//span[@id][not(normalize-space())]"):
        following = anchor.getnext() if anchor.getnext() is not None else anchor.getparent()
        parent = anchor.getparent()
        holder = parent if parent.tag == "section" and parent.get("id") else following
        if not holder.get("id"):
            holder.set("id", anchor.get("id"))
        moved[anchor.get("id")] = holder.get("id")
        anchor.drop_tree()
    return {old: moved.get(new, new) for old, new in moved.items()}


def lay_flat(article) -> None:
    """Make figures and tables neighbours of the paragraphs about them, a table in one block with its notes."""
    for cell in having(article, "cell_output") + having(article, "cell"):
        cell.drop_tag()
    for inner in article.xpath(".//figcaption/figcaption"):
        # Sphinx writes a caption before its picture as a caption that holds the picture.
        outer = inner.getparent()
        legend, *others = inner
        outer.append(legend)
        outer.getparent().extend(others)
        outer.remove(inner)
    for table in article.xpath(".//table[caption]"):
        block = html.Element("div", {"class": "tabular"})
        table.addprevious(block)
        for part in (table, *notes(table)):
            block.append(part)
        for text in (text for text in table.xpath("tbody//text()") if "(" in text):
            holder = text.getparent()
            setattr(holder, "text" if text.is_text else "tail", INTERVAL.sub(unbroken, text))


def unbroken(found: re.Match) -> str:
    """Return a text of which no line is to break."""
    return found[0].replace(" ", "\u00a0")


def notes(table) -> list:
    """Return the paragraphs that stand under a table and belong to it."""
    return list(takewhile(lambda part: "source-line" in part.get("class", ""), table.itersiblings()))


# An interval in brackets, with its number where they are the whole cell, which a narrow column should not break
INTERVAL = re.compile(r"(^\S+ )?\([^\s()]+ to [^\s()]+\)")


def tell_apart(chapters: list) -> None:
    """Give the second and later places of one address, such as “what this does not tell us”, an address of their own."""
    taken = set()
    for chapter in chapters:
        own = {}
        for holder in chapter.xpath("descendant-or-self::*[@id]"):
            name = holder.get("id")
            if name in taken:
                own[name] = f"{chapter.get('id')}-{name}"
                holder.set("id", own[name])
            taken.add(holder.get("id"))
        for link in chapter.xpath(".//a[starts-with(@href, '#')]"):
            name = link.get("href")[1:]
            link.set("href", f"#{own.get(name, name)}")


# A chapter of more sections than this is a catalogue, whose sections the contents do not list; nor do they the summary's
LISTED = 30


def drop_sections(chapter) -> None:
    """Give the addresses of sections to their headings, so that all blocks are neighbours."""
    inside = list(chapter.iterdescendants("section"))
    summary = next(chapter.iter("h1", "h2")).tag == "h1"
    for section in [chapter, *inside]:
        heading = next(section.iter("h1", "h2", "h3", "h4", "h5", "h6"))
        if section.get("id"):
            heading.set("id", section.attrib.pop("id"))
        if section is not chapter:
            if summary or len(inside) > LISTED:
                heading.set("class", "unlisted")
            section.drop_tag()


def unlink_what_is_gone(chapters: list) -> None:
    """Take away the links to what print leaves out, such as the brief."""
    there = {name for chapter in chapters for name in chapter.xpath("descendant-or-self::*/@id")}
    for link in (link for chapter in chapters for link in chapter.xpath(".//a[starts-with(@href, '#')]")):
        if link.get("href")[1:] not in there:
            link.drop_tag()
