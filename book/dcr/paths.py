"""Where things are; every other module asks here."""

import os
from pathlib import Path

# The root of the repository
ROOT = Path(__file__).resolve().parents[2]

# In the data package, the tables stand above a folder `code` with these modules
PACKAGED = ROOT.name == "code" and (ROOT.parent / "datapackage.json").exists()

# The tables and their description, a Data Package; DCR_DATA names another folder, such as a copy in a test
DATA = Path(os.environ.get("DCR_DATA", ROOT.parent if PACKAGED else ROOT / "data"))

# The chapters and what they need to look right
BOOK = ROOT / "book"
STATIC = BOOK / "_static"
FONTS = STATIC / "fonts"
