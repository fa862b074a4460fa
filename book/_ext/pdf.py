"""Builder `pdf`: the chapters in the language of the typesetter, put together as the report and the brief.

`jupyter-book build . --builder custom --custom-builder pdf` writes each chapter that changed as a file of its own, puts
all of them into a document, with a cover and contents, and has it set as PDF/UA-1.
"""

import shutil
from pathlib import Path

from sphinx import addnodes
from sphinx.builders.html import StandaloneHTMLBuilder

from ledger import reading_order
from pages import edition
from pictures import PRINT
from printed import BRIEF, Edition, brief, chapter, report
from typeset import DOCUMENTS, Parcel, created, render


class PdfBuilder(StandaloneHTMLBuilder):
    """Writes `dcr-report.pdf` and `dcr-brief.pdf` into its output folder."""

    name = "pdf"
    epilog = "The report is %(outdir)s/dcr-report.pdf."
    search = False

    def get_theme_config(self):
        return "basic", {}

    def get_target_uri(self, docname, typ=None):
        return docname

    def get_relative_uri(self, from_, to, typ=None):
        return to

    def get_outdated_docs(self):
        """Return the pages that were never written; what the environment says of the others comes on top."""
        return [page for page in self.env.found_docs if not self.source(page).exists()]

    def source(self, page: str) -> Path:
        """Return the file of a chapter in the language of the typesetter."""
        return Path(self.outdir, "chapters", f"{Path(page).name}.typ")

    def get_doc_context(self, docname, body, metatags):
        return {"body": body}

    def handle_page(self, pagename, addctx, templatename="page.html", outfilename=None, event_arg=None):
        file = self.source(pagename)
        file.parent.mkdir(exist_ok=True)
        file.write_text(chapter(addctx["body"], pagename, pagename in (self.config.root_doc, BRIEF)), encoding="utf-8")

    def finish(self):
        self.copy_image_files()
        out = Path(self.outdir)
        for name in self.images.values():
            if name.endswith(".svg"):
                shutil.copyfile(Path(self.env.mystnb_config.output_folder, Path(name).stem + PRINT), out / "_images" / name)
        toctrees = self.env.get_doctree(self.config.root_doc).findall(addnodes.toctree)
        parts = {tree["entries"][0][1]: tree["caption"] for tree in toctrees}
        chapters = {page: self.source(page).read_text(encoding="utf-8") for page in reading_order(self.env)}
        told = self.edition()
        documents = [report(chapters, parts, told), brief(chapters, told)]
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
