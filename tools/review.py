"""Serve the web book with comments: `python -m tools.review`. The Makefile's `make review`.

One process, one address: waitress listens, whitenoise serves the files of `_build/html`, isso keeps the comments in
`review/comments.db` (SQLite). What is our own here: chapters get the scripts for comments as they are served, so that
the built book itself holds none; requests are checked before isso sees them; and a comment on a passage carries the
passage as W3C Web Annotation selectors, kept in a table beside isso's.
"""

import argparse
import base64
import gzip
import hashlib
import html
import ipaddress
import json
import logging
import os
import re
import socket
import sqlite3
import sys
import threading
import time
import unicodedata
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import isso
import isso.config
import lxml.html
import waitress
import whitenoise
from filelock import FileLock, Timeout
from isso.core import ThreadedMixin
from isso.db import SQLite3
from isso.db.comments import Comments
from werkzeug.wrappers import Request, Response

from tools.paths import BOOK, BUILD, ROOT

DATABASE = ROOT / "review" / "comments.db"
SCRIPTS = BOOK / "_static" / "review"

# What a reader may send: characters of a comment, a name, a heading, a passage; bytes of a request
LONGEST = {"text": 10_000, "author": 100, "section": 300, "exact": 5_000, "prefix": 100, "suffix": 100}
LARGEST_REQUEST = 128 * 1024

# Seconds of work that showing one comment may take, for every reader of the page would wait for it;
# and the characters up to which no text takes long
LONGEST_RENDERING = 0.4
LONGEST_UNTRIED = 1_000

# How long authors can edit or delete what they wrote
EDITABLE = "15m"

# Pages that are no part of the text
NO_CHAPTERS = {"/search.html", "/genindex.html"}

# The addresses of isso's that are open, below /comments; everything else of it is closed
ROUTES = re.compile(r"GET /(config|id/\d{1,15})?|POST /(new|preview)|(PUT|DELETE) /id/\d{1,15}")
MODERATION_ROUTES = re.compile(r"GET /admin/|POST /login/|(GET|POST) /id/\d{1,15}/(edit|activate|delete)/[\w.-]{1,300}")
# What a request for comments may say besides the page
SETTING = re.compile(r"[\w.-]{0,18}")
ISSO_FILES = ("js/embed.min.js", "css/isso.css")
MODERATION_FILES = ("js/admin.js", "css/admin.css", "img/isso.svg")

# A passage travels to isso's new row through `next_passage`: the trigger moves it in the transaction that adds the comment
TABLES = """
CREATE TABLE IF NOT EXISTS passages (comment INTEGER PRIMARY KEY, section TEXT NOT NULL, quote TEXT NOT NULL, targets TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS next_passage (section TEXT NOT NULL, quote TEXT NOT NULL, targets TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS keep_passage AFTER INSERT ON comments BEGIN
    INSERT INTO passages SELECT NEW.id, section, quote, targets FROM next_passage;
    DELETE FROM next_passage;
END;
CREATE TRIGGER IF NOT EXISTS drop_passage AFTER DELETE ON comments BEGIN
    DELETE FROM passages WHERE comment = OLD.id;
END;
"""

UNSAVED = (
    "This was not saved: the server could not write to its database. Its disk may be full, or the file read-only. "
    "Keep your text and tell the authors."
)
UNREAD = "The comments could not be read. Load the page again in a moment."
UNSHOWN = "This text cannot be shown: it has too many brackets or signs of Markdown. Write it more plainly."


