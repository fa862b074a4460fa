"""Tell what changed: `python -m tools.changes FROM`. The Makefile's `make changes FROM=…`.

FROM is a kept edition (2026.1), a ledger file (numbers.json) or the folder of an earlier build (_build or its html).
Compares it with the present build and writes `_build/changes/index.html`: the numbers added, removed and changed, and
the changed passages of each chapter, for whoever reviews a proposed change; `numbers.csv` beside it has the numbers.

`python -m tools.changes --keep` (`make edition`) keeps ledger and text of the present build in `book/editions/`.
"""

import argparse
import csv
import difflib
import re
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

import lxml.html
import yaml

from tools.paths import BOOK, BUILD, CONFIG, ROOT

sys.path.insert(0, str(BOOK / "_ext"))

import editions

EDITIONS = BOOK / "editions"
OUT = BUILD / "changes"
COLUMNS = ("name", "chapter", "change", "old_text", "new_text", "old_value", "new_value", "unit", "definition", "why")

# Pages whose text is a list of what stands elsewhere: the numbers, the tables, the changes themselves
LISTS = ("numbers", "data", "changes")

# Elements that hold one passage each, and what is no prose
PASSAGES = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "caption", "pre")
LEFT_OUT = ("script", "style", "details", "svg", "nav", "button")
LEFT_OUT_CLASSES = {"cell_input", "chart-data", "downloads", "headerlink", "toctree-wrapper"}

# Links to headings, and numbers that move when a chapter is added
NUMBERING = {"headerlink", "section-number", "caption-number"}

# Two passages are one that changed if they agree at least so far, else one that went and one that came
ALIKE = 0.4

Text = dict[str, list[str]]


class ChangesError(Exception):
    """The comparison cannot be made; the message is for the reader."""


@dataclass
class Stand:
    """A state of the book: what it is called, its numbers, and its chapters' passages where they are known."""

    title: str
    numbers: dict[str, dict]
    text: Text | None


