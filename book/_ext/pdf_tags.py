"""Mend what the renderer leaves wrong in a tagged PDF.

* a header cell without a scope gets one: of its column in the table's head, else of its row;
* an item of a list whose content lacks a body gets one;
* a link gets the Print flag, without which PDF/UA takes it for hidden.
"""

from collections.abc import Iterator
from pathlib import Path

from pikepdf import Array, Dictionary, Name, Pdf

PRINT = 4


def mend(path: Path) -> None:
    """Mend the PDF in place."""
    with Pdf.open(path, allow_overwriting_input=True) as pdf:
        for element, parents in elements(pdf.Root.StructTreeRoot):
            if element.S == Name.TH:
                give_scope(element, parents)
            elif element.S == Name.LI:
                give_body(pdf, element)
        for page in pdf.pages:
            for annotation in page.get("/Annots", []):
                annotation.F = annotation.get("/F", 0) | PRINT
        pdf.save(path, linearize=True, deterministic_id=True)


def kids(element: Dictionary) -> list:
    """Return what an element of the tag tree holds, always as a list."""
    held = element.get("/K", Array())
    return list(held) if isinstance(held, Array) else [held]


def elements(element: Dictionary, parents: tuple = ()) -> Iterator[tuple[Dictionary, tuple]]:
    """Yield every element of the tag tree with the roles above it."""
    for kid in kids(element):
        if isinstance(kid, Dictionary) and "/S" in kid:
            yield kid, parents
            yield from elements(kid, (*parents, str(kid.S)))


def attributes(element: Dictionary) -> list[Dictionary]:
    """Return the attribute dictionaries of an element."""
    held = element.get("/A", Array())
    return [part for part in (held if isinstance(held, Array) else [held]) if isinstance(part, Dictionary)]


def give_scope(header: Dictionary, parents: tuple) -> None:
    """Say what a header cell heads, where the renderer did not."""
    if any("/Scope" in part for part in attributes(header)):
        return
    scope = Name.Column if "/THead" in parents else Name.Row
    header.A = Array([*attributes(header), Dictionary(O=Name.Table, Scope=scope)])


def give_body(pdf: Pdf, item: Dictionary) -> None:
    """Wrap the content of a list item in a body, beside its label, where it has none."""
    parts = kids(item)
    if any(isinstance(part, Dictionary) and part.get("/S") == Name.LBody for part in parts):
        return
    labels = [part for part in parts if isinstance(part, Dictionary) and part.get("/S") == Name.Lbl]
    content = [part for part in parts if not any(part is label for label in labels)]
    body = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.LBody, P=item, K=Array(content)))
    for part in content:
        if isinstance(part, Dictionary) and "/P" in part:
            part.P = body
    item.K = Array([*labels, body])
