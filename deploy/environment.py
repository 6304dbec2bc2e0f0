"""Make the virtual environment and install what is needed; standard library only, so any Python can start it.

Nothing is done twice: a stamp in the environment remembers which requirement files are installed, so a second run
needs no network.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST_PYTHON = (3, 11)
NEEDED_GB = 2.5
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_PACKAGES = ("chromium", "fonts-liberation")
SERVER_PACKAGES = {"postgresql": "/usr/lib/postgresql", "redis-server": "redis-server"}
EXTRAS = {
    "postgres": "requirements-postgres.txt",
    "stripe": "requirements-stripe.txt",
    "onnx": "requirements-onnx.txt",
    "deep": "requirements-deep.txt",
    "spark": "requirements-spark.txt",
    "kafka": "requirements-kafka.txt",
    "tracking": "requirements-tracking.txt",
    "prefect": "requirements-prefect.txt",
}
EXTRA_TESTS = {"onnx": "requirements-onnx-test.txt"}


class CannotStartError(Exception):
    """Something is missing; the message is one sentence that says what and how to mend it."""


def main() -> int:
    """Prepare the environment; exit status 1 with one sentence when that cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also what the tests need, the browser included")
    parser.add_argument("--extras", default="", help="all, or a comma-separated choice")
    options = parser.parse_args()
    try:
        check_python()
        create_environment()
        install(requirement_files(tests=options.tests, extras=options.extras))
        if options.tests:
            find_browser()
            if "postgres" in chosen_extras(options.extras):
                find_servers()
    except CannotStartError as error:
        print(f"kindred: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("kindred: stopped; run it again to go on", file=sys.stderr)
        return 130
    return 0


def say(text: str) -> None:
    """One line of what is being done."""
    print(f"kindred: {text}", flush=True)


def check_python() -> None:
    """Refuse a Python that is too old."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        wanted = ".".join(map(str, OLDEST_PYTHON))
        raise CannotStartError(
            f"Python {wanted} or newer is needed, this is {found}; try make PYTHON=python{wanted} ..."
        )


def create_environment() -> None:
    """Make .venv unless a working one is there."""
    if PYTHON.exists() and _runs([str(PYTHON), "-m", "pip", "--version"]):
        return
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < NEEDED_GB:
        raise CannotStartError(f"{free:.1f} GB are free on the disk of {ROOT}; about {NEEDED_GB} GB are needed.")
    say("making the virtual environment .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True, symlinks=os.name != "nt")
    except (subprocess.CalledProcessError, OSError, ImportError) as error:
        raise CannotStartError(
            f"the virtual environment cannot be made ({error}); on Debian and Ubuntu install python3-venv."
        ) from error


def requirement_files(*, tests: bool, extras: str) -> list[Path]:
    """Requirement files to install, in order."""
    files = [ROOT / "requirements.txt"]
    if tests:
        files.append(ROOT / "requirements-test.txt")
    files += [ROOT / EXTRAS[name] for name in chosen_extras(extras)]
    if tests:
        files += [ROOT / EXTRA_TESTS[name] for name in chosen_extras(extras) if name in EXTRA_TESTS]
    return files


def chosen_extras(extras: str) -> list[str]:
    """Names of the extras asked for."""
    names = list(EXTRAS) if extras == "all" else [name for name in extras.split(",") if name]
    for name in names:
        if name not in EXTRAS:
            raise CannotStartError(f"there is no extra {name!r}; choose all or {', '.join(EXTRAS)}.")
    return [name for name in names if extras != "all" or (ROOT / EXTRAS[name]).exists()]


def install(files: list[Path]) -> None:
    """Install the files whose content changed since they were last installed."""
    wanting = [file for file in files if not _is_installed(file)]
    if not wanting:
        return
    _check_compiler()
    say(f"installing {', '.join(file.name for file in wanting)} (the first time takes a minute or two)")
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary"]
    for file in wanting:
        command += ["-r", str(file)]
    if subprocess.run(command, cwd=ROOT).returncode:
        raise CannotStartError("the packages could not be installed; the lines above say why (is there a network?).")
    for file in wanting:
        _stamp(file).write_text(_fingerprint(file), "utf-8")


def _is_installed(file: Path) -> bool:
    stamp = _stamp(file)
    return stamp.is_file() and stamp.read_text("utf-8") == _fingerprint(file)


def _stamp(file: Path) -> Path:
    return VENV / f".installed-{file.stem}"


def _fingerprint(file: Path) -> str:
    """Checksum of a requirement file, the files it includes and the Python of the environment."""
    lines = file.read_text("utf-8").splitlines()
    included = [ROOT / line.split()[1] for line in lines if line.startswith("-r ")]
    content = b"".join(path.read_bytes() for path in (file, *included)) + sys.version.encode()
    return hashlib.sha256(content).hexdigest()


def _check_compiler() -> None:
    """One package comes as source and needs a C++ compiler and Python's headers."""
    if _runs([str(PYTHON), "-c", "import annoy"]):
        return
    if not (shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")):
        raise CannotStartError(
            "no C++ compiler was found and the package annoy comes as source; on Debian and Ubuntu install g++."
        )
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        raise CannotStartError(
            "Python's headers are missing and the package annoy comes as source; on Debian and Ubuntu install "
            "python3-dev."
        )


def browser_path() -> str | None:
    """Where the system's Chromium is, None when there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def find_browser() -> str | None:
    """The system's Chromium; on Debian and Ubuntu as root it is installed when it is missing."""
    if browser_path() is None:
        install_packages(BROWSER_PACKAGES, "chromium", "the browser tests")
    return browser_path()


def find_servers() -> None:
    """PostgreSQL and Redis for the tests, which start their own; on Debian and Ubuntu as root they are installed."""
    wanting = [name for name, sign in SERVER_PACKAGES.items() if not (Path(sign).exists() or shutil.which(sign))]
    if wanting:
        install_packages(wanting, " and ".join(wanting), "the tests on real servers")


def install_packages(packages: Sequence[str], name: str, purpose: str) -> None:
    """Install packages of the system where that is possible without asking anybody; else say what is left out."""
    if not shutil.which("apt-get"):
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and not (shutil.which("sudo") and _runs([*prefix, "true"])):
        say(f"no {name} was found; {purpose} will be skipped (install {' '.join(packages)} to run them)")
        return
    say(f"installing {name} for {purpose}")
    quiet = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run([*prefix, "apt-get", "update", "-qq"], **quiet)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if subprocess.run([*prefix, *command], **quiet).returncode:
        say(f"{name} could not be installed; {purpose} will be skipped")


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, cwd=ROOT).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
