"""Set the report and the brief: `python -m tools.print_report FOLDER DATA`; a process of its own, beside the web book's."""

import subprocess
import sys
from pathlib import Path

from tools.memory import search_rarely
from tools.paths import BOOK, CONFIG, ROOT

# The files of the folder DATA that travel with the report
ATTACHED = {
    "dcr-data.zip": "All tables of the report as CSV files, with their descriptions and sources (a Data Package)",
    "dcr-data.xlsx": "All tables of the report as an accessible workbook",
}


def revision() -> str | None:
    """Return the revision of the sources, or None outside a repository."""
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or None


def main(folder: Path, data: Path) -> None:
    """Set the documents whose HTML is in `folder`, the tables of `data` attached."""
    import yaml

    from pdf import Parcel, created, render

    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    settings = config["sphinx"]["config"]
    files = {data / name: told for name, told in ATTACHED.items()}
    render(folder, Parcel(files, config["copyright"], settings["edition"], created(settings["edition_date"]), revision()))


if __name__ == "__main__":
    search_rarely()
    sys.path.insert(0, str(BOOK / "_ext"))
    main(Path(sys.argv[1]), Path(sys.argv[2]))
