"""The directive `{changes}`: what changed from the edition before, number by number, from the two ledgers."""

from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

import editions
from catalogue import table
from ledger import LEDGER, anchor, await_writing, known_sources, ledger

LOGGER = logging.getLogger(__name__)
PAGE = "book/changes"
HEADS = {
    "changed": ("Number", "Before", "Now", "Why, as the ledgers tell"),
    "added": ("Number", "Now", "Chapter"),
    "removed": ("Number", "Before", "Chapter"),
}

# Pages whose numbers print lists too: those that most readers take
MOST_READ = ("book/index", "book/brief")


class change_list(nodes.General, nodes.Element):
    """Stands for the list of changes until its page is written."""


class ChangesDirective(SphinxDirective):
    """`{changes}` lists what changed from the edition before."""

    def run(self):
        return [change_list()]


class WriteChanges(SphinxPostTransform):
    """Puts the comparison of two ledgers in the place of the list."""

    default_priority = 6

    def run(self, **kwargs):
        for node in list(self.document.findall(change_list)):
            node.replace_self(self.content(kept_in(self.env), self.config.edition))

    def content(self, folder: Path, edition: str) -> list[nodes.Node]:
        """Return the comparison of this edition with the one before, or that it is the first; warn of a broken ledger."""
        try:
            earlier = editions.before(edition, folder)
            old = editions.read(folder / f"{earlier}.json") if earlier else {}
        except editions.LedgerError as error:
            LOGGER.warning("the page of changes cannot be made: %s", error)
            return []
        if earlier is None:
            return [paragraph(f"This is the first edition, {edition}: there is no earlier one to compare it with.")]
        new = ledger(self.env)
        changes = editions.compare(old, new)
        parts = [paragraph(editions.told(changes, f"edition {earlier}", f"edition {edition}"))]
        if changes.resourced:
            parts.append(paragraph(f"Of the others, {len(changes.resourced):,} rest on other sources, with the same value."))
        return parts + (self.for_web(changes) if self.app.builder.name == "html" else self.for_print(changes))

    def for_web(self, changes: editions.Changes) -> list[nodes.Node]:
        """Return all changes as tables."""
        parts = []
        if changes.changed:
            parts.append(listed("changed", "Numbers that changed", self.pairs(changes.changed)))
        for kind, records in (("added", changes.added), ("removed", changes.removed)):
            if records:
                rows = [[self.named(record, kind == "added"), nodes.Text(record["text"]), nodes.Text(record["chapter"])]
                        for record in records]  # fmt: skip
                parts.append(listed(kind, f"Numbers {kind}", rows))
        return parts

    def for_print(self, changes: editions.Changes) -> list[nodes.Node]:
        """Return the changes of the most read pages as a table, and where the others are."""
        used = {name for page in MOST_READ for name in self.env.book_number_uses.get(page, ())}
        chosen = [pair for pair in changes.changed if pair[1]["name"] in used]
        parts = []
        if chosen:
            parts.append(listed("changed", "Numbers of the summary and the brief that changed", self.pairs(chosen)))
        if len(chosen) < len(changes.changed) + len(changes.added) + len(changes.removed):
            parts.append(paragraph("The web book lists every number that changed, was added or was removed."))
        return parts

    def pairs(self, changed: list[tuple[dict, dict]]) -> list[list[nodes.Node]]:
        """Return a row for each number that changed."""
        titles = editions.titles_of(known_sources(self.env))
        return [
            [self.named(new, True), nodes.Text(editions.shown(old, new)), nodes.Text(editions.shown(new, old)),
             nodes.Text(editions.why(old, new, titles))]
            for old, new in changed
        ]  # fmt: skip

    def named(self, record: dict, linked: bool) -> nodes.Node:
        """Return what a number is, linked to its entry in the ledger if it is there."""
        text = nodes.Text(record["definition"])
        return make_refnode(self.app.builder, self.env.docname, LEDGER, anchor(record), text) if linked else text


def paragraph(text: str) -> nodes.paragraph:
    """Return a paragraph of plain text."""
    return nodes.paragraph(text=text)


def listed(kind: str, caption: str, rows: list[list[nodes.Node]]) -> nodes.table:
    """Return numbers that changed, were added or were removed as a table."""
    made = table(HEADS[kind], (34, 16, 16, 34)[: len(HEADS[kind])], rows, "changes")
    made["ids"].append(f"changes-{kind}")
    made.insert(0, nodes.title(text=caption))
    return made


def kept_in(env) -> Path:
    """Return the folder of the kept editions."""
    return Path(env.srcdir, "book", "editions")


def write_anew(app, env) -> None:
    """Have the page written again when a number of the book or a kept edition differs from what was last written."""
    stand = {name: str([record[field] for field in editions.FIELDS]) for name, record in ledger(env).items()}
    stand |= {str(path): path.read_bytes() for path in kept_in(env).glob("*.json")}
    if PAGE in env.found_docs and getattr(env, "book_changes_stand", None) != stand:
        env.book_changes_stand = stand
        await_writing(env, {PAGE})


def setup(app):
    app.add_node(change_list)
    app.add_directive("changes", ChangesDirective)
    app.add_post_transform(WriteChanges)
    # Before the ledger says which pages to write
    app.connect("env-updated", write_anew, priority=650)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
