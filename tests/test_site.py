"""The hosted book: what stands under figures and in the head of pages, how much a page loads, notebooks, publishing."""

import functools
import http.server
import json
import re
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import docutils.utils
import jupytext
import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import build
from docutils import nodes
from nbclient import NotebookClient
from test_accessible import SIZES
from test_book import pages, soup

import pages as site
from tools.paths import ROOT

LIGHT = 1_500_000  # bytes of a chapter's first view


@pytest.mark.parametrize("page", pages())
def test_figures_offer_source_files_and_values(built, page):
    path = built / "html" / f"{page}.html"
    for figure in soup(path).select("figure.chart"):
        assert len(figure.select("figcaption")) == 1 and [tag.name for tag in figure.find_all(recursive=False)][:2] == [
            "figcaption",
            "img",
        ]
        assert "Source" in figure.select_one(".chart-source p").get_text()
        links = {link.get_text(): link["href"] for link in figure.select(".chart-data a")}
        assert list(links) == ["Get the data (CSV)", "Get the picture (SVG)", "Get the picture (PNG)"]
        for text, begin in zip(links, (None, b"<?xml", b"\x89PNG"), strict=True):
            content = (path.parent / links[text]).read_bytes()
            assert content.startswith(begin) if begin else b"," in content
            assert Path(links[text]).stem == figure["id"]
        table = figure.select_one("details.chart-values table")
        assert table.caption.get_text(strip=True).startswith("Values plotted")
        assert {head["scope"] for head in table.select("thead th")} == {"col"}
        assert all(
            row.th["scope"] == "row" and len(row.select("th, td")) == len(table.select("thead th"))
            for row in table.select("tbody tr")
        )
        lines = (path.parent / links["Get the data (CSV)"]).read_text(encoding="utf-8").splitlines()
        rows = len(table.select("tbody tr"))
        assert rows == len(lines) - 1 or (rows == 200 and "the data file holds all" in table.caption.get_text())
        assert "" not in {cell.get_text(strip=True) for cell in table.select("th, td")}


def test_pictures_hold_their_place_before_they_are_loaded(built):
    for picture in soup(built / "html" / "book" / "deaths.html").select("figure.chart img"):
        assert picture["loading"] == "lazy" and int(picture["width"]) == 672 and int(picture["height"]) > 50


@pytest.mark.parametrize("page", pages())
def test_menu_of_downloads(built, page):
    path = built / "html" / f"{page}.html"
    menu = [link for link in soup(path).select(".dropdown-download-buttons a")]
    offered = {Path(link["href"]).name for link in menu}
    assert {"dcr-report.pdf", "dcr-brief.pdf", "dcr-data.xlsx", "dcr-data.zip"} <= offered
    if soup(path).select(".cell_input"):
        assert f"{Path(page).name}.ipynb" in offered


@pytest.mark.parametrize("page", pages())
def test_pages_describe_themselves(built, page):
    head = soup(built / "html" / f"{page}.html").head
    told = {tag["property"]: tag["content"] for tag in head.select("meta[property]")}
    assert told["og:title"] and 20 < len(told["og:description"]) <= 302
    assert not re.search(r"\{n\}|`", told["og:description"])
    assert "og:image" not in told and "og:url" not in told  # the book has no address yet
    assert head.select_one("meta[name=description]")["content"] == told["og:description"]


def test_citation(built):
    page = soup(built / "html" / "book" / "index.html")
    cited = page.select_one("p.citation").get_text()
    known = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert known["title"] in cited and known["version"] in cited and str(known["date-released"].year) in cited
    assert "@misc{" in page.select_one("details.bibtex pre").get_text()
    assert page.select_one("#how-to-cite")
    other = soup(built / "html" / "book" / "people.html")
    assert other.select_one("p.edition a")["href"] == "index.html#how-to-cite"


def test_online_comments_without_an_address_are_a_fault(monkeypatch):
    """A warning, which stops the build."""
    warned = []
    monkeypatch.setattr(site.LOGGER, "warning", warned.append)
    for address in ("", "https://book.invalid/"):
        site.check_comments(None, SimpleNamespace(comments_config={"hypothesis": True}, html_baseurl=address))
    (sentence,) = warned
    assert "set html: baseurl too" in sentence


