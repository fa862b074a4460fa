"""Where things are; every other module asks here."""

from pathlib import Path

# The root of the repository
ROOT = Path(__file__).resolve().parents[2]

# The tables and their description, a Data Package
DATA = ROOT / "data"
PACKAGE = DATA / "datapackage.json"

# The chapters and what they need to look right
BOOK = ROOT / "book"
STATIC = BOOK / "_static"
FONTS = STATIC / "fonts"
