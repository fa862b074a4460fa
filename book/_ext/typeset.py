"""Set the documents that the builder `pdf` wrote as HTML: WeasyPrint makes PDF/UA-1 of them, and what it leaves wrong is mended.

Apart from the builder, so that a process of its own can set the report without loading Sphinx.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pikepdf

from flow import fill_pages, hang_spaces
from pdf_parcel import attach, describe
from pdf_tags import mend

DOCUMENTS = ("dcr-report", "dcr-brief")


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


def load_renderer():
    """Return WeasyPrint's class of documents. Raises RuntimeError where Pango is missing."""
    try:
        from weasyprint import HTML
    except OSError as error:
        raise RuntimeError(f"The report needs the system library Pango ({error}); README says how to install it.") from error
    return HTML


def render(out: Path, parcel: Parcel) -> None:
    """Set each document's HTML in the folder as PDF. Raises RuntimeError where Pango is missing."""
    HTML = load_renderer()
    remember_page_references()
    fill_pages()
    hang_spaces()
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
