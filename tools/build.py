"""Build everything: `python -m tools.build`. The Makefile's `make book`.

1. nothing changed since the last good build: say so and stop;
2. check the data; a fault is one sentence, and nothing has been written yet;
3. run the chapters whose results are not in the cache, in parallel, and read each page once its chapter has run;
4. once all are read, write the web book and, in a process of its own, the report, in a working folder, warnings being errors;
5. only then replace what readers take, `_build/html`, `_build/pdf` and the rest.

A build that fails or is killed leaves the last good one as it was. Two builds at once: the second waits.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock, Timeout

from tools.memory import search_rarely
from tools.pages import BuildError, write_pages
from tools.paths import BOOK, BUILD, CACHE, CONFIG, ROOT, TOC, WORK
from tools.revision import revision

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


def say(text: str) -> None:
    """Print a line at once, also while what Sphinx prints goes to a log."""
    print(text, file=sys.__stdout__, flush=True)


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


def state(made_from: dict[str, str]) -> dict:
    """Return what tells one build from another: inputs, the revision that they are said to be of, and what readers take."""
    return {"inputs": made_from, "revision": revision(), "outputs": outputs()}


def last_build() -> dict:
    """Return what the last good build was made from and what it made, or nothing."""
    try:
        return json.loads(STATE.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def unchanged(now: dict[str, str]) -> bool:
    """Return whether the last good build was made from these inputs and is still there as it was left."""
    return not MARK.exists() and last_build() == state(now)


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


def manifest(made_from: dict[str, str]) -> dict:
    """Return what this build was made from: inputs, versions, revision."""
    import yaml

    settings = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["sphinx"]["config"]
    packages = ("jupyter-book", "sphinx", "myst-nb", "pandas", "matplotlib", "scipy", "typst")
    return {
        "edition": settings["edition"],
        "revision": revision(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "inputs": made_from,
    }


def publish() -> None:
    """Replace what readers take by what the working folder holds: only names change, so that no full disk can stop it."""
    last = WORK / "last"
    remove(last)
    last.mkdir()
    for name in PUBLISHED:
        if (BUILD / name).exists():
            (BUILD / name).rename(last / name)
        (WORK / "out" / name).rename(BUILD / name)
    remove(last)


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


def only_text_changed(now: dict[str, str]) -> bool:
    """Return whether nothing but chapters changed since the last good build: then its data package is this one's."""
    changed = dict(now.items() ^ last_build().get("inputs", {}).items())
    return bool(changed) and all(re.fullmatch(r"book/\w+\.md", path) for path in changed)


class Package:
    """The making of the data package and the workbook, in a process that ends with this one, what it says going to a log."""

    def __init__(self, now: dict[str, str]) -> None:
        self.log, self.process = WORK / "package.log", None
        if not only_text_changed(now):
            with self.log.open("w", encoding="utf-8") as log:
                command = [sys.executable, "-m", "tools.make_package", WORK / "data"]
                self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def end(self) -> None:
        """Wait for it. Raises BuildError with the last line that was said if it failed."""
        if self.process and self.process.wait():
            last = [line for line in self.log.read_text(encoding="utf-8").splitlines() if line.strip()][-1:]
            rest = self.log.relative_to(ROOT).as_posix()
            raise BuildError(f"The data package could not be made: {''.join(last)} ({rest} has the rest.)")

    def stop(self) -> None:
        """End the process, if there is one."""
        if self.process:
            self.process.kill()


def build() -> None:
    """Build everything that changed."""
    started = time.monotonic()
    now = inputs()
    if unchanged(now):
        say("Nothing changed since the last build.")
        return
    clear_leavings()
    WORK.mkdir(parents=True, exist_ok=True)
    from tools import kernels
    from tools.print_report import Printing

    kernels.start_fork_server()
    package = Package(now)
    import_builders()  # while the fork server imports what the chapters need
    printing = Printing()
    try:
        make(now, package, printing)
    finally:
        package.stop()
        printing.stop()
    say(f"Built in {time.monotonic() - started:.1f} s: open _build/html/index.html")


def import_builders() -> None:
    """Import what takes longest to load of that which writes the pages and the report."""
    sys.path.insert(0, str(BOOK / "_ext"))
    for name in ("jupyter_book.sphinx", "myst_nb", "pydata_sphinx_theme", "sphinxcontrib.bibtex", "typeset"):
        import_module(name)


def make(now: dict[str, str], package: Package, printing) -> None:
    """Make everything from these inputs, with the processes that make the data package and the report (`Printing`)."""
    from fresh_outputs import cache_path
    from tools import kernels

    checking = ThreadPoolExecutor().submit(kernels.data_fault)

    def require_sound_data() -> None:
        """Wait for the check of the data. Raises BuildError with the first fault."""
        fault, tables = checking.result()
        if fault:
            raise BuildError(fault)
        say(f"Data: {tables} tables checked")

    def begin_printing() -> None:
        """Go on once all pages are read: no chapter runs any more."""
        run.finish()
        package.end()
        say("Pages and report …")
        printing.begin(settings)
        if run.waiting:
            kernels.stop_fork_server()

    chapters = notebooks()
    MARK.write_text("running")
    run = kernels.Run(chapters, cache_path(ROOT), say)
    settings = {"publications": PUBLICATIONS}
    try:
        if run.waiting:
            require_sound_data()
        say(f"Chapters: {len(run.waiting)} to run, {len(chapters) - len(run.waiting)} unchanged")
        run.start()
        write_pages("html", await_chapter=lambda page: run.wait(page), all_read=begin_printing, **settings)
        if not run.waiting:  # they ran with these data before; yet a change of the text can leave a source without a use
            require_sound_data()
        printing.end()
        refuse_changes_since(now)
        collect(now)
        publish()
    except BuildError:
        run.stop()
        MARK.write_text("failed")
        run.finish()
        raise
    prune_caches()
    STATE.write_text(json.dumps(state(now)))
    MARK.unlink()


def refuse_changes_since(start: dict[str, str]) -> None:
    """Raise BuildError if a file changed while it was being read, and forget results that may be filed under the wrong state."""
    changed = sorted(dict(start.items() ^ inputs().items()))
    if changed:
        shutil.rmtree(CACHE)
        raise BuildError(f"{changed[0]} changed while the book was being built: run make book again.")


def alone() -> AbstractContextManager:
    """Take the lock of this folder's builds; where another build runs, wait for it to end."""
    BUILD.mkdir(exist_ok=True)
    lock = FileLock(BUILD / ".lock")
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        say("Another build is running here; waiting for it to end …")
        return lock.acquire()


def main() -> int:
    """Build, and turn every foreseeable fault into a sentence and an exit code."""
    try:
        with alone():
            build()
    except KeyboardInterrupt:
        say("Interrupted. The last good book is untouched; run make book again.")
        return 130
    except OSError as error:
        first = error.args[0][0][-1] if isinstance(error, shutil.Error) else error  # of the files of a folder
        say(f"The book was not built: {first}. The last good book is untouched.")
        return 1
    except BuildError as error:
        say(f"The book was not built. {error}\nThe last good book is untouched.")
        return 1
    return 0


if __name__ == "__main__":
    search_rarely()
    sys.stdout.reconfigure(errors="replace")  # where the terminal lacks a letter, it shows a question mark
    code = main()
    sys.stdout.flush()
    os._exit(code)  # at once: the fork server and its kernels end with this process
