"""Set the report and the brief: `python -m tools.print_report FOLDER DATA`; a process of its own, beside the web book's."""

import sys
from pathlib import Path

import yaml

from tools.guard import leave_with_the_build
from tools.paths import BOOK, CONFIG
from tools.revision import revision

sys.path.insert(0, str(BOOK / "_ext"))

from typeset import Parcel, created, render

# The files of the folder DATA that travel with the report
ATTACHED = {
    "dcr-data.zip": "All tables of the report as CSV files, with their descriptions and sources (a Data Package)",
    "dcr-data.xlsx": "All tables of the report as an accessible workbook",
}


def main(folder: Path, data: Path) -> None:
    """Set the documents that the builder `pdf` wrote into `folder`, the tables of `data` attached."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    settings = config["sphinx"]["config"]
    files = {data / name: told for name, told in ATTACHED.items()}
    render(folder, Parcel(files, config["copyright"], settings["edition"], created(settings["edition_date"]), revision()))


if __name__ == "__main__":
    leave_with_the_build()
    main(Path(sys.argv[1]), Path(sys.argv[2]))
