"""Mend what the typesetter leaves wrong, or cannot say, in the tags of a PDF.

* the points of a list, which it sets as lists of their own, become one list;
* the first cell of a row heads it, where a table has three columns or more;
* the head that a table repeats on its second and last page is a row of it: a line that stands on two pages only is
  taken for text, not for a running head, and must not be lost.
"""

from collections.abc import Iterator

from pikepdf import Array, Dictionary, Name, Object, Page, Pdf

# How the typesetter opens a piece of a head that a table repeats
REPEATED = b"/Artifact<</Type/Pagination>>BDC"


def mend(pdf: Pdf) -> None:
    """Mend the tags of a PDF."""
    tree = pdf.Root.StructTreeRoot
    join_lists(tree)
    pages = {page.obj.objgen: page for page in pdf.pages}
    for table in [element for element in elements(tree) if str(element.S) == "/Table"]:
        give_row_heads(table)
        keep_second_head(pdf, table, pages)


def kids(element: Dictionary) -> list:
    """Return what an element of the tag tree holds, always as a list."""
    held = element.get("/K", Array())
    return list(held) if isinstance(held, Array) else [held]


def elements(element: Dictionary) -> Iterator[Dictionary]:
    """Yield every element of the tag tree, in the order in which it is read."""
    for kid in kids(element):
        if isinstance(kid, Dictionary) and "/S" in kid:
            yield kid
            yield from elements(kid)


def having(element: Dictionary, role: Name) -> list[Dictionary]:
    """Return the elements of a role directly below an element."""
    return [kid for kid in kids(element) if isinstance(kid, Dictionary) and kid.get("/S") == role]


def attributes(element: Dictionary) -> list[Dictionary]:
    """Return the attribute dictionaries of an element."""
    held = element.get("/A", Array())
    return [part for part in (held if isinstance(held, Array) else [held]) if isinstance(part, Dictionary)]


def join_lists(tree: Dictionary) -> None:
    """Make one list of lists that follow one another."""
    for element in [tree, *elements(tree)]:
        joined: list = []
        for kid in kids(element):
            if is_list(kid) and joined and is_list(joined[-1]):
                for item in kids(kid):
                    item.P = joined[-1]
                joined[-1].K = Array([*kids(joined[-1]), *kids(kid)])
            else:
                joined.append(kid)
        if len(joined) < len(kids(element)):
            element.K = Array(joined)


def is_list(kid: Object) -> bool:
    """Tell whether what an element holds is a list."""
    return isinstance(kid, Dictionary) and kid.get("/S") == Name.L


def give_row_heads(table: Dictionary) -> None:
    """Make the first cell of each row the row's head."""
    for row in rows(table):
        first, *others = kids(row)
        if len(others) > 1:
            first.S = Name.TH
            first.A = Array([*attributes(first), Dictionary(O=Name.Table, Scope=Name.Row)])


def rows(table: Dictionary) -> list[Dictionary]:
    """Return the rows of a table below its head."""
    return [row for body in having(table, Name.TBody) for row in kids(body)]


def keep_second_head(pdf: Pdf, table: Dictionary, pages: dict[tuple, Page]) -> None:
    """Make a row of column heads of the head that a table over two pages repeats."""
    found = rows(table)
    _, *later = dict.fromkeys(place for row in found for place, _ in marks(row))
    if len(later) != 1:
        return
    page, body = pages[later[0]], found[0].P
    owners, content = parents_of(pdf, page), page.Contents.read_bytes()
    head = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.TR, P=body, K=Array()))
    scope = Dictionary(O=Name.Table, Scope=Name.Column)
    for _ in range(content.count(REPEATED)):
        number = len(owners)
        content = content.replace(REPEATED, b"/Span<</MCID %d>>BDC" % number, 1)
        cell = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.TH, P=head, Pg=page.obj, A=scope, K=Array([number])))
        head.K.append(cell)
        owners.append(cell)
    page.Contents.write(content)
    following = next(number for number, row in enumerate(found) if any(place == later[0] for place, _ in marks(row)))
    body.K = Array([*found[:following], head, *found[following:]])


def parents_of(pdf: Pdf, page: Page) -> Array:
    """Return the list of the elements that own the pieces of a page, by number."""
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    place = next(place for place in range(0, len(numbers), 2) if numbers[place] == page.obj.StructParents)
    return numbers[place + 1]


def marks(element: Dictionary) -> Iterator[tuple[tuple, int]]:
    """Yield the pieces of content below an element in the order in which they are read, as page and number."""
    for kid in kids(element):
        if not isinstance(kid, Dictionary):
            yield element.Pg.objgen, int(kid)
        elif kid.get("/Type") == Name.MCR:
            yield kid.get("/Pg", element.get("/Pg")).objgen, int(kid.MCID)
        elif "/S" in kid:
            yield from marks(kid)
