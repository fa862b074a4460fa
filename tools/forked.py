"""What forked processes do. It imports next to nothing itself: each fork imports this module first."""

import os
import sys
from contextlib import suppress


def run_kernel(connection_file: str, folder: str) -> None:
    """Be a kernel."""
    from ipykernel.kernelapp import IPKernelApp

    from tools.guard import leave_with_the_parent

    leave_with_the_parent()
    os.chdir(folder)
    sys.path.insert(0, "")
    app = IPKernelApp.instance()
    app.initialize(["-f", connection_file, "--IPKernelApp.quiet=True", "--IPKernelApp.log_level=50"])
    app.start()


def send_report(sender) -> None:
    """Send what the check of the data found: the first fault or None, and the number of tables."""
    from tools import warm

    with suppress(BrokenPipeError):  # the build failed meanwhile
        sender.send((warm.fault, warm.tables))
