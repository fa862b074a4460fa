"""Every page by axe-core in a browser: on a desktop and a phone, light and dark; and by keyboard."""

from functools import cache
from pathlib import Path

import pytest
from conftest import require

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# The rules that depend on colours and sizes, the slow ones
LOOKS = ["color-contrast", "link-in-text-block", "target-size"]

# One piece of code and one table of values are opened, the other pieces emptied; long tables keep their first rows
SHORTEN = """() => {
    for (const kind of ["details.hide", "details.chart-values", "details.bibtex"]) {
        const [first, ...others] = document.querySelectorAll(kind);
        if (first) first.open = true;
        for (const other of others) other.querySelectorAll("pre, table").forEach((part) => part.remove());
    }
    for (const table of document.querySelectorAll("article table")) [...table.querySelectorAll("tbody tr")].slice(5).forEach((row) => row.remove());
}"""

# What has the same place among elements and classes has the same colours and sizes: two of each kind are left
SAMPLE = """() => {
    const seen = new Map();
    const walk = (element, above) => {
        for (const child of [...element.children]) {
            const kind = `${above}>${child.tagName}.${child.getAttribute("class")}`;
            seen.set(kind, (seen.get(kind) || 0) + 1);
            if (seen.get(kind) > 2) child.remove(); else walk(child, kind);
        }
    };
    walk(document.body, "");
}"""
LOOK = "mode => { document.documentElement.dataset.mode = mode; document.documentElement.dataset.theme = mode; }"


@cache
def axe() -> str:
    """Return axe-core."""
    package = pytest.importorskip("axe_playwright_python")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser():
    require("Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    path = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
    with playwright.sync_playwright() as runner:
        chromium = runner.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


def faults(page, asked: dict) -> list[str]:
    """Return what axe finds on a page, one sentence a fault."""
    found = page.evaluate("options => axe.run(document, options)", {"resultTypes": ["violations"], **asked})["violations"]
    return [f"{fault['id']} ({len(fault['nodes'])}): {fault['help']}: {fault['nodes'][0]['html'][:200]}" for fault in found]


def only(*rules: str) -> dict:
    """Return the options by which axe asks some rules alone."""
    return {"runOnly": {"type": "rule", "values": list(rules)}}


def test_no_page_breaks_a_rule_of_wcag(built, browser):
    html = built / "html"
    page = browser.new_page(reduced_motion="reduce")
    told = []
    for path in [*sorted((html / "book").glob("*.html")), html / "search.html", html / "genindex.html"]:
        page.set_viewport_size(dict(zip(("width", "height"), SIZES["desktop"], strict=True)))
        page.goto(path.as_uri())
        page.evaluate(SHORTEN)
        page.evaluate(axe())
        rules = {name: {"enabled": False} for name in LOOKS}
        told += [f"{path.name}: {fault}" for fault in faults(page, {"runOnly": TAGS, "rules": rules})]
        width, height = SIZES["phone"]
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(400)  # the theme makes wide tables reachable by keyboard a moment after a change of size
        if page.evaluate("document.documentElement.scrollWidth") > width:
            told.append(f"{path.name}: wider than a phone")
        told += [f"{path.name}, phone: {fault}" for fault in faults(page, only("scrollable-region-focusable"))]
        page.evaluate(SAMPLE)
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for mode in ("light", "dark"):
                page.emulate_media(color_scheme=mode)
                page.evaluate(LOOK, mode)
                told += [f"{path.name}, {size}, {mode}: {fault}" for fault in faults(page, only(*LOOKS))]
    page.close()
    assert not told, "\n".join(told)


def test_figures_stand_on_white_in_the_dark(built, browser):
    page = browser.new_page(color_scheme="dark")
    page.goto((built / "html" / "book" / "deaths.html").as_uri())
    look = page.locator("figure.chart img").first.evaluate(
        "image => [getComputedStyle(image).backgroundColor, getComputedStyle(image).filter]"
    )
    assert look == ["rgb(255, 255, 255)", "none"]
    page.close()


def test_everything_is_reached_by_keyboard(built, browser):
    """Tab from the top: first the link that skips to the text; then, from the text, code, files and table of a figure."""
    page = browser.new_page()
    page.goto((built / "html" / "book" / "deaths.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement.matches('summary') ? document.activeElement.innerText.trim() : document.activeElement.innerText"
            )
        )
        if page.evaluate("document.activeElement.closest('.chart-values summary')") is not None:
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.parentElement.open")
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.getAttribute('role')") == "region"
            break
    assert {"Show the code", "Get the data (CSV)", "Get the picture (SVG)", "Get the picture (PNG)"} <= reached
    page.close()
