"""The way of a number through the build: collect what the notebooks record, print it, link it, list it.

* a renderer takes `number()` outputs out of the page and files them in the environment;
* the role `` {n}`name` `` prints a number in any chapter, with a tooltip, linked to its entry in the ledger;
* the directive `{ledger}` lists every number of the book;
* `_build/numbers.json` is the same list for machines.

A number is resolved when a page is written, so a page can print the numbers of another.
"""

import csv
import difflib
import json
from decimal import Decimal
from pathlib import Path

from docutils import nodes
from myst_nb.core import render
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_refnode

LOGGER = logging.getLogger(__name__)
MIME = "application/vnd.dcr.number+json"
LEDGER = "book/numbers"


class NumberOutput:
    """Files a recorded number in the environment and leaves nothing on the page."""

    mime_priority_overrides = (("*", MIME, 1),)

    @staticmethod
    def handle_mime(renderer, data, inline):
        if data.mime_type != MIME:
            return None
        env = renderer.renderer.sphinx_env
        chapter, record = env.docname, dict(data.content)
        known = numbers(env).setdefault(chapter, {})
        if record["name"] in known:
            LOGGER.warning("the number “%s” is recorded twice", record["name"], location=(chapter, data.line))
        known[record["name"]] = record | {"chapter": Path(chapter).name, "page": chapter, "cell": data.cell_index}
        return [nodes.comment()]


def numbers(env) -> dict[str, dict[str, dict]]:
    """Return the numbers of the book by page and name."""
    if not hasattr(env, "book_numbers"):
        env.book_numbers = {}
    return env.book_numbers


def ledger(env) -> dict[str, dict]:
    """Return all numbers by name, in the order of the pages."""
    order = [page for page in reading_order(env) if page in numbers(env)]
    return {name: record for page in order for name, record in numbers(env)[page].items()}


def reading_order(env) -> list[str]:
    """Return the pages in the order of the contents."""
    pages = [env.config.root_doc]
    for page in pages:
        pages += [child for child in env.toctree_includes.get(page, []) if child not in pages]
    return pages


class book_number(nodes.Inline, nodes.TextElement):
    """Stands for a number until its page is written."""


class NumberRole(SphinxRole):
    """`` {n}`name` `` prints a recorded number."""

    def run(self):
        self.env.book_number_uses.setdefault(self.env.docname, set()).add(self.text)
        node = book_number(self.text, name=self.text)
        self.set_source_info(node)
        return [node], []


class ResolveNumbers(SphinxPostTransform):
    """Puts text, tooltip and link in the place of each number."""

    default_priority = 5

    def run(self, **kwargs):
        known = None
        for node in list(self.document.findall(book_number)):
            known = ledger(self.env) if known is None else known
            record = known.get(node["name"])
            if record is None:
                near = difflib.get_close_matches(node["name"], known, 1)
                hint = f"; did you mean “{near[0]}”?" if near else "; record it with number()"
                LOGGER.warning("no chapter records the number “%s”%s", node["name"], hint, location=node)
                node.replace_self(nodes.strong(text=f"[{node['name']}]"))
                continue
            link = make_refnode(
                self.app.builder, self.env.docname, LEDGER, anchor(record), nodes.Text(record["text"]), tooltip(record)
            )
            link["classes"].append("number")
            node.replace_self(link)


def anchor(record: dict) -> str:
    """Return the address of a number's entry within the ledger."""
    return "number-" + record["name"].replace("_", "-")


def exact(record: dict, figures: int | None = None) -> str:
    """Return a number's value with its unit, as text: as it was recorded, or to so many significant figures."""
    value = record["value"]
    shown = str(value)
    if isinstance(value, int) and record["unit"] != "year":
        shown = f"{value:,}"
    elif isinstance(value, float) and figures:
        shown = f"{Decimal(f'{value:.{figures}g}'):,f}"
    return shown if record["unit"] in ("text", "date", "year") else f"{shown} {record['unit']}"


def tooltip(record: dict) -> str:
    """Return what a number says when pointed at: value, unit, definition, source and table."""
    tables = ", ".join(table["table"] for table in record["tables"])
    sources = ", ".join(record["sources"][:SHOWN]) + (" and others" if len(record["sources"]) > SHOWN else "")
    return f"{exact(record)}. {record['definition']}. Source: {sources} (table {tables})."