class Refusal(Exception):
    """A request that is not carried out, with the status and the sentence that its sender gets."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status, self.message = status, message


# ---------------------------------------------------------------------------------------------------------------------
# The book


class Files(whitenoise.WhiteNoise):
    """The files of a folder as they are when it is read. Symbolic links, which may lead out of it, are left out."""

    def update_files_dictionary(self, root, prefix):
        """List the files below a folder by their addresses."""
        for folder, _, names in os.walk(root):
            for path in (os.path.join(folder, name) for name in names):
                if not os.path.islink(path):
                    self.add_file_to_dictionary(prefix + path.removeprefix(root).replace(os.sep, "/"), path)


class Book:
    """The built web book: its files, and its chapters, which take comments. A new build is noticed and taken up.

    folder: what `make book` made. extra: more files to serve, by address.
    """

    def __init__(self, folder: Path, extra: dict[str, Path]):
        self.folder, self.extra, self.state, self.lock = folder, extra, None, threading.Lock()
        self.refresh()

    def refresh(self) -> None:
        """Read the folder again if a build has replaced it. While a build is replacing it, the last state is kept."""
        try:
            found = self.folder.stat()
        except FileNotFoundError:
            return
        state = (found.st_ino, found.st_mtime_ns)
        if state == self.state:
            return
        with self.lock:
            files = Files(not_found, max_age=0)
            files.add_files(self.folder)
            for address, path in self.extra.items():
                files.files[address] = files.get_static_file(str(path), address)
            titles = {address: chapter_title(self.folder / address[1:]) for address in files.files if address.endswith(".html")}
            self.chapters = {address: title for address, title in titles.items() if title and address not in NO_CHAPTERS}
            self.files, self.state = files, state

    def page(self, address: str, accepted: str = "") -> Response:
        """Return a chapter with the scripts for comments, and a policy that keeps its requests here.

        accepted: the encodings that the reader's browser accepts; a chapter is sent compressed where it can be.
        """
        source = (self.folder / address[1:]).read_bytes()
        handlers = re.findall(r'\son[a-z]+="([^"]*)"', source.decode("utf-8"))
        hashes = {base64.b64encode(hashlib.sha256(html.unescape(handler).encode()).digest()).decode() for handler in handlers}
        if b"hypothes.is/" in source:  # the book was built for the online service
            return Response(source, mimetype="text/html")
        page = source.replace(b"</body>", comment_scripts(address, self.chapters[address]).encode() + b"</body>")
        allowed = " ".join(f"'sha256-{item}'" for item in sorted(hashes))
        policy = (
            "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
            f"script-src-attr 'unsafe-hashes' {allowed}; "
            "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
        )
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", accepted):
            page, headers["Content-Encoding"] = gzip.compress(page, 5, mtime=0), "gzip"
        return Response(page, mimetype="text/html", headers=headers)


def not_found(environ, start_response):
    """Answer that there is no such file, without repeating the address."""
    return Response("There is no such page in this book.\n", 404, mimetype="text/plain")(environ, start_response)


def chapter_title(path: Path) -> str | None:
    """Return the heading of a page of the book's text, or None for any other file."""
    if not path.is_file():
        return None
    page = lxml.html.document_fromstring(path.read_bytes())
    heading = page.find('.//article[@class="bd-article"]//h1')
    if heading is None:
        return None
    return " ".join("".join(heading.itertext()).rstrip("#").split())


def comment_scripts(address: str, title: str) -> str:
    """Return the tags that bring comments to a chapter. Every address is relative, so that a proxy may add a prefix."""
    root = "../" * (address.count("/") - 1) or "./"
    settings = {
        "isso": f"{root}comments",
        "isso-css-url": f"{root}comments/css/isso.css",
        "isso-lang": "en",
        "isso-vote": "false",
        "isso-avatar": "false",
        "isso-max-comments-nested": "inf",
        "page": address,
        "title": title,
    }
    data = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in settings.items())
    return (
        f'<link rel="stylesheet" href="{root}comments/text-annotator.css">\n'
        f'<link rel="stylesheet" href="{root}comments/review.css">\n'
        f'<script defer src="{root}comments/text-annotator.umd.js"></script>\n'
        f'<script defer src="{root}comments/review.js" {data}></script>\n'
        f'<script defer src="{root}comments/js/embed.min.js"></script>\n'
    )


# ---------------------------------------------------------------------------------------------------------------------
# What readers send


def is_text(sign: str) -> bool:
    """Return whether a sign is part of a text: no control character, none that turns the order of others, no non-character."""
    turns = "\u202a" <= sign <= "\u202e" or "\u2066" <= sign <= "\u2069"
    return sign in "\n\t" or not (unicodedata.category(sign) == "Cc" or turns or ord(sign) & 0xFFFE == 0xFFFE)


