"""The append-only journal: one JSON record a line, in the kernel's hands before the caller goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from providers.simulator.documents import Json, compact_bytes

#: The version of the records, counted up when a new program cannot replay those of the one before.
FORMAT = 2


class Journal:
    """A file of records. Each append is one unbuffered write, so a killed process loses no record that it made."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = directory / "journal.jsonl"
        self._file = self._open()

    def append(self, record: Json) -> None:
        """Write one record."""
        os.write(self._file, compact_bytes(record) + b"\n")

    def replay(self) -> Iterator[Json]:
        """The records so far, oldest first. A last line that a crash cut short is removed."""
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                yield json.loads(line)
        os.truncate(self._path, whole)

    def rewrite(self, records: Iterable[Json]) -> None:
        """Replace the whole journal, atomically."""
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as lines:
            os.fchmod(lines.fileno(), 0o600)
            lines.writelines(compact_bytes(record) + b"\n" for record in records)
        os.close(self._file)
        fresh.replace(self._path)
        self._file = self._open()

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
