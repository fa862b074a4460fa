"""Every page by axe-core in a browser: on a desktop and a phone, light and dark; and by keyboard."""

from functools import cache
from pathlib import Path

import pytest
from test_book import soup
from test_review import PAGE, running, select, selectors

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

# Cells whose words reach beyond them
SPILT = """() => [...document.querySelectorAll("article td, article th")].filter((cell) => {
    const { left, right } = cell.getBoundingClientRect();
    const words = document.createRange();
    words.selectNodeContents(cell);
    return [...words.getClientRects()].some((box) => box.width > 0 && (box.right > right + 1 || box.left < left - 1));
}).map((cell) => cell.textContent.trim().slice(0, 60))"""
LOOK = "mode => { document.documentElement.dataset.mode = mode; document.documentElement.dataset.theme = mode; }"

# What is opened fades in, and has its colours only then
SETTLE = """() => {
    for (const moving of document.getAnimations()) if (moving.effect.getComputedTiming().endTime !== Infinity) moving.finish();
}"""


@cache
def axe() -> str:
    """Return axe-core."""
    package = pytest.importorskip("axe_playwright_python")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def faults(page, asked: dict, within: str = "html") -> list[str]:
    """Return what axe finds on a page or a part of it, one sentence a fault."""
    options = {"resultTypes": ["violations"], **asked}
    page.evaluate(SETTLE)
    found = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])["violations"]
    return [f"{fault['id']} ({len(fault['nodes'])}): {fault['help']}: {fault['nodes'][0]['html'][:200]}" for fault in found]


def only(*rules: str) -> dict:
    """Return the options by which axe asks some rules alone."""
    return {"runOnly": {"type": "rule", "values": list(rules)}}


def test_no_page_breaks_a_rule_of_wcag(built, browser):
    html = built / "html"
    page = browser.new_page(reduced_motion="reduce")
    told = []
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or told.append(f"asks {request.url}"))
    for path in [*sorted((html / "book").glob("*.html")), html / "search.html", html / "genindex.html"]:
        page.set_viewport_size(dict(zip(("width", "height"), SIZES["phone"], strict=True)))
        page.goto(path.as_uri())
        page.evaluate(SHORTEN)
        page.evaluate(axe())
        rules = {name: {"enabled": False} for name in LOOKS}
        told += [f"{path.name}: {fault}" for fault in faults(page, {"runOnly": TAGS, "rules": rules})]
        if page.evaluate("document.documentElement.scrollWidth") > SIZES["phone"][0]:
            told.append(f"{path.name}: wider than a phone")
        told += [f"{path.name}, phone: a cell's text covers its neighbour: {cell}" for cell in page.evaluate(SPILT)]
        page.set_viewport_size(dict(zip(("width", "height"), SIZES["desktop"], strict=True)))
        told += [f"{path.name}, desktop: a cell's text covers its neighbour: {cell}" for cell in page.evaluate(SPILT)]
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


