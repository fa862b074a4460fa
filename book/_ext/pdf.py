"""Builder `pdf`: the whole book as one tagged document for print and for screen readers.

`jupyter-book build . --builder custom --custom-builder pdf` puts the chapters on one page without a theme, wraps it
in a cover and contents, and sets it with print CSS through WeasyPrint as PDF/UA-1.
"""

import re
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.util import logging

from pages import edition, with_scope
from pdf_tags import mend

LOGGER = logging.getLogger(__name__)


class PdfBuilder(SingleFileHTMLBuilder):
    """Writes `dcr-report.pdf` into its output folder."""

    name = "pdf"
    epilog = "The report is %(outdir)s/dcr-report.pdf."
    search = False

    def get_theme_config(self):
        return "basic", {}

    def write_doc(self, docname, doctree):
        # Sphinx numbers the sections and figures of a single page only under this name.
        self.name = "singlehtml"
        super().write_doc(docname, doctree)
        self.name = "pdf"

    def handle_page(self, pagename, addctx, templatename="page.html", outfilename=None, event_arg=None):
        if pagename == self.config.root_doc:
            self.body = addctx["body"]

    def finish(self):
        super().finish()
        out = Path(self.outdir)
        (out / "dcr-report.html").write_text(printed_page(self.body, self.config, edition(self.app)), encoding="utf-8")
        if self.config.render_report:
            render(out)


def printed_page(body: str, config, dated: str) -> str:
    """Return the whole document as HTML for print: cover, contents, chapters."""
    soup = BeautifulSoup(with_scope(body), "lxml")
    article = soup.body
    tidy(article)
    chapters = side_by_side(article)
    title, author = escape(config.html_title), escape(config.author)
    return (
        f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="author" content="{author}">\n<link rel="stylesheet" href="_static/print.css">\n</head>\n<body>\n'
        f'<header class="cover"><p class="cover-title">{title}</p>\n<p class="cover-subtitle">{escape(config.book_subtitle)}</p>\n'
        f'<p class="cover-edition">{escape(dated)}</p>\n<p class="cover-licence">{escape(config.copyright)}</p>\n'
        f'<p class="running-edition" aria-hidden="true">Edition {escape(config.edition)}</p></header>\n'
        f'<nav class="contents"><p class="contents-title">Contents</p>{contents(chapters)}</nav>\n'
        f"<main>{''.join(map(str, chapters))}</main>\n</body>\n</html>\n"
    )


def side_by_side(article: Tag) -> list[Tag]:
    """Return the chapters as sections of equal rank: Sphinx nests them under the first page, one heading level lower."""
    first = article.find("section")
    chapters = [section.extract() for section in first.select("div.toctree-wrapper > section")]
    for section in chapters:
        for level in range(2, 7):
            for heading in section.find_all(f"h{level}"):
                heading.name = f"h{level - 1}"
    for wrapper in first.select("div.toctree-wrapper"):
        wrapper.decompose()
    for chapter in [first, *chapters]:
        chapter["class"] = ["chapter"]
    return [first, *chapters]


def tidy(article: Tag) -> None:
    """Take away what belongs to the web, and what a tagged PDF cannot hold."""
    for selector in ("a.headerlink", "script", "details", ".chart-data", ".downloads", ".web-only"):
        for tag in article.select(selector):
            tag.decompose()
    for span in article.select("a span, span.pre"):
        span.unwrap()
    # Sphinx addresses places on this one page by the page's name as well.
    for link in article.select("a[href*='#']"):
        link["href"] = re.sub(r"^(?!https?:)[^#]*#", "#", link["href"])
    for marker in article.select("section > span[id]:first-child"):
        if not marker.get_text(strip=True):
            redirect(article, marker["id"], marker.parent["id"])
            marker.decompose()
    # An empty anchor makes an empty element: its address goes to the element that follows.
    for anchor in article.select("span[id]"):
        if not anchor.get_text(strip=True):
            following = anchor.find_next(["section", "figure", "table", "p", "h1", "h2", "h3"])
            if following is not None and not following.get("id"):
                following["id"] = anchor["id"]
            else:
                redirect(article, anchor["id"], following["id"])
            anchor.decompose()
    # A link to a file beside the page leads nowhere from a document that travels alone.
    for link in article.select("a.download"):
        link.unwrap()
    for link in article.select("a[href]"):
        if not re.match(r"https?://|#|mailto:", link["href"]):
            raise ValueError(f"The report has a link that print cannot follow: {link['href']}")
    # Long addresses and names of fields may break at their joints.
    for code in article.select("code"):
        code["class"] = ["name"]


def redirect(article: Tag, old: str, new: str) -> None:
    """Point every link to one address at another."""
    for link in article.select(f'a[href="#{old}"]'):
        link["href"] = f"#{new}"


def contents(chapters: list[Tag]) -> str:
    """Return the list of chapters and their sections, with links that print gives page numbers."""
    lines = []
    for heading in (heading for chapter in chapters for heading in chapter.find_all(["h1", "h2"])):
        target = heading.find_parent("section")["id"]
        lines.append(f'<li class="contents-{heading.name}"><a href="#{target}">{escape(heading.get_text())}</a></li>')
    return f"<ol>{''.join(lines)}</ol>"


def render(out: Path) -> None:
    """Set `dcr-report.html` of the folder as `dcr-report.pdf`. Raises RuntimeError where Pango is missing."""
    try:
        from weasyprint import HTML
    except OSError as error:
        raise RuntimeError(f"The report needs the system library Pango ({error}); README says how to install it.") from error
    report = out / "dcr-report.pdf"
    HTML(filename=out / "dcr-report.html", base_url=f"{out}/").write_pdf(report, pdf_variant="pdf/ua-1")
    mend(report)


def setup(app):
    app.add_builder(PdfBuilder)
    app.add_config_value("book_subtitle", "", "env", str)
    app.add_config_value("render_report", True, "", bool)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
