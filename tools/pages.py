"""Have Sphinx write the pages of the book, every warning being an error."""

import sys

from tools.paths import CONFIG, ROOT, TOC, WORK


class BuildError(Exception):
    """The build cannot go on; the message is for the reader."""


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
    cause = getattr(result, "orig_exc", None) or result
    if isinstance(cause, KeyboardInterrupt | BuildError):
        raise cause
    if result:
        lines = log.read_text(encoding="utf-8").splitlines()
        told = [
            f"{line} {after}" if line.endswith("rror:") else line
            for line, after in zip(lines, [*lines[1:], ""], strict=True)
            if "WARNING" in line or "ERROR" in line or "rror:" in line
        ]
        # A full disk may have no room for it in the log
        why = f" ({cause})" if isinstance(result, Exception) else ""
        raise BuildError("\n".join(told[:10]) or f"The {builder} builder failed{why}: see {log.relative_to(ROOT).as_posix()}.")
