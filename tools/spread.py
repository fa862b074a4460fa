"""Run a share of the chapters on this machine, and bring the shares of several machines together.

`python -m tools.spread 1/3` runs every third chapter into the cache of executed notebooks, `_build/.jupyter_cache`.
`python -m tools.spread FOLDER …` adds what such caches of other machines hold for the same data, modules and packages;
then the build runs only the chapters that none of them had.
"""

import re
import sys
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

from tools import build, kernels
from tools.pages import BuildError
from tools.paths import BOOK, ROOT

sys.path.insert(0, str(BOOK / "_ext"))
from fresh_outputs import cache_path


def execute(share: int, shares: int) -> None:
    """Run every chapter of this share that the cache lacks. Raises BuildError where the build would."""
    kernels.start_fork_server()
    fault, _ = kernels.data_fault()
    if fault:
        raise BuildError(fault)
    chapters = build.notebooks()[share - 1 :: shares]
    run = kernels.Run(chapters, cache_path(ROOT), build.say)
    run.start()
    for chapter in chapters:
        run.wait(chapter.stem)


def merge(folders: list[Path]) -> int:
    """Add the executed notebooks of other caches for the present inputs to this one; return how many there are now."""
    mine = get_cache(cache_path(ROOT))
    for folder in folders:
        present = folder / cache_path(ROOT).name
        if not present.is_dir():
            raise BuildError(f"{folder} holds no chapters that ran with the present data, modules and packages.")
        theirs = get_cache(present)
        for record in theirs.list_cache_records():
            bundle = CacheBundleIn(theirs.get_cache_bundle(record.pk).nb, record.uri, data=record.data)
            mine.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return len(mine.list_cache_records())


def main(arguments: list[str]) -> int:
    """Run a share, or merge; return the exit code."""
    try:
        if len(arguments) == 1 and (share := re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", arguments[0])):
            execute(int(share[1]), int(share[2]))
        elif arguments:
            build.say(f"{merge([Path(folder) for folder in arguments])} chapters have run.")
        else:
            raise BuildError("Name a share, such as 1/3, or the folders of caches to merge.")
    except BuildError as error:
        build.say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
