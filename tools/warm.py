"""What every notebook needs, imported and checked once; each kernel is a copy of the process that did it.

Imported by the fork server before its first kernel. A fault in the data is kept for the build to report.
"""

import sys

from tools.paths import BOOK

sys.path.insert(0, str(BOOK))

import ipykernel.ipkernel
import ipykernel.kernelapp  # noqa: F401
import IPython  # noqa: F401
import matplotlib
import scipy.stats  # noqa: F401
import statsmodels.api  # noqa: F401

matplotlib.use("agg")

from dcr import data

fault = None
tables = 0
try:
    tables = data.check()
    import dcr.figures
    import dcr.tables  # noqa: F401
except data.DataError as error:
    fault = str(error)