def line_or_text(value, name: str, lines: bool = False) -> str:
    """Return a string without what is no text. Raises Refusal if it is no string, too long, or not text."""
    if not isinstance(value, str):
        raise Refusal(400, f"The field {name} must be text.")
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = "".join(sign for sign in value if is_text(sign))
    if any(unicodedata.category(sign) == "Cs" for sign in value):
        raise Refusal(400, f"The field {name} is not valid Unicode.")
    if len(value) > LONGEST[name]:
        raise Refusal(413, f"The field {name} is too long: {len(value):,} characters, at most {LONGEST[name]:,}.")
    return value if lines else " ".join(value.split())


def passage(value, page: str) -> tuple[str, str, str]:
    """Return section, quotation and W3C targets (JSON) of a passage. Raises Refusal if it is not a passage of a page."""
    try:
        section = line_or_text(value["section"], "section")
        targets = []
        for target in value["targets"]:
            quote, position = sorted(target["selector"], key=lambda selector: selector["type"], reverse=True)
            start, end = position["start"], position["end"]
            if (quote["type"], position["type"]) != ("TextQuoteSelector", "TextPositionSelector"):
                raise ValueError
            if type(start) is not int or type(end) is not int or not 0 <= start < end <= 10**7:
                raise ValueError
            quote = {name: line_or_text(quote.get(name, ""), name, lines=True) for name in ("exact", "prefix", "suffix")}
            if not quote["exact"].strip():
                raise ValueError
            selectors = [{"type": "TextQuoteSelector", **quote}, {"type": "TextPositionSelector", "start": start, "end": end}]
            targets.append({"source": page, "selector": selectors})
        if not 1 <= len(targets) <= 20:
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refusal(400, "The passage is not described by one to twenty W3C text quote and text position selectors.") from None
    quotation = " … ".join(" ".join(target["selector"][0]["exact"].split()) for target in targets)
    if len(quotation) > LONGEST["exact"]:
        raise Refusal(413, f"The passage is too long: at most {LONGEST['exact']:,} characters.")
    return section, quotation, json.dumps(targets, ensure_ascii=False)


def sent(request: Request) -> dict:
    """Return the JSON object of a request. Raises Refusal if there is none."""
    if request.mimetype != "application/json":
        raise Refusal(415, "Send comments as application/json.")
    try:
        data = json.loads(request.get_data().decode("utf-8"))
    except UnicodeDecodeError:
        raise Refusal(400, "The request is not valid UTF-8.") from None
    except (ValueError, RecursionError):
        raise Refusal(400, "The request is not valid JSON.") from None
    if not isinstance(data, dict):
        raise Refusal(400, "The request must be a JSON object.")
    return data


# ---------------------------------------------------------------------------------------------------------------------
# The server


class ThreadedIsso(isso.Isso, ThreadedMixin):
    """isso, one process, several threads."""


