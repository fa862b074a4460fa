"""Builder `pdf`: the whole book as one tagged document for print and for screen readers, and the brief as another.

`jupyter-book build . --builder custom --custom-builder pdf` puts the chapters on one page without a theme, writes it
in the language of Typst, with a cover and contents, and has it set as PDF/UA-1.
"""

import shutil
from pathlib import Path

from sphinx import addnodes
from sphinx.builders.singlehtml import SingleFileHTMLBuilder

from pages import edition
from pictures import PRINT
from printed import Edition, printed_documents
from typeset import DOCUMENTS, Parcel, created, render


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
        documents = printed_documents(self.body, [tree["caption"] for tree in toctrees], self.edition())
        for name, document in zip(DOCUMENTS, documents, strict=True):
            (out / f"{name}.typ").unlink(missing_ok=True)
            if document:
                (out / f"{name}.typ").write_text(document, encoding="utf-8")
        if self.config.render_report:
            render(out, Parcel({}, self.config.copyright, self.config.edition, created(self.config.edition_date)))

    def edition(self) -> Edition:
        """Return what the documents say of themselves."""
        config = self.config
        return Edition(config.html_title, config.book_subtitle, config.author, config.book_description, config.book_keywords,
                       config.copyright, config.edition, edition(self.app))  # fmt: skip


def setup(app):
    app.add_builder(PdfBuilder)
    for name in ("book_subtitle", "book_description", "book_keywords"):
        app.add_config_value(name, "", "env", str)
    app.add_config_value("render_report", True, "", bool)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
