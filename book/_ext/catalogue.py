"""The directives `{catalogue}` and `{register}`: every table and every source, from the Data Package; print has a line each."""

import csv
import json
import re
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
# What print takes for granted
READ_ITSELF = ("first-hand", "page")


class Catalogue(SphinxDirective):
    """`{catalogue}` describes each table: what a row is, fields with units, keys, licence, download."""

    def run(self):
        path = Path(self.env.srcdir, "data", "datapackage.json")
        self.env.note_dependency(str(path))
        resources = json.loads(path.read_text(encoding="utf-8"))["resources"]
        counted = [(resource, self.rows(resource)) for resource in resources]
        return [*(self.section(*one) for one in counted), *(self.line(*one) for one in counted)]

    def rows(self, resource: dict) -> int:
        """Return the number of rows of a table."""
        file = Path(self.env.srcdir, "data", resource["path"])
        self.env.note_dependency(str(file))
        with file.open(encoding="utf-8", newline="") as opened:
            return sum(1 for _ in csv.reader(opened)) - 1

    def section(self, resource: dict, rows: int) -> nodes.section:
        """Return a table with its fields as a section, for the web."""
        name = resource["name"]
        section = nodes.section(ids=[f"table-{name.replace('_', '-')}"], names=[name], classes=["web-only"])
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
        section += [key, self.fields(resource)]
        return section

    def line(self, resource: dict, rows: int) -> nodes.paragraph:
        """Return a table as one paragraph, for print: its title, file, number of rows and what it holds."""
        line = nodes.paragraph("", "", nodes.strong(text=resource["title"]))
        line["ids"], line["classes"] = [f"table-{resource['name'].replace('_', '-')}"], ["print-only", "register-line"]
        holds = re.split(r"(?<=[\w)])\. ", resource["description"])[0].rstrip(".")
        line += [nodes.Text(" ("), nodes.literal(text=resource["path"]), nodes.Text(f", {rows:,} rows): {holds}.")]
        return line

    def fields(self, resource: dict) -> nodes.table:
        rows = []
        for field in resource["schema"]["fields"]:
            allowed = field.get("constraints", {}).get("enum", [])
            meaning = field["description"] + (f" One of: {', '.join(map(str, allowed))}." if allowed else "")
            rows.append([nodes.literal(text=field["name"]), nodes.Text(field["type"]),
                         nodes.Text(field.get("unit", "[z]")), nodes.Text(meaning)])  # fmt: skip
        return table(("Field", "Type", "Unit", "Meaning"), (26, 12, 20, 54), rows)


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
        date = "undated" if source["published"] == "[x]" else source["published"]
        told = "" if source["known"] in READ_ITSELF else f" ({KNOWN[source['known']]})"
        line += [nodes.Text(f": {source['publisher']}, "), self.title(source), nodes.Text(f", {date}{told}.")]
        return line

    def title(self, source: dict) -> nodes.Node:
        """Return the title, linked to the publisher's address where that is known."""
        title = nodes.Text(source["title"])
        return nodes.reference("", "", title, refuri=source["url"]) if source["url"].startswith("http") else title


def table(heads: tuple, widths: tuple, rows: list[list[nodes.Node]], kind: str = "catalogue") -> nodes.table:
    """Return a table of a class, `kind`, whose first column heads its rows."""
    group = nodes.tgroup("", cols=len(heads))
    group += [nodes.colspec(colwidth=width, stub=int(place == 0)) for place, width in enumerate(widths)]
    head = nodes.row("", *(nodes.entry("", nodes.paragraph(text=text)) for text in heads))
    body = [nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in row)) for row in rows]
    group += [nodes.thead("", head), nodes.tbody("", *body)]
    return nodes.table("", group, classes=[kind, "colwidths-given"])


def setup(app):
    app.add_directive("catalogue", Catalogue)
    app.add_directive("register", Register)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
