"""Make the data package and the workbook: `python -m tools.make_package FOLDER`; a process of the build."""

import sys

from tools.guard import leave_with_the_build
from tools.paths import BOOK

sys.path.insert(0, str(BOOK))

from dcr import package_data

if __name__ == "__main__":
    leave_with_the_build()
    sys.exit(package_data.main(sys.argv[1]))
