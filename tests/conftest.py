"""What the tests share: import paths, one built book, copies of the book to break, and programs that must be there."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "book", ROOT / "book" / "_ext"):
    sys.path.insert(0, str(folder))

from tools.environment import TESTS  # noqa: E402


def build(root: Path, *arguments: str, env: dict | None = None) -> subprocess.CompletedProcess:
    """Run the build of the book in `root` as make does; return code and output."""
    command = [sys.executable, "-m", "tools.build", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600, env={**os.environ, **(env or {})})


def published(root: Path) -> dict[str, str]:
    """Return the hash of every file that readers take from the book in `root`, by its path."""
    made = root / "_build"
    tops = [path for path in made.iterdir() if not path.name.startswith(".")]
    files = [path for top in tops for path in [top, *top.rglob("*")] if path.is_file()]
    return {path.relative_to(made).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Return the files that only one of two builds has, or that differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def require(program: str) -> None:
    """Skip the test with one sentence where a program is missing; in continuous integration, fail."""
    found, _, sentence = TESTS[program]
    if not found():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)


@pytest.fixture(scope="session")
def browser():
    """Chromium, which asks nobody but the pages for anything."""
    require("Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    path = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
    switches = (
        "--no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update --disable-sync"
    )
    with playwright.sync_playwright() as runner:
        chromium = runner.chromium.launch(executable_path=path, args=switches.split())
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def built() -> Path:
    """The book built from this checkout: the folder `_build`."""
    result = build(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    return ROOT / "_build"


def copy_of_book(target: Path) -> Path:
    """Copy the sources of the book, without what was built, to `target`."""
    left_out = shutil.ignore_patterns("_build", ".venv", ".git", "__pycache__", ".pytest_cache", ".ruff_cache", "tests")
    shutil.copytree(ROOT, target, ignore=left_out)
    return target


@pytest.fixture(scope="session")
def small_book(tmp_path_factory) -> Path:
    """A copy of the book with one small chapter, built once: quick to rebuild after a change."""
    root = copy_of_book(tmp_path_factory.mktemp("small") / "book")
    for chapter in (root / "book").glob("*.md"):
        if chapter.name not in ("data.md", "numbers.md"):
            chapter.unlink()
    shutil.copyfile(ROOT / "tests" / "small.md", root / "book" / "deaths.md")
    (root / "book" / "data.md").write_text(
        "# Data\n\nAll tables of this book are left out of this small copy.\n\n```{bibliography}\n```\n"
    )
    brief = "# Brief\n\n{n}`deaths_latest` deaths were registered in {n}`latest_year` {cite:p}`nrs-2024`.\n\n```{glossary}\nRegistered\n    Written down.\n```\n"
    (root / "book" / "brief.md").write_text(brief)
    chapters = "".join(f"  - file: book/{name}\n" for name in ("brief", "data", "numbers"))
    (root / "_toc.yml").write_text(f"format: jb-book\nroot: book/deaths\nparts:\n- caption: Rest\n  chapters:\n{chapters}")
    result = build(root)
    assert result.returncode == 0, result.stdout + result.stderr
    return root