class ledger_list(nodes.General, nodes.Element):
    """Stands for the ledger until its page is written."""


class LedgerDirective(SphinxDirective):
    """`{ledger}` lists every number of the book."""

    def run(self):
        return [ledger_list()]


class WriteLedger(SphinxPostTransform):
    """Puts a table for each chapter in the ledger's place."""

    default_priority = 6

    def run(self, **kwargs):
        for node in list(self.document.findall(ledger_list)):
            entries = list(ledger(self.env).values())
            sources = known_sources(self.env)
            parts = []
            for page in dict.fromkeys(entry["page"] for entry in entries):
                title = self.env.titles[page].astext()
                chosen = [entry for entry in entries if entry["page"] == page]
                parts.append(nodes.rubric(text=title))
                if self.app.builder.name == "html":
                    parts.append(table(HEADS, [self.entry(entry, sources) for entry in chosen]))
                else:
                    parts += [self.line(entry) for entry in chosen]
            node.replace_self(parts)

    def entry(self, record: dict, sources: dict[str, dict]) -> nodes.row:
        """Return a ledger entry for the web: text and name; value; definition; source rows and cell."""
        text = nodes.paragraph("", "", nodes.strong(text=record["text"]))
        name = nodes.paragraph("", "", nodes.literal(text=record["name"]))
        origin = nodes.paragraph("", "", *self.tables(record))
        for key in record["sources"][:SHOWN]:
            source = sources[key]
            label = nodes.Text(f"{source['publisher']}, {source['title']}")
            web = source["url"].startswith("http")
            origin += [nodes.reference("", "", label, refuri=source["url"]) if web else label, nodes.Text(". ")]
        if len(record["sources"]) > SHOWN:
            origin += nodes.Text(f"And {len(record['sources']) - SHOWN} more sources, which these rows name. ")
        cell = nodes.Text(f"cell {record['cell']}")
        link = make_refnode(self.app.builder, self.env.docname, record["page"], f"cell-{record['cell']}", cell)
        origin += [nodes.Text("Made in "), link, nodes.Text(".")]
        row = nodes.row(ids=[anchor(record)])
        for content in ([text, name], [nodes.paragraph(text=exact(record))],
                        [nodes.paragraph(text=record["definition"] + ".")], [origin]):  # fmt: skip
            row += nodes.entry("", *content)
        return row

    def line(self, record: dict) -> nodes.paragraph:
        """Return a ledger entry for print: the same in one paragraph, sources by their keys in the register."""
        line = nodes.paragraph("", "", nodes.strong(text=record["text"]), ids=[anchor(record)], classes=["ledger-line"])
        line += nodes.Text(f" ({record['name']}): {exact(record, figures=6)}. {record['definition']}. ")
        line += self.tables(record)
        for place, key in enumerate(record["sources"][:SHOWN]):
            page = make_refnode(self.app.builder, self.env.docname, "book/data", f"source-{key}", nodes.Text(key))
            line += [nodes.Text(", " if place else "Source: "), page]
        more = len(record["sources"]) - SHOWN
        line += nodes.Text(f", and {more} more." if more > 0 else ".")
        return line

    def tables(self, record: dict) -> list[nodes.Node]:
        """Return the tables and rows that a number rests on, as linked text."""
        told: list[nodes.Node] = []
        for used in record["tables"]:
            target = f"table-{used['table'].replace('_', '-')}"
            label = nodes.Text(used["table"].replace("_", " "))
            link = make_refnode(self.app.builder, self.env.docname, "book/data", target, label)
            told += [nodes.Text("Table "), link, nodes.Text(f", rows {shortened(used['rows'])}. ")]
        return told


def shortened(rows: str) -> str:
    """Return a list of row numbers, cut after the first runs where it is long."""
    runs = rows.split(", ")
    return rows if len(runs) <= SHOWN else f"{', '.join(runs[:SHOWN])} and {len(runs) - SHOWN} more"


# How many sources of a number the ledger spells out; the file for machines lists all
SHOWN = 4

HEADS = ("Number and name", "Value", "Definition", "Source rows and cell")


