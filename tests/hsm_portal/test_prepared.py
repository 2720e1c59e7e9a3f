"""The tests' database is copied from one that was made once, and made anew when what its tables follow from has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import prepared


def test_the_key_changes_with_a_migration_and_with_what_migrations_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "PROJECT", tmp_path)
    files = {
        "requirements/base.txt": "django==5.2",
        "recontact/migrations/0001_initial.py": "from recontact.seeds import seed",
        "recontact/seeds.py": "def seed(): ...",
        "recontact/views.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def key_after(name: str) -> str:
        path = tmp_path / name
        path.write_text(f"{path.read_text(encoding='utf-8')}\n# changed", encoding="utf-8")
        return prepared.migrations_key()

    first = prepared.migrations_key()
    assert key_after("recontact/views.py") == first
    assert len({first, *(key_after(name) for name in files if name != "recontact/views.py")}) == 4
