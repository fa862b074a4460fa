"""Leave nothing of earlier builds in the web book, so that the same inputs give the same bytes whatever was built before.

Sphinx adds to its folder and never takes away: a page that left the contents, an earlier picture, a word of the search
that no page holds any more.
"""

import json
import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from sphinx.search import js_index

# Folders whose files are there for the pages that refer to them
REFERRED = re.compile(r'["\'](?:\.\./)*((?:_downloads|_images|_sources|notebooks)/[^"\'#?\s]+)')
FOLDERS = ("_downloads", "_images", "_sources", "notebooks")


def clear_static(app, config) -> None:
    """Take away the static files, all of which each build writes anew."""
    shutil.rmtree(Path(app.outdir, "_static"), ignore_errors=True)


def write_first(app, env) -> list[str]:
    """Have the first page written, for Sphinx copies static files only where some page is."""
    return [app.config.root_doc]


def terms_of(app) -> Path:
    """Return the file that keeps the terms of the search."""
    return Path(app.doctreedir, "terms.json")


def recall_terms(app, env) -> None:
    """Give the index of the search the terms of pages that this build may leave alone, which Sphinx forgets."""
    kept = json.loads(terms_of(app).read_text(encoding="utf-8")) if terms_of(app).exists() else {}
    env._search_index_index_entries.update({page: terms for page, terms in kept.items() if page in env.found_docs})


def sweep(app, exception: Exception | None) -> None:
    """Take away the pages that are not in the book, the files that no page refers to, and words without a page."""
    if exception or app.builder.name != "html":
        return
    out, needed = Path(app.outdir), set()
    for page in [page for page in out.rglob("*.html") if page.parent != out and "_static" not in page.parts]:
        if page.relative_to(out).with_suffix("").as_posix() in app.env.found_docs:
            needed |= {unquote(unescape(found)) for found in REFERRED.findall(page.read_text(encoding="utf-8"))}
        else:
            page.unlink()
    for file in [file for folder in FOLDERS for file in (out / folder).rglob("*") if file.is_file()]:
        if file.relative_to(out).as_posix() not in needed:
            file.unlink()
    index = out / app.builder.searchindex_filename
    found = js_index.loads(index.read_text(encoding="utf-8"))
    for words in (found["terms"], found["titleterms"]):
        for word in [word for word, places in words.items() if places == []]:
            del words[word]
    found["indexentries"] = {entry: sorted(places) for entry, places in sorted(found["indexentries"].items())}
    index.write_text(js_index.dumps(found), encoding="utf-8")


def keep_terms(app, exception: Exception | None) -> None:
    """Keep the terms of all pages for the next build."""
    if not exception and app.builder.name == "html":
        terms_of(app).write_text(json.dumps(app.env._search_index_index_entries), encoding="utf-8")


def setup(app):
    app.connect("config-inited", clear_static)
    app.connect("env-updated", write_first)
    app.connect("env-updated", recall_terms)
    app.connect("build-finished", sweep, priority=900)
    app.connect("build-finished", keep_terms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
