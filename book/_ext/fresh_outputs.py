"""Run the notebooks again whenever what they rest on has changed.

The cache of executed notebooks is keyed on their code alone. This extension gives it a folder named after the bytes
of the data, the modules and the locked requirements, so that no stale number can be printed, and a change that is
taken back finds its old results.
"""

from hashlib import sha256
from pathlib import Path

# What a notebook's outputs depend on besides its own code, and what a page depends on besides its notebook
NOTEBOOK_INPUTS = ("data/*", "book/dcr/*.py", "book/_static/*.mplstyle", "book/_static/fonts/*.ttf", "requirements.txt")
PAGE_INPUTS = ("book/_ext/*.py",)


def fingerprint(root: Path, patterns: tuple[str, ...]) -> str:
    """Return a hash of the names and bytes of all files that match the patterns, below `root`."""
    digest = sha256()
    for path in sorted(path for pattern in patterns for path in root.glob(pattern) if path.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def cache_path(root: Path) -> Path:
    """Return the folder of executed notebooks that belongs to the present inputs."""
    return root / "_build" / ".jupyter_cache" / fingerprint(root, NOTEBOOK_INPUTS)


def choose_cache(app, config) -> None:
    """Point the build to the cache of the present inputs; a new path makes Sphinx read every page anew."""
    root = Path(app.srcdir)
    config.nb_execution_cache_path = str(cache_path(root))
    config.page_inputs = fingerprint(root, PAGE_INPUTS)


def await_results(app, docname, source) -> None:
    """Wait for a page's notebook, where chapters run while pages are read."""
    if app.config.await_chapter:
        app.config.await_chapter(docname)


def tell_all_read(app, *_) -> None:
    """Say that all pages are read, and kept for other builders."""
    if app.config.all_read:
        app.config.all_read()


def setup(app):
    app.add_config_value("page_inputs", "", "env", str)
    app.add_config_value("await_chapter", None, "")
    app.add_config_value("all_read", None, "")
    app.connect("config-inited", choose_cache, priority=1)
    app.connect("source-read", await_results)
    app.connect("env-check-consistency", tell_all_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
