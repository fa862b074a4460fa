"""Ledgers of editions: keep one, read one, and tell what changed between two.

`book/editions/2026.1.json` holds the numbers of edition 2026.1, one a line: name, chapter, text, value, unit,
definition, sources. The page “What changed” and `make changes` compare two such ledgers with these functions.
"""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

# What a kept ledger says of each number
FIELDS = ("name", "chapter", "text", "value", "unit", "definition", "sources")

# How many sources a reason spells out
SHOWN = 3


class LedgerError(ValueError):
    """A ledger cannot be read; the message is one sentence for the reader."""


@dataclass
class Changes:
    """What differs between two ledgers; `changed` holds pairs of the old and the new record."""

    added: list[dict]
    removed: list[dict]
    changed: list[tuple[dict, dict]]
    resourced: list[tuple[dict, dict]]  # the same value and definition, from other sources


def order(edition: str) -> tuple[int, int]:
    """Return the place of an edition YEAR.N among others. Raises LedgerError for any other name."""
    if not re.fullmatch(r"\d{4}\.\d{1,4}", edition, re.ASCII):
        raise LedgerError(f"An edition is named by year and number, such as 2026.1, not “{edition}”.")
    year, number = edition.split(".")
    return int(year), int(number)


def kept(folder: Path) -> list[str]:
    """Return the editions whose ledgers are kept in a folder, oldest first. Raises LedgerError for a misnamed file."""
    return sorted((path.stem for path in folder.glob("*.json")), key=order)


def before(edition: str, folder: Path) -> str | None:
    """Return the latest kept edition before `edition`, or None where it is the first."""
    earlier = [one for one in kept(folder) if order(one) < order(edition)]
    return earlier[-1] if earlier else None


def read(path: Path) -> dict[str, dict]:
    """Return the numbers of a ledger file by name. Raises LedgerError, saying file and fault, if it is not one."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise LedgerError(f"{path} cannot be read as a ledger of numbers: {error}.") from error
    if not isinstance(entries, list):
        raise LedgerError(f"{path} is no ledger of numbers: it must hold a list, as _build/numbers.json does.")
    found = {}
    for place, entry in enumerate(entries, 1):
        lacking = [field for field in FIELDS if not isinstance(entry, dict) or field not in entry]
        if lacking:
            raise LedgerError(f"{path} is no ledger of numbers: its entry {place} lacks “{lacking[0]}”.")
        for field, kind in (("value", (str, int, float)), ("sources", list)):
            if not isinstance(entry[field], kind) or isinstance(entry[field], bool):
                raise LedgerError(f"{path} is no ledger of numbers: the {field} of its entry {place} is malformed.")
        if not all(isinstance(entry[field], str) for field in FIELDS if field not in ("value", "sources")):
            raise LedgerError(f"{path} is no ledger of numbers: its entry {place} has a field that is not text.")
        if not all(isinstance(key, str) for key in entry["sources"]):
            raise LedgerError(f"{path} is no ledger of numbers: the sources of its entry {place} are malformed.")
        if entry["name"] in found:
            raise LedgerError(f"{path} is no ledger of numbers: it lists “{entry['name']}” twice.")
        found[entry["name"]] = {field: entry[field] for field in FIELDS}
    return found


def keep(numbers: dict[str, dict], path: Path) -> None:
    """Write a ledger as editions keep it: one number a line, so that a change shows as one line."""
    entries = ({field: record[field] for field in FIELDS} for record in numbers.values())
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def same(old: object, new: object) -> bool:
    """Return whether two values agree, but for the last digits of a computed fraction."""
    if isinstance(old, str) or isinstance(new, str):
        return old == new
    return math.isclose(old, new, rel_tol=1e-9, abs_tol=1e-12)


def compare(old: dict[str, dict], new: dict[str, dict]) -> Changes:
    """Return what changed from one ledger to another, in the order of the ledgers."""
    changed, resourced = [], []
    for name in [name for name in new if name in old]:
        pair = old[name], new[name]
        worded = all(pair[0][field] == pair[1][field] for field in ("text", "unit", "definition"))
        if not worded or not same(pair[0]["value"], pair[1]["value"]):
            changed.append(pair)
        elif set(pair[0]["sources"]) != set(pair[1]["sources"]):
            resourced.append(pair)
    return Changes(
        added=[record for name, record in new.items() if name not in old],
        removed=[record for name, record in old.items() if name not in new],
        changed=changed,
        resourced=resourced,
    )


def why(old: dict, new: dict, titles: dict[str, str]) -> str:
    """Return what the ledgers tell of the reason for a change: sources, definition or unit, or none of these.

    titles  a source's publisher and title by its key; a key that is not there is told as it is
    """
    reasons = []
    for keys, said in ((fresh(old, new), "New source"), (fresh(new, old), "No longer used")):
        if keys:
            more = f"; and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
            reasons.append(f"{said}: {'; '.join(titles.get(key, key) for key in keys[:SHOWN])}{more}.")
    if old["unit"] != new["unit"]:
        reasons.append(f"Unit before: {old['unit']}.")
    if old["definition"] != new["definition"]:
        reasons.append(f"Definition before: {old['definition']}.")
    return " ".join(reasons) or "The same sources: a revised table, method or wording."


def fresh(old: dict, new: dict) -> list[str]:
    """Return the sources of a number that it did not have before."""
    return [key for key in new["sources"] if key not in old["sources"]]


def shown(record: dict, other: dict | None = None) -> str:
    """Return a number's text; with its exact value where another record prints the same text."""
    if other is None or record["text"] != other["text"] or same(record["value"], other["value"]):
        return record["text"]
    return f"{record['text']} (exactly {record['value']})"


def told(changes: Changes, earlier: str, later: str) -> str:
    """Return one sentence on how many numbers changed, were added and were removed."""
    return (
        f"From {earlier} to {later}, {counted(len(changes.changed))} changed, {counted(len(changes.added))} "
        f"{were(changes.added)} added and {counted(len(changes.removed))} {were(changes.removed)} removed."
    )


def counted(count: int) -> str:
    """Return a count of numbers in words: no number, 1 number, 12 numbers."""
    return f"{count:,} number" + ("" if count == 1 else "s") if count else "no number"


def were(records: list) -> str:
    """Return the verb for a count: was for none or one, were for more."""
    return "were" if len(records) > 1 else "was"


def titles_of(sources: dict[str, dict]) -> dict[str, str]:
    """Return publisher and title by key, of the rows of the register of sources."""
    return {key: f"{source['publisher']}, {source['title']}" for key, source in sources.items()}
