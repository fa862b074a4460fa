"""Hard to break: killed, cut off, locked out, somewhere else or out of room, a build is right or says why.

`make stress` runs these; each builds the small book several times, which takes minutes. Other moments to be killed at:
`SEED=7 KILLS=40 make stress`.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from conftest import build, differing, published
from next_year import synthetic_next_year

from benchmarks import long_book

KILLS = int(os.environ.get("KILLS", 20))
SEED = os.environ.get("SEED", "2026")


def copied(small_book: Path, target: Path) -> Path:
    """Copy the small book with what was built, and change its data."""
    shutil.copytree(small_book, target)
    synthetic_next_year(target / "data")
    return target


@pytest.fixture(scope="module")
def undisturbed(small_book, tmp_path_factory) -> tuple[dict[str, str], float]:
    """What the changed book publishes when nothing disturbs its build, and the seconds that the build took."""
    root = copied(small_book, tmp_path_factory.mktemp("undisturbed") / "book")
    started = time.monotonic()
    result = build(root)
    assert result.returncode == 0, result.stdout + result.stderr
    return published(root), time.monotonic() - started


@pytest.mark.parametrize("kill", range(KILLS))
def test_killed_at_any_moment_the_next_build_is_right(small_book, undisturbed, tmp_path, kill):
    wanted, took = undisturbed
    before = published(small_book)
    root = copied(small_book, tmp_path / "book")
    moment = took * (kill + random.Random(f"{SEED} {kill}").random()) / KILLS
    process = subprocess.Popen([sys.executable, "-m", "tools.build"], cwd=root, stdout=subprocess.DEVNULL, start_new_session=True)
    time.sleep(moment)
    with suppress(ProcessLookupError):  # it was ready sooner this time
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    left = {name for name, found in published(root).items() if found not in (before.get(name), wanted.get(name))}
    assert not left, f"killed after {moment:.2f} s, the build left half-written {left}"
    result = build(root)
    assert result.returncode == 0, f"killed after {moment:.2f} s: {result.stdout}{result.stderr}"
    assert not differing(published(root), wanted), f"killed after {moment:.2f} s"


def apart(root: Path, options: str, preparation: str = "true", afterwards: str = "true") -> subprocess.CompletedProcess:
    """Run the build in `root` in namespaces of its own, between two lines of shell; skip where that is refused."""
    if not shutil.which("unshare") or subprocess.run(["unshare", options, "true"], capture_output=True).returncode:
        pytest.skip("The program unshare is missing or refused here: on Debian install util-linux and run as root.")
    script = f'{preparation} && cd "$PWD" || exit 99; "$0" -m tools.build; code=$?; {afterwards}; exit $code'
    command = ["unshare", options, "sh", "-c", script, sys.executable]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600)


def assert_says_why(result: subprocess.CompletedProcess, *words: str) -> None:
    """Check that a build failed with its sentence and no traceback."""
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr, result.stdout + result.stderr
    told = [line for line in result.stdout.splitlines() if line.startswith("The book was not built")]
    assert len(told) == 1 and any(word in told[0] for word in words), result.stdout + result.stderr
    assert len(told[0]) < 400, told[0]


def test_no_network_is_needed(small_book, undisturbed, tmp_path):
    root = copied(small_book, tmp_path / "book")
    result = apart(root, "-rn")
    assert result.returncode == 0, result.stdout + result.stderr
    assert not differing(published(root), undisturbed[0])


@pytest.mark.parametrize("kept", [True, False], ids=["built before", "never built"])
def test_a_read_only_checkout_is_said(small_book, tmp_path, kept):
    root = copied(small_book, tmp_path / "book")
    if not kept:
        shutil.rmtree(root / "_build")
    assert_says_why(apart(root, "-rm", 'mount -o bind "$PWD" "$PWD" && mount -o remount,bind,ro "$PWD"'), "Read-only file system")


# How many kilobytes the disk has left: for nothing, for a log, for the pages, for all but the last copies
@pytest.mark.parametrize("room", [0, 300, 3000, 12000])
def test_a_full_disk_leaves_the_last_good_book(small_book, undisturbed, tmp_path, room):
    root = copied(small_book, tmp_path / "book")
    (root / "_build").rename(tmp_path / "good")
    (root / "_build").mkdir()
    full = "used=$(df --output=used -k _build | tail -n 1) && mount -o remount,size=$((used + {}))k _build"
    result = apart(
        root,
        "-rm",
        f"mount -t tmpfs -o size=2g tmpfs _build && cp -a ../good/. _build && {full.format(room)}",
        "mkdir ../left && cp -a _build/. ../left",
    )
    assert_says_why(result, "No space left on device", "disk is full")
    (root / "_build").rmdir()
    (tmp_path / "left").rename(root / "_build")
    assert not differing(published(root), published(small_book))
    result = build(root)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not differing(published(root), undisturbed[0])


def test_a_file_that_may_not_grow_leaves_the_last_good_book(small_book, tmp_path):
    root = copied(small_book, tmp_path / "book")
    # Blocks of 512 bytes: less than the report, more than its parts
    command = ["sh", "-c", 'ulimit -f 500 && exec "$0" -m tools.build', sys.executable]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600)
    assert_says_why(result, "File too large", "disk is full")
    assert not differing(published(root), published(small_book))


# What must make no difference to a single byte
SETTINGS = {
    "another time zone": {"TZ": "Pacific/Kiritimati"},
    "no locale": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"},
    "Turkish, where i has no dot": {"LC_ALL": "tr_TR.UTF-8"},
    "another order of sets": {"PYTHONHASHSEED": "7"},
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_same_bytes_elsewhere(small_book, undisturbed, tmp_path, setting):
    if (
        setting.startswith("Turkish")
        and "tr_TR.utf8" not in subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout
    ):
        pytest.skip("The locale tr_TR.UTF-8 is not installed: on Debian run “localedef -i tr_TR -f UTF-8 tr_TR.UTF-8”.")
    root = copied(small_book, tmp_path / "book")
    result = build(root, env=SETTINGS[setting])
    assert result.returncode == 0, result.stdout + result.stderr
    assert not differing(published(root), undisturbed[0])


def test_the_same_bytes_in_a_folder_with_spaces_and_accents_from_nothing(small_book, undisturbed, tmp_path):
    root = copied(small_book, tmp_path / "Bücher & Räume")
    shutil.rmtree(root / "_build")
    result = build(root)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not differing(published(root), undisturbed[0])


@pytest.mark.parametrize("year", [2100, 1971])
def test_the_same_bytes_in_another_year(small_book, undisturbed, tmp_path, year):
    compiler, clock = shutil.which("cc"), tmp_path / "clock.so"
    if not compiler or sys.platform != "linux":
        pytest.skip("Another year needs Linux and a C compiler: on Debian run “apt-get install gcc”.")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", clock, Path(__file__).with_name("clock.c"), "-ldl"], check=True)
    shift = datetime(year, 6, 1).timestamp() - time.time()
    root = copied(small_book, tmp_path / "book")
    result = build(root, env={"LD_PRELOAD": str(clock), "CLOCK_SHIFT": f"{shift:.0f}"})
    assert result.returncode == 0, result.stdout + result.stderr
    assert not differing(published(root), undisturbed[0])


def test_machines_that_share_only_files_run_a_book_together(small_book, tmp_path):
    """Two clones each run one of two chapters; a third takes their caches, and its build runs none."""
    original = copied(small_book, tmp_path / "original")
    shutil.rmtree(original / "_build")
    chapter = (original / "book" / "deaths.md").read_text(encoding="utf-8")
    own = {"latest_year", *(f"deaths_latest{part}" for part in ("", "_change", "_record"))}
    (original / "book" / "again.md").write_text(long_book.copied(chapter, own, "2"), encoding="utf-8")
    contents = original / "_toc.yml"
    contents.write_text(contents.read_text() + "  - file: book/again\n")
    clones = [shutil.copytree(original, tmp_path / name) for name in ("one", "other", "third")]

    def spread(folder: Path, *arguments) -> str:
        command = [sys.executable, "-m", "tools.spread", *map(str, arguments)]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    assert "1 of 1  deaths" in spread(clones[0], "1/2")
    assert "1 of 1  again" in spread(clones[1], "2/2")
    shared = [folder / "_build" / ".jupyter_cache" for folder in clones[:2]]
    assert spread(clones[2], *shared) == "2 chapters have run.\n"
    result = build(clones[2])
    assert "0 to run, 2 unchanged" in result.stdout, result.stdout + result.stderr
    assert result.returncode == 0
    assert build(original).returncode == 0
    assert not differing(published(clones[2]), published(original))