@pytest.mark.parametrize("address", ["", "https://book.invalid/dcr/"])
def test_the_citation_names_people_bodies_and_the_address_once_there_is_one(tmp_path, address):
    authors = "authors:\n  - family-names: Hill\n    given-names: Ann\n  - name: The Office\n"
    (tmp_path / "CITATION.cff").write_text(f"title: Rooms\n{authors}", encoding="utf-8")
    config = SimpleNamespace(edition="2026.1", edition_date="27 November 2026", html_baseurl=address)
    _, line, _, entry = site.how_to_cite(SimpleNamespace(srcdir=tmp_path, config=config, note_dependency=lambda file: None))
    told = "Hill, Ann; The Office (2026). Rooms. Edition 2026.1, 27 November 2026."
    assert line.astext() == f"{told} {address}".strip()
    assert [link["refuri"] for link in line.findall(nodes.reference)] == [address] * bool(address)
    bibtex = BeautifulSoup(entry.astext(), "lxml").select_one("pre").get_text().splitlines()
    assert "  author = {Hill, Ann and {The Office}}," in bibtex
    assert [field for field in bibtex if "url" in field] == [f"  url = {{{address}}},"] * bool(address)


def test_pictures_of_known_size_wait_and_others_stay_as_they_are():
    document = docutils.utils.new_document("")
    document += [nodes.image(uri="figure.svg", ratio=(4, 3)), nodes.image(uri="picture.png")]
    transform = site.LazyPictures.__new__(site.LazyPictures)
    transform.document = document
    transform.run()
    figure, picture = document.findall(nodes.image)
    assert (figure["width"], figure["height"], figure["loading"]) == ("672px", "504px", "lazy")
    assert not {"width", "height", "loading"} & picture.attributes.keys()


def test_the_book_with_an_address_and_online_comments(small_book, browser, tmp_path):
    """Set both in one build: canonical addresses, previews, list of pages, Hypothesis keyed on the canonical address."""
    root = tmp_path / "book"
    shutil.copytree(small_book, root)
    settings = (root / "_config.yml").read_text(encoding="utf-8")
    online = settings.replace("hypothesis: false", "hypothesis: true")
    assert online != settings
    addressed = online.replace('baseurl: ""', "baseurl: https://book.invalid/dcr/")
    (root / "_config.yml").write_text(addressed, encoding="utf-8")
    result = build(root)
    assert result.returncode == 0, result.stdout + result.stderr
    page = BeautifulSoup((root / "_build/html/book/deaths.html").read_text(encoding="utf-8"), "lxml")
    assert page.select_one("link[rel=canonical]")["href"] == "https://book.invalid/dcr/book/deaths.html"
    told = {tag["property"]: tag["content"] for tag in page.select("meta[property]")}
    assert told["og:url"] == "https://book.invalid/dcr/book/deaths.html"
    assert told["og:image"] == "https://book.invalid/dcr/_static/preview.png"
    assert (root / "_build/html/_static/preview.png").read_bytes().startswith(b"\x89PNG")
    assert page.select("script[src^='https://hypothes.is/']")
    listed = (root / "_build/html/sitemap.xml").read_text(encoding="utf-8")
    assert "<loc>https://book.invalid/dcr/book/deaths.html</loc>" in listed
    for size in SIZES:
        hypothesis_stands_beside_the_themes_buttons(root / "_build" / "html", browser, size)

    # A changed style sheet is taken up where nothing else changed
    style = root / "book" / "_static" / "screen.css"
    style.write_text(style.read_text(encoding="utf-8") + "\n/* changed */\n", encoding="utf-8")
    assert build(root).returncode == 0
    assert (root / "_build/html/_static/screen.css").read_bytes() == style.read_bytes()


# What the service's script puts at the right edge, in the sizes of its client: a toolbar, and a bar for marks beside the text
HYPOTHESIS = """
window.loads = (window.loads || 0) + 1;
for (const [name, size] of [["toolbar", "width: 33px; height: 104px"], ["bar", "width: 23px; height: 100%; pointer-events: none"]]) {
    const part = document.createElement("div");
    part.id = `hypothesis-${name}`;
    part.style = `position: fixed; z-index: 2147483647; top: 0; right: 0; ${size}`;
    document.body.append(part);
}
"""

