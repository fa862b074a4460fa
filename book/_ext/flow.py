"""Two things that the renderer's layout lacks.

Text goes on where a figure or a short table does not fit at the foot of a page. CSS has no rule for that which the renderer knows: a block that must not be broken goes to the next page and leaves the
rest of this one empty. Here what follows in the chapter passes it while it fits. The tags follow the order on the pages.

And a text that fits its line but for the space at its end is not broken after its first word.
"""

TEXT = {"p", "ul", "ol", "dl"}
HEADINGS = {"h2", "h3"}

# Pixels, a fifth of a page: in less room the next section does not begin before the figure of this one
ROOM = 190


def fill_pages() -> None:
    """Teach the renderer's layout of blocks to let text pass what does not fit."""
    from weasyprint.layout import block

    lay_out = block._in_flow_layout
    if lay_out.__module__ == __name__:
        return

    def in_flow_layout(
        context, box, index, child, new_children, page_is_empty, absolute, fixed, margins, bottom, top, skip, *others
    ):
        def put(block):
            block.position_x, block.position_y = place
            return lay_out(context, box, index, block, new_children, page_is_empty, absolute, fixed, list(margins), bottom, top,
                           skip, *others)  # fmt: skip

        place = child.position_x, child.position_y
        waiting = box.children[index]  # not `child` where text has passed it
        result = put(waiting)
        if skip is None and new_children and kind(waiting) in FLOATS and left_out(result, index):
            room = context.page_bottom - bottom - top
            for later in passing(box.children, index, room):
                passed = put(box.children[later])
                if not left_out(passed, index):
                    waiting.headings = headings(waiting) + (kind(box.children[later]) == "heading")
                    box.children.insert(index, box.children.pop(later))
                    return passed
        return result

    in_flow_layout.__module__ = __name__
    block._in_flow_layout = in_flow_layout


def hang_spaces() -> None:
    """Teach the renderer's breaking of lines that a space at the end of a text needs no room: a link often follows it."""
    from weasyprint.layout import inline

    split = inline.split_first_line
    if split.__module__ == __name__:
        return

    def split_first_line(text, style, context, max_width, *others, **options):
        result = split(text, style, context, max_width, *others, **options)
        if max_width and result[2] is not None and text.endswith(" ") and len(text) * style["font_size"] < NARROW * max_width:
            whole = split(text[:-1], style, context, None, *others, **options)
            if whole[3] <= max_width:
                return split(text, style, context, None, *others, **options)
        return result

    split_first_line.__module__ = __name__
    inline.split_first_line = split_first_line


def left_out(result: tuple, index: int) -> bool:
    """Tell whether the block at `index` of its parent got no place on the page."""
    abort, stop, resume_at, *_ = result
    return abort or (stop and resume_at is not None and resume_at.get(index) is None)


# Letters of a text that may fit a line, in the line's width over the size of the type
NARROW = 3

FLOATS = ("figure", "table")
TABLES = {"tabular short": "table", "tabular": "long table"}


def kind(box) -> str | None:
    """Return what a block is to its neighbours: text, heading, figure, table or long table; None for what nothing passes."""
    if box.element_tag in TEXT:
        return "text"
    if box.element_tag in HEADINGS:
        return "heading"
    if box.element_tag == "figure":
        return "figure"
    return TABLES.get(box.element.get("class")) if box.element_tag == "div" else None


def headings(box) -> int:
    """Return how many headings have passed a block."""
    return getattr(box, "headings", 0)


def passing(children: list, index: int, room: float) -> list[int]:
    """Return the places of the blocks that may pass the one at `index`, nearest first: another float, or text or a heading.

    Two figures, or two tables, keep their order. No more than two wait. Each further heading needs more room, and the last
    of the chapter passes nothing, nor does one with nothing below it.
    """
    waiting = [children[index]]
    places = []
    for place in range(index + 1, len(children)):
        block = children[place]
        what = kind(block)
        if what == "text":
            return [*places, place]
        if what == "heading":
            last = all(kind(after) != "heading" for after in children[place + 1 :])
            bare = kind(children[index - 1]) == "heading" or kind(children[place + 1]) not in ("text", "long table")
            passed = max(headings(other) for other in waiting)
            return places if last or bare or room < ROOM * (1 + passed) else [*places, place]
        if what is None or len(waiting) == 2:
            return places
        if what == "long table":
            tables = any(kind(other) == "table" for other in waiting)
            return places if tables or room < 2 * ROOM else [*places, place]
        if what != kind(waiting[0]):
            places.append(place)
        waiting.append(block)
    return places
