"""The pages that print sets: the report and the brief, made of the book's chapters on one page."""

import re
from dataclasses import dataclass
from html import escape
from itertools import takewhile

from lxml import html

from columns import set_widths

BRIEF = "book/brief"


@dataclass
class Edition:
    """What a printed document says of itself: title, subtitle, authors, keywords, licence, edition, dates."""

    title: str
    subtitle: str
    author: str
    description: str
    keywords: str
    licence: str
    name: str
    dated: str
    created: str

    def page(self, sheet: str, body: str, title: str) -> str:
        """Return a whole HTML document with a style sheet of `_static`."""
        told = {"author": self.author, "description": self.description, "keywords": self.keywords,
                "dcterms.created": self.created, "dcterms.modified": self.created}  # fmt: skip
        meta = "".join(f'<meta name="{name}" content="{escape(value)}">\n' for name, value in told.items())
        return (
            f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n{meta}'
            f'<link rel="stylesheet" href="_static/{sheet}">\n</head>\n<body>\n{body}</body>\n</html>\n'
        )


def printed_pages(body: str, captions: list[str], edition: Edition) -> tuple[str, str | None]:
    """Return the report, and the brief where the book has one, as HTML for print.

    body      all chapters as one page, as Sphinx nests them
    captions  the names of the parts, in the order of the table of contents
    """
    article = html.fragment_fromstring(body, create_parent="main")
    brief = taken_out(article)
    tidy(article)
    parts = side_by_side(article, captions)
    chapters = [chapter for _, chapters in parts for chapter in chapters]
    tell_apart(chapters)
    unlink_what_is_gone(chapters)
    for chapter in chapters:
        drop_sections(chapter)
    summary, *others = (html.tostring(chapter, encoding="unicode") for chapter in chapters)
    report = (
        f'<header class="cover"><p class="cover-title">{escape(edition.title).replace(": ", ":<br>")}</p>\n'
        f'<p class="cover-subtitle">{escape(edition.subtitle)}</p>\n'
        f'<p class="cover-edition">{escape(edition.dated)}</p>\n<p class="cover-licence">{escape(edition.licence)}</p>\n'
        '<p class="cover-licence">Comments: <a href="#reviewing-this-book">Reviewing this book</a> says how they are made '
        "and answered.</p>\n"
        f'<p class="running-edition" aria-hidden="true">Edition {escape(edition.name)}</p></header>\n'
        f"<main>{summary}</main>\n"
        f'<nav class="contents"><p class="contents-title">Contents</p>{contents(parts)}</nav>\n'
        f'<nav class="contents"><p class="contents-title">Figures and tables</p>{captioned(chapters)}</nav>\n'
        f"<main>{''.join(others)}</main>\n"
    )
    short = None if brief is None else brief_page(brief, edition)
    return edition.page("print.css", report, edition.title), short


def taken_out(article):
    """Take the brief out of the article and return its section, or None."""
    anchor = article.xpath(f".//span[@id='document-{BRIEF}']")
    if not anchor:
        return None
    section = anchor[0].getnext()
    for part in (anchor[0], section):
        part.getparent().remove(part)
    return section


def brief_page(section, edition: Edition) -> str:
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
    body = html.tostring(whole, encoding="unicode")
    told = f'<p class="brief-edition">{escape(edition.dated)} {escape(edition.licence)}</p>\n'
    return edition.page("brief.css", body + told, f"{edition.title}: the brief")


def having(article, name: str) -> list:
    """Return the elements below `article` that have a class."""
    return article.xpath(f".//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]")


