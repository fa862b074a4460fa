"""Write what repeats the register of sources from `data/sources.csv`, so that all always agree.

That is `references.bib`, one entry a source, and the sources of each table in `data/datapackage.json`.
`python -m dcr.bibliography` (from `book/`) refreshes both; a test fails while one is stale.

Where the register names people, entries are `article` if a DOI is known or the publisher is a journal, `techreport` for
public bodies, parliaments and statistical offices, and `misc` for all else.
Where it names none, the publisher stands as author, as a corporate name, of a `misc` entry: a reader sees it once.
"""

import json
import re

import pandas as pd

from dcr import data, paths

TARGET = paths.BOOK / "references.bib"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
JOURNALS = re.compile(
    r"journal of|^addiction$|lancet|plos|cmaj|medical association|jama|criminology|epidemiology|drug and alcohol|hiv medicine"
    r"|current hiv|value in health|bmc |harm reduction journal|health & justice|aids and behavior|salud colectiva"
    r"|substance abuse treatment|risk management|emerging trends|drugs: education|health promotion and chronic|medrxiv",
    re.IGNORECASE,
)
PUBLIC_BODIES = re.compile(
    r"national records|general register|office for national|government|parliament|hansard|committee|public health"
    r"|emcdda|euda|statistics|national health|nhs|department|ministry|health canada|council|world bank|united nations"
    r"|advisory|agency|observatory|inspection|house of|senate|institut|centers for disease|isd scotland|\(isd\)"
    r"|sundhedsstyrelsen|folkh|socialstyrelsen|reitox|focal point|health and social care|reintegration"
    r"|harm reduction international",
    re.IGNORECASE,
)
# The field that holds the publisher, by type of entry
PUBLISHER = {"article": "journal", "techreport": "institution", "misc": "howpublished"}
# What a reader is told of a source that was not read itself
READ_AS = {"copy": "Read in a copy.", "secondary": "Known from another publication that quotes it."}
SPECIAL = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "$": r"\$"}


def escape(text: str) -> str:
    """Return text with the characters escaped that BibTeX and LaTeX read as commands."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def kind(source: pd.Series) -> str:
    """Return the type of entry of a source: article, techreport or misc."""
    if pd.isna(source["authors"]):
        return "misc"
    if pd.notna(source["doi"]) or JOURNALS.search(source["publisher"]):
        return "article"
    return "techreport" if PUBLIC_BODIES.search(source["publisher"]) else "misc"


def entry(source: pd.Series) -> str:
    """Return the BibTeX entry of one row of the register."""
    publisher = escape(source["publisher"])
    people = f"{{{escape(source['authors']).replace('; ', ' and ')}}}" if pd.notna(source["authors"]) else f"{{{{{publisher}}}}}"
    fields = {"title": f"{{{{{escape(source['title'])}}}}}", "author": people}
    if pd.notna(source["authors"]):
        fields[PUBLISHER[kind(source)]] = f"{{{publisher}}}"
    year, *month = source["published"].split("-")[:2] if pd.notna(source["published"]) else ["n.d."]
    fields["year"] = f"{{{year}}}"
    if month:
        fields["month"] = MONTHS[int(month[0]) - 1]
    for name in ("url", "doi"):
        if pd.notna(source[name]):
            fields[name] = f"{{{source[name]}}}"
    note = " ".join(filter(None, [source["note"], READ_AS.get(source["known"])]))
    if note:
        fields["note"] = f"{{{escape(note)}}}"
    lines = ",\n".join(f"  {name} = {value}" for name, value in fields.items())
    return f"@{kind(source)}{{{source['key']},\n{lines}\n}}\n"


def bibliography() -> str:
    """Return the whole of `references.bib`. Raises DataError if the register is broken."""
    sources = data.load("sources").sort_values("key")
    return "\n".join(entry(source) for _, source in sources.iterrows())


# A table of more sources than this refers to the register instead of naming them
NAMED = 4
REGISTER = {"title": "The register of sources (sources.csv), by the keys that each row names", "path": "sources.csv"}


def descriptor() -> str:
    """Return the whole of `datapackage.json` with the sources of each table as its rows name them.

    A table without a column of sources keeps what its description says. Raises DataError if a table is broken.
    """
    register = data.load("sources").set_index("key")
    package = json.loads((paths.DATA / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        if data.source_columns(resource["name"]):
            keys = data.sources_of(data.read(resource["name"]))
            resource["sources"] = [named(register.loc[key]) for key in keys] if len(keys) <= NAMED else [REGISTER]
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def named(source: pd.Series) -> dict[str, str]:
    """Return a source of the register as a Data Package names it."""
    told = {"title": f"{source['publisher']}: {source['title']}"}
    return told if pd.isna(source["url"]) else told | {"path": source["url"]}


def main() -> None:
    """Write both files."""
    TARGET.write_text(bibliography(), encoding="utf-8")
    (paths.DATA / "datapackage.json").write_text(descriptor(), encoding="utf-8")
    print(f"{TARGET.name} and datapackage.json: {len(data.load('sources'))} sources.")


if __name__ == "__main__":
    main()