def passages(page: Path) -> list[str]:
    """Return the passages of a page in reading order: headings (marked “# ”), paragraphs, rows of tables, pictures' words."""
    tree = lxml.html.document_fromstring(page.read_bytes(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    articles = tree.xpath("//article")
    return list(walk(articles[0])) if articles else []


def walk(element):
    """Yield the passages below an element."""
    for child in element:
        if not isinstance(child.tag, str) or child.tag in LEFT_OUT or LEFT_OUT_CLASSES & set(child.get("class", "").split()):
            continue
        if child.tag == "tr":
            text = " | ".join(words_of(cell) for cell in child)
        elif child.tag == "img":
            text = f"[Picture: {' '.join(child.get('alt', '').split())}]"
        elif child.tag in PASSAGES:
            text = ("# " if re.fullmatch("h[1-6]", child.tag) else "") + words_of(child)
        else:
            yield from walk(child)
            continue
        if text.strip("# |"):
            yield text


def words_of(element) -> str:
    """Return the text of an element on one line, without what a chapter more or a citation more would renumber."""
    for part in element.xpath(".//*[@class]"):
        if NUMBERING & set(part.get("class").split()):
            part.drop_tree()
    for citation in element.xpath(".//a[contains(@href, '#cite-')]"):
        citation.text = citation.get("href").partition("#cite-")[2]
    return " ".join(element.text_content().split())


def text_of_build(html: Path) -> Text:
    """Return the passages of each chapter of a built web book, by the chapter's name."""
    return {page.stem: passages(page) for page in sorted((html / "book").glob("*.html")) if page.stem not in LISTS}


def keep_text(text: Text, path: Path) -> None:
    """Write the passages of all chapters to one file, a passage a line, each chapter after a line “=== name”."""
    lines = [line for chapter, found in text.items() for line in (f"=== {chapter}", *found)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def kept_text(path: Path) -> Text | None:
    """Return the passages kept in a file, or None where there is none. Raises ChangesError for another kind of file."""
    if not path.exists():
        return None
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ChangesError(f"{path} cannot be read as the text of an edition: {error}.") from error
    text: Text = {}
    for line in lines:
        if line.startswith("=== "):
            chapter = text.setdefault(line.removeprefix("=== "), [])
        elif line and not text:
            raise ChangesError(f"{path} is no text of an edition: it must begin with a line such as “=== deaths”.")
        elif line:
            chapter.append(line)
    return text


def edition_of_book() -> str:
    """Return the edition that the settings name."""
    return yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["sphinx"]["config"]["edition"]


def present() -> Stand:
    """Return the present build. Raises ChangesError if there is none."""
    if not (BUILD / "numbers.json").exists() or not (BUILD / "html" / "book").is_dir():
        raise ChangesError("There is no built book to compare: run make book first.")
    return Stand("the present build", editions.read(BUILD / "numbers.json"), text_of_build(BUILD / "html"))


def find(wanted: str) -> Stand:
    """Return the stand that FROM names. Raises ChangesError or LedgerError, with one sentence, if there is none."""
    known = editions.kept(EDITIONS)
    if not wanted:
        if not known:
            raise ChangesError(
                "No edition is kept in book/editions: say FROM= with a ledger file or the folder of an earlier build."
            )
        wanted = known[-1]
    if wanted in known:
        return Stand(f"edition {wanted}", editions.read(EDITIONS / f"{wanted}.json"), kept_text(EDITIONS / f"{wanted}.txt"))
    path = Path(wanted)
    try:
        folder, file = path.is_dir(), path.is_file()
    except (OSError, ValueError) as error:
        raise ChangesError(f"FROM={wanted[:80]!r} is no edition, file or folder: {error}.") from error
    if folder:
        ledgers = [path / "numbers.json", path.parent / "numbers.json"]
        ledger = next((one for one in ledgers if one.is_file()), None)
        if ledger is None:
            raise ChangesError(f"The folder {wanted} holds no numbers.json: give the _build or html folder of an earlier build.")
        html = next((one for one in (path, path / "html") if (one / "book").is_dir()), None)
        return Stand(f"the build in {wanted}", editions.read(ledger), text_of_build(html) if html else None)
    if file:
        return Stand(f"the ledger {wanted}", editions.read(path), kept_text(path.with_suffix(".txt")))
    said = f"kept are {', '.join(known)}" if known else "none is kept yet"
    raise ChangesError(
        f"There is no edition, ledger file or folder named “{wanted}”: {said}. "
        "Say FROM= with an edition, a ledger file (numbers.json) or the folder of an earlier build."
    )


def marked(old: str, new: str) -> str:
    """Return two versions of a passage as one line of HTML, with what went in <del> and what came in <ins>."""
    before, after = (re.findall(r"\s+|[\w£€$]+(?:[.,’'-]\w+)*%?|[^\w\s]", text) for text in (old, new))
    parts = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(escape("".join(before[a:b])))
        else:
            parts += [gone("".join(before[a:b])), come("".join(after[c:d]))]
    return "".join(parts)


def gone(text: str) -> str:
    """Return text that was removed, as HTML; told to screen readers as well."""
    return f'<del><span class="spoken"> [removed: </span>{escape(text)}<span class="spoken">] </span></del>' if text else ""


def come(text: str) -> str:
    """Return text that was added, as HTML; told to screen readers as well."""
    return f'<ins><span class="spoken"> [added: </span>{escape(text)}<span class="spoken">] </span></ins>' if text else ""


def changed_passages(old: list[str], new: list[str]) -> list[tuple[str, str]]:
    """Return each change of a chapter as HTML, with the heading below which it stands."""
    found = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        heading = next((line[2:] for line in reversed(new[:c]) if line.startswith("# ")), "")
        went, came = old[a:b], new[c:d]
        for place in range(max(len(went), len(came))):
            one, other = went[place : place + 1], came[place : place + 1]
            if one and other and difflib.SequenceMatcher(None, one[0].split(), other[0].split()).ratio() >= ALIKE:
                found.append((heading, marked(one[0], other[0])))
            else:
                found += [(heading, mark(text)) for mark, texts in ((gone, one), (come, other)) for text in texts]
    return found


def text_changes(old: Text, new: Text) -> dict[str, list[tuple[str, str]]]:
    """Return the changes of each chapter that changed; a chapter that came or went is one change."""
    found = {}
    for chapter in [*new, *(chapter for chapter in old if chapter not in new)]:
        if chapter not in old or chapter not in new:
            found[chapter] = [("", come("This page is new.") if chapter in new else gone("This page is no longer there."))]
        elif old[chapter] != new[chapter]:
            found[chapter] = changed_passages(old[chapter], new[chapter])
    return found


STYLE = """
:root { color-scheme: light dark; --ink: #111; --paper: #fff; --quiet: #3d3d3d; --rule: #8a8a8a; --link: #12436d;
  --went: #fbe3ea; --came: #ddf1ec; }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #16181c; --quiet: #c8c8c8; --rule: #8a8a8a; --link: #8ec5f5;
  --went: #5b1f35; --came: #134a41; } }
body { font: 1rem/1.55 "Source Serif Pro", Georgia, serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 62rem; padding: 1.5rem; overflow-wrap: break-word; }
h1, h2, h3, table, nav { font-family: "Source Sans Pro", system-ui, sans-serif; line-height: 1.3; }
a { color: var(--link); } nav a { display: block; padding: .15rem 0; } a:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; } th, td { min-width: 5.5rem; text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0;
  border-bottom: 1px solid var(--rule); font-weight: 400; } thead th { font-weight: 600; }
.wide { overflow-x: auto; position: relative; } .quiet { color: var(--quiet); font-size: .9rem; }
del { background: var(--went); text-decoration: line-through; text-decoration-thickness: 2px; }
del + ins { margin-left: .25em; }
ins { background: var(--came); text-decoration: underline; text-decoration-thickness: 2px; font-weight: 600; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 36rem) { body { padding: 0.75rem; } table { font-size: .9rem; } th, td { min-width: 4rem; } th[scope="row"] { min-width: 8.5rem; } td:nth-child(4) { min-width: 11rem; } }
@media print { body { max-width: none; padding: 0; } }
"""


def page(old: Stand, new: Stand, changes: editions.Changes, titles: dict[str, str]) -> str:
    """Return the page of changes as HTML that needs nothing else."""
    told = editions.told(changes, old.title, new.title)
    numbers = number_tables(changes, titles) or "<p>No number changed.</p>"
    if changes.resourced:
        numbers += f"<p>Of the others, {len(changes.resourced):,} rest on other sources, with the same value.</p>"
    if old.text is None or new.text is None:
        links, prose = "", f"<p>The text of {escape(old.title)} is not at hand, so only the numbers are compared.</p>"
    else:
        chapters = text_changes(old.text, new.text)
        names = {chapter: (new.text.get(chapter) or old.text[chapter] or [chapter])[0].removeprefix("# ") for chapter in chapters}
        links = "".join(f'<li><a href="#{escape(key)}">{escape(name)}</a></li>' for key, name in names.items())
        prose = "".join(chapter_changes(key, names[key], found) for key, found in chapters.items())
        prose = prose or "<p>No text of a chapter changed.</p>"
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>What changed from {escape(old.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>What changed</h1>\n<p>{escape(told)}</p>\n"
        '<p class="quiet">Removed words are <del>struck through</del>, added words <ins>bold and underlined</ins>. '
        "The ledger, the catalogue of tables, code and drawings are not compared as text; a picture is compared by its description.</p>\n"
        f'<nav aria-label="On this page"><ul><li><a href="#numbers">Numbers</a></li>{links}</ul></nav>\n'
        f'<section aria-labelledby="numbers"><h2 id="numbers">Numbers</h2>\n{numbers}</section>\n{prose}\n</main>\n</body>\n</html>\n'
    )


def number_tables(changes: editions.Changes, titles: dict[str, str]) -> str:
    """Return tables of the numbers that changed, were added and were removed."""
    changed = [
        (
            new,
            f"<td>{gone(editions.shown(old, new))}</td><td>{come(editions.shown(new, old))}</td>"
            f"<td>{escape(editions.why(old, new, titles))}</td>",
        )
        for old, new in changes.changed
    ]
    tables = number_table("Changed", ("Before", "Now", "Why, as the ledgers tell"), changed)
    tables += number_table("Added", ("Now",), [(one, f"<td>{come(one['text'])}</td>") for one in changes.added])
    return tables + number_table("Removed", ("Before",), [(one, f"<td>{gone(one['text'])}</td>") for one in changes.removed])


def number_table(caption: str, heads: tuple[str, ...], rows: list[tuple[dict, str]]) -> str:
    """Return a table of numbers, headed by what each number is; nothing for no rows."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in ("Number", *heads))
    body = "".join(
        f'<tr><th scope="row">{escape(record["definition"])} <span class="quiet">({escape(record["unit"])}; '
        f"{escape(record['name'])}, {escape(record['chapter'])})</span></th>{cells}</tr>\n"
        for record, cells in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{caption} numbers"><table>'
        f"<caption>{caption} ({len(rows):,})</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n"
    )


def chapter_changes(key: str, title: str, found: list[tuple[str, str]]) -> str:
    """Return the changed passages of a chapter, each group below its heading."""
    parts, last = [], title
    for heading, passage in found:
        if heading and heading != last:
            parts.append(f"<h3>{escape(heading)}</h3>")
        last = heading or last
        parts.append(f"<p>{passage}</p>")
    return (
        f'<section aria-labelledby="{escape(key)}"><h2 id="{escape(key)}">{escape(title)}</h2>\n'
        + "\n".join(parts)
        + "</section>\n"
    )


def number_rows(changes: editions.Changes, titles: dict[str, str]) -> list[dict]:
    """Return one row for each number that changed, was added or was removed, for the CSV file."""
    rows = []
    pairs = [("changed", *pair) for pair in changes.changed]
    pairs += [("added", None, one) for one in changes.added] + [("removed", one, None) for one in changes.removed]
    for kind, old, new in pairs:
        record = new or old
        rows.append({
            "name": record["name"], "chapter": record["chapter"], "change": kind,
            "old_text": old["text"] if old else "", "new_text": new["text"] if new else "",
            "old_value": old["value"] if old else "", "new_value": new["value"] if new else "",
            "unit": record["unit"], "definition": record["definition"],
            "why": editions.why(old, new, titles) if old and new else "",
        })  # fmt: skip
    return rows


def titles() -> dict[str, str]:
    """Return publisher and title of every source of the register, by key."""
    with (ROOT / "data" / "sources.csv").open(encoding="utf-8", newline="") as file:
        return editions.titles_of({source["key"]: source for source in csv.DictReader(file)})


def write(old: Stand, new: Stand) -> str:
    """Write the page and the CSV file; return one sentence on what changed."""
    changes, known = editions.compare(old.numbers, new.numbers), titles()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "index.html").write_text(page(old, new, changes, known), encoding="utf-8")
    with (OUT / "numbers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(number_rows(changes, known))
    return editions.told(changes, old.title, new.title)


def keep() -> str:
    """Keep ledger and text of the present build as those of the edition that the settings name; return what was done."""
    edition, stand = edition_of_book(), present()
    editions.order(edition)
    path = EDITIONS / f"{edition}.json"
    done = "renewed" if path.exists() else "kept"
    editions.keep(stand.numbers, path)
    keep_text(stand.text, path.with_suffix(".txt"))
    return f"Edition {edition} is {done} in book/editions: {len(stand.numbers):,} numbers, {len(stand.text):,} pages of text."


def main(arguments: list[str] | None = None) -> int:
    """Compare or keep, and turn every foreseeable fault into a sentence and an exit code."""
    parser = argparse.ArgumentParser(prog="make changes", description=__doc__.split("\n\n")[0])
    parser.add_argument("start", nargs="?", default="", metavar="FROM")
    parser.add_argument("--keep", action="store_true", help="keep the present build as its edition")
    options = parser.parse_args(arguments)
    try:
        print(keep() if options.keep else write(find(options.start), present()))
    except (ChangesError, editions.LedgerError) as error:
        print(error)
        return 1
    except OSError as error:
        print(f"Nothing was compared: {error}.")
        return 1
    if not options.keep:
        print(f"Open {(OUT / 'index.html').relative_to(BUILD.parent).as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
