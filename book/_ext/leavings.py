"""Leave nothing of earlier builds in the web book, so that the same inputs give the same bytes whatever was built before.

Sphinx adds to its folder and never takes away: a page that left the contents, an earlier picture, a word of the search
that no page holds any more.
"""

import pickle
import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from sphinx.application import ENV_PICKLE_FILENAME
from sphinx.search import js_index

# Folders whose files are there for the pages that refer to them
REFERRED = re.compile(r'["\'](?:\.\./)*((?:_downloads|_images|_sources|notebooks)/[^"\'#?\s]+)')
FOLDERS = ("_downloads", "_images", "_sources", "notebooks")


def clear_static(app, config) -> None:
    """Take away the static files, all of which each build writes anew."""
    shutil.rmtree(Path(app.outdir, "_static"), ignore_errors=True)


def write_first(app, env) -> list[str]:
    """Have the first page written, for Sphinx copies static files only where some page is."""
    for page in env._search_index_index_entries.keys() - env.found_docs:
        del env._search_index_index_entries[page]
    return [app.config.root_doc]


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
    """Keep the environment, now with the index of terms: Sphinx would forget the terms of pages that the next build leaves alone."""
    if not exception and app.builder.name == "html":
        with Path(app.doctreedir, ENV_PICKLE_FILENAME).open("wb") as file:
            pickle.dump(app.env, file, pickle.HIGHEST_PROTOCOL)


def setup(app):
    app.connect("config-inited", clear_static)
    app.connect("env-updated", write_first)
    app.connect("build-finished", sweep, priority=900)
    app.connect("build-finished", keep_terms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
