"""Mend what the renderer leaves wrong in a tagged PDF.

* a header cell without a scope gets one: of its column in the table's head, else of its row;
* an item of a list whose content lacks a body gets one;
* a link gets the Print flag, without which PDF/UA takes it for hidden;
* a long table, which the renderer tags as one table a page, becomes one table again;
* a table with fewer data cells than heads keeps the heads of its columns only;
* what the tag tree does not reach, running heads, page numbers and repeated table heads, is marked as an artifact.
"""

import re
from collections.abc import Iterator

from pikepdf import Array, Dictionary, Name, Pdf

PRINT = 4

# How the renderer opens a piece of marked content
MARKED = re.compile(rb"/\w+\s*<</MCID (\d+)>>\s*BDC")


def mend(pdf: Pdf) -> None:
    """Mend the tags of a PDF."""
    tree = pdf.Root.StructTreeRoot
    for element, parents in elements(tree):
        if element.S == Name.TH:
            give_scope(element, parents)
        elif element.S == Name.LI:
            give_body(pdf, element)
    join_tables(tree)
    mark_artifacts(pdf, tree)
    for page in pdf.pages:
        for annotation in page.get("/Annots", []):
            annotation.F = annotation.get("/F", 0) | PRINT


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


def join_tables(tree: Dictionary) -> None:
    """Make one table of the pieces of a table; all but the first lack a caption."""
    tables: list[list[Dictionary]] = []
    for element in [element for element, _ in elements(tree) if str(element.S) == "/Table"]:
        if having(element, Name.Caption):
            tables.append([element])
        else:
            tables[-1].append(element)
    for table, *continued in tables:
        for rest in continued:
            join(table, rest, keep_head=len(continued) == 1)
        balance(table)


def having(element: Dictionary, role: Name) -> list[Dictionary]:
    """Return the elements of a role directly below an element."""
    return [kid for kid in kids(element) if isinstance(kid, Dictionary) and kid.get("/S") == role]


def join(table: Dictionary, rest: Dictionary, keep_head: bool) -> None:
    """Move the rows of `rest` to the end of `table`, their cells naming the first head.

    The repeated head is dropped, or kept as a row: a line that stands on two pages only is taken for text, not for a
    running head, and must not be lost.
    """
    heads = {bytes(again.ID): head.ID for head, again in zip(head_cells(table), head_cells(rest), strict=True)}
    (body,) = having(table, Name.TBody)
    parts = [Name.THead, Name.TBody] if keep_head else [Name.TBody]
    rows = [row for role in parts for part in having(rest, role) for row in kids(part)]
    for row in rows:
        row.P = body
        for cell in kids(row):
            for attribute in attributes(cell):
                if "/Headers" in attribute:
                    attribute.Headers = Array([heads.get(bytes(key), key) for key in attribute.Headers])
    body.K = Array([*kids(body), *rows])
    remove(rest)


def head_cells(table: Dictionary) -> list[Dictionary]:
    """Return the cells of a table's head."""
    return [cell for head in having(table, Name.THead) for row in kids(head) for cell in kids(row)]


def balance(table: Dictionary) -> None:
    """Make data cells of the heads of rows where a table has more heads than data, which reads as torn heads."""
    cells = [cell for body in having(table, Name.TBody) for row in kids(body) for cell in kids(row)]
    of_rows = [cell for cell in cells if cell.S == Name.TH]
    if len(head_cells(table)) + 2 * len(of_rows) > len(cells):
        for cell in of_rows:
            cell.S = Name.TD


def remove(element: Dictionary) -> None:
    """Take an element out of the tree, and those above it that are left with nothing."""
    above = element.P
    left = [kid for kid in kids(above) if not (isinstance(kid, Dictionary) and kid.objgen == element.objgen)]
    above.K = Array(left)
    if not left:
        remove(above)


def mark_artifacts(pdf: Pdf, tree: Dictionary) -> None:
    """Mark as artifact the content of each page that no element of the tree holds."""
    reached: dict[tuple, set[int]] = {}
    for element, _ in elements(tree):
        marks = {int(kid) for kid in kids(element) if not isinstance(kid, Dictionary)}
        reached.setdefault(element.Pg.objgen if "/Pg" in element else None, set()).update(marks)
    owners = tree.ParentTree.Nums
    for place, page in enumerate(pdf.pages):
        kept = reached.get(page.objgen, set())
        content = page.Contents.read_bytes()
        page.Contents.write(MARKED.sub(lambda found, kept=kept: found[0] if int(found[1]) in kept else b"/Artifact BMC", content))
        of_page = owners[2 * place + 1]
        for number in range(len(of_page)):
            if number not in kept:
                of_page[number] = None
