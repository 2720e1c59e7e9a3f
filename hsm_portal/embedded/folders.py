"""Folders for services: short, private, and where another account has to enter, open to it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hsm_portal.embedded.errors import EmbeddedError

# A Unix socket's path must fit into about 100 bytes (104 on macOS, 108 on Linux).
LONGEST_BASE = 50


def reachable_by_others(path: Path) -> bool:
    """Whether any account may enter this folder (or, where it does not exist yet, its nearest parent)."""
    existing = next(folder for folder in [path, *path.parents] if folder.exists())
    return all(folder.stat().st_mode & 0o001 for folder in [existing, *existing.parents])


def make_folder(*, readable_by_others: bool) -> Path:
    """A new private folder with a short path; with `readable_by_others` it can be entered (not listed) by all."""
    for base in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 - mkdtemp makes a private one
        fits = base.is_dir() and os.access(base, os.W_OK) and len(str(base)) <= LONGEST_BASE
        if fits and (not readable_by_others or (reachable_by_others(base) and _allows_programs(base))):
            folder = Path(tempfile.mkdtemp(prefix="hsm-", dir=base))
            folder.chmod(0o711 if readable_by_others else 0o700)
            return folder
    raise EmbeddedError("There is no folder with a short path for sockets: set TMPDIR to one that can be written.")


def _allows_programs(folder: Path) -> bool:
    return not os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0)
