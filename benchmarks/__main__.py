"""`python -m benchmarks chapters|data|pairs`: see benchmarks/README.md, and `--help` of each."""

import argparse
import csv
import json
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import long_book
from benchmarks.measure import run, slope

ROOT = Path(__file__).resolve().parents[1]
BUILD = [sys.executable, "-m", "tools.build"]
PLAIN = [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "--all"]
LEFT_OUT = shutil.ignore_patterns("_build", ".venv", ".git", "__pycache__", ".pytest_cache", ".ruff_cache")


def chapters(options: argparse.Namespace, scratch: Path) -> None:
    """Build longer and longer books from nothing; print time and memory of each, and how they grow."""
    run(BUILD, ROOT)  # the copies need the ledger of the book
    print("chapters   seconds   megabytes")
    measured = []
    for length in options.lengths:
        book = scratch / f"book-{length}"
        long_book.make(ROOT, book, length)
        measured.append((length, *run(BUILD, book)))
        print("{:8}{:10.1f}{:12.0f}".format(*measured[-1]), flush=True)
        if not options.keep:
            shutil.rmtree(book)
    tell_slopes(measured)


def tell_slopes(measured: list[tuple[float, float, float]]) -> None:
    """Print how time and memory grow with size."""
    if len(measured) > 1:
        sizes, seconds, megabytes = (list(column) for column in zip(*measured, strict=True))
        print(f"slope   {slope(sizes, seconds):10.2f}" + (f"{slope(sizes, megabytes):12.2f}" if all(megabytes) else ""))


# Large tables whose rows can be repeated in later years, and what reads one of them
LONG = ("deaths_by_area", "deaths_by_age_sex", "deaths_by_substance_age_sex", "europe_drug_deaths")
READ = f"from dcr import data\nfor name in {LONG}: data.read(name)"
STEP = 60  # years: longer than any of the tables


def lengthen(folder: Path, times: int) -> int:
    """Repeat the rows of the large tables of a copy of the data in later years; return how many rows there are."""
    description = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    rows = 0
    for table in [table for table in description["resources"] if table["name"] in LONG]:
        for field in table["schema"]["fields"]:
            if field["name"] == "year":
                field.get("constraints", {}).pop("maximum", None)
        header, *body = csv.reader((folder / table["path"]).read_text(encoding="utf-8").splitlines())
        year = header.index("year")
        later = [[*row[:year], str(int(row[year]) + STEP * copy), *row[year + 1 :]] for copy in range(times) for row in body]
        with (folder / table["path"]).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *later])
        rows += len(later)
    (folder / "datapackage.json").write_text(json.dumps(description), encoding="utf-8")
    return rows


def data(options: argparse.Namespace, scratch: Path) -> None:
    """Read tables with more and more rows, with every check of fields and keys; print time and memory, and how they grow."""
    print("    rows   seconds   megabytes")
    measured = []
    for times in options.times:
        folder = scratch / f"data-{times}"
        shutil.copytree(ROOT / "data", folder)
        rows = lengthen(folder, times)
        measured.append((rows, *run([sys.executable, "-c", READ], ROOT / "book", {"DCR_DATA": str(folder)})))
        print("{:8}{:10.1f}{:12.0f}".format(*measured[-1]), flush=True)
        shutil.rmtree(folder)
    tell_slopes(measured)


def from_nothing(book: Path, turn: int) -> None:
    """Take away all that was built."""
    shutil.rmtree(book / "_build", ignore_errors=True)


def after_data_edit(book: Path, turn: int) -> None:
    """Change a note in a table."""
    note(book / "data" / "first_published.csv", "no later edition", turn)


def after_prose_edit(book: Path, turn: int) -> None:
    """Change a sentence of a chapter."""
    note(book / "book" / "deaths.md", "Latest year available to this edition", turn)


def note(file: Path, words: str, turn: int) -> None:
    """Put a word behind the words in a file that no earlier turn put there."""
    text = file.read_text(encoding="utf-8")
    assert words in text, f"{file} no longer holds “{words}”"
    file.write_text(text.replace(words, f"{words} {'again ' * turn}".rstrip(), 1), encoding="utf-8")


def nothing_changed(book: Path, turn: int) -> None:
    """Change nothing."""


SITUATIONS = {"nothing cached": from_nothing, "a data edit": after_data_edit, "a prose edit": after_prose_edit,
              "nothing changed": nothing_changed}  # fmt: skip


def pairs(options: argparse.Namespace, scratch: Path) -> None:
    """Time the build of everything and the plain build of the web book on equal trees, in turns; print medians and ratio."""
    trees = {"everything": (scratch / "everything", BUILD), "plain": (scratch / "plain", PLAIN)}
    for folder, command in trees.values():
        shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
        run(command, folder)
    print(f"{'situation':16}{'everything':>12}{'plain':>12}{'ratio':>8}")
    for situation, prepare in SITUATIONS.items():
        seconds = {name: [] for name in trees}
        for turn in range(1, options.turns + 1):
            for name in list(trees)[:: 1 if turn % 2 else -1]:
                folder, command = trees[name]
                prepare(folder, turn)
                seconds[name].append(run(command, folder)[0])
        everything, plain = median(seconds["everything"]), median(seconds["plain"])
        print(f"{situation:16}{everything:10.1f} s{plain:10.1f} s{everything / plain:8.2f}", flush=True)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scratch", type=Path, help="folder for the books that are built (default: a temporary one)")
    measures = parser.add_subparsers(required=True, metavar="chapters|data|pairs")
    for measure in (chapters, data, pairs):
        measures.add_parser(measure.__name__, help=measure.__doc__, description=measure.__doc__).set_defaults(measure=measure)
    by_name = measures.choices
    by_name["chapters"].add_argument("lengths", type=int, nargs="*", default=[10, 20, 40, 80], help="numbers of chapters")
    by_name["chapters"].add_argument("--keep", action="store_true", help="keep the books")
    by_name["data"].add_argument("times", type=int, nargs="*", default=[1, 10, 100], help="how often the rows are repeated")
    by_name["pairs"].add_argument("--turns", type=int, default=5, help="how often each situation is timed (default: 5)")
    options = parser.parse_args()
    if options.scratch:
        options.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        options.measure(options, Path(scratch))


if __name__ == "__main__":
    main()
