"""What every page of the web book needs beyond the theme: folded code, headers with scope, edition, first page, notebooks."""

import re
import shutil
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from ledger import ledger

# Publications that `make book` sets beside the web book, with what a reader is told of them
PUBLICATIONS = {
    "dcr-report.pdf": "The report (PDF)",
    "dcr-brief.pdf": "The two-page brief (PDF)",
    "dcr-data.xlsx": "The tables as a workbook (XLSX)",
    "dcr-data.zip": "The data package (ZIP)",
}


class FoldCode(SphinxPostTransform):
    """Folds the code of every cell, gives the cell its address, and drops cells and outputs that show nothing."""

    default_priority = 7

    def run(self, **kwargs) -> None:
        containers = [node for node in self.document.findall(nodes.container) if node.get("nb_element") == "cell_code"]
        for place, cell in enumerate(containers, 1):
            for part in list(cell.findall(nodes.container)):
                shown = [child for child in part if not isinstance(child, nodes.comment)]
                if part.get("nb_element") == "cell_code_output" and not shown:
                    part.parent.remove(part)
            if self.app.builder.name == "html":
                cell["ids"].append(f"cell-{place}")
                cell["hide_mode"] = "input"
                cell["prompt_show"], cell["prompt_hide"] = "Show the code", "Hide the code"
            else:
                for part in [child for child in cell if child.get("nb_element") == "cell_code_source"]:
                    cell.remove(part)
                if not cell.children:
                    cell.parent.remove(cell)


class KeepFor(SphinxPostTransform):
    """Takes what is meant for print alone out of the web book; the report takes out its counterpart."""

    default_priority = 7

    def run(self, **kwargs) -> None:
        unwanted = "print-only" if self.app.builder.name == "html" else "web-only"
        for node in [node for node in self.document.findall(nodes.Element) if unwanted in node.get("classes", [])]:
            node.parent.remove(node)


class ShortenForPrint(SphinxPostTransform):
    """Leaves as many first rows of a long table as its class says, `printed-20`, in the report."""

    default_priority = 7

    def run(self, **kwargs) -> None:
        if self.app.builder.name == "html":
            return
        for table in self.document.findall(nodes.table):
            for kept in [int(name.removeprefix("printed-")) for name in table["classes"] if name.startswith("printed-")]:
                body = next(iter(table.findall(nodes.tbody)))
                del body[kept:]


class RememberDoctrees:
    """Keeps the pages that numbered references look into, which Sphinx would otherwise load again for each of them."""

    def __init__(self, resolve) -> None:
        self.resolve, self.pages = resolve, {}

    def __call__(self, domain, env, *arguments):
        load = env.get_doctree
        env.get_doctree = lambda page: self.pages[page] if page in self.pages else self.pages.setdefault(page, load(page))
        try:
            return self.resolve(domain, env, *arguments)
        finally:
            del env.get_doctree


class StubColumns(SphinxPostTransform):
    """Makes the first column of tables of class `row-headers` head their rows, unless only one column would be left."""

    default_priority = 7

    def run(self, **kwargs) -> None:
        for table in self.document.findall(nodes.table):
            columns = list(table.findall(nodes.colspec))
            if "row-headers" in table["classes"] and len(columns) > 2:
                columns[0]["stub"] = 1


def with_scope(html: str) -> str:
    """Return HTML whose table headers say what they head."""
    html = re.sub(r'<th class="(?=[^"]*\bhead\b)', '<th scope="col" class="', html)
    return re.sub(r'<th class="(?=[^"]*\bstub\b)(?![^"]*\bhead\b)', '<th scope="row" class="', html)


def edition(app: Sphinx) -> str:
    """Return the edition, its date and the date of the newest data as one sentence each."""
    newest = ledger(app.env).get("newest_data")
    dated = f"Edition {app.config.edition} of {app.config.edition_date}."
    return f"{dated} Newest data: {newest['text']}." if newest else dated


def finish_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Give a page's table headers their scope and its foot the edition."""
    if "body" in context:
        context["body"] = with_scope(context["body"])
    context["theme_extra_footer"] = f'<p class="edition">{escape(edition(app))}</p>'


class DownloadsDirective(SphinxDirective):
    """`{downloads}` lists what can be taken away; publications that this build does not make are left out."""

    def run(self):
        items = [(title, f"../downloads/{name}") for name, title in PUBLICATIONS.items() if name in self.config.publications]
        items.append(("The ledger of numbers, for machines (JSON)", "../numbers.json"))
        entries = [nodes.list_item("", nodes.paragraph("", "", web_link(title, target))) for title, target in items]
        return [nodes.bullet_list("", *entries, classes=["downloads"])]


def web_link(title: str, target: str) -> nodes.reference:
    """Return a link to a file beside the pages, which Sphinx does not know of."""
    return nodes.reference("", "", nodes.Text(title), refuri=target, internal=True)


def write_first_page(app: Sphinx, exception: Exception | None) -> None:
    """Write `index.html`, which leads to the first chapter, and the executed notebooks."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    first = app.builder.get_target_uri(app.config.root_doc)
    title = escape(app.config.html_title)
    (out / "index.html").write_text(
        f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta http-equiv="refresh" content="0; url={first}">\n<link rel="canonical" href="{first}">\n</head>\n'
        f'<body>\n<main><h1>{title}</h1>\n<p><a href="{first}">Open the book</a></p></main>\n</body>\n</html>\n',
        encoding="utf-8",
    )
    notebooks = out / "notebooks"
    notebooks.mkdir(exist_ok=True)
    for page in sorted(app.env.found_docs):
        executed = Path(app.env.mystnb_config.output_folder, f"{page}.ipynb")
        if executed.exists() and app.env.metadata[page].get("kernelspec"):
            shutil.copyfile(executed, notebooks / executed.name)


def setup(app: Sphinx):
    app.add_config_value("edition", "", "env", str)
    app.add_config_value("edition_date", "", "env", str)
    app.add_config_value("publications", [], "env", list)
    app.add_directive("downloads", DownloadsDirective)
    # A new memory for each build, over Sphinx's own way of resolving
    plain = getattr(StandardDomain._resolve_numref_xref, "resolve", StandardDomain._resolve_numref_xref)
    remembering = RememberDoctrees(plain)
    StandardDomain._resolve_numref_xref = lambda domain, *arguments: remembering(domain, *arguments)
    StandardDomain._resolve_numref_xref.resolve = plain
    app.add_post_transform(FoldCode)
    app.add_post_transform(KeepFor)
    app.add_post_transform(StubColumns)
    app.add_post_transform(ShortenForPrint)
    app.connect("html-page-context", finish_page)
    app.connect("build-finished", write_first_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
