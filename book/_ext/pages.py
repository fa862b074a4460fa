"""What every page of the web book needs beyond the theme: folded code, headers with scope, edition, downloads, notebooks."""

import json
import re
from html import escape
from pathlib import Path

import nbformat
import yaml
from docutils import nodes
from jupyter_cache import get_cache
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from ledger import ledger

LOGGER = logging.getLogger(__name__)

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


def without_roles(html: str) -> str:
    """Return HTML without the roles of citations: they are out of use, and their list holds what no list may."""
    return html.replace('<div role="list" class="citation-list">', '<div class="citation-list">').replace(
        ' role="doc-biblioentry"', ""
    )


# How wide a page shows a picture at most, in pixels: the 42rem of screen.css
WIDTH = 672


class LazyPictures(SphinxPostTransform):
    """Gives pictures their size, so that nothing moves when they are loaded, as readers come near them."""

    default_priority = 7
    builders = ("html",)

    def run(self, **kwargs) -> None:
        for image in self.document.findall(nodes.image):
            if "ratio" in image:
                width, height = image["ratio"]
                image["width"], image["height"] = f"{WIDTH}px", f"{round(WIDTH * height / width)}px"
                image["loading"] = "lazy"
                image["classes"].append("no-scaled-link")


def with_size(html: str) -> str:
    """Return HTML whose pictures have their size as attributes, which style sheets may overrule."""
    return re.sub(r'(<img [^>]*?)style="width: (\d+)px; height: (\d+)px;?"', r'\1width="\2" height="\3"', html)


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


# A table of four columns or more with a cell of more signs than this is one of prose
PROSE = 50


class WordyTables(SphinxPostTransform):
    """Marks tables of prose, which need smaller letters and more room for a line than tables of numbers."""

    default_priority = 7
    builders = ("html",)

    def run(self, **kwargs) -> None:
        for table in self.document.findall(nodes.table):
            columns = list(table.findall(nodes.colspec))
            if len(columns) > 3 and any(len(cell.astext()) > PROSE for cell in table.findall(nodes.entry)):
                table["classes"].append("wordy")


def with_scope(html: str) -> str:
    """Return HTML whose table headers say what they head."""
    html = re.sub(r'<th class="(?=[^"]*\bhead\b)', '<th scope="col" class="', html)
    return re.sub(r'<th class="(?=[^"]*\bstub\b)(?![^"]*\bhead\b)', '<th scope="row" class="', html)


# A caption, the legend that docutils opens a second caption for, and what it leaves within both
CAPTION_AND_LEGEND = re.compile(
    r'(<figure class="chart[^>]*>\n<figcaption>.*?)<figcaption>\n(<div class="legend">.*?</div>\n)(.*?)</figcaption>\n</figure>',
    re.DOTALL,
)


def with_caption(html: str) -> str:
    """Return HTML whose figures hold one caption, of headline and subtitle, and after it their picture and source."""
    return CAPTION_AND_LEGEND.sub(r"\1\2</figcaption>\n\3</figure>", html)


def edition(app: Sphinx) -> str:
    """Return the edition, its date and the date of the newest data as one sentence each."""
    newest = ledger(app.env).get("newest_data")
    dated = f"Edition {app.config.edition} of {app.config.edition_date}."
    return f"{dated} Newest data: {newest['text']}." if newest else dated


def finish_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Give a page's table headers their scope, its foot the edition, its head what search engines and previews read."""
    if "body" in context:
        context["body"] = without_roles(with_caption(with_size(with_scope(context["body"]))))
    to_citation = context["pathto"](app.config.root_doc) if pagename != app.config.root_doc else ""
    context["theme_extra_footer"] = (
        f'<p class="edition">{escape(edition(app))} <a href="{escape(to_citation)}#how-to-cite">How to cite</a></p>'
    )
    context["metatags"] = context.get("metatags", "") + preview(app, pagename, context, doctree)


def preview(app: Sphinx, pagename: str, context: dict, doctree) -> str:
    """Return a page's description and what is shown where its address is shared; addresses only once the book has one."""
    config = app.config
    told = opening(doctree) or config.book_description
    title = re.sub(r"<[^>]+>", "", context.get("title") or config.html_title)
    tags = {"og:type": "article", "og:site_name": config.html_title, "og:title": title, "og:description": told}
    if config.html_baseurl:
        tags["og:url"] = context.get("pageurl") or config.html_baseurl
        tags["og:image"] = config.html_baseurl.rstrip("/") + "/_static/preview.png"
        tags["og:image:alt"] = f"{config.html_title}. {config.book_subtitle}."
    lines = [f'<meta name="description" content="{escape(told)}">']
    lines += [f'<meta property="{name}" content="{escape(content)}">' for name, content in tags.items()]
    return "\n  ".join(["", *lines, ""])


# What a preview shows of a page at most
LONGEST_PREVIEW = 300


