"""Copies of `data/` to break: change a cell or a row, and ask what refuses it."""

import csv
import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dcr import checks, data, paths
from dcr.checks import comparison, effects, people, places, positions, register, rooms, rules, scotland, substances

MODULES = (comparison, effects, people, places, positions, register, rooms, rules, scotland, substances)


@contextmanager
def copied(target: Path) -> Iterator[Path]:
    """Copy the tables into `target` and let `dcr.data` read them there; afterwards read the real ones again."""
    shutil.copytree(paths.ROOT / "data", target, dirs_exist_ok=True)
    data.use(target)
    try:
        yield target
    finally:
        data.use()


def rows_of(file: Path) -> list[list[str]]:
    """Return all rows of a CSV file, the header first."""
    return list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))


def write_rows(file: Path, rows: list[list[str]], end: str = "\n") -> None:
    """Write rows as a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows(rows)
    file.write_bytes(text.getvalue().encode())


def checks_by_table() -> dict[str, list[Callable[[], None]]]:
    """Return for each table the checks that read it, its control totals last: seen by running each check once."""
    readers: dict[str, list] = {name: [] for name in data.names()}
    seen: set[str] = set()

    def recording(function: Callable) -> Callable:
        def record(name: str):
            seen.add(name)
            return function(name)

        return record

    originals = [
        (module, name, getattr(module, name)) for module in MODULES for name in ("read", "raw_table") if hasattr(module, name)
    ]
    for module, name, function in originals:
        setattr(module, name, recording(function))
    try:
        for check in checks.every():
            seen.clear()
            check()
            for name in seen:
                readers[name].append(check)
    finally:
        for module, name, function in originals:
            setattr(module, name, function)
    for name, listed in readers.items():
        mine = rules.CHECKS.get(name, [])  # the likeliest to see a break come first, the slow records of the data last
        listed.sort(key=lambda check, mine=mine: (check.__module__ == register.__name__, check not in mine))
    return readers


def refused_by(table: str, readers: list[Callable[[], None]], controls: bool = True) -> str | None:
    """Read a changed table anew and return the message of what refuses it, or None. Any other exception is passed on.

    What was read before is remembered again afterwards: only the file has to be put back.
    """
    before = [(function.results, dict(function.results)) for function in (data.read, data.raw_table)]
    data.forget(table)
    try:
        data.read(table)
        for other in data.names():
            if any(key["reference"]["resource"] == table for key in data.foreign_keys(other)):
                data.read(other)
        for check in readers:
            check()
        if controls:
            register.control_totals_of(table)()
    except data.DataError as error:
        return str(error)
    finally:
        for results, kept in before:
            results.clear()
            results.update(kept)
    return None


def put_back(folder: Path, table: str) -> None:
    """Put back the file of a table of the copy as it was."""
    path = data.describe(table)["path"]
    shutil.copyfile(paths.ROOT / "data" / path, folder / path)


def restore(folder: Path, table: str) -> None:
    """Put back a table of the copy as it was, to be read anew."""
    put_back(folder, table)
    with suppress(data.DataError):
        data.forget(table)
