"""Set the report: `python -m tools.print_report FOLDER`; a process of its own, so that the web book is written beside it."""

import sys
from pathlib import Path

from tools.memory import search_rarely
from tools.paths import BOOK

if __name__ == "__main__":
    search_rarely()
    sys.path.insert(0, str(BOOK / "_ext"))
    from pdf import render

    render(Path(sys.argv[1]))
