"""The book served with comments: in a browser, under attack, under load, and when killed or unable to write."""

import ctypes
import gzip
import http.client
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlsplit

import lxml.etree
import pytest
from conftest import build

from tools import comments, review
from tools.paths import ROOT

PAGE = "/book/deaths.html"
BODY = """
<section id="deaths"><h1>1. Drug misuse deaths<a class="headerlink" href="#deaths">#</a></h1>
<p><a class="number" href="numbers.html#deaths">934</a> deaths were registered in {place} in that year.
The count of the year before was higher.</p>
<section id="later"><h2>1.1. Later years<a class="headerlink" href="#later">#</a></h2>
<p id="target">A fall of one year may be chance: <a class="number" href="numbers.html#change">13% fewer</a> is within what counts do alone.</p>
</section></section>"""


def write_book(folder: Path, place: str = "Scotland") -> None:
    """Write a book of one chapter, as the theme lays it out, and a first page."""
    (folder / "book").mkdir(parents=True, exist_ok=True)
    page = (
        f'<main><div class="bd-article-container"><article class="bd-article">{BODY.format(place=place)}</article></div></main>'
    )
    html = f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Deaths</title></head><body>{page}</body></html>'
    (folder / "book" / "deaths.html").write_text(html, encoding="utf-8")
    (folder / "index.html").write_text("<!DOCTYPE html><title>Book</title>", encoding="utf-8")


class Server:
    """A running `make review` on a free port."""

    def __init__(self, folder: Path, database: Path, *arguments: str, **how):
        command = [sys.executable, "-m", "tools.review", "--port", "0", "--folder", folder, "--database", database, *arguments]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)
        first = self.process.stdout.readline()
        self.said = first + self.process.stdout.readline()
        self.url = first.split()[-1]
        self.host = urlsplit(self.url).netloc

    def ask(self, method: str, path: str, body=None, headers=None, raw: bool = False):
        """Return status, headers and body of a request; objects are sent as JSON."""
        body = body if raw or body is None else json.dumps(body)
        connection = http.client.HTTPConnection(self.host, timeout=20)
        with closing(connection):
            with suppress(BrokenPipeError):  # it may answer before it has the whole of a body that is too large
                connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def post(self, text: str, page: str = PAGE, headers=None, **more):
        """Post a comment; return status and what the server says."""
        status, _, body = self.ask("POST", f"/comments/new?uri={quote(page)}", {"text": text, **more}, headers)
        return status, json.loads(body)

    def thread(self) -> list[dict]:
        """Return the comments that readers of the chapter see."""
        return json.loads(self.ask("GET", f"/comments/?uri={quote(PAGE)}")[2])["replies"]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@contextmanager