# Links and buttons of the theme that the toolbar lies over, at the top of the page
COVERED = """() => {
    const { left, bottom } = document.getElementById("hypothesis-toolbar").getBoundingClientRect();
    return [...document.querySelectorAll(".bd-header-article :is(a, button), .bd-sidebar-secondary :is(a, button), .bd-header :is(a, button)")]
        .filter((part) => part.checkVisibility() && part.getClientRects().length)
        .filter((part) => { const box = part.getBoundingClientRect(); return box.right > left && box.top < bottom; })
        .map((part) => part.outerHTML.slice(0, 120));
}"""


def hypothesis_stands_beside_the_themes_buttons(html: Path, browser, size: str) -> None:
    """Open a chapter at a size, with the service's answer in its place: one script is asked for, and nothing is covered."""
    width, height = SIZES[size]
    page, foreign = browser.new_page(viewport={"width": width, "height": height}), []
    with served(html) as address:

        def answer(route) -> None:
            if not route.request.url.startswith(address):
                foreign.append(route.request.url)
                route.fulfill(body=HYPOTHESIS, content_type="text/javascript")
            else:
                route.continue_()

        page.route("**/*", answer)
        page.goto(f"{address}/book/deaths.html")
        page.locator("#hypothesis-toolbar").wait_for()
        assert foreign == ["https://hypothes.is/embed.js"] and page.evaluate("window.loads") == 1
        assert page.locator("link[rel=canonical]").get_attribute("href") == "https://book.invalid/dcr/book/deaths.html"
        assert page.locator(".bd-header-article button:visible").count() >= 2
        assert page.evaluate(COVERED) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