def open_comments(database: Path, address: str = "", limit: int = 0, password: str = "") -> isso.Isso:
    """Return isso on a database, which is made if it is missing.

    address: where readers reach the book, if not here. limit: comments a minute and network, 0 for any number.
    password: switches moderation on. Raises sqlite3.Error if the file is no database or cannot be written.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(database)
    with connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'comments'").fetchone():
            # as isso makes it, but a number is never given twice, so that responses stay with their comment
            table = Comments.create_table_query("comments")
            connection.execute(table.replace("id INTEGER PRIMARY KEY", "id INTEGER PRIMARY KEY AUTOINCREMENT"))
            connection.execute(f"PRAGMA user_version = {SQLite3.MAX_VERSION}")
    settings = isso.config.load(isso.config.default_file())
    for section, name, value in (
        ("general", "dbpath", str(database)),
        ("general", "host", address or "http://127.0.0.1"),
        ("general", "max-age", EDITABLE),
        ("server", "public-endpoint", f"{address.rstrip('/')}/comments" if address else ""),
        ("server", "samesite", "Lax"),
        ("moderation", "enabled", str(bool(password)).lower()),
        ("moderation", "purge-after", "5200w"),
        ("admin", "enabled", str(bool(password)).lower()),
        ("admin", "password", password),
        ("guard", "enabled", str(bool(limit)).lower()),
        ("guard", "ratelimit", str(limit)),
        ("guard", "direct-reply", "1000000"),
        ("guard", "reply-to-self", "true"),
    ):
        settings.set(section, name, value)
    for name in ("", "isso"):
        logging.getLogger(name).setLevel(logging.ERROR)
    application = ThreadedIsso(settings)
    connection.executescript(TABLES)
    connection.close()
    return application


class Review:
    """The WSGI application: the book at `/`, comments at `/comments/`.

    hosts: the names under which the book may be asked for, besides addresses in figures.
    """

    def __init__(self, folder: Path, database: Path, hosts: set[str] = frozenset(), **settings):
        self.hosts = {"localhost", *hosts}
        self.moderated = bool(settings.get("password"))
        self.comments = open_comments(database, **settings)
        self.isso = isso.local_manager.make_middleware(self.comments)
        parts = Path(isso.__file__).parent
        served = ISSO_FILES + (MODERATION_FILES if self.moderated else ())
        extra = {f"/comments/{name}": parts / name for name in served if (parts / name).is_file()}
        extra |= {f"/comments/{path.name}": path for path in SCRIPTS.iterdir() if path.suffix in (".js", ".css")}
        self.book = Book(folder, extra)
        self.writing = threading.Lock()

    def __call__(self, environ, start_response):
        """Answer a request; the interface of WSGI applications."""
        request = Request(environ)
        try:
            self.check_sender(request)
            response = self.answer(request)
        except Refusal as refusal:
            response = told(refusal)
        except sqlite3.Error as error:
            print(f"The comments could not be read or written: {error}.", file=sys.stderr, flush=True)
            response = told(Refusal(503, UNREAD) if request.method == "GET" else Refusal(507, UNSAVED))
        if isinstance(response, Response):
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Referrer-Policy"] = "same-origin"
            response.headers.setdefault("Cache-Control", "no-store")
        return response(environ, start_response)

    def check_sender(self, request: Request) -> None:
        """Raise Refusal for requests that another site makes a reader's browser send."""
        host = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?", request.host)
        name = host[1].strip("[]").lower() if host else ""
        if not (is_address(name) or name in self.hosts):
            raise Refusal(421, "This server does not answer to that name. Start it with --address to give it one.")
        if request.method in ("GET", "HEAD"):
            return
        origin = request.headers.get("Origin")
        if origin is not None and host_of(origin) != request.host:
            raise Refusal(403, "Comments are only taken from pages of this book.")
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise Refusal(403, "Comments are only taken from pages of this book.")

    def answer(self, request: Request):
        """Return the response to a request, or the application that gives it."""
        self.book.refresh()
        path = request.path
        if path == "/comments/passages" and request.method == "GET":
            return self.passages(request)
        if path.startswith("/comments/") and path not in self.book.files.files:
            return self.to_isso(request, path.removeprefix("/comments"))
        if request.method not in ("GET", "HEAD"):
            raise Refusal(405, "Pages can only be read.")
        if path.endswith("/"):
            path = request.environ["PATH_INFO"] = f"{path}index.html"
        return self.book.page(path, request.headers.get("Accept-Encoding", "")) if path in self.book.chapters else self.book.files

    def to_isso(self, request: Request, path: str) -> Response:
        """Return isso's answer, after checking what is sent."""
        if path == "/" and request.method == "GET":
            if "uri" not in request.args:
                raise Refusal(400, "Name the page: /comments/?uri=…")
            if not all(SETTING.fullmatch(value) for name, value in request.args.items(multi=True) if name != "uri"):
                raise Refusal(400, "Besides the page, a request for comments has short numbers and words only.")
        if self.moderated and MODERATION_ROUTES.fullmatch(f"{request.method} {path}"):
            with self.writing:
                return self.forward(request, path, request.get_data(), json_answer=False)
        if not ROUTES.fullmatch(f"{request.method} {path}"):
            raise Refusal(404, "There is no such address for comments.")
        if request.method == "GET":
            return self.forward(request, path)
        if path == "/new":
            return self.new(request)
        if request.method == "DELETE":
            with self.writing:
                self.known(path)
                return self.forward(request, path, b"{}")
        data = {"text": self.displayable(sent(request))}
        if path == "/preview":
            return self.forward(request, path, json.dumps(data).encode())
        with self.writing:
            self.known(path)
            return self.forward(request, path, json.dumps(data).encode())

    def new(self, request: Request) -> Response:
        """Add a comment to a chapter, with its passage if it has one."""
        page = request.args.get("uri", "")
        if page not in self.book.chapters:
            raise Refusal(404, "That address is not a page of this book, so it takes no comments.")
        data = sent(request)
        author = line_or_text(data.get("author") or "", "author")
        text, parent = self.displayable(data), data.get("parent")
        on_passage = passage(data["passage"], page) if data.get("passage") is not None else None
        if on_passage and parent is not None:
            raise Refusal(400, "A reply belongs to the passage of the comment it replies to; it has none of its own.")
        comment = {"author": author or None, "text": text, "parent": parent, "title": self.book.chapters[page]}
        with self.writing:
            if parent is not None and not self.is_on(page, parent):
                raise Refusal(400, "The comment that this replies to is not on this page (it may have been deleted).")
            self.comments.db.execute("DELETE FROM next_passage")  # of a comment that could not be saved
            if on_passage:
                self.comments.db.execute("INSERT INTO next_passage VALUES (?, ?, ?)", on_passage)
            return self.forward(request, "/new", json.dumps(comment).encode())

    def displayable(self, data: dict) -> str:
        """Return the text of a comment. Raises Refusal if it is too short, too long, or could not be shown."""
        text = line_or_text(data.get("text"), "text", lines=True)
        if sum(not sign.isspace() and unicodedata.category(sign) != "Cf" for sign in text) < 3:
            raise Refusal(400, "Write at least three letters or signs.")
        if len(text) > LONGEST_UNTRIED:
            started = time.thread_time()
            try:
                self.comments.render(text)
            except (RecursionError, ValueError, TypeError, AttributeError, LookupError, AssertionError):
                raise Refusal(400, UNSHOWN) from None
            if time.thread_time() - started > LONGEST_RENDERING:
                raise Refusal(400, UNSHOWN)
        return text

    def is_on(self, page: str, comment) -> bool:
        """Return whether a comment of that number is on a page."""
        if type(comment) is not int or not 0 < comment < 2**53:
            return False
        query = "SELECT 1 FROM comments JOIN threads ON threads.id = comments.tid WHERE threads.uri = ? AND comments.id = ?"
        return self.comments.db.execute(query, (page, comment)).fetchone() is not None

    def known(self, path: str) -> None:
        """Raise Refusal if a comment named by isso's address is not there."""
        if self.comments.db.comments.get(int(path.split("/")[2])) is None:
            raise Refusal(404, "There is no such comment; it may have been deleted.")

    def forward(self, request: Request, path: str, body: bytes = b"", json_answer: bool = True) -> Response:
        """Return isso's answer to a checked request. A failure to write becomes a sentence that helps."""
        environ = {**request.environ, "SCRIPT_NAME": f"{request.root_path}/comments", "PATH_INFO": path}
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        if json_answer:
            environ |= {"HTTP_ACCEPT": "application/json", "CONTENT_TYPE": "application/json"}
        response = Response.from_app(self.isso, environ, buffered=True)
        if json_answer and response.status_code >= 500:
            raise Refusal(503, UNREAD) if request.method == "GET" else Refusal(507, UNSAVED)
        if json_answer and response.status_code == 400 and request.method == "GET":
            raise Refusal(400, "There are no comments to be had in that way.")
        if json_answer and response.status_code == 403:
            limited = path == "/new"
            raise (
                Refusal(429, "Too many comments in a minute. Wait a little, then send it again.")
                if limited
                else Refusal(403, "Only its author can change a comment, in the browser that wrote it, for 15 minutes.")
            )
        return response

    def passages(self, request: Request) -> Response:
        """Return the passages of a page that have comments, with their selectors and the number of comments."""
        query = """
            SELECT passages.comment AS id, section, quote, passages.targets,
                   1 + (SELECT count(*) FROM comments AS reply WHERE reply.parent = comments.id AND reply.mode = 1) AS count
            FROM passages JOIN comments ON comments.id = passages.comment JOIN threads ON threads.id = comments.tid
            WHERE threads.uri = ? AND comments.mode IN (1, 4) ORDER BY comments.id"""
        rows = self.comments.db.execute(query, (request.args.get("uri", ""),)).fetchall()
        found = [dict(zip(("id", "section", "quote", "targets", "count"), row, strict=True)) for row in rows]
        answer = [{**row, "targets": json.loads(row["targets"])} for row in found]
        return Response(json.dumps(answer), mimetype="application/json")


