"""The benchmarks' long book: its chapters are valid, and their names differ."""

import re
import shutil

import jupytext
from conftest import ROOT

from benchmarks import __main__ as benchmarks
from benchmarks import long_book
from dcr import data


def test_copies_of_chapters_are_valid_and_stand_alone(built, tmp_path):
    made = long_book.make(ROOT, tmp_path / "book", 2 * len(long_book.chapters(ROOT)))
    assert len(made) == len({path.name for path in made}) >= 28
    assert (tmp_path / "book" / "_toc.yml").read_text().count("- file:") == len(made) + 3
    for path in made:
        text = path.read_text(encoding="utf-8")
        ending = path.stem.rpartition("-")[2]
        notebook = jupytext.reads(text, "md:myst")
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert f"_{ending}" in code[0]
        for number, source in enumerate(code):
            compile(source, f"{path.name}, cell {number}", "exec")
        own = set(re.search(r"OWN = \[(.*)\]", code[0])[1].replace("'", "").split(", "))
        for name in re.findall(r"\{n\}`(\w+)`", prose):
            assert name.removesuffix(f"_{ending}") in own and name.endswith(f"_{ending}")
        assert not re.findall(r"\{(?:doc|ref)\}`", prose)


def test_longer_tables_keep_to_their_schema(tmp_path):
    shutil.copytree(ROOT / "data", tmp_path / "data")
    rows = benchmarks.lengthen(tmp_path / "data", 3)
    data.use(tmp_path / "data")
    try:
        assert sum(len(data.read(name)) for name in benchmarks.LONG) == rows
    finally:
        data.use()


def test_growth_is_told_as_a_slope():
    assert round(benchmarks.slope([10, 20, 40], [5, 10, 20]), 6) == 1
    assert round(benchmarks.slope([10, 20, 40], [5, 20, 80]), 6) == 2
