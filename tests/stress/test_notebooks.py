"""Every notebook that is taken away runs beside the data package, in a folder that holds nothing else."""

import os
import shutil
import subprocess
import sys

# Runs notebooks one after another, each in an empty namespace, as a kernel would but without starting one for each
RUN_ALL = """
import sys, nbformat
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for path in sys.argv[1:]:
    shell.reset(new_session=True)
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code":
            shell.run_cell(cell.source).raise_error()
"""


def test_every_notebook_runs_beside_the_data_package_alone(built, tmp_path):
    shutil.copyfile(built / "html" / "downloads" / "dcr-data.zip", tmp_path / "dcr-data.zip")
    taken = sorted((built / "html" / "notebooks").glob("*.ipynb"))
    names = [shutil.copyfile(path, tmp_path / path.name).name for path in taken]
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "DCR_DATA")} | {"MPLBACKEND": "agg"}
    command = [sys.executable, "-P", "-c", RUN_ALL, *names]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=env, timeout=300)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    assert len(names) >= 15
