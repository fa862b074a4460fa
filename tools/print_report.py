"""Set the report and the brief: `python -m tools.print_report FOLDER DATA`; a process of its own, beside the web book's.

It loads the renderer first and then waits for a line on its standard input: the HTML in FOLDER is ready. When the line
does not come, the build failed, and it ends.
"""

import gc
import os
import sys
from pathlib import Path

from tools.guard import leave_with_the_build
from tools.paths import BOOK, CONFIG
from tools.revision import revision

# The files of the folder DATA that travel with the report
ATTACHED = {
    "dcr-data.zip": "All tables of the report as CSV files, with their descriptions and sources (a Data Package)",
    "dcr-data.xlsx": "All tables of the report as an accessible workbook",
}


def main(folder: Path, data: Path) -> None:
    """Set the documents whose HTML is in `folder`, the tables of `data` attached."""
    import yaml

    from typeset import Parcel, created, load_renderer, render

    load_renderer()
    if not sys.stdin.readline():
        return
    leave_with_the_build()
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    settings = config["sphinx"]["config"]
    files = {data / name: told for name, told in ATTACHED.items()}
    render(folder, Parcel(files, config["copyright"], settings["edition"], created(settings["edition_date"]), revision()))


if __name__ == "__main__":
    gc.disable()  # all boxes of the report live until it is written: looking for unreachable ones only takes time
    sys.path.insert(0, str(BOOK / "_ext"))
    main(Path(sys.argv[1]), Path(sys.argv[2]))
    os._exit(0)  # at once: to take down what was built in memory box by box takes seconds
