"""Setting up: what is missing is said in a sentence, the lock is whole, the verbs are listed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import environment

ROOT = Path(__file__).resolve().parents[1]


def test_what_cannot_be_installed_is_said_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit):
        environment.provide_programs({"Poppler": (lambda: None, [], environment.TESTS["Poppler"][2])}, required=True)
    said = capsys.readouterr().err
    for system in ("Debian", "macOS", "Windows"):
        assert system in said
    assert said.count("\n") == 1


def test_old_python_is_refused(monkeypatch):
    monkeypatch.setattr(environment.sys, "version_info", (3, 9))
    with pytest.raises(SystemExit, match=r"3\.11 or later"):
        environment.main()


def test_environment_is_made_once(monkeypatch):
    monkeypatch.setattr(environment.venv, "create", lambda *a, **k: pytest.fail("the environment was made again"))
    if environment.STAMP.exists():
        environment.make_environment()


def test_lock_has_hashes_and_no_addresses():
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert "http://" not in lock
    assert "https://" not in lock
    assert "--index" not in lock
    for block in re.split(r"\n(?=[a-z])", lock):
        if "==" in block.splitlines()[0]:
            assert "--hash=sha256:" in block, block


def test_direct_dependencies_are_locked_and_justified():
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8").lower()
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    reason = None
    for line in lines:
        if line.startswith("#"):
            reason = line
        elif line:
            assert reason, f"{line} has no reason above it"
            name = re.match(r"[\w-]+", line)[0].lower()
            assert re.search(rf"^{name}(\[.*?\])?==", lock, re.MULTILINE), name
    assert re.search(r"^jupyter-book==1\.", lock, re.MULTILINE)


def test_make_alone_lists_the_verbs():
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True).stdout
    for verb in ("book", "check", "test", "coverage", "stress", "review", "comments", "lab", "lock", "clean"):
        assert f"make {verb}" in said


def test_code_keeps_the_style():
    for arguments in (["check"], ["format", "--check"]):
        result = subprocess.run([sys.executable, "-m", "ruff", *arguments, "."], cwd=ROOT, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_lines_without_make_are_those_of_make_and_begin_well():
    readme, makefile = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "Makefile"))
    block = readme.split("## Without make")[1].split("```")[1].strip().replace("\\", "/").splitlines()
    commands = [re.search(r"(tools/environment\.py.*|-m (?:tools\.build|pytest))$", line)[1] for line in block]
    assert commands == ["tools/environment.py --test", "-m tools.build", "-m pytest"]
    assert all(command in makefile for command in commands)
    if environment.STAMP.exists():  # else it would be made here, which `make test` did before
        result = subprocess.run([sys.executable, *commands[0].split()], cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stderr
        assert "Making the environment" not in result.stderr
