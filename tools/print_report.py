"""Write and set the report and the brief in a process of its own, while the web book is written.

`python -m tools.print_report FOLDER DATA` sets again what the builder `pdf` wrote into FOLDER.
"""

import multiprocessing
import sys
from contextlib import suppress
from pathlib import Path

from tools.guard import leave_with_the_parent
from tools.kernels import let_fork_server_go
from tools.pages import BuildError, write_pages
from tools.paths import BOOK, CONFIG, WORK
from tools.revision import revision

# The files of the folder of data that travel with the report
ATTACHED = {
    "dcr-data.zip": "All tables of the report as CSV files, with their descriptions and sources (a Data Package)",
    "dcr-data.xlsx": "All tables of the report as an accessible workbook",
}

# On Linux the process begins as a copy of this one, with all that was imported; elsewhere it imports it anew
CONTEXT = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


class Printing:
    """The process that makes the report; it waits until the pages have been read."""

    def __init__(self) -> None:
        self.channel, other = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=write_and_set, args=(other,), daemon=True)
        self.process.start()
        other.close()

    def begin(self, settings: dict) -> None:
        """Have it write and set the report, with settings of Sphinx's."""
        with suppress(BrokenPipeError):  # it died, which `end` tells
            self.channel.send(settings)

    def end(self) -> None:
        """Wait for the report. Raises BuildError with what stopped it."""
        try:
            fault = self.channel.recv()
        except EOFError:
            fault = "The report could not be made: its process was ended."
        if fault:
            raise BuildError(fault)

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()


def write_and_set(channel) -> None:
    """Once settings come, write the chapters in the language of the typesetter, set them, and send what went wrong, or None."""
    leave_with_the_parent()
    let_fork_server_go()
    try:
        settings = channel.recv()
    except EOFError:  # the build failed meanwhile
        return
    fault = None
    try:
        write_pages("pdf", render_report=False, **settings)
        typeset(WORK / "pdf", WORK / "data")
    except BuildError as error:
        fault = str(error)
    except Exception as error:
        fault = f"The report could not be made: {error}"
    channel.send(fault)


def typeset(folder: Path, data: Path) -> None:
    """Set the documents that the builder `pdf` wrote into `folder`, the tables of `data` attached."""
    import yaml

    sys.path.insert(0, str(BOOK / "_ext"))
    from typeset import Parcel, created, render

    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    settings = config["sphinx"]["config"]
    files = {data / name: told for name, told in ATTACHED.items()}
    render(folder, Parcel(files, config["copyright"], settings["edition"], created(settings["edition_date"]), revision()))


if __name__ == "__main__":
    typeset(Path(sys.argv[1]), Path(sys.argv[2]))
