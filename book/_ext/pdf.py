"""Builder `pdf`: the whole book as one tagged document for print and for screen readers.

`jupyter-book build . --builder custom --custom-builder pdf` puts the chapters on one page without a theme, wraps it
in a cover and contents, and sets it with print CSS through WeasyPrint as PDF/UA-1.
"""

import re
import shutil
from html import escape
from pathlib import Path

from lxml import html
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.util import logging

from pages import edition, with_scope
from pdf_tags import mend
from pictures import PRINT

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
        for picture in (out / "_images").glob("*.svg"):
            shutil.copyfile(Path(self.env.mystnb_config.output_folder, picture.stem + PRINT), picture)
        (out / "dcr-report.html").write_text(printed_page(self.body, self.config, edition(self.app)), encoding="utf-8")
        if self.config.render_report:
            render(out)


def printed_page(body: str, config, dated: str) -> str:
    """Return the whole document as HTML for print: cover, contents, chapters."""
    article = html.fragment_fromstring(with_scope(body), create_parent="main")
    tidy(article)
    chapters = side_by_side(article)
    title, author = escape(config.html_title), escape(config.author)
    printed = "".join(html.tostring(chapter, encoding="unicode") for chapter in chapters)
    return (
        f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="author" content="{author}">\n<link rel="stylesheet" href="_static/print.css">\n</head>\n<body>\n'
        f'<header class="cover"><p class="cover-title">{title}</p>\n'
        f'<p class="cover-subtitle">{escape(config.book_subtitle)}</p>\n'
        f'<p class="cover-edition">{escape(dated)}</p>\n<p class="cover-licence">{escape(config.copyright)}</p>\n'
        f'<p class="running-edition" aria-hidden="true">Edition {escape(config.edition)}</p></header>\n'
        f'<nav class="contents"><p class="contents-title">Contents</p>{contents(chapters)}</nav>\n'
        f"<main>{printed}</main>\n</body>\n</html>\n"
    )


def having(article, name: str) -> list:
    """Return the elements below `article` that have a class."""
    return article.xpath(f".//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]")


def side_by_side(article) -> list:
    """Return the chapters as sections of equal rank: Sphinx nests them under the first page, one heading level lower."""
    first = article.find("section")
    wrappers = having(first, "toctree-wrapper")
    chapters = [section for wrapper in wrappers for section in wrapper.findall("section")]
    for wrapper in wrappers:
        wrapper.getparent().remove(wrapper)
    for section in chapters:
        section.tail = "\n"
        for heading in section.iter("h2", "h3", "h4", "h5", "h6"):
            heading.tag = f"h{int(heading.tag[1]) - 1}"
    for chapter in [first, *chapters]:
        chapter.set("class", "chapter")
    return [first, *chapters]


def tidy(article) -> None:
    """Take away what belongs to the web, and what a tagged PDF cannot hold."""
    for name in ("headerlink", "chart-data", "downloads", "web-only"):
        for tag in having(article, name):
            tag.drop_tree()
    for tag in [*article.iter("script", "details")]:
        tag.drop_tree()
    for span in article.xpath(".//a//span | .//span[contains(@class, 'pre')]"):
        span.drop_tag()
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


def contents(chapters: list) -> str:
    """Return the list of chapters and their sections, with links that print gives page numbers."""
    lines = []
    for heading in (heading for chapter in chapters for heading in chapter.iter("h1", "h2")):
        target = next(above.get("id") for above in heading.iterancestors("section"))
        lines.append(f'<li class="contents-{heading.tag}"><a href="#{target}">{escape(heading.text_content())}</a></li>')
    return f"<ol>{''.join(lines)}</ol>"


def render(out: Path) -> None:
    """Set `dcr-report.html` of the folder as `dcr-report.pdf`. Raises RuntimeError where Pango is missing."""
    try:
        from weasyprint import HTML
    except OSError as error:
        raise RuntimeError(f"The report needs the system library Pango ({error}); README says how to install it.") from error
    remember_page_references()
    report = out / "dcr-report.pdf"
    HTML(filename=out / "dcr-report.html", base_url=f"{out}/").write_pdf(report, pdf_variant="pdf/ua-1")
    mend(report)


def remember_page_references() -> None:
    """Let the PDF writer list its pages once: it asks for the list at every tagged box, which grows with the square of pages."""
    import pydyf

    listed = pydyf.PDF.page_references.fget
    known = {}

    def page_references(pdf):
        count = len(pdf.pages["Kids"])
        if known.get("count") != (id(pdf), count):
            known.update(count=(id(pdf), count), references=tuple(listed(pdf)))
        return known["references"]

    pydyf.PDF.page_references = property(page_references)


def setup(app):
    app.add_builder(PdfBuilder)
    app.add_config_value("book_subtitle", "", "env", str)
    app.add_config_value("render_report", True, "", bool)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