def running(*arguments, **how):
    server = Server(*arguments, **how)
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def place(tmp_path):
    """A folder with a book; comments.db will stand beside it."""
    write_book(tmp_path / "html")
    return tmp_path


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for the tests that leave it usable."""
    folder = tmp_path_factory.mktemp("review")
    write_book(folder / "html")
    with running(folder / "html", folder / "comments.db") as server:
        server.folder = folder
        yield server


def reader(browser, server):
    """Open the chapter as a new reader; return the page, which fails the test on any error or foreign request."""
    page = browser.new_context(viewport={"width": 1200, "height": 700}).new_page()
    page.set_default_timeout(10_000)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("request", lambda request: request.url.startswith(server.url) or page.faults.append(request.url))
    page.on("dialog", lambda dialog: (page.faults.append("a script ran"), dialog.dismiss()))
    page.goto(server.url + PAGE[1:])
    page.wait_for_selector(".isso-postbox")
    return page


def select(page, selector: str, first: str, last: str) -> None:
    """Drag the mouse from the start of one word to the end of another, both within an element."""
    ends = page.evaluate(
        """([selector, first, last]) => {
            const walker = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
            const found = [];
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                for (const [word, side] of [[first, 0], [last, 1]]) {
                    const at = node.data.indexOf(word);
                    if (at < 0) continue;
                    const range = document.createRange();
                    range.setStart(node, at); range.setEnd(node, at + word.length);
                    const box = range.getBoundingClientRect();
                    found[side] = [side ? box.right : box.left, box.top + box.height / 2];
                }
            }
            return found;
        }""",
        [selector, first, last],
    )
    page.mouse.move(ends[0][0] + 1, ends[0][1])
    page.mouse.down()
    page.mouse.move(ends[1][0] - 1, ends[1][1], steps=6)
    page.mouse.move(*ends[1], steps=2)
    page.mouse.up()


def test_a_passage_is_commented_on_answered_exported_and_orphaned(place, browser):
    with running(place / "html", place / "comments.db") as server:
        first = reader(browser, server)
        select(first, "#target", "13% fewer", "within")  # begins in a link
        first.click(".review-offer")
        first.fill("#review-text", "Is this *certain*?")
        first.fill("#review-name", "Reader <One>")
        first.click(".review-dialog [type=submit]")
        first.wait_for_selector(".review-quote")
        assert first.faults == []

        second = reader(browser, server)
        second.wait_for_selector(".r6o-annotation")
        box = second.locator(".r6o-annotation").last.bounding_box()
        second.mouse.click(box["x"] + box["width"] - 5, box["y"] + box["height"] / 2)  # a click on the passage opens its thread
        second.wait_for_selector(".review-thread")
        assert second.locator(".review-thread em").inner_text() == "certain"
        assert "Reader <One>" in second.locator(".review-thread").inner_text()
        second.fill("#review-text", "See the interval.")
        second.click(".review-dialog [type=submit]")
        second.wait_for_selector(".isso-follow-up .isso-comment")
        assert second.locator(".review-mark").inner_text() == "2"
        second.click(".review-quote a")  # a comment leads to its passage
        second.wait_for_selector(".review-thread ul li")
        assert second.url.endswith("#passage-1") and second.faults == []

        first.click("#isso-1 a.isso-edit >> nth=0")
        first.fill("#isso-1 .isso-textarea-wrapper textarea", "Is this quite *certain*?")
        first.click("#isso-1 a.isso-edit >> nth=0")
        first.locator("#isso-1 .isso-text", has_text="quite").wait_for()
        assert second.locator("#isso-1 a.isso-edit").count() == 1  # of the reply, which is the second reader's

        write_book(place / "new", place="Glasgow")  # other words elsewhere: the passage moves with its text
        (place / "html").rename(place / "old")
        (place / "new").rename(place / "html")
        third = reader(browser, server)
        third.wait_for_selector(".review-mark")

        write_book(place / "new")
        page = place / "new" / PAGE[1:]
        page.write_text(page.read_text().replace("13% fewer", "12% fewer"))
        (place / "html").rename(place / "older")
        (place / "new").rename(place / "html")
        fourth = reader(browser, server)
        fourth.wait_for_selector(".review-orphan")
        assert "13% fewer is within" in fourth.locator("#isso-1 .review-orphan").inner_text()
        assert "has changed" in fourth.locator("#isso-1 .review-orphan").inner_text()
        assert fourth.locator(".review-mark").count() == 0 and fourth.faults == []

    rows = comments.export(place / "comments.db", place / "none.csv", place / "out")
    assert [(row["quoted_passage"], row["section"], row["reply_to"]) for row in rows] == [
        ("13% fewer is within", "1.1. Later years", ""),
        ("13% fewer is within", "1.1. Later years", 1),
    ]
    assert rows[0]["text"] == "Is this quite *certain*?" and rows[0]["author"] == "Reader <One>"
    assert rows[0]["chapter"] == "1. Drug misuse deaths"


def test_a_comment_outlives_a_rebuild_that_changes_its_sentence(small_book, tmp_path, browser):
    """With the theme's own pages and the build's own way of replacing them, while the server runs."""
    root = tmp_path / "book"
    shutil.copytree(small_book, root)
    with running(root / "_build" / "html", tmp_path / "comments.db") as server:
        page = reader(browser, server)
        page.evaluate(
            "[...document.querySelectorAll('article p')].find((p) => p.textContent.includes('were registered')).id = 'sentence'"
        )
        select(page, "#sentence", "deaths", "registered")
        page.click(".review-offer")
        page.fill("#review-text", "Registered by whom?")
        page.click(".review-dialog [type=submit]")
        page.locator(".review-mark").wait_for()
        page.reload()
        page.locator(".review-mark").wait_for()

        chapter = root / "book" / "deaths.md"
        chapter.write_text(
            chapter.read_text(encoding="utf-8").replace("deaths were registered", "deaths were counted"), encoding="utf-8"
        )
        result = build(root)
        assert result.returncode == 0, result.stdout + result.stderr
        page.reload()
        page.locator(".review-orphan").wait_for()
        assert (
            "deaths were registered" in page.locator(".review-orphan").inner_text() and page.locator(".review-mark").count() == 0
        )
        assert page.faults == []
        page.context.close()
    rows = comments.export(tmp_path / "comments.db", tmp_path / "none.csv", tmp_path / "out")
    assert [(row["quoted_passage"], row["text"]) for row in rows] == [("deaths were registered", "Registered by whom?")]


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt&colon;alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "<a href='javascript:alert(1)' onclick=alert(1)>x</a>",
    "![x](x' onerror='alert(1))",
    "'); DROP TABLE comments; --",
    '" autofocus onfocus="alert(1)',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
]


def test_nothing_that_a_comment_says_is_executed(shared, browser):
    passage = {"section": HOSTILE[1], "targets": [selectors("deaths were registered in", HOSTILE[1], " Scotland")]}
    for text in HOSTILE:
        assert shared.post(text, author=text[:100], passage=passage, website="javascript:alert(1)")[0] == 201
    page = reader(browser, shared)
    page.locator("#isso-root .isso-comment").nth(len(HOSTILE) - 1).wait_for()
    page.click(".review-mark")
    page.wait_for_selector(".review-thread li")
    page.keyboard.press("Escape")
    risky = "#comments script, #comments img, #comments iframe, #comments a[href^=javascript i], #comments a[href^=data i], #comments [onclick]"
    assert page.locator(risky).count() == 0
    assert page.locator("#isso-root .isso-comment").count() == len(HOSTILE)
    assert [fault for fault in page.faults if fault != "a script ran"] == page.faults == []
    assert all(comment["website"] is None for comment in shared.thread())


def test_the_built_book_itself_knows_nothing_of_comments(shared):
    built = (shared.folder / "html" / PAGE[1:]).read_bytes()
    status, headers, served = shared.ask("GET", PAGE)
    assert b"comments/review.js" in served and b"<script" not in built
    assert status == 200 and "script-src-attr" in headers["Content-Security-Policy"]


def test_chapters_are_sent_compressed_to_browsers_that_can_read_it(shared):
    _, plain, body = shared.ask("GET", PAGE)
    _, headers, packed = shared.ask("GET", PAGE, headers={"Accept-Encoding": "br, gzip"})
    assert plain["Content-Encoding"] is None and headers["Content-Encoding"] == "gzip" and gzip.decompress(packed) == body
    assert shared.ask("GET", PAGE, headers={"Accept-Encoding": "gzip;q=0"})[1]["Content-Encoding"] is None


def selectors(exact: str, prefix: str = "", suffix: str = "", start: int = 0) -> dict:
    """Return a W3C target."""
    return {
        "selector": [
            {"type": "TextQuoteSelector", "exact": exact, "prefix": prefix[:100], "suffix": suffix[:100]},
            {"type": "TextPositionSelector", "start": start, "end": start + len(exact)},
        ]
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"text": "\xff\xfe broken"}', 400),
        (b'{"text": "\\ud800 half a pair"}', 400),
        (b"{", 400),
        (b"[]", 400),
        (b"[" * 60_000, 400),
        (b'{"text": 7}', 400),
        (b'{"text": null}', 400),
        (b'{"text": "  \\u0000\\u0001 "}', 400),
        (b'{"text": "\\u200b\\u200b\\u200b\\u2060"}', 400),
        (b'{"text": "over\xc0\xaelong"}', 400),
        (b'{"text": "fine", "parent": 1e999}', 400),
        (b'{"text": "fine", "parent": ' + b"9" * 5000 + b"}", 400),
        (b'{"text": "fine", "passage": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400),
        (b'{"text": "fine", "author": {"a": 1}}', 400),
        (b'{"text": "fine", "parent": 99999999999999999999999}', 400),
        (b'{"text": "fine", "parent": "1"}', 400),
        (b'{"text": "fine", "passage": {"section": "", "targets": []}}', 400),
        (b'{"text": "fine", "passage": "<b>"}', 400),
        (b'{"text": "fine", "passage": {"section": "", "targets": [{"selector": [{"type": "SvgSelector"}, {}]}]}}', 400),
        (json.dumps({"text": "a" * 10_001}).encode(), 413),
        (b"x" * 1_000_000, 413),
    ],
)
def test_what_is_no_comment_is_refused_with_a_sentence(shared, body, status):
    before = len(shared.thread())
    found, _, told = shared.ask("POST", f"/comments/new?uri={PAGE}", body, raw=True)
    assert found == status and told.strip()
    assert len(shared.thread()) == before


def test_a_text_that_takes_long_to_show_is_refused():
    def slowly(text):
        started = time.thread_time()
        while time.thread_time() - started < 1.2 * review.LONGEST_RENDERING:
            pass

    server = SimpleNamespace(comments=SimpleNamespace(render=slowly))
    with pytest.raises(review.Refusal) as refused:
        review.Review.displayable(server, {"text": "(" * 9_900})
    assert refused.value.status == 400


def test_no_text_holds_the_server_up(shared):
    """The costliest text known is refused, or was shown in less than the time allowed and what a request costs."""
    started = time.monotonic()
    status, _, told = shared.ask(
        "POST", f"/comments/new?uri={PAGE}", json.dumps({"text": "[a](" + "(" * 9_900}).encode(), raw=True
    )
    assert status in (201, 400) and told.strip()
    assert status == 400 or time.monotonic() - started < 5 * review.LONGEST_RENDERING


def test_control_characters_are_left_out(shared):
    status, comment = shared.post("one\x00 \x1b[31mtwo\x07 three\r\nfour", author="A\x00nn\n\x08")
    assert status == 201 and comment["author"] == "Ann"
    assert not set("\x00\x1b\x07\r") & set(comment["text"])


def test_signs_that_turn_or_break_a_text_are_left_out(shared):
    """Overrides of direction make a text read as another; non-characters break the exported workbook."""
    status, comment = shared.post("a \u202egnp.exe\u2066 b \ufffe\U0001ffff", author="\u202eevil")
    assert status == 201 and comment["text"] == "<p>a gnp.exe b</p>" and comment["author"] == "evil"
    rows = comments.export(shared.folder / "comments.db", shared.folder / "none.csv", shared.folder / "out")
    assert rows
    with zipfile.ZipFile(shared.folder / "out" / "comments.xlsx") as workbook:
        lxml.etree.fromstring(workbook.read("xl/sharedStrings.xml"))


@pytest.mark.parametrize("asked", ["limit=abc", "parent=99999999999999999999", "offset=9999999999999999999999", "sort=x", "after=" + "9" * 5000,
                                   "nested_limit=%00", "limit=1&limit=99999999999999999999"])  # fmt: skip
def test_comments_are_not_asked_for_in_odd_ways(shared, asked):
    status, headers, told = shared.ask("GET", f"/comments/?uri={PAGE}&{asked}")
    assert status == 400 and headers["Content-Type"] == "application/json" and json.loads(told)["message"].endswith(".")
    assert shared.ask("GET", f"/comments/?uri={PAGE}&limit=5&nested_limit=5&after=0&offset=0")[0] == 200


def test_requests_cannot_be_hidden_in_others(shared):
    """Two lengths, a length that is no number, a blank before the colon: refused; nothing is taken for a second request."""
    before, comment = len(shared.thread()), '{"text": "hidden"}'
    for lengths in ("Content-Length: 18\r\nContent-Length: 18", "Content-Length: 18\r\nContent-Length: 5", "Content-Length: -1", "Content-Length: +18",
                    "Content-Length : 18", "Content-Length: 0x12", "Content-Length: 99999999999999999999", "Transfer-Encoding: xchunked"):  # fmt: skip
        head = f"POST /comments/new?uri={PAGE} HTTP/1.1\r\nHost: {shared.host}\r\nContent-Type: application/json\r\nConnection: close\r\n"
        answer = raw(shared, f"{head}{lengths}\r\n\r\n{comment}")
        assert answer.split()[1] in (b"400", b"413", b"501") and answer.count(b"HTTP/1.") == 1, lengths
    assert (
        raw(shared, f"GET / HTTP/1.1\r\nHost: {shared.host}\r\nHost: evil.invalid\r\nConnection: close\r\n\r\n").split()[1]
        == b"421"
    )
    assert len(shared.thread()) == before


def test_other_ways_of_asking_for_a_file(shared):
    (shared.folder / "html" / "picture.png").write_bytes(bytes(range(256)))
    with running(shared.folder / "html", shared.folder / "other.db") as server:
        for asked, status, length in (("0-9", 206, 10), ("-5", 206, 5), ("250-", 206, 6), ("9-1", 416, None), ("999999-", 416, None), ("a-b", 200, 256),
                                      (",".join(["0-1"] * 2000), 200, 256)):  # fmt: skip
            found, _, body = server.ask("GET", "/picture.png", headers={"Range": f"bytes={asked}"})
            assert found == status and length in (None, len(body)), asked
        for path in ("/", PAGE, "/picture.png"):
            status, _, body = server.ask("HEAD", path)
            assert status == 200 and body == b""
            for method in ("OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"):
                assert server.ask(method, path)[0] == 405, method


def test_those_who_say_nothing_do_not_keep_others_out(place):
    with running(place / "html", place / "comments.db") as server, ExitStack() as silent:
        host, port = server.host.split(":")
        for number in range(250):
            connection = silent.enter_context(socket.create_connection((host, int(port)), timeout=10))
            connection.sendall(b"GET / HT" if number % 2 else b"POST /comments/new HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{")
        assert server.ask("GET", PAGE)[0] == 200 and server.post("Meanwhile")[0] == 201


@pytest.mark.parametrize("page", ["", "/", "/index.html", "/book/none.html", "/book/../book/deaths.html", "//evil/book/deaths.html",
                                  "http://evil/book/deaths.html", "/book/deaths.html?x", "' OR 1=1 --", "/search.html", "\x00"])  # fmt: skip
def test_only_pages_of_the_book_take_comments(shared, page):
    assert shared.post("A comment on no page", page=page)[0] in (400, 404)
    with closing(sqlite3.connect(shared.folder / "comments.db")) as database:
        assert database.execute("SELECT count(*) FROM threads WHERE uri != ?", (PAGE,)).fetchone() == (0,)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.invalid"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Origin": "http://["}, 403),
        ({"Host": "["}, 421),
        ({"Host": "127.0.0.1.evil.invalid"}, 421),
        ({"Host": "evil.invalid"}, 421),
        ({"Host": "evil.invalid", "Origin": "http://evil.invalid"}, 421),
    ],
)
def test_other_sites_cannot_post(shared, headers, status):
    found, told = shared.post("From elsewhere", headers=headers)
    assert found == status and told["message"].endswith(".")


def test_strangers_cannot_change_a_comment(shared):
    _, comment = shared.post("Mine")
    address = f"/comments/id/{comment['id']}"
    for method, body in (("PUT", {"text": "Changed"}), ("DELETE", None)):
        assert shared.ask(method, address, body)[0] == 403
        assert shared.ask(method, address, body, {"Cookie": f"{comment['id']}=forged.by.hand"})[0] == 403
        assert shared.ask(method, "/comments/id/123456", body)[0] == 404
    for path in ("admin/", "login/", "demo/", "latest", "feed", "js/", "id/1/activate/x", "js/../../run.py", "unsubscribe"):
        assert shared.ask("GET", f"/comments/{path}")[0] == 404


def test_a_reply_needs_its_comment_and_numbers_are_not_given_twice(shared):
    _, comment = shared.post("Will be gone")
    assert shared.post("A reply", parent=comment["id"] + 1000)[0] == 400
    _, headers, body = shared.ask("POST", f"/comments/new?uri={PAGE}", {"text": "Deleted at once"})
    number, cookie = json.loads(body)["id"], headers["Set-Cookie"].split(";")[0]
    assert shared.ask("DELETE", f"/comments/id/{number}", None, {"Cookie": cookie})[0] == 200
    assert shared.post("The next")[1]["id"] > number


def test_a_passage_of_an_unsaved_comment_goes_to_no_other(shared):
    with closing(sqlite3.connect(shared.folder / "comments.db")) as database, database:
        database.execute("INSERT INTO next_passage VALUES ('', 'left over', '[]')")
    _, comment = shared.post("On no passage")
    found = json.loads(shared.ask("GET", f"/comments/passages?uri={PAGE}")[2])
    assert comment["id"] not in {passage["id"] for passage in found}


def test_files_outside_the_book_are_not_served(place):
    secret = place / "secret.txt"
    secret.write_text("secret")
    (place / "html" / "link.txt").symlink_to(secret)
    (place / "html" / "linked").symlink_to(place)
    with running(place / "html", place / "comments.db") as server:
        for path in ("/../secret.txt", "/book/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/..\\secret.txt", "//secret.txt",
                     "/%c0%ae%c0%ae/secret.txt", "/%e0%80%ae%e0%80%ae/secret.txt", "/%252e%252e/secret.txt", "/....//secret.txt", "/%u002e%u002e/secret.txt",
                     "/link.txt", "/linked/secret.txt", f"/{secret}", f"/%2f{secret}", "/book/%00", "/.%00./secret.txt", "/comments.db",
                     "/linked/comments.db", "/comments/../comments.db", "/\xff"):  # fmt: skip
            answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: {server.host}\r\nConnection: close\r\n\r\n")
            assert answer.split()[1] in (b"400", b"404") and b"secret" not in answer.split(b"\r\n\r\n", 1)[1], path
        assert server.ask("POST", PAGE)[0] == 405 and server.ask("PUT", "/index.html")[0] == 405
        assert server.ask("GET", "/")[0] == 200


def raw(server, request: str) -> bytes:
    """Return the whole answer to bytes that no well-behaved program sends."""
    host, port = server.host.split(":")
    with closing(socket.create_connection((host, int(port)), timeout=10)) as connection:
        connection.sendall(request.encode("latin-1"))
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_twenty_clients_lose_and_double_nothing(place):
    def client(number: int) -> list[int]:
        return [server.post(f"Comment {number}-{item}", author=f"Client {number}")[0] for item in range(50)]

    with running(place / "html", place / "comments.db") as server, ThreadPoolExecutor(20) as pool:
        statuses = [status for found in pool.map(client, range(20)) for status in found]
    assert statuses == [201] * 1000
    texts = [row["text"] for row in comments.comments(place / "comments.db", {})]
    assert sorted(texts) == sorted(f"Comment {number}-{item}" for number in range(20) for item in range(50))


def test_a_killed_server_has_kept_all_that_it_acknowledged(place):
    acknowledged = []

    def client(number: int) -> None:
        for item in range(1000):
            try:
                passage = {"section": "", "targets": [selectors(f"Passage {number}-{item}")]}
                status, _ = server.post(f"Comment {number}-{item}", passage=passage)
            except (OSError, http.client.HTTPException):
                return
            assert status == 201
            acknowledged.append(f"Comment {number}-{item}")
            if len(acknowledged) == 100:
                server.process.kill()

    with running(place / "html", place / "comments.db") as server, ThreadPoolExecutor(8) as pool:
        list(pool.map(client, range(8)))
    with running(place / "html", place / "comments.db") as server:
        assert server.post("After the restart")[0] == 201
        assert len(server.thread()) > 100
    rows = comments.comments(place / "comments.db", {})
    texts = [row["text"] for row in rows]
    assert len(acknowledged) >= 100 and not set(acknowledged) - set(texts) and len(texts) == len(set(texts))
    for row in rows:
        assert row["text"] == "After the restart" or row["quoted_passage"] == row["text"].replace("Comment", "Passage")


def test_a_full_disk_is_told_to_the_reader(place, browser):
    with running(place / "html", place / "comments.db") as server:
        assert server.post("Before")[0] == 201
    resource = pytest.importorskip("resource")
    largest = (place / "comments.db").stat().st_size

    def no_more_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    with running(place / "html", place / "comments.db", preexec_fn=no_more_room) as server:
        statuses = [server.post("x" * 5000) for _ in range(4)]
        assert statuses[-1][0] == 507 and "not saved" in statuses[-1][1]["message"]
        page = reader(browser, server)
        page.fill("#isso-thread textarea", "y" * 5000)
        page.click("#isso-thread [type=submit]")
        page.wait_for_selector(".review-notice.fault")
        assert "not saved" in page.locator(".review-notice").inner_text()
        assert page.input_value("#isso-thread textarea") == "y" * 5000
        assert server.thread()


@pytest.mark.skipif(sys.platform != "linux", reason="takes away the right of Linux's root to write to any file")
def test_a_read_only_database_is_told(place):
    with running(place / "html", place / "comments.db") as server:
        server.post("Before")
    (place / "comments.db").chmod(0o444)
    drop_right, override_permissions = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
    libc = ctypes.CDLL(None)
    with running(
        place / "html", place / "comments.db", preexec_fn=lambda: libc.prctl(drop_right, override_permissions, 0, 0, 0)
    ) as server:
        status, told = server.post("Cannot be kept")
        assert status == 507 and "read-only" in told["message"]
        assert len(server.thread()) == 1


def test_it_says_where_it_listens_and_refuses_what_cannot_work(place):
    with running(place / "html", place / "comments.db") as server:
        assert server.said.startswith("The book with comments: http://127.0.0.1:")
        again = launch(place / "html", place / "comments.db", "--port", "0")
        assert "Another make review" in again
        port = server.host.split(":")[1]
        assert "Choose another" in launch(place / "html", place / "other.db", "--port", port)
    assert "make book" in launch(place / "none", place / "comments.db")
    (place / "broken.db").write_bytes(b"no database" * 100)
    assert "cannot be used" in launch(place / "html", place / "broken.db")
    with running(place / "html", place / "comments.db", "--host", "0.0.0.0") as server:
        assert "not on this machine alone" in server.process.stdout.readline()


def launch(folder: Path, database: Path, *arguments: str) -> str:
    """Return what a server that does not start says."""
    command = [sys.executable, "-m", "tools.review", "--folder", folder, "--database", database, *arguments]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    return done.stdout


def test_moderation_keeps_comments_back(place):
    environment = {**os.environ, "REVIEW_PASSWORD": "long enough"}
    with running(place / "html", place / "comments.db", "--moderate", env=environment) as server:
        assert server.post("Wait for approval")[0] == 202
        assert server.thread() == []
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert b"<form" in server.ask("POST", "/comments/login/", "password=wrong", form, raw=True)[2]
        status, headers, _ = server.ask("POST", "/comments/login/", "password=long+enough", form, raw=True)
        assert status == 302 and headers["Location"].endswith("/comments/admin/")
        cookie = headers["Set-Cookie"].split(";")[0]
        _, _, page = server.ask("GET", "/comments/admin/", headers={"Cookie": cookie})
        assert b"Wait for approval" in page