def opening(doctree) -> str:
    """Return the first paragraph of a page, whole sentences only where it is long."""
    if doctree is None:
        return ""
    first = next(
        (node for section in doctree.findall(nodes.section) for node in section if isinstance(node, nodes.paragraph)), None
    )
    text = " ".join(first.astext().split()) if first is not None else ""
    if len(text) <= LONGEST_PREVIEW:
        return text
    cut = text[:LONGEST_PREVIEW]
    return cut[: cut.rindex(". ") + 1] if ". " in cut else cut[: cut.rindex(" ")] + " …"


# ---------------------------------------------------------------------------------------------------------------------
# What a page loads and offers

# Files that the theme loads on every page: icons by the thousand, for which screen.css has the few that are used; the
# search, which its own page loads; and running code in the browser, which this book does not do
UNUSED = re.compile(
    r'[ ]*<script[^>]*src="[^"]*(?:fontawesome|searchtools|language_data|searchindex)\.js[^>]*></script>\n?', re.IGNORECASE
)


def lean(html: str) -> Markup:
    """Return a piece of a page's head without the files that the book does not need."""
    return Markup(UNUSED.sub("", html))


def add_filter(app: Sphinx) -> None:
    """Let templates use `lean`."""
    if app.builder.name == "html":
        app.builder.templates.environment.filters["lean"] = lean


