"""Build everything: `python -m tools.build`. The Makefile's `make book`.

1. nothing changed since the last good build: say so and stop;
2. check the data; a fault is one sentence, and nothing has been written yet;
3. run the chapters whose results are not in the cache, in parallel;
4. write the web book and the report in a working folder, warnings being errors;
5. only then replace what readers take, `_build/html`, `_build/pdf` and the rest.

A build that fails or is killed leaves the last good one as it was. Two builds at once: the second waits.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock, Timeout

from tools.memory import search_rarely
from tools.paths import BOOK, BUILD, CACHE, CONFIG, ROOT, TOC, WORK
from tools.print_report import revision

# JupyterLab brings a parser of addresses that takes four seconds to import and that no build uses
sys.modules["rfc3987_syntax"] = None

# Everything that a build depends on
INPUTS = ("data/*", "book/**/*", "tools/*.py", "_config.yml", "_toc.yml", "requirements.txt", "LICENSE*", "CITATION.cff")

# The last good build: what it was made from and what it made
STATE = WORK / "state.json"

# Stands while a build works on the working folder: says "running", or "failed" once it stopped in order
MARK = WORK / "unfinished"

# How many sets of executed notebooks are kept, so that a change that is taken back finds its results
KEPT_CACHES = 5


class BuildError(Exception):
    """The build cannot go on; the message is for the reader."""


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def inputs() -> dict[str, str]:
    """Return the hash of every input file by its path."""
    files = {path for pattern in INPUTS for path in ROOT.glob(pattern) if path.is_file() and "__pycache__" not in path.parts}
    return {path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def outputs() -> dict[str, list[int]]:
    """Return size and time of every file that readers take."""
    files = [path for path in BUILD.rglob("*") if path.is_file() and path.relative_to(BUILD).parts[0] in PUBLISHED]
    return {path.relative_to(BUILD).as_posix(): [path.stat().st_size, path.stat().st_mtime_ns] for path in sorted(files)}


# What is offered for download beside the pages
PUBLICATIONS = ["dcr-report.pdf", "dcr-brief.pdf", "dcr-data.xlsx", "dcr-data.zip"]

# What is published, in the order in which it is replaced: folder or file below _build
PUBLISHED = ("html", "pdf", "data", "numbers.json", "manifest.json")


def unchanged(now: dict[str, str]) -> bool:
    """Return whether the last good build was made from these inputs and is still there as it was left."""
    try:
        state = json.loads(STATE.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return not MARK.exists() and state["inputs"] == now and state["outputs"] == outputs()


def clear_leavings() -> None:
    """Remove what an unfinished build left: its pages may be half written, and its warnings would not be repeated."""
    if MARK.exists():
        if MARK.read_text() == "running":
            shutil.rmtree(CACHE, ignore_errors=True)
        shutil.rmtree(WORK, ignore_errors=True)


def prune_caches() -> None:
    """Keep the executed notebooks of the latest few states of the data only."""
    caches = sorted(CACHE.glob("*/"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in caches[KEPT_CACHES:]:
        shutil.rmtree(old, ignore_errors=True)


def notebooks() -> list[Path]:
    """Return the chapters of the contents that hold code, in their order."""
    import yaml

    toc = yaml.safe_load(TOC.read_text(encoding="utf-8"))
    pages = [toc["root"]] + [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    files = [ROOT / f"{page}.md" for page in pages]
    for file in files:
        if not file.exists():
            raise BuildError(f"_toc.yml names {file.relative_to(ROOT).as_posix()}, which is missing: restore it or take it out.")
    return [file for file in files if "{code-cell}" in file.read_text(encoding="utf-8")]


def write_pages(builder: str, **settings) -> None:
    """Run one of Sphinx's builders over the book in the working folder. Raises BuildError on any warning."""
    from jupyter_book.sphinx import build_sphinx

    log = WORK / f"{builder}.log"
    standard = sys.stdout, sys.stderr
    with log.open("w", encoding="utf-8") as file:
        sys.stdout = sys.stderr = file
        try:
            result = build_sphinx(
                ROOT,
                WORK / builder,
                noconfig=True,
                path_config=CONFIG,
                doctreedir=WORK / ".doctrees",
                confoverrides={"external_toc_path": TOC.as_posix(), "latex_individualpages": False, **settings},
                builder=builder,
                warningiserror=True,
                keep_going=True,
            )
        finally:
            sys.stdout, sys.stderr = standard
    if isinstance(result, KeyboardInterrupt):
        raise result
    if result:
        lines = log.read_text(encoding="utf-8").splitlines()
        told = [
            f"{line} {after}" if line.endswith("rror:") else line
            for line, after in zip(lines, [*lines[1:], ""], strict=True)
            if "WARNING" in line or "ERROR" in line or "rror:" in line
        ]
        raise BuildError("\n".join(told[:10]) or f"The {builder} builder failed: see {log.relative_to(ROOT).as_posix()}.")


