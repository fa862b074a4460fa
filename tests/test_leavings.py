"""The web book holds nothing of earlier builds."""

from types import SimpleNamespace

import pytest
from sphinx.search import js_index

import leavings

PAGE = '<img src="../_images/now.svg"><a href="../_downloads/1f/fig%20a.csv">a</a> <a href="../notebooks/deaths.ipynb#x">b</a>'


@pytest.fixture
def app(tmp_path):
    """A web book as Sphinx leaves it: what it holds now, and what it held before."""
    for name in ("_images/now.svg", "_images/before.svg", "_downloads/1f/fig a.csv", "_downloads/2f/old.csv", "_static/old.css",
                 "notebooks/deaths.ipynb", "notebooks/births.ipynb", "_sources/book/births.md"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "deaths.html").write_text(PAGE)
    (tmp_path / "book" / "births.html").write_text('<img src="../_images/before.svg">')
    (tmp_path / "search.html").write_text("Search")
    index = {"terms": {"now": 0, "both": [0, 1], "before": []}, "titleterms": {"before": []}, "docnames": ["book/deaths"],
             "indexentries": {"rate": [[0, "b", True]], "count": [[0, "a", True]]}}  # fmt: skip
    (tmp_path / "searchindex.js").write_text(js_index.dumps(index))
    builder = SimpleNamespace(name="html", searchindex_filename="searchindex.js")
    return SimpleNamespace(builder=builder, outdir=tmp_path, env=SimpleNamespace(found_docs={"book/deaths"}))


def left(app) -> set[str]:
    return {path.relative_to(app.outdir).as_posix() for path in app.outdir.rglob("*") if path.is_file()}


def test_what_no_page_refers_to_goes(app):
    leavings.clear_static(app, None)
    leavings.sweep(app, None)
    assert left(app) == {"_images/now.svg", "_downloads/1f/fig a.csv", "notebooks/deaths.ipynb", "book/deaths.html",
                         "search.html", "searchindex.js"}  # fmt: skip
    index = js_index.loads((app.outdir / "searchindex.js").read_text())
    assert index["terms"] == {"now": 0, "both": [0, 1]} and index["titleterms"] == {}
    assert list(index["indexentries"]) == ["count", "rate"]


@pytest.mark.parametrize("name, exception", [("pdf", None), ("html", ValueError())])
def test_other_builders_and_failed_builds_are_left_alone(app, name, exception):
    app.builder.name, before = name, left(app)
    leavings.sweep(app, exception)
    assert left(app) == before
