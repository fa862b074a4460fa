"""Processes that a build starts end with it, also where it is killed: what they write must not meet the next build."""

import multiprocessing
import os
import sys
import threading


def leave_with_the_build() -> None:
    """End this process once the build closes the pipe to its standard input, which happens however the build ends."""
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()


def leave_with_the_parent() -> None:
    """End this process, which `multiprocessing` started, once the process that asked for it has ended.

    The fork server does not end before its last kernel, so that neither would without this.
    """
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