def side_by_side(article, captions: list[str]) -> list[tuple[str, list]]:
    """Return the chapters by part, as sections of equal rank: Sphinx nests them under the first page, one level lower."""
    first = article.find("section")
    wrappers = having(first, "toctree-wrapper")
    parts = [("", [first])]
    for caption, wrapper in zip(captions, wrappers, strict=True):
        parts.append((caption, wrapper.findall("section")))
        wrapper.getparent().remove(wrapper)
    for caption, chapters in parts[1:]:
        for section in chapters:
            section.tail = "\n"
            for heading in section.iter("h2", "h3", "h4", "h5", "h6"):
                heading.tag = f"h{int(heading.tag[1]) - 1}"
        if chapters:
            chapters[0].insert(0, html.fromstring(f'<p class="part">{escape(caption)}</p>'))
    for chapter in (chapter for _, chapters in parts for chapter in chapters):
        chapter.set("class", "chapter")
    return parts


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
    """Make figures and tables neighbours of the paragraphs about them, a table in one block with its notes.

    Marks the tables that a page should hold whole.
    """
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
        if len(block.text_content()) <= SHORT:
            block.set("class", "tabular short")
        for text in (text for text in table.xpath("tbody//text()") if "(" in text):
            holder = text.getparent()
            setattr(holder, "text" if text.is_text else "tail", INTERVAL.sub(unbroken, text))
        set_widths(table)


def unbroken(found: re.Match) -> str:
    """Return a text of which no line is to break."""
    return found[0].replace(" ", "\u00a0")


def notes(table) -> list:
    """Return the paragraphs that stand under a table and belong to it."""
    return list(takewhile(lambda part: "source-line" in part.get("class", ""), table.itersiblings()))


# An interval in brackets, with its number where they are the whole cell, which a narrow column should not break
INTERVAL = re.compile(r"(^\S+ )?\([^\s()]+ to [^\s()]+\)")

# Characters of a table, its notes included, that is not broken over pages: about a third of a page
SHORT = 1600


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


# A chapter of more sections than this is a catalogue, whose sections the contents do not list
LISTED = 30


def drop_sections(chapter) -> None:
    """Give the addresses of a chapter's sections to their headings: all blocks are neighbours, and text can pass a figure."""
    for section in list(chapter.iterdescendants("section")):
        heading = next(section.iter("h2", "h3", "h4", "h5", "h6"))
        if section.get("id"):
            heading.set("id", section.get("id"))
        section.drop_tag()


def unlink_what_is_gone(chapters: list) -> None:
    """Take away the links to what print leaves out, such as the brief."""
    there = {name for chapter in chapters for name in chapter.xpath("descendant-or-self::*/@id")}
    for link in (link for chapter in chapters for link in chapter.xpath(".//a[starts-with(@href, '#')]")):
        if link.get("href")[1:] not in there:
            link.drop_tag()


def contents(parts: list[tuple[str, list]]) -> str:
    """Return the list of parts, chapters and their sections, with links that print gives page numbers."""
    lines = []
    for caption, chapters in parts:
        if caption:
            lines.append(f'<li class="contents-part">{escape(caption)}</li>')
        for heading in (heading for chapter in chapters for heading in chapter.iter("h1", "h2")):
            if heading.tag == "h2" and len(heading.xpath("ancestor::section[h1][1]//h2")) > LISTED:
                continue
            target = heading.get("id") or heading.getparent().get("id")
            lines.append(entry(f"contents-{heading.tag}", target, heading.text_content()))
    return f"<ol>{''.join(lines)}</ol>"


def captioned(chapters: list) -> str:
    """Return the list of figures and the list of tables, with links that print gives page numbers."""
    lists = []
    for title, path, above in (("Figures", "figcaption/p", "figure"), ("Tables", "caption", "table")):
        lines = []
        for caption in (caption for chapter in chapters for caption in chapter.xpath(f".//{above}/{path}")):
            holder = next(caption.iterancestors(above))
            if having(caption, "caption-number"):
                lines.append(entry("contents-h2", holder.get("id"), caption.text_content()))
        lists.append(f'<p class="contents-part">{title}</p><ol>{"".join(lines)}</ol>' if lines else "")
    return "".join(lists)


def entry(kind: str, target: str, text: str) -> str:
    """Return a line of a list of contents."""
    return f'<li class="{kind}"><a href="#{target}">{escape(" ".join(text.split()))}</a></li>'
