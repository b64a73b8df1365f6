"""The window's fixtures, shared with the tests that go through every room."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import nothing_left, project_folder, qapp_args, session, settled_look, window

__all__ = ["nothing_left", "project_folder", "qapp_args", "session", "settled_look", "window"]


@pytest.fixture(autouse=True)
def own_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh profile: no settings, no recent projects, projects in a folder of this test."""
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"WORKBENCH_{name}_DIR", str(tmp_path / "profile" / name.lower()))