def manifest(made_from: dict[str, str]) -> dict:
    """Return what this build was made from: inputs, versions, revision."""
    import yaml

    settings = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["sphinx"]["config"]
    packages = ("jupyter-book", "sphinx", "myst-nb", "pandas", "matplotlib", "scipy", "weasyprint")
    return {
        "edition": settings["edition"],
        "revision": revision(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "inputs": made_from,
    }


def publish() -> None:
    """Replace what readers take by what the working folder holds, each piece by one renaming."""
    for name in PUBLISHED:
        source, target = WORK / "out" / name, BUILD / name
        if not source.exists():
            continue
        new, old = BUILD / f".{name}.new", BUILD / f".{name}.old"
        remove(new)
        remove(old)
        shutil.copytree(source, new) if source.is_dir() else shutil.copyfile(source, new)
        if target.exists():
            target.rename(old)
        new.rename(target)
        remove(old)


def remove(path: Path) -> None:
    """Remove a file or folder that may not exist."""
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def collect(made_from: dict[str, str]) -> None:
    """Put together in the working folder what readers will take."""
    out = WORK / "out"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(WORK / "html", out / "html", ignore=shutil.ignore_patterns(".buildinfo"))
    (out / "html" / "downloads").mkdir()
    for name in PUBLICATIONS:
        folder = "pdf" if name.endswith(".pdf") else "data"
        (out / folder).mkdir(exist_ok=True)
        for target in (out / folder / name, out / "html" / "downloads" / name):
            shutil.copyfile(WORK / folder / name, target)
    shutil.copyfile(WORK / "numbers.json", out / "numbers.json")
    (out / "manifest.json").write_text(json.dumps(manifest(made_from), indent=1) + "\n", encoding="utf-8")


def build() -> None:
    """Build everything that changed."""
    started = time.monotonic()
    now = inputs()
    if unchanged(now):
        say("Nothing changed since the last build.")
        return
    clear_leavings()
    from tools import kernels

    kernels.start_fork_server()
    import jupyter_book.sphinx  # noqa: F401  while the fork server imports its own

    sys.path.insert(0, str(BOOK / "_ext"))
    from fresh_outputs import cache_path

    chapters = notebooks()
    fault, tables = kernels.data_fault()
    if fault:
        raise BuildError(fault)
    say(f"Data: {tables} tables checked")
    WORK.mkdir(parents=True, exist_ok=True)
    MARK.write_text("running")
    try:
        say("Chapters:")
        ran = kernels.run_chapters(chapters, cache_path(ROOT), say)
        say(f"  {len(chapters) - ran} of {len(chapters)} unchanged" if ran < len(chapters) else f"  all {ran} run")
        package = subprocess.Popen(
            [sys.executable, "-m", "dcr.package_data", str(WORK / "data")], cwd=BOOK, stdout=subprocess.DEVNULL
        )
        report = None
        try:
            say("Pages …")
            write_pages("pdf", publications=PUBLICATIONS, render_report=False)
            if package.wait():
                raise BuildError("The data package could not be made: see the error above.")
            folders = [str(WORK / "pdf"), str(WORK / "data")]
            report = subprocess.Popen([sys.executable, "-m", "tools.print_report", *folders], cwd=ROOT)
            write_pages("html", publications=PUBLICATIONS)
            say("Report …")
            if report.wait():
                raise BuildError("The report could not be made: see the error above.")
        finally:
            for process in filter(None, (package, report)):
                process.kill()
        collect(now)
        publish()
    except (BuildError, kernels.ChapterError):
        MARK.write_text("failed")
        raise
    prune_caches()
    STATE.write_text(json.dumps({"inputs": now, "outputs": outputs()}))
    MARK.unlink()
    say(f"Built in {time.monotonic() - started:.1f} s: open _build/html/index.html")


def main() -> int:
    """Build, and turn every foreseeable fault into a sentence and an exit code."""
    BUILD.mkdir(exist_ok=True)
    lock = FileLock(BUILD / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("Another build is running here; waiting for it to end …")
        lock.acquire()
    try:
        build()
    except KeyboardInterrupt:
        say("Interrupted. The last good book is untouched; run make book again.")
        return 130
    except OSError as error:
        say(f"The book was not built: {error}. The last good book is untouched.")
        return 1
    except Exception as error:
        if type(error).__name__ not in ("BuildError", "ChapterError"):
            raise
        say(f"The book was not built. {error}\nThe last good book is untouched.")
        return 1
    finally:
        lock.release()
    return 0


if __name__ == "__main__":
    search_rarely()
    code = main()
    sys.stdout.flush()
    os._exit(code)  # at once: the fork server and its kernels end with this process