def told(refusal: Refusal) -> Response:
    """Return what the sender of a refused request gets."""
    return Response(json.dumps({"message": refusal.message}), refusal.status, mimetype="application/json")


def host_of(address: str) -> str:
    """Return the host and port in an address, or nothing if it is none."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def is_address(name: str) -> bool:
    """Return whether a host is named by its address in figures, which no other site can take over."""
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


# ---------------------------------------------------------------------------------------------------------------------
# The command


def options() -> argparse.ArgumentParser:
    """Return the options of the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.review", description="Serve the web book with comments.")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: this machine only)")
    parser.add_argument("--port", type=int, default=8000, help="port (default: 8000; 0 takes a free one)")
    parser.add_argument("--address", default="", help="where readers reach the book, if a proxy stands before it")
    parser.add_argument("--proxy", default="", help="the proxy's own address, to trust what it says of readers")
    parser.add_argument("--limit", type=int, default=0, help="comments a minute and network (default: any number)")
    parser.add_argument("--moderate", action="store_true", help="show comments only after approval; asks REVIEW_PASSWORD")
    parser.add_argument("--database", type=Path, default=DATABASE, help="file of the comments")
    parser.add_argument("--folder", type=Path, default=BUILD / "html", help="folder of the built book")
    return parser


def serve(chosen: argparse.Namespace) -> None:
    """Serve until interrupted. Raises Refusal with a sentence if that is not possible."""
    password = os.environ.get("REVIEW_PASSWORD", "") if chosen.moderate else ""
    if chosen.moderate and len(password) < 8:
        raise Refusal(0, "Moderation needs a password of eight characters or more in the environment variable REVIEW_PASSWORD.")
    if not (chosen.folder / "index.html").is_file():
        raise Refusal(0, f"{chosen.folder} holds no built book: run make book first.")
    hosts = {urlsplit(chosen.address).hostname or "", socket.gethostname().lower()} - {""}
    try:
        application = Review(chosen.folder, chosen.database, hosts, address=chosen.address, limit=chosen.limit, password=password)
    except sqlite3.Error as error:
        raise Refusal(0, f"The comments in {chosen.database} cannot be used: {error}.") from None
    trusted = {
        "trusted_proxy": chosen.proxy,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
    }
    try:
        server = waitress.create_server(
            application,
            host=chosen.host,
            port=chosen.port,
            threads=8,
            ident=None,
            max_request_body_size=LARGEST_REQUEST,
            # those who open connections and say nothing do not keep others out for long
            channel_timeout=20,
            cleanup_interval=5,
            connection_limit=500,
            clear_untrusted_proxy_headers=True,
            **(trusted if chosen.proxy else {}),
        )
    except (OSError, ValueError) as error:
        raise Refusal(0, f"Cannot listen on {chosen.host} port {chosen.port}: {error}. Choose another with --port.") from None
    port = getattr(server, "effective_port", chosen.port)
    here = f"http://[{chosen.host}]:{port}" if ":" in chosen.host else f"http://{chosen.host}:{port}"
    print(f"The book with comments: {here}/", flush=True)
    if chosen.moderate:
        print(f"Moderation:             {here}/comments/admin/", flush=True)
    print(f"Comments are kept in {chosen.database}; make comments exports them. Ctrl-C stops.", flush=True)
    if not (chosen.host == "localhost" or (is_address(chosen.host) and ipaddress.ip_address(chosen.host).is_loopback)):
        print(
            f"Listening on {chosen.host}, not on this machine alone: whoever can reach it can read the book and comment. "
            "See review/README.md before leaving it open.",
            flush=True,
        )
    try:
        server.run()
    finally:
        server.close()


def main() -> int:
    """Serve, and turn every foreseeable fault into a sentence and an exit code."""
    chosen = options().parse_args()
    chosen.database.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{chosen.database}.lock", timeout=0):
            serve(chosen)
    except Timeout:
        print(f"Another make review is using {chosen.database}: stop it first.")
        return 1
    except Refusal as refusal:
        print(refusal.message)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The comments are kept.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
