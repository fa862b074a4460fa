"""Which state of the sources a build was made from."""

import subprocess

from tools.paths import ROOT


def revision() -> str | None:
    """Return the revision of the sources, ending in "-dirty" where files differ from it; None outside a repository."""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return found.stdout.strip() or None