@contextmanager
def served(folder: Path):
    """Serve a folder as plainly as can be: nothing is compressed."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *told):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_first_views_are_light_and_ask_no_one_else(built, browser):
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [
        contents["root"],
        *(chapter["file"] for part in contents["parts"] if part.get("numbered") for chapter in part["chapters"]),
    ]
    weights, foreign, wrong = {}, [], []
    with served(built / "html") as address:
        for chapter in chapters:
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            page = context.new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("request", lambda request: request.url.startswith((address, "data:")) or foreign.append(request.url))
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            loaded = []
            session.on("Network.loadingFinished", lambda event, loaded=loaded: loaded.append(event["encodedDataLength"]))
            page.goto(f"{address}/{chapter}.html", wait_until="load")
            page.wait_for_timeout(100)
            weights[chapter] = sum(loaded)
            context.close()
    assert not foreign and not wrong
    assert max(weights.values()) < LIGHT, weights


def test_search_works_from_a_folder(built, browser):
    page = browser.new_page()
    foreign = []
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or foreign.append(request.url))
    page.goto((built / "html" / "book" / "deaths.html").as_uri())
    page.keyboard.press("Control+k")
    page.fill("#pst-search-dialog input", "naloxone")
    page.keyboard.press("Enter")
    page.locator("#search-results a", has_text="Treatment").first.wait_for()
    page.locator("#search-results a", has_text="Treatment").first.click()
    page.locator("article h1", has_text="Treatment").wait_for()
    assert not foreign
    page.close()


def test_notebooks_are_whole_and_executed(built):
    for path in (built / "html" / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
        assert any(cell.outputs for cell in code), path.name
        assert "vnd.dcr" not in path.read_text(encoding="utf-8")


def test_a_notebook_runs_beside_the_data_package_alone(built, tmp_path):
    shutil.copyfile(built / "html" / "downloads" / "dcr-data.zip", tmp_path / "dcr-data.zip")
    notebook = nbformat.read(built / "html" / "notebooks" / "index.ipynb", as_version=4)
    expected = [output.data["text/plain"] for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output.data for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert [output["text/plain"] for output in outputs] == expected and expected
    assert any("image/svg+xml" in output for output in outputs)


def test_chapters_open_as_the_notebooks_that_are_offered(built):
    """So they run from top to bottom in `make lab` too: the notebooks differ only by the cell that finds the code."""
    for path in (built / "html" / "notebooks").glob("*.ipynb"):
        offered = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        opened = jupytext.read(ROOT / "book" / f"{path.stem}.md")
        assert opened.metadata["kernelspec"]["name"] == "python3"
        assert [cell.source for cell in opened.cells if cell.cell_type == "code"] == offered[1:], path.stem


def workflows() -> list[Path]:
    return sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_workflows_are_pinned_and_ask_for_little():
    assert {path.stem for path in workflows()} == {"proposal", "edition", "watch"}
    for path in workflows():
        text = path.read_text(encoding="utf-8")
        workflow = yaml.safe_load(text)
        assert workflow["defaults"]["run"]["shell"] == "bash", "the shell of no name hides faults in pipes"
        assert "concurrency" in workflow
        assert workflow["permissions"] == {"contents": "read"}
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] <= 40
            for step in job["steps"]:
                assert ("uses" in step) != ("run" in step), f"{path.name}: {step}"
                assert "${{" not in step.get("run", ""), "what others write belongs in env, not in a script"
        for action in re.findall(r"uses: (.*)", text):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", action), f"{path.name}: {action}"


def test_what_may_write_runs_none_of_the_book():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "edition.yml").read_text(encoding="utf-8"))["jobs"]
    assert [name for name, job in jobs.items() if job.get("permissions")] == ["publish"]
    assert [step["run"] for step in jobs["publish"]["steps"] if "run" in step] == ['.github/publish "$GITHUB_REF_NAME"']
    assert jobs["publish"]["needs"] == "build"
    for path in workflows():
        for name, job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].items():
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@") and (path.stem, name) != ("edition", "publish"):
                    assert step["with"]["persist-credentials"] is False, f"{path.name}: {name}"


def test_binder_installs_the_lock():
    folder = ROOT / ".binder"
    assert (folder / "runtime.txt").read_text() == "python-3.11\n"
    script = (folder / "postBuild").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements.txt" in script and (folder / "postBuild").stat().st_mode & 0o111


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@localhost", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_editions_are_kept_and_the_latest_is_at_the_root(tmp_path):
    if not shutil.which("git"):
        pytest.skip("Publishing needs git.")
    require_bash()
    site, book = tmp_path / "site.git", tmp_path / "book"
    git(tmp_path, "init", "-q", "--bare", str(site))
    (book / ".github").mkdir(parents=True)
    shutil.copy(ROOT / ".github" / "publish", book / ".github" / "publish")
    (book / ".gitignore").write_text("_build/\n")
    git(tmp_path, "init", "-q", str(book))
    git(book, "add", ".")
    git(book, "commit", "-qm", "Book")
    git(book, "remote", "add", "origin", str(site))

    def publish(edition: str, text: str) -> subprocess.CompletedProcess:
        shutil.rmtree(book / "_build", ignore_errors=True)
        (book / "_build" / "html" / "book").mkdir(parents=True)
        (book / "_build" / "html" / "index.html").write_text(text)
        (book / "_build" / "html" / "book" / f"{text}.html").write_text(text)
        (book / "_build" / "manifest.json").write_text(json.dumps({"edition": edition}, indent=1))
        return subprocess.run([book / ".github" / "publish", edition], capture_output=True, text=True)

    def shown(path: str) -> str:
        return git(site, "show", f"gh-pages:{path}")

    trees = {}
    for edition, text in (("2026.2", "second"), ("2026.10", "tenth"), ("2026.3", "third")):
        done = publish(edition, text)
        assert done.returncode == 0, done.stderr
        trees[edition] = git(site, "rev-parse", f"gh-pages:{edition}")
    assert trees == {edition: git(site, "rev-parse", f"gh-pages:{edition}") for edition in trees}, "an older edition was touched"
    assert shown("index.html") == shown("2026.10/index.html") == "tenth"
    assert shown("2026.2/index.html") == "second" and shown("2026.3/book/third.html") == "third"
    names = git(site, "ls-tree", "-r", "--name-only", "gh-pages").split()
    assert "book/tenth.html" in names and "book/second.html" not in names and ".gitignore" not in names
    again = publish("2026.3", "other")
    assert again.returncode == 1 and "published already" in again.stderr and shown("2026.3/index.html") == "third"
    shutil.rmtree(book / "_build")
    (book / "_build" / "html").mkdir(parents=True)
    (book / "_build" / "manifest.json").write_text(json.dumps({"edition": "2026.4"}, indent=1))
    wrong = subprocess.run([book / ".github" / "publish", "2026.5"], capture_output=True, text=True)
    assert wrong.returncode == 1 and "is not edition 2026.5" in wrong.stderr


def require_bash() -> None:
    if not shutil.which("bash"):
        pytest.skip("Publishing needs bash.")
