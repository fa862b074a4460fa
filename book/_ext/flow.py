"""Let the text go on where a figure or a short table does not fit at the foot of a page.

CSS has no rule for that which the renderer knows: a block that must not be broken goes to the next page and leaves the
rest of this one empty. Here what follows in the chapter passes it while it fits. The tags follow the order on the pages.
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


def left_out(result: tuple, index: int) -> bool:
    """Tell whether the block at `index` of its parent got no place on the page."""
    abort, stop, resume_at, *_ = result
    return abort or (stop and resume_at is not None and resume_at.get(index) is None)


FLOATS = ("figure", "table")


def kind(box) -> str | None:
    """Return what a block is to its neighbours: text, heading, figure or table; None for what nothing passes."""
    if box.element_tag in TEXT:
        return "text"
    if box.element_tag in HEADINGS:
        return "heading"
    if box.element_tag == "figure":
        return "figure"
    return "table" if box.element_tag == "div" and box.element.get("class") == "tabular short" else None


def headings(box) -> int:
    """Return how many headings have passed a block."""
    return getattr(box, "headings", 0)


def passing(children: list, index: int, room: float) -> list[int]:
    """Return the places of the blocks that may pass the one at `index`, nearest first: another float, or text or a heading.

    Two figures, or two tables, keep their order. No more than two wait. Each further heading needs more room, and the last
    of the chapter passes nothing, nor does one without text below it.
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
            bare = kind(children[place + 1]) != "text"
            passed = max(headings(other) for other in waiting)
            return places if last or bare or room < ROOM * (1 + passed) else [*places, place]
        if what is None or len(waiting) == 2:
            return places
        if what != kind(waiting[0]):
            places.append(place)
        waiting.append(block)
    return places
