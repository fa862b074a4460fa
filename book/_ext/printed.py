"""The documents that print sets: each chapter made ready from its HTML, and the report and the brief made of the chapters."""

import re
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath

from lxml import html
from lxml.html import HtmlElement

from typst_source import block, quoted, written

TEMPLATES = Path(__file__).resolve().parents[1] / "_templates"

BRIEF = "book/brief"

# The chapters that are set in small print
APPENDICES = ("book/references", "book/data", "book/numbers")

# A chapter of more sections than this is a catalogue, whose sections the contents do not list; nor do they the summary's
LISTED = 30


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

    def document(self, template: str, gone: set[str], *parts: str) -> str:
        """Return a whole document: the rules of two templates, the places it lacks, and the parts that the second one sets."""
        rules = "".join((TEMPLATES / f"{name}.typ").read_text(encoding="utf-8") for name in ("print", template))
        told = ", ".join(f"{name}: {quoted(value)}" for name, value in asdict(self).items())
        lacking = "".join(f"{quoted(name)}, " for name in sorted(gone))
        return f"#let gone = ({lacking})\n{rules}\n#document-of(({told}), {', '.join(f'[{part}]' for part in parts)})\n"


def report(chapters: dict[str, str], parts: dict[str, str], edition: Edition) -> str:
    """Return the report.

    chapters  what `chapter` gave, by page, in the order of the contents; the first is the summary
    parts     the names of parts, by the page that each begins with
    """
    told = {}
    for page, content in chapters.items():
        kind = "appendix" if page in APPENDICES else "chapter"
        told[page] = f"#{kind}({quoted(parts[page]) if page in parts else 'none'}, {content})\n"
    told.pop(BRIEF, None)
    summary, *others = told.values()
    return edition.document("report", places_gone(told.values()), summary, "".join(others))


def brief(chapters: dict[str, str], edition: Edition) -> str | None:
    """Return the brief, where the book has one; what it refers to is in the report."""
    if BRIEF not in chapters:
        return None
    content = f"#chapter(none, {chapters[BRIEF]})\n"
    return edition.document("brief", places_gone([content]), content)


def places_gone(contents) -> set[str]:
    """Return the places that chapters refer to and none of them holds, such as those of the brief."""
    whole = "".join(contents)
    return set(re.findall(r'#to\("([^"]+)"\)', whole)) - set(re.findall(r'#(?:label|place-of)\("([^"]+)"\)', whole))


def chapter(body: str, page: str, alone: bool) -> str:
    """Return a chapter in the language of the typesetter: its title as text, its heading, and its content.

    body   the page's HTML, as Sphinx writes it
    alone  whether it stands below no part, one level higher than the others
    """
    article = html.fragment_fromstring(body, create_parent="main")
    tidy(article)
    if page == BRIEF:
        for number in having(article, "section-number") + having(article, "caption-number"):
            number.drop_tree()
    give_addresses(article, page)
    level_headings(article, alone)
    title = next(article.iter("h1", "h2"))
    text, head = title.text_content(), written(title)
    title.drop_tree()
    return f"{quoted(text)}, [#place-of({quoted(place(page))})\n{head}], {block(article)}"


def having(article: HtmlElement, name: str) -> list[HtmlElement]:
    """Return the elements below `article` that have a class."""
    return article.xpath(f".//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]")


def tidy(article: HtmlElement) -> None:
    """Take away what belongs to the web, and lay flat what print sets as one."""
    for name in ("headerlink", "chart-data", "downloads", "web-only", "toctree-wrapper"):
        for tag in having(article, name):
            tag.drop_tree()
    for tag in [*article.iter("script", "details")]:
        tag.drop_tree()
    # A link to a file beside the page leads nowhere from a document that travels alone.
    for link in having(article, "download"):
        link.drop_tag()
    lay_flat(article)


def lay_flat(article: HtmlElement) -> None:
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
        tabular = html.Element("div", {"class": "tabular"})
        table.addprevious(tabular)
        for part in (table, *notes(table)):
            tabular.append(part)
        for text in (text for text in table.xpath("tbody//text()") if "(" in text):
            holder = text.getparent()
            setattr(holder, "text" if text.is_text else "tail", INTERVAL.sub(unbroken, text))


def unbroken(found: re.Match) -> str:
    """Return a text of which no line is to break."""
    return found[0].replace(" ", "\u00a0")


def notes(table: HtmlElement) -> list[HtmlElement]:
    """Return the paragraphs that stand under a table and belong to it."""
    return list(takewhile(lambda part: "source-line" in part.get("class", ""), table.itersiblings()))


# An interval in brackets, with its number where they are the whole cell, which a narrow column should not break
INTERVAL = re.compile(r"(^\S+ )?\([^\s()]+ to [^\s()]+\)")


def place(page: str, name: str = "") -> str:
    """Return the address in the document of a place on a page, or of the page."""
    return f"{PurePosixPath(page).name}/{name}"


def give_addresses(article: HtmlElement, page: str) -> None:
    """Name the page in the address of each place, and in the links to it. Raises ValueError for a link print cannot follow."""
    for holder in article.xpath(".//*[@id]"):
        holder.set("id", place(page, holder.get("id")))
    for link in article.xpath(".//a[@href]"):
        target = link.get("href")
        if re.match(r"https?://|mailto:", target):
            continue
        to, _, name = target.partition("#")
        if not re.fullmatch(r"(book/[\w-]+)?", to):
            raise ValueError(f"The report has a link that print cannot follow: {target}")
        link.set("href", "#" + place(to or page, name))
    for picture in article.iter("img"):
        picture.set("src", f"_images/{PurePosixPath(picture.get('src')).name}")


def level_headings(article: HtmlElement, alone: bool) -> None:
    """Give headings the level and the address of their sections, and say which ones the contents do not list."""
    sections = article.findall(".//section")
    for section in sections:
        heading = next(section.iter("h1", "h2", "h3", "h4", "h5", "h6"))
        if section.get("id"):
            heading.set("id", section.get("id"))
        if section is not sections[0] and (alone or len(sections) > LISTED):
            heading.set("class", "unlisted")
    for section in sections:
        section.drop_tag()
    if not alone:
        for heading in article.iter("h1", "h2", "h3", "h4", "h5"):
            heading.tag = f"h{int(heading.tag[1]) + 1}"