def offer_downloads(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Make the page's menu of downloads: the publications, and the chapter as text and notebook. Leave out unused files."""
    design = 'class="sd-' in context.get("body", "")
    for kind in ("script_files", "css_files"):
        wanted = []
        for file in context.get(kind, []):
            told = f"{getattr(file, 'filename', file)} {getattr(file, 'attributes', {}).get('body', '')}".lower()
            if "thebe" not in told and (design or "design" not in told) and file not in wanted:
                wanted.append(file)
        context[kind] = wanted
    for group in context.get("header_buttons", []):
        if group["label"] == "download-buttons":
            group.update(tooltip="Download", buttons=menu(app, pagename, context, group["buttons"]))


def menu(app: Sphinx, pagename: str, context: dict, buttons: list[dict]) -> list[dict]:
    """Return the entries of the menu of downloads."""
    root = context["content_root"]
    files = [(title, f"downloads/{name}") for name, title in PUBLICATIONS.items() if name in app.config.publications]
    if app.env.metadata[pagename].get("kernelspec"):
        files.append(("This chapter as a notebook (IPYNB)", f"notebooks/{Path(pagename).name}.ipynb"))
    entries = [{"type": "link", "url": root + path, "text": title, "label": "download"} for title, path in files]
    for button in buttons:
        source = button["label"] == "download-source-button"
        text = "This page as text (MyST)" if source else "Print this page"
        entries.append({name: value for name, value in button.items() if name not in ("icon", "tooltip")} | {"text": text})
    return entries


class DownloadsDirective(SphinxDirective):
    """`{downloads}` lists what can be taken away; publications that this build does not make are left out."""

    def run(self):
        items = [(title, f"../downloads/{name}") for name, title in PUBLICATIONS.items() if name in self.config.publications]
        items.append(("The ledger of numbers, for machines (JSON)", "../numbers.json"))
        entries = [nodes.list_item("", nodes.paragraph("", "", web_link(title, target))) for title, target in items]
        return [nodes.bullet_list("", *entries, classes=["downloads"]), *how_to_cite(self.env)]


def how_to_cite(env) -> list[nodes.Node]:
    """Return the citation of this edition, for people and for programs that manage references; it is for the web alone."""
    file = Path(env.srcdir, "CITATION.cff")
    env.note_dependency(str(file))
    cited = yaml.safe_load(file.read_text(encoding="utf-8"))
    names = [person.get("name") or f"{person['family-names']}, {person['given-names']}" for person in cited["authors"]]
    config, year = env.config, config_year(env.config)
    line = nodes.paragraph(classes=["citation", "web-only"])
    line += [nodes.Text(f"{'; '.join(names)} ({year}). "), nodes.emphasis(text=cited["title"])]
    line += nodes.Text(f". Edition {config.edition}, {config.edition_date}.")
    if config.html_baseurl:
        line += [nodes.Text(" "), nodes.reference("", "", nodes.Text(config.html_baseurl), refuri=config.html_baseurl)]
    fields = {"author": " and ".join(f"{{{name}}}" if "name" in person else name
                                     for name, person in zip(names, cited["authors"], strict=True)),
              "title": cited["title"], "year": year, "edition": config.edition,
              "note": f"Edition of {config.edition_date}"}  # fmt: skip
    if config.html_baseurl:
        fields["url"] = config.html_baseurl
    entry = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    bibtex = (
        '<details class="bibtex"><summary>For reference managers (BibTeX)</summary>'
        f"<pre>{escape(f'@misc{{dcr-{config.edition},{chr(10)}{entry}}}')}</pre></details>\n"
    )
    heading = nodes.rubric(text="How to cite", ids=["how-to-cite"], classes=["web-only"])
    numbers = nodes.paragraph(
        text="To cite a number, add its name from the ledger; to cite a figure or table, its caption.", classes=["web-only"]
    )
    return [heading, line, numbers, nodes.raw("", bibtex, format="html", classes=["web-only"])]


def config_year(config) -> str:
    """Return the year of the edition's date."""
    return config.edition_date.split()[-1]


def web_link(title: str, target: str) -> nodes.reference:
    """Return a link to a file beside the pages, which Sphinx does not know of."""
    return nodes.reference("", "", nodes.Text(title), refuri=target, internal=True)


def write_first_page(app: Sphinx, exception: Exception | None) -> None:
    """Write `index.html`, which leads to the first chapter, the executed notebooks, and the list of pages for search engines."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    first = app.builder.get_target_uri(app.config.root_doc)
    title = escape(app.config.html_title)
    base = app.config.html_baseurl.rstrip("/")
    canonical = f"{base}/{first}" if base else first
    told = {"description": app.config.book_description, "author": app.config.author}
    meta = "".join(f'<meta name="{name}" content="{escape(content)}">\n' for name, content in told.items())
    if base:
        shared = {"og:type": "book", "og:title": app.config.html_title, "og:description": app.config.book_description,
                  "og:url": f"{base}/", "og:image": f"{base}/_static/preview.png"}  # fmt: skip
        meta += "".join(f'<meta property="{name}" content="{escape(content)}">\n' for name, content in shared.items())
    (out / "index.html").write_text(
        f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n{meta}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="refresh" content="0; url={first}">\n<link rel="canonical" href="{escape(canonical)}">\n</head>\n'
        f'<body>\n<main><h1>{title}</h1>\n<p><a href="{first}">Open the book</a></p></main>\n</body>\n</html>\n',
        encoding="utf-8",
    )
    (out / "sitemap.xml").unlink(missing_ok=True)
    if base:
        pages = "".join(
            f"<url><loc>{base}/{app.builder.get_target_uri(page)}</loc></url>\n" for page in sorted(app.env.found_docs)
        )
        (out / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
            f"{pages}</urlset>\n",
            encoding="utf-8",
        )
    write_notebooks(app, out / "notebooks")


def write_notebooks(app: Sphinx, folder: Path) -> None:
    """Write the chapters' notebooks with the outputs that the pages show."""
    folder.mkdir(exist_ok=True)
    cache = get_cache(app.env.mystnb_config.execution_cache_path)
    for page in sorted(page for page in app.env.found_docs if app.env.metadata[page].get("kernelspec")):
        read = Path(app.env.mystnb_config.output_folder, f"{page}.ipynb").read_text(encoding="utf-8")
        record = cache.match_cache_notebook(nbformat.from_dict(json.loads(read)))
        # Read as plain JSON: the cache's own way validates each notebook anew, which takes seconds
        executed = Path(cache.path, "executed", record.hashkey, "base.ipynb").read_text(encoding="utf-8")
        content = finished(json.loads(read), json.loads(executed))
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        (folder / f"{Path(page).name}.ipynb").write_text(text, encoding="utf-8")


def finished(notebook: dict, executed: dict) -> dict:
    """Return a notebook (JSON) for taking away, with the outputs of its executed copy, which has the same cells of code.

    Its cells ran once, in order, in a fresh kernel: they get the counts that the cache of executed notebooks leaves out.
    Outputs that only this build can read go; each has the same as text or picture. The first cell finds the book's code
    in the data package, where the notebook stands beside that alone.
    """
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    outputs = [cell["outputs"] for cell in executed["cells"] if cell["cell_type"] == "code"]
    for count, (cell, shown) in enumerate(zip(code, outputs, strict=True), 2):
        cell |= {"outputs": shown, "execution_count": count}
        for output in shown:
            if output["output_type"] == "execute_result":
                output["execution_count"] = count
            for kind in [kind for kind in output.get("data", {}) if kind.startswith("application/vnd.dcr.")]:
                del output["data"][kind]
    first = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": FIND}
    notebook["cells"].insert(0, first)
    for place, cell in enumerate(notebook["cells"]):
        cell["id"] = f"cell-{place}"  # made by chance otherwise, so that two builds would differ
    return notebook


# The first cell of a notebook that is taken away
FIND = """\
# The book's code and tables: in the data package (dcr-data.zip), unzipped or not, that stands beside this notebook
import sys
import zipfile
from pathlib import Path

if not list(Path().glob("**/dcr/figures.py")):
    for package in Path().glob("*.zip"):
        zipfile.ZipFile(package).extractall(package.stem)
sys.path[:0] = [str(found.parents[1].resolve()) for found in Path().glob("**/dcr/figures.py")]"""


def check_comments(app: Sphinx, config) -> None:
    """Warn, which stops the build, if online comments are on while the book has no address for them to be kept under."""
    if (config.comments_config or {}).get("hypothesis") and not config.html_baseurl:
        LOGGER.warning(
            "Online comments (html: comments: hypothesis in _config.yml) are kept under the address of the book: set html: baseurl too."
        )


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
    app.add_post_transform(LazyPictures)
    app.add_post_transform(StubColumns)
    app.add_post_transform(WordyTables)
    app.add_post_transform(ShortenForPrint)
    app.connect("config-inited", check_comments, priority=900)
    app.connect("builder-inited", add_filter)
    app.connect("html-page-context", finish_page)
    app.connect("html-page-context", offer_downloads, priority=600)
    app.connect("build-finished", write_first_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
