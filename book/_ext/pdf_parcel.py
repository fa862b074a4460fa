"""What travels with a PDF beside its pages: the data, and who made it, when, from what and under which licence."""

from datetime import datetime
from pathlib import Path

from pikepdf import AttachedFileSpec, Name, Pdf

LICENCE = "https://creativecommons.org/licenses/by/4.0/"

KINDS = {
    ".zip": "application/zip",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def attach(pdf: Pdf, files: dict[Path, str], made: datetime) -> None:
    """Put files into the PDF, each with its description, dated when the document was made."""
    for path, description in files.items():
        pdf.attachments[path.name] = AttachedFileSpec(
            pdf,
            path.read_bytes(),
            filename=path.name,
            description=description,
            mime_type=KINDS[path.suffix],
            relationship=Name.Data,
            creation_date=pdf_date(made),
            mod_date=pdf_date(made),
        )


def pdf_date(moment: datetime) -> str:
    """Return a moment in universal time as PDF writes it."""
    return f"D:{moment:%Y%m%d%H%M%S}Z"


def describe(pdf: Pdf, rights: str, edition: str, revision: str | None) -> None:
    """Write licence, edition and source revision into the metadata (XMP)."""
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata["dc:rights"] = rights
        metadata["xmpRights:Marked"] = "True"
        metadata["xmpRights:WebStatement"] = LICENCE
        metadata["prism:edition"] = edition
        metadata["dc:identifier"] = f"Edition {edition}" + (f", source revision {revision}" if revision else "")
