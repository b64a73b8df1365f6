from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from workbench import settings as module
from workbench.settings import RECENT_LIMIT, Settings, change_settings, load_settings, save_settings, settings_path


def test_the_first_start_has_the_defaults_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CONFIG_DIR", str(tmp_path / "config"))
    assert load_settings() == Settings()
    assert not (tmp_path / "config").exists()
    assert settings_path() == tmp_path / "config" / "settings.toml"


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    seconds = MappingProxyType({"digits-cnn": 31.5})
    wanted = Settings("dark", "zh_CN", ("/a", "/数据"), "AAAA", "BBBB", "/tmp", False, seconds)
    save_settings(wanted, path)
    assert load_settings(path) == wanted
    assert os.listdir(tmp_path) == ["settings.toml"]


def test_unknown_keys_and_comments_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("# mine\ntheme = 'dark'  # at night\nlens = 'wide'\n[telescope]\nzoom = 3\n")
    settings = load_settings(path)
    save_settings(replace(settings, language="en"), path)
    text = path.read_text()
    assert "# mine" in text and "# at night" in text
    again = load_settings(path)
    assert (again.theme, again.language, again.extra["lens"], again.extra["telescope"]) == ("dark", "en", "wide", {"zoom": 3})


@pytest.mark.parametrize(
    "line", ["theme = 'pink'", "theme = 3", "recent = 'x'", "animate = 1", "animate = 'yes'", "seconds = 2"]
)
def test_a_value_of_no_use_takes_its_default(tmp_path: Path, line: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f"{line}\nlast_folder = '/tmp'\n")
    assert load_settings(path) == Settings(last_folder="/tmp")


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"theme = \xff")
    assert load_settings(path) == Settings()
    assert [name.startswith("settings.toml.damaged-") for name in os.listdir(tmp_path)] == [True]


def test_an_older_file_is_migrated_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(raw: dict[str, Any]) -> dict[str, Any]:
        return {**raw, "colours": raw["look"]}

    def moved(raw: dict[str, Any]) -> dict[str, Any]:
        return {**{key: value for key, value in raw.items() if key not in ("look", "colours")}, "theme": raw["colours"]}

    monkeypatch.setattr(module, "SCHEMA_VERSION", 3)
    monkeypatch.setattr(module, "MIGRATIONS", {1: renamed, 2: moved})
    path = tmp_path / "settings.toml"
    path.write_text("schema_version = 1\nlook = 'dark'\n")
    settings = load_settings(path)
    assert settings.theme == "dark"
    assert not settings.extra
    save_settings(settings, path)
    assert "schema_version = 3" in path.read_text()


def test_a_newer_file_is_understood_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("schema_version = 99\ntheme = 'light'\nholograms = true\n")
    settings = load_settings(path)
    assert settings.theme == "light"
    assert settings.extra["holograms"] is True


def test_recent_projects_are_few_and_newest_first() -> None:
    settings = Settings()
    for number in range(RECENT_LIMIT + 3):
        settings = settings.with_recent(f"/p{number}")
    settings = settings.with_recent("/p10")
    assert len(settings.recent) == RECENT_LIMIT
    assert settings.recent[:2] == ("/p10", f"/p{RECENT_LIMIT + 2}")
    assert settings.recent.count("/p10") == 1
    assert "/p10" not in settings.without_recent("/p10").recent


def test_a_change_keeps_what_another_window_wrote() -> None:
    change_settings(theme="dark")
    change_settings(language="zh_CN")
    assert (load_settings().theme, load_settings().language) == ("dark", "zh_CN")


def test_reading_settings_loads_nothing_heavy() -> None:
    code = "import sys, workbench.settings as s; s.load_settings(); print([m for m in ('tomlkit', 'pydantic', 'numpy', 'torch') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
