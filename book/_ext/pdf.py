"""Builder `pdf`: the whole book as one tagged document for print and for screen readers, and the brief as another.

`jupyter-book build . --builder custom --custom-builder pdf` puts the chapters on one page without a theme, wraps it
in a cover and contents, and sets it with print CSS through WeasyPrint as PDF/UA-1.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
from sphinx import addnodes
from sphinx.builders.singlehtml import SingleFileHTMLBuilder

from pages import edition, with_scope
from pdf_parcel import attach, describe
from pdf_tags import mend
from pictures import PRINT
from printed import Edition, printed_pages

DOCUMENTS = ("dcr-report", "dcr-brief")


class PdfBuilder(SingleFileHTMLBuilder):
    """Writes `dcr-report.pdf` and `dcr-brief.pdf` into its output folder."""

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
        toctrees = self.env.get_doctree(self.config.root_doc).findall(addnodes.toctree)
        pages = printed_pages(with_scope(self.body), [tree["caption"] for tree in toctrees], self.edition())
        for name, page in zip(DOCUMENTS, pages, strict=True):
            (out / f"{name}.html").unlink(missing_ok=True)
            if page:
                (out / f"{name}.html").write_text(page, encoding="utf-8")
        if self.config.render_report:
            render(out, Parcel({}, self.config.copyright, self.config.edition, created(self.config.edition_date)))

    def edition(self) -> Edition:
        """Return what the documents say of themselves."""
        config = self.config
        return Edition(config.html_title, config.book_subtitle, config.author, config.book_description, config.book_keywords,
                       config.copyright, config.edition, edition(self.app), f"{created(config.edition_date):%Y-%m-%dT%H:%M:%SZ}")  # fmt: skip


def created(edition_date: str) -> datetime:
    """Return when the documents say that they were made: SOURCE_DATE_EPOCH, else the day of the edition ("1 May 2026")."""
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        return datetime.fromtimestamp(int(epoch), UTC)
    return datetime.strptime(edition_date, "%d %B %Y").replace(tzinfo=UTC)


@dataclass
class Parcel:
    """What travels with the documents: files with their descriptions, the licence, the edition, the source's revision."""

    files: dict[Path, str]
    rights: str
    edition: str
    made: datetime
    revision: str | None = None


def render(out: Path, parcel: Parcel) -> None:
    """Set each document's HTML in the folder as PDF. Raises RuntimeError where Pango is missing."""
    try:
        from weasyprint import HTML
    except OSError as error:
        raise RuntimeError(f"The report needs the system library Pango ({error}); README says how to install it.") from error
    remember_page_references()
    for page in [out / f"{name}.html" for name in DOCUMENTS if (out / f"{name}.html").exists()]:
        target = page.with_suffix(".pdf")
        HTML(filename=page, base_url=f"{out}/").write_pdf(target, pdf_variant="pdf/ua-1")
        with pikepdf.open(target, allow_overwriting_input=True) as pdf:
            mend(pdf)
            attach(pdf, parcel.files if page.stem == DOCUMENTS[0] else {}, parcel.made)
            describe(pdf, parcel.rights, parcel.edition, parcel.revision)
            pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)


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
    for name in ("book_subtitle", "book_description", "book_keywords"):
        app.add_config_value(name, "", "env", str)
    app.add_config_value("render_report", True, "", bool)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
