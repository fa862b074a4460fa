"""Set the documents that the builder `pdf` wrote: Typst makes PDF/UA-1 of them, and what it cannot say is added.

Apart from the builder, so that a process of its own can set them without loading Sphinx.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import typst

from pdf_parcel import attach, describe
from pdf_tags import mend

DOCUMENTS = ("dcr-report", "dcr-brief")
FONTS = Path(__file__).resolve().parents[1] / "_static" / "fonts"


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
    """Set each document of the folder as PDF. Raises RuntimeError with what Typst says of a fault."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    for source in [out / f"{name}.typ" for name in DOCUMENTS if (out / f"{name}.typ").exists()]:
        target = source.with_suffix(".pdf")
        try:
            _, warnings = typst.compile_with_warnings(
                source, target, root=out, font_paths=fonts, pdf_standards="ua-1", timestamp=parcel.made
            )
        except typst.TypstError as error:
            raise RuntimeError(f"{source.name}: {error.message}") from error
        if warnings:
            raise RuntimeError(f"{source.name}: {warnings[0].message}")
        with pikepdf.open(target, allow_overwriting_input=True) as pdf:
            mend(pdf)
            attach(pdf, parcel.files if source.stem == DOCUMENTS[0] else {}, parcel.made)
            describe(pdf, parcel.rights, parcel.edition, parcel.revision)
            pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
