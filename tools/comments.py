"""Export all comments: `python -m tools.comments`. The Makefile's `make comments`.

Writes `_build/review/comments.csv` and `.xlsx`, one row a comment, joined with what the authors answered in
`review/responses.csv` (columns comment_id, status, response).
"""

import argparse
import csv
import html
import sqlite3
import sys
import unicodedata
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

from tools.paths import BUILD, ROOT

DATABASE = ROOT / "review" / "comments.db"
RESPONSES = ROOT / "review" / "responses.csv"
OUT = BUILD / "review"

COLUMNS = {  # name: width in the workbook
    "comment_id": 11, "chapter": 28, "section": 28, "quoted_passage": 40, "author": 18, "text": 60,
    "date": 20, "reply_to": 9, "status": 14, "response": 60,
}  # fmt: skip

# A comment without a response in the log has this status
OPEN = "open"

QUERY = """
SELECT comments.id, threads.title, threads.uri, passages.section, passages.quote, comments.author, comments.text,
       comments.created, comments.parent, comments.mode
FROM comments JOIN threads ON threads.id = comments.tid LEFT JOIN passages ON passages.comment = coalesce(comments.parent, comments.id)
ORDER BY threads.uri, coalesce(comments.parent, comments.id), comments.id"""


class ExportError(Exception):
    """The export cannot go on; the message is for the authors."""


def responses(path: Path) -> dict[int, dict]:
    """Return status and response by comment number. Raises ExportError, naming file and row, if the log has a fault."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != ["comment_id", "status", "response"]:
            raise ExportError(f"{path.name} must have the columns comment_id, status, response; it has {reader.fieldnames}.")
        log = {}
        for row in reader:
            place = f"{path.name}, line {reader.line_num}"
            if None in row or None in row.values():
                raise ExportError(f"{place} does not have three columns: put text that holds commas in double quotes.")
            if not row["comment_id"].isdecimal():
                raise ExportError(f"{place}: comment_id must be the number of a comment, not “{row['comment_id']}”.")
            if int(row["comment_id"]) in log:
                raise ExportError(f"{place} answers comment {row['comment_id']} a second time: put both into one row.")
            log[int(row["comment_id"])] = row
    return log


def comments(database: Path, log: dict[int, dict]) -> list[dict]:
    """Return all comments in reading order, each with its response. Raises ExportError for responses to no comment."""
    rows = []
    if database.exists():
        # able to write, to undo what a killed server left half done
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=rw", uri=True)) as connection:
            rows = connection.execute(QUERY).fetchall()
    found = []
    for number, title, page, section, quote, author, text, created, parent, mode in rows:
        answer = log.get(number, {"status": OPEN, "response": ""})
        found.append({
            "comment_id": number,
            "chapter": title or page,
            "section": section or "",
            "quoted_passage": quote or "",
            "author": html.unescape(author or ""),  # isso keeps names escaped
            "text": text if mode != 4 else "(deleted by its author)",
            "date": datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "reply_to": parent or "",
            "status": ("awaiting approval" if mode == 2 else answer["status"] or OPEN),
            "response": answer["response"],
        })  # fmt: skip
    unknown = sorted(log.keys() - {row["comment_id"] for row in found})
    if unknown:
        raise ExportError(f"responses.csv answers comments that do not exist: {', '.join(map(str, unknown))}.")
    return found


def harmless(value):
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before such text, in wide letters too."""
    formula = isinstance(value, str) and unicodedata.normalize("NFKC", value[:100]).lstrip().startswith(("=", "+", "-", "@"))
    return f"'{value}" if formula else value


def write_csv(rows: list[dict], path: Path) -> None:
    """Write comments as CSV that spreadsheets read as UTF-8."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)


def write_workbook(rows: list[dict], path: Path) -> None:
    """Write comments as a workbook; text is always text."""
    with xlsxwriter.Workbook(path, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet("Comments")
        wrapped, head = workbook.add_format({"text_wrap": True, "valign": "top"}), workbook.add_format({"bold": True})
        for column, (name, width) in enumerate(COLUMNS.items()):
            sheet.set_column(column, column, width, wrapped)
            sheet.write_string(0, column, name, head)
            for line, row in enumerate(rows, start=1):
                if isinstance(row[name], int):
                    sheet.write_number(line, column, row[name], wrapped)
                else:
                    sheet.write_string(line, column, row[name], wrapped)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, len(rows), len(COLUMNS) - 1)


def export(database: Path = DATABASE, log: Path = RESPONSES, out: Path = OUT) -> list[dict]:
    """Write both files and return their rows."""
    rows = comments(database, responses(log))
    out.mkdir(parents=True, exist_ok=True)
    write_csv(rows, out / "comments.csv")
    write_workbook(rows, out / "comments.xlsx")
    return rows


def main() -> int:
    """Export, and turn every foreseeable fault into a sentence and an exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.comments", description="Export all comments as CSV and XLSX.")
    parser.add_argument("--database", type=Path, default=DATABASE, help="file of the comments")
    parser.add_argument("--responses", type=Path, default=RESPONSES, help="log of the authors' responses")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the two files")
    chosen = parser.parse_args()
    try:
        rows = export(chosen.database, chosen.responses, chosen.out)
    except (ExportError, OSError, UnicodeDecodeError, xlsxwriter.exceptions.XlsxWriterException) as error:
        print(f"The comments were not exported. {error}")
        return 1
    except sqlite3.Error as error:
        print(f"The comments in {chosen.database} cannot be read: {error}.")
        return 1
    print(f"{len(rows)} comments in {chosen.out / 'comments.csv'} and comments.xlsx")
    return 0


if __name__ == "__main__":
    sys.exit(main())
