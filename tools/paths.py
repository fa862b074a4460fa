"""Where the build finds its inputs and puts its outputs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
CONFIG = ROOT / "_config.yml"
TOC = ROOT / "_toc.yml"

# What readers take: replaced as a whole, and only after everything was built
BUILD = ROOT / "_build"

# What the build keeps for the next one
WORK = BUILD / ".work"
CACHE = BUILD / ".jupyter_cache"
