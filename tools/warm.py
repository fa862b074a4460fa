"""What every notebook needs, imported and checked once; each kernel is a copy of the process that did it.

Imported by the fork server before its first kernel. A fault in the data is kept for the build to report.
"""

import sys

from tools.paths import BOOK

sys.path.insert(0, str(BOOK))

import IPython  # noqa: E402, F401
import ipykernel.ipkernel  # noqa: E402, F401
import ipykernel.kernelapp  # noqa: E402, F401
import matplotlib  # noqa: E402

matplotlib.use("agg")

from dcr import data  # noqa: E402

fault = None
tables = 0
try:
    tables = data.check()
    import dcr.figures  # noqa: F401
    import dcr.tables  # noqa: F401
except data.DataError as error:
    fault = str(error)