def table(heads: tuple[str, ...], rows: list[nodes.row]) -> nodes.table:
    """Return a table whose first column heads its rows."""
    group = nodes.tgroup("", cols=len(heads))
    group += [nodes.colspec(colwidth=width, stub=int(width == 24)) for width in (24, 18, 30, 40)]
    head = nodes.row("", *(nodes.entry("", nodes.paragraph(text=text)) for text in heads))
    group += [nodes.thead("", head), nodes.tbody("", *rows)]
    return nodes.table("", group, classes=["ledger", "colwidths-given"])


def known_sources(env) -> dict[str, dict]:
    """Return the register of sources by key."""
    with Path(env.srcdir, "data", "sources.csv").open(encoding="utf-8", newline="") as file:
        return {source["key"]: source for source in csv.DictReader(file)}


def pages_to_rewrite(app, env) -> list[str]:
    """Return the pages whose numbers changed since they were written: a page may print another's numbers.

    Raises ExtensionError where two pages record a number of one name.
    """
    now = {name: json.dumps(record, sort_keys=True) for name, record in ledger(env).items()}
    before = getattr(env, "book_numbers_written", {})
    changed = {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
    env.book_numbers_written = now
    first: dict[str, str] = {}
    for page, recorded in numbers(env).items():
        for name in recorded:
            if first.setdefault(name, page) != page:
                raise ExtensionError(f"The number “{name}” is recorded in {first[name]} and in {page}: rename one of them.")
    users = {page for page, names in env.book_number_uses.items() if names & changed}
    await_writing(env, users | ({LEDGER} if changed else set()))
    waiting = env.book_unwritten[app.builder.name] & env.found_docs
    env.book_unwritten[app.builder.name] = set()
    return sorted(waiting)


def note_reading(app, env, docnames) -> None:
    """Note that the pages about to be read anew await writing."""
    await_writing(env, set(docnames))


def await_writing(env, pages: set[str]) -> None:
    """Note for each builder that it must write these pages.

    The web book and the report share what was read. Sphinx has a builder write the pages read in its own run; what the
    other builder's run read would stay as it was.
    """
    for waiting in env.book_unwritten.values():
        waiting.update(pages)


def write_json(app, exception) -> None:
    """Write `numbers.json` beside the HTML: the ledger for machines."""
    if exception is None and app.builder.name == "html":
        keys = ("name", "chapter", "value", "text", "unit", "definition", "sources", "tables", "rows", "cell")
        entries = [{key: record[key] for key in keys} for record in ledger(app.env).values()]
        text = json.dumps(entries, indent=1, ensure_ascii=False) + "\n"
        for folder in (Path(app.outdir), Path(app.outdir).parent):
            (folder / "numbers.json").write_text(text, encoding="utf-8")


def count_cells(app, doctree) -> None:
    """Give each number the place of its cell among the page's code cells; the renderer counts the text's cells too."""
    cells = [node["cell_index"] for node in doctree.findall(nodes.container) if node.get("nb_element") == "cell_code"]
    for record in numbers(app.env).get(app.env.docname, {}).values():
        record["cell"] = cells.index(record["cell"]) + 1


def forget(app, env, docname) -> None:
    """Drop what a page recorded before it is read again."""
    numbers(env).pop(docname, None)
    env.book_number_uses.pop(docname, None)


def start(app) -> None:
    """Give a new environment its register of uses and of pages that await writing."""
    if not hasattr(app.env, "book_number_uses"):
        app.env.book_number_uses = {}
        app.env.book_unwritten = {}
    app.env.book_unwritten.setdefault(app.builder.name, set(app.env.found_docs))


def setup(app):
    if NumberOutput not in render.load_mime_renders():
        render.load_mime_renders().append(NumberOutput)
    app.add_node(book_number)
    app.add_node(ledger_list)
    app.add_role("n", NumberRole())
    app.add_directive("ledger", LedgerDirective)
    app.add_post_transform(ResolveNumbers)
    app.add_post_transform(WriteLedger)
    app.connect("builder-inited", start)
    app.connect("env-purge-doc", forget)
    app.connect("doctree-read", count_cells)
    app.connect("env-before-read-docs", note_reading)
    app.connect("env-updated", pages_to_rewrite, priority=700)
    app.connect("build-finished", write_json)
    return {"version": "1", "env_version": 2, "parallel_read_safe": False, "parallel_write_safe": True}
