"""The export of comments, with the authors' responses."""

import csv
import sqlite3
import zipfile
from contextlib import closing

import pytest

from tools import comments, review

ROWS = [  # id, parent, author, text, mode
    (1, None, "=HYPERLINK(1)", "=1+1", 1),
    (2, 1, "A &amp; B &lt;i&gt;", "+44 131", 1),
    (3, None, None, "plain, with “quotes”\nand lines", 1),
    (4, None, None, "", 4),
    (5, None, "@x", "-2", 2),
    (6, None, "\t=1", "＝1+1", 1),
    (7, None, "\r+1", " \n@SUM(A1)", 1),
]


@pytest.fixture
def database(tmp_path):
    """A database as the review server makes it, with comments on one page."""
    path = tmp_path / "comments.db"
    review.open_comments(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO threads VALUES (1, '/book/deaths.html', '1. Deaths')")
        for number, parent, author, text, mode in ROWS:
            connection.execute(
                "INSERT INTO comments (tid, id, parent, created, mode, text, author, voters) VALUES (1, ?, ?, 0, ?, ?, ?, '')",
                (number, parent, mode, text, author),
            )
        connection.execute("INSERT INTO passages VALUES (1, '1.1. Later', '=SUM(A1) in the text', '[]')")
    return path


def exported(database, tmp_path, log="comment_id,status,response\n"):
    """Export and return the rows of the CSV file."""
    (tmp_path / "responses.csv").write_text(log, encoding="utf-8")
    comments.export(database, tmp_path / "responses.csv", tmp_path / "out")
    with (tmp_path / "out" / "comments.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_comment_is_a_row_with_its_passage_and_response(database, tmp_path):
    rows = exported(database, tmp_path, 'comment_id,status,response\n1,accepted,"Done, in edition 2"\n')
    assert [row["comment_id"] for row in rows] == [str(row[0]) for row in ROWS]
    assert (rows[0]["status"], rows[0]["response"]) == ("accepted", "Done, in edition 2")
    assert rows[0]["chapter"] == "1. Deaths" and rows[0]["section"] == "1.1. Later" and rows[0]["date"] == "1970-01-01 00:00:00"
    assert (
        rows[1]["reply_to"] == "1" and rows[1]["author"] == "A & B <i>" and rows[1]["quoted_passage"] == rows[0]["quoted_passage"]
    )
    assert rows[2]["text"] == ROWS[2][3] and rows[2]["status"] == "open"
    assert rows[3]["text"] == "(deleted by its author)" and rows[4]["status"] == "awaiting approval"


def test_no_text_becomes_a_formula(database, tmp_path):
    rows = exported(database, tmp_path)
    for row in rows:
        assert not any(value.strip().startswith(("=", "+", "-", "@", "＝")) for value in row.values())
    assert (rows[0]["text"], rows[0]["author"], rows[4]["text"]) == ("'=1+1", "'=HYPERLINK(1)", "'-2")
    with zipfile.ZipFile(tmp_path / "out" / "comments.xlsx") as workbook:
        assert b"<f>" not in workbook.read("xl/worksheets/sheet1.xml")
        assert b"<t>=1+1</t>" in workbook.read("xl/sharedStrings.xml")


def test_without_comments_the_files_have_their_heads_only(tmp_path):
    assert exported(tmp_path / "none.db", tmp_path) == []


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("id,status\n", "must have the columns"),
        ("comment_id,status,response\n1,accepted\n", "line 2 does not have three columns"),
        ("comment_id,status,response\n1,a,b,c\n", "line 2 does not have three columns"),
        ("comment_id,status,response\nx,a,b\n", "must be the number of a comment"),
        ("comment_id,status,response\n1,a,b\n1,a,b\n", "a second time"),
        ("comment_id,status,response\n77,a,b\n", "do not exist: 77"),
    ],
)
def test_a_faulty_log_is_named(database, tmp_path, log, told):
    with pytest.raises(comments.ExportError, match=told):
        exported(database, tmp_path, log)


def test_a_file_that_is_no_database_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "comments.db").write_bytes(b"nothing" * 1000)
    monkeypatch.setattr("sys.argv", ["comments", "--database", str(tmp_path / "comments.db"), "--out", str(tmp_path)])
    assert comments.main() == 1
    assert "cannot be read" in capsys.readouterr().out
