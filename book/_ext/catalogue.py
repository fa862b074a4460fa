"""The directives `{catalogue}` and `{register}`: every table with its fields, and every source, from the Data Package."""

import csv
import json
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from ledger import known_sources

KNOWN = {
    "first-hand": "complete file read",
    "page": "page read",
    "secondary": "quoted by another publication",
    "copy": "read in a copy",
}


class Catalogue(SphinxDirective):
    """`{catalogue}` describes each table: what a row is, fields with units, keys, licence, download."""

    def run(self):
        path = Path(self.env.srcdir, "data", "datapackage.json")
        self.env.note_dependency(str(path))
        return [self.section(resource) for resource in json.loads(path.read_text(encoding="utf-8"))["resources"]]

    def section(self, resource: dict) -> nodes.section:
        name = resource["name"]
        file = Path(self.env.srcdir, "data", resource["path"])
        self.env.note_dependency(str(file))
        with file.open(encoding="utf-8", newline="") as opened:
            rows = sum(1 for _ in csv.reader(opened)) - 1
        section = nodes.section(ids=[f"table-{name.replace('_', '-')}"], names=[name])
        section += nodes.title(text=resource["title"])
        section += nodes.paragraph(text=resource["description"])
        key = nodes.paragraph("", "", nodes.Text(f"{rows:,} rows. A row is named by "))
        for place, column in enumerate(resource["schema"]["primaryKey"]):
            key += [nodes.Text(" and "), nodes.literal(text=column)] if place else [nodes.literal(text=column)]
        licence = " and ".join(item["title"] for item in resource["licenses"])
        key += nodes.Text(f". Sources: {'; '.join(item['title'] for item in resource['sources'])}. Licence: {licence}. ")
        key += addnodes.download_reference(
            "", f"Download {resource['path']}", reftarget=f"/data/{resource['path']}", refdoc=self.env.docname
        )
        section += [key, self.fields(resource), self.names(resource)]
        return section

    def names(self, resource: dict) -> nodes.paragraph:
        """Return the fields with their units in one paragraph, for print."""
        named = [field["name"] + (f" ({field['unit']})" if "unit" in field else "") for field in resource["schema"]["fields"]]
        return nodes.paragraph(text=f"Fields: {', '.join(named)}.", classes=["print-only", "field-names"])

    def fields(self, resource: dict) -> nodes.table:
        rows = []
        for field in resource["schema"]["fields"]:
            allowed = field.get("constraints", {}).get("enum", [])
            meaning = field["description"] + (f" One of: {', '.join(map(str, allowed))}." if allowed else "")
            rows.append([nodes.literal(text=field["name"]), nodes.Text(field["type"]),
                         nodes.Text(field.get("unit", "[z]")), nodes.Text(meaning)])  # fmt: skip
        found = table(("Field", "Type", "Unit", "Meaning"), (26, 12, 20, 54), rows)
        found["classes"].append("web-only")
        return found


class Register(SphinxDirective):
    """`{register}` lists every source with its address, date, licence and how it is known."""

    def run(self):
        self.env.note_dependency(str(Path(self.env.srcdir, "data", "sources.csv")))
        sources = known_sources(self.env).values()
        heads = ("Key", "Publisher and title", "Published", "Licence", "How it is known")
        web = table(heads, (20, 46, 14, 14, 18), [self.row(source) for source in sources])
        web["classes"].append("web-only")
        return [web, *(self.line(source) for source in sources)]

    def row(self, source: dict) -> list[nodes.Node]:
        """Return a source as a row of a table, for the web."""
        key = nodes.literal(text=source["key"], ids=[f"source-{source['key']}"])
        cited = nodes.inline("", "", nodes.Text(f"{source['publisher']}, "), self.title(source))
        plain = (source["published"], source["licence"], KNOWN[source["known"]])
        return [key, cited, *map(nodes.Text, plain)]

    def line(self, source: dict) -> nodes.paragraph:
        """Return a source as a paragraph, for print."""
        line = nodes.paragraph("", "", nodes.strong(text=source["key"]), ids=[f"source-{source['key']}"])
        line["classes"] += ["print-only", "register-line"]
        told = f" ({source['published']}; {source['licence']}; {KNOWN[source['known']]})."
        line += [nodes.Text(f": {source['publisher']}, "), self.title(source), nodes.Text(told)]
        return line

    def title(self, source: dict) -> nodes.Node:
        """Return the title, linked to the publisher's address where that is known."""
        title = nodes.Text(source["title"])
        return nodes.reference("", "", title, refuri=source["url"]) if source["url"].startswith("http") else title


def table(heads: tuple, widths: tuple, rows: list[list[nodes.Node]]) -> nodes.table:
    """Return a table whose first column heads its rows."""
    group = nodes.tgroup("", cols=len(heads))
    group += [nodes.colspec(colwidth=width, stub=int(place == 0)) for place, width in enumerate(widths)]
    head = nodes.row("", *(nodes.entry("", nodes.paragraph(text=text)) for text in heads))
    body = [nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in row)) for row in rows]
    group += [nodes.thead("", head), nodes.tbody("", *body)]
    return nodes.table("", group, classes=["catalogue", "colwidths-given"])


def setup(app):
    app.add_directive("catalogue", Catalogue)
    app.add_directive("register", Register)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
