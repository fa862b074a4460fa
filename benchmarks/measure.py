"""Run a command and measure it: wall time and the peak memory of all its processes together."""

import math
import os
import subprocess
import threading
import time
from pathlib import Path
from statistics import linear_regression


def memory(session: int) -> int:
    """Return the bytes of memory that the processes of a session hold, shared pages divided among those that share them."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) == session:
                total += next(int(line.split()[1]) for line in (process / "smaps_rollup").open() if line.startswith("Pss:"))
        except (OSError, StopIteration):  # it ended meanwhile
            continue
    return 1024 * total


def run(command: list[str], folder: Path, env: dict[str, str] | None = None) -> tuple[float, float]:
    """Run a command in a folder; return seconds and peak megabytes. Raises RuntimeError with what it said if it fails.

    Peak memory is looked at twice a second, on Linux; elsewhere it is nil.
    """
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            peak[0] = max(peak[0], memory(process.pid))

    started = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               start_new_session=True, env={**os.environ, **(env or {})})  # fmt: skip
    if Path("/proc/self/smaps_rollup").exists():
        threading.Thread(target=watch, daemon=True).start()
    said = process.communicate()[0]
    seconds = time.monotonic() - started
    ended.set()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed in {folder}:\n{said[-2000:]}")
    return seconds, peak[0] / 1e6


def slope(sizes: list[float], costs: list[float]) -> float:
    """Return how a cost grows with size: the slope of its logarithm on that of the size; 1 is linear."""
    return linear_regression([math.log(size) for size in sizes], [math.log(cost) for cost in costs]).slope
