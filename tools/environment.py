"""Make the project's environment: `python3 tools/environment.py [--test]`.

One virtual environment in `.venv`, made once and remade only when `requirements.txt` changes, and the programs of the
operating system that the tests need (Chromium, Poppler). As root on Debian they are installed; elsewhere one sentence
says what to install. Needs nothing but Python 3.11 or later.
"""

import ctypes.util
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.txt"
STAMP = VENV / "made-from"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


# What the operating system must have: how to see it, Debian's packages, and what to say to everybody else
TESTS = {
    "Chromium": (
        # What drives it needs a small library that a bare Debian lacks
        lambda: shutil.which("chromium") and (sys.platform != "linux" or ctypes.util.find_library("atomic")),
        ["chromium", "libatomic1"],
        "The tests in a browser need Chromium: on Debian run “apt-get install chromium libatomic1”, on macOS “brew install chromium”, "
        "on Windows install Chromium and put it on the PATH.",
    ),
    "Poppler": (
        lambda: shutil.which("pdftotext"),
        ["poppler-utils"],
        "The tests of the report need Poppler: on Debian run “apt-get install poppler-utils”, on macOS “brew install poppler”, "
        "on Windows install Poppler and put it on the PATH.",
    ),
}


def say(text: str) -> None:
    """Print a line at once."""
    print(text, file=sys.stderr, flush=True)


def provide_programs(needs: dict, required: bool) -> None:
    """Install what is missing where that is possible; else stop (if required) or warn with one sentence each."""
    missing = [name for name, (found, _, _) in needs.items() if not found()]
    if missing and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        packages = [package for name in missing for package in needs[name][1]]
        say(f"Installing {', '.join(missing)} …")
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=False, **quiet)
        missing = [name for name in missing if not needs[name][0]()]
    for name in missing:
        say(needs[name][2])
    if missing and required:
        sys.exit(1)


def make_environment() -> None:
    """Make the virtual environment anew, unless the present one was made from this lock."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest() + f" {sys.version_info[0]}.{sys.version_info[1]}\n"
    if STAMP.exists() and STAMP.read_text() == wanted and PYTHON.exists():
        return
    say("Making the environment in .venv (once; it takes a minute or two) …")
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit("Python cannot make a virtual environment: on Debian run “apt-get install python3-venv”, then try again.")
    if not install_fast():
        subprocess.run(
            [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", LOCK],
            check=True,
        )
    STAMP.write_text(wanted)


def install_fast() -> bool:
    """Install the lock with uv, itself taken from the lock; return whether that worked. It is four times as fast as pip."""
    pinned = re.search(r"^uv==.*?(?=^\S)", LOCK.read_text() + "\nend", re.MULTILINE | re.DOTALL)
    first = VENV / "uv.txt"
    first.write_text(pinned[0])
    pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", first]
    uv = [PYTHON, "-m", "uv", "pip", "install", "-q", "--python", PYTHON, "--no-deps", "--require-hashes", "-r", LOCK]
    hidden = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    certificates = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1", "UV_LINK_MODE": "copy", "UV_COMPILE_BYTECODE": "1"}
    uv_works = {**os.environ, **certificates}
    return not subprocess.run(pip, **hidden).returncode and not subprocess.run(uv, env=uv_works, **hidden).returncode


def main() -> None:
    """Make everything that is asked for."""
    if sys.version_info < (3, 11):
        sys.exit(f"The book needs Python 3.11 or later; this is {sys.version_info[0]}.{sys.version_info[1]}.")
    if "--test" in sys.argv:
        provide_programs(TESTS, required=bool(os.environ.get("CI")))
    make_environment()


if __name__ == "__main__":
    main()