def test_a_picture_is_enlarged_on_a_phone(built, browser):
    """Only there, by touch or by keyboard; then it is drawn along within its frame, and the page is no wider."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((built / "html" / "book" / "deaths.html").as_uri())
    figure = page.locator("figure.chart").first
    small, large = figure.locator("> img"), figure.locator(".chart-picture img")
    assert small.is_visible() and not large.is_visible()
    figure.locator("details.chart-large summary").focus()
    page.keyboard.press("Enter")
    large.wait_for()
    assert not small.is_visible() and large.get_attribute("alt") == small.get_attribute("alt")
    assert large.bounding_box()["width"] > 600 and page.evaluate("document.documentElement.scrollWidth") == 390
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.chart-picture').scrollLeft > 0")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert small.is_visible() and not figure.locator("details.chart-large").is_visible()
    page.close()


# ---------------------------------------------------------------------------------------------------------------------
# Comments, as `make review` adds them to a chapter


@pytest.fixture
def commented(built, tmp_path):
    """The built book, served with comments: two and a reply on a passage, two on passages whose words are gone, one on none."""
    with running(built / "html", tmp_path / "comments.db") as server:
        words = next(
            text for text in (tag.get_text() for tag in soup(built / "html" / PAGE[1:]).select("article p")) if len(text) > 90
        )
        server.words = words[:60]
        there = {"section": "", "targets": [selectors(server.words)]}
        for text, passage in (
            ("With *stress*, a [link](https://example.org/x), `code`\n\n> a quotation\n\n- a list", there),
            ("A second on the same passage", there),
            ("On words that are gone", {"section": "", "targets": [selectors("words that never stood in this chapter at all")]}),
            ("On many words that are gone", {"section": "", "targets": [selectors("many words that are gone " * 60)]}),
        ):
            assert server.post(text, author="A reader", passage=passage)[0] == 201
        assert server.post("A reply", parent=1)[0] == server.post("On the chapter")[0] == 201
        yield server


def open_chapter(browser, server, size: str):
    """Open the chapter with its comments; return the page, with axe in it and `#target` before the paragraph to select from."""
    width, height = SIZES[size]
    page = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce").new_page()
    page.set_default_timeout(10_000)
    page.goto(server.url + PAGE[1:])
    page.locator("#isso-root .isso-comment").nth(5).wait_for()
    page.locator(".review-mark").wait_for()
    page.evaluate(
        "document.querySelectorAll('nav, article details, figure, table').forEach((part) => part.remove())"
    )  # axe is slow
    page.evaluate(axe())
    page.evaluate(
        "[...document.querySelectorAll('article p')].find((p) => p.textContent.includes('A drug misuse death is')).id = 'target'"
    )
    return page


@pytest.mark.parametrize("size", SIZES)
def test_no_comment_breaks_a_rule_of_wcag(commented, browser, size):
    page, told = open_chapter(browser, commented, size), []

    def look(state: str, within: str = ".review-dialog") -> None:
        for mode in ("light", "dark"):
            page.evaluate(LOOK, mode)
            told.extend(f"{state}, {mode}: {fault}" for fault in faults(page, {"runOnly": TAGS}, within))
        if page.evaluate("document.documentElement.scrollWidth") > SIZES[size][0]:
            told.append(f"{state}: wider than the window")

    look("thread at the foot", "#comments")
    page.locator("#isso-1 .isso-reply").first.click()
    page.fill("#isso-root .isso-postbox textarea", "Some *text*")
    page.click("#isso-root .isso-postbox [name=preview]")
    page.locator("#isso-root .isso-postbox .isso-preview em").wait_for()
    look("reply at the foot", "#comments")
    page.click(".review-mark")
    page.locator(".review-thread").wait_for()
    look("comments on a passage")
    for place in range(2):
        page.keyboard.press("Escape")
        page.locator(".review-quote.review-orphan a").nth(place).click()
        page.locator(".review-dialog .review-orphan").wait_for()
        look(f"orphaned comment {place}")
    page.keyboard.press("Escape")
    page.evaluate("document.querySelector('#target').scrollIntoView({ block: 'center' })")
    select(page, "#target", "misuse", "poisoning")
    page.locator(".review-offer").wait_for()
    look("offer", ".review-offer")
    page.click(".review-offer")
    page.fill("#review-text", "Cannot be kept")
    refusal = {"status": 507, "content_type": "application/json", "body": '{"message": "This was not saved."}'}
    page.route("**/comments/new*", lambda route: route.fulfill(**refusal))
    page.click(".review-dialog [type=submit]")
    page.locator(".review-fault", has_text="not saved").wait_for()
    look("comment that is refused")
    page.keyboard.press("Escape")
    page.locator(".review-dialog").wait_for(state="hidden")
    page.context.close()
    assert not told, "\n".join(told)


FOCUSED = "[document.activeElement.tagName, document.activeElement.id || document.activeElement.innerText.split('\\n')[0]]"


# The button has the focus, and still has it when each key that was let go has been told as a change of the selection
SETTLED = """() => new Promise((tell) => {
    const before = document.activeElement.className;
    setTimeout(() => tell(before === "review-offer" && document.activeElement.className === before), 300);
})"""


def test_comments_by_keyboard(commented, browser):
    page = open_chapter(browser, commented, "desktop")
    dialog, mark = page.locator(".review-dialog"), page.locator(".review-mark")
    mark.focus()
    page.keyboard.press("Enter")
    page.locator(".review-thread").wait_for()
    order = [page.evaluate(FOCUSED)]
    while order[-1] != ["BUTTON", "Save reply"] and len(order) < 12:
        page.keyboard.press("Tab")
        order.append(page.evaluate(FOCUSED))
    assert [order[0], *order[-4:]] == [
        ["BUTTON", "Close"], ["SELECT", "review-parent"], ["TEXTAREA", "review-text"], ["INPUT", "review-name"], ["BUTTON", "Save reply"]
    ]  # fmt: skip
    assert [kind for kind, _ in order[1:-4]] == ["A"] * 4  # the dates of three comments, and the link in one
    page.keyboard.press("Tab")  # never into the page behind
    assert page.evaluate(
        "document.querySelector('.review-dialog').contains(document.activeElement) || document.activeElement === document.body"
    )

    # Escape closes wherever the focus is, and gives it back
    dialog.locator("h2").click()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert "review-mark" in page.evaluate("document.activeElement.className")

    # A reply is written and saved, and the focus is on the passage's button, which is a new one
    page.keyboard.press("Enter")
    page.locator(".review-thread").wait_for()
    page.locator("#review-text").focus()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "document.activeElement.className.includes('review-mark') && document.activeElement.textContent === '4'"
    )

    # A comment's link at the foot leads to its passage and is where one is again afterwards
    page.locator(".review-quote a").first.focus()
    page.keyboard.press("Enter")
    page.locator(".review-thread").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.closest('.review-quote')")

    # A selection grown by keyboard is offered a button, which has the focus; without a comment one is at the passage again
    page.evaluate("""() => {
        const { firstChild } = document.querySelector("#target");
        document.querySelector("article").focus();
        getSelection().setBaseAndExtent(firstChild, 2, firstChild, 20);
    }""")
    page.keyboard.press("Shift+ArrowRight", delay=100)  # as long as a hand takes
    page.wait_for_function(SETTLED)
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'review-text'")
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.id === 'target'")
    page.context.close()
