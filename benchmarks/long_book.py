"""A book of any number of chapters, made of the real ones: each copy has its own names of numbers, figures and tables.

A copy stands alone: what it says of other chapters is written out as text. Its numbers, figures and tables get the
copy's ending where they are made, by a first cell that the copy adds, and where its prose prints or refers to them.
"""

import json
import re
import shutil
from itertools import cycle, islice
from pathlib import Path

# Pages that tell of the whole book, each once, and those that a long book does without
WHOLE = ("index", "brief", "methods", "glossary", "reviewing", "changes", "data", "numbers", "references")

# The other pages of a long book
PAGES = {
    "long": "# A long book\n\nIts chapters are copies.\n",
    "brief": "# Brief\n\nThis long book has no brief.\n",
    "references": "# References\n\n```{bibliography}\n```\n",
}

# The first cell of a copy: from here on, names get an ending, and what code writes prints the copy's own numbers
FIRST = """\
```{{code-cell}} ipython3
import re

from IPython import display

from dcr import figures, numbers, tables

OWN = {own}
FUNCTIONS = numbers.number, figures.chart, tables.table, display.Markdown


def renamed(text):
    return re.sub(r"\\{{n\\}}`(\\w+)`", renamed_role, text)


def renamed_role(role):
    if role[1].endswith("_{ending}"):
        return role[0]
    return f"{{{{n}}}}`{{role[1]}}_{ending}`" if role[1] in OWN else "some"


def number(name, *values, **told):
    FUNCTIONS[0](f"{{name}}_{ending}", *values, **told)


def captioned(make):
    def made(content, name, *values, **told):
        worded = {{key: renamed(text) if isinstance(text, str) and key != "alt" else text for key, text in told.items()}}
        return make(content, f"{{name}}-{ending}", *values, **worded)

    return made


numbers.number, figures.chart, tables.table = number, captioned(FUNCTIONS[1]), captioned(FUNCTIONS[2])
display.Markdown = lambda text: FUNCTIONS[3](renamed(text))
```

"""


def chapters(root: Path) -> list[Path]:
    """Return the chapters that hold code, without the pages that tell of the whole book."""
    return [
        path
        for path in sorted((root / "book").glob("*.md"))
        if path.stem not in WHOLE and "{code-cell}" in path.read_text(encoding="utf-8")
    ]


def copied(text: str, own: set[str], ending: str) -> str:
    """Return the text of a chapter as a copy of its own: names with an ending, no reference to another chapter."""
    labels = set(re.findall(r'(?:"|^:name: )((?:fig|tab)-[\w-]+)', text, flags=re.MULTILINE))
    roles = {
        "n": lambda name: f"{{n}}`{name}_{ending}`" if name in own else "some",
        "numref": lambda name: f"{{numref}}`{name}-{ending}`" if name in labels else "elsewhere",
        "ref": lambda name: "elsewhere",
        "doc": lambda name: "elsewhere",
        "download": lambda name: "a file",
    }
    role = re.compile(rf"\{{({'|'.join(roles)})\}}`([^`]+)`")
    parts = re.split(r"(^```\{code-cell\}.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    prose = [role.sub(lambda found: roles[found[1]](found[2]), part) for part in parts[::2]]
    prose = [re.sub(r"^:name: .*", rf"\g<0>-{ending}", part, flags=re.MULTILINE) for part in prose]
    prose[0] += FIRST.format(own=sorted(own), ending=ending)
    whole = [part for pair in zip(prose, [*parts[1::2], ""], strict=True) for part in pair]
    return "".join(whole)


def make(root: Path, target: Path, length: int) -> list[Path]:
    """Write a book of `length` chapters to `target`, made of those of the built book in `root`; return the chapters."""
    left_out = shutil.ignore_patterns("_build", ".venv", ".git", "__pycache__", ".pytest_cache", ".ruff_cache", "tests")
    shutil.copytree(root, target, ignore=left_out)  # the chapters too, outside the contents: checks look for what they cite
    made_by: dict[str, set[str]] = {}
    for record in json.loads((root / "_build" / "numbers.json").read_text(encoding="utf-8")):
        made_by.setdefault(record["chapter"], set()).add(record["name"])
    made = []
    for place, source in enumerate(islice(cycle(chapters(root)), length), 1):
        path = target / "book" / f"{source.stem}-{place}.md"
        text = copied(source.read_text(encoding="utf-8"), made_by.get(source.stem, set()), str(place))
        path.write_text(text, encoding="utf-8")
        made.append(path)
    for name, page in PAGES.items():
        (target / "book" / f"{name}.md").write_text(page, encoding="utf-8")
    names = [*(path.stem for path in made), "brief", "references", "numbers"]
    listed = "".join(f"  - file: book/{name}\n" for name in names)
    (target / "_toc.yml").write_text(f"format: jb-book\nroot: book/long\nparts:\n- caption: Copies\n  chapters:\n{listed}")
    return made
