"""What a person set for the program itself: theme, language, recent projects, the window. Not what belongs to a project.

One TOML file in the user's configuration folder (`WORKBENCH_CONFIG_DIR` moves it). Unknown keys are kept, older files are migrated, and a
damaged file is put aside, never lost: the program always starts.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

SCHEMA_VERSION = 1
RECENT_LIMIT = 12
_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one person.

    Attributes:
        theme: `system`, `light` or `dark`.
        language: `system`, `en` or `zh_CN`.
        recent: Folders of the projects opened last, newest first.
        geometry, docks: The window as Qt saved it, base64.
        last_folder: Where the last file dialog ended.
        animate: Whether things may move.
        seconds: Training time measured on this machine, by starter.
        sources: Data that was brought in last, newest first: a JSON object of `source` and `params` each.
        trusted_layers: Files of own layers that may run here: path -> SHA-256 of the content that was trusted.
        extra: Keys that this version does not know; kept.
    """

    theme: str = "system"
    language: str = "system"
    recent: tuple[str, ...] = ()
    geometry: str = ""
    docks: str = ""
    last_folder: str = ""
    animate: bool = True
    seconds: Mapping[str, float] = field(default_factory=lambda: _EMPTY)
    sources: tuple[str, ...] = ()
    trusted_layers: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    extra: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)

    def with_recent(self, folder: Path | str) -> Settings:
        """Returns the settings with a project at the head of the recent ones."""
        path = str(Path(folder).absolute())
        return replace(self, recent=(path, *(other for other in self.recent if other != path))[:RECENT_LIMIT])

    def without_recent(self, folder: Path | str) -> Settings:
        """Returns the settings with a project taken from the recent ones."""
        path = str(Path(folder).absolute())
        return replace(self, recent=tuple(other for other in self.recent if other != path))

    def with_trusted(self, file: Path | str, digest: str) -> Settings:
        """Returns the settings with a file of own layers trusted as it is now; "" takes the trust back."""
        others = {path: value for path, value in self.trusted_layers.items() if path != str(file)}
        return replace(self, trusted_layers=MappingProxyType({**others, str(file): digest} if digest else others))

    def with_seconds(self, starter: str, seconds: float) -> Settings:
        """Returns the settings with the measured training time of a starter."""
        return replace(self, seconds=MappingProxyType({**self.seconds, starter: round(float(seconds), 1)}))


_CHOICES = {"theme": ("system", "light", "dark"), "language": ("system", "en", "zh_CN")}


def config_folder() -> Path:
    """Returns the folder of the user's configuration; it need not exist."""
    override = os.environ.get("WORKBENCH_CONFIG_DIR")
    if override:
        return Path(override)
    from platformdirs import user_config_path

    return user_config_path("model-workbench", appauthor=False)


def settings_path() -> Path:
    """Returns the path of the settings file."""
    return config_folder() / "settings.toml"


def layers_folder() -> Path:
    """Returns the folder of the user's own layers; it need not exist (`WORKBENCH_DATA_DIR` moves what it stands in)."""
    override = os.environ.get("WORKBENCH_DATA_DIR")
    if override:
        return Path(override).absolute() / "layers"
    from platformdirs import user_data_path

    return user_data_path("model-workbench", appauthor=False) / "layers"


def load_settings(path: Path | None = None) -> Settings:
    """Reads the settings. Values that cannot be used take their default; an unreadable file is put aside as `settings.toml.damaged-...`."""
    path = path or settings_path()
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Settings()
    except OSError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        with suppress(OSError):
            path.replace(path.with_name(f"{path.name}.damaged-{datetime.now():%Y%m%d-%H%M%S}"))
        return Settings()
    return _settings(migrated(raw))


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Writes the settings in one step. Comments that a person wrote are kept.

    Raises:
        OSError: The folder cannot be written; the old file stands.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    path = path or settings_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    document = tomlkit.document()
    with suppress(OSError, UnicodeDecodeError, TOMLKitError):
        document = tomlkit.parse(path.read_text("utf-8"))
    wanted = _plain(settings)
    for stale in [key for key in document if key not in wanted]:
        del document[stale]
    present = document.unwrap()
    for key, value in wanted.items():
        if key not in present or present[key] != value:
            document[key] = value
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_text(tomlkit.dumps(document), "utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def change_settings(**changes: Any) -> Settings:
    """Reads the settings, changes some, writes them and returns them, so that two windows do not undo each other's changes."""
    settings = replace(load_settings(), **changes)
    save_settings(settings)
    return settings


MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From a schema version to the function that makes the next one of its keys."""


def migrated(raw: dict[str, Any]) -> dict[str, Any]:
    """Returns the keys of a settings file at the current version; a newer file is taken as far as it is understood."""
    version = raw.get("schema_version", SCHEMA_VERSION)
    for step in range(version if isinstance(version, int) else SCHEMA_VERSION, SCHEMA_VERSION):
        raw = MIGRATIONS[step](raw) if step in MIGRATIONS else raw
    return raw


def _settings(raw: Mapping[str, Any]) -> Settings:
    default = Settings()
    names = {item.name for item in fields(Settings)} - {"extra"}
    values = {name: usable for name in names & raw.keys() if (usable := _usable(name, raw[name], getattr(default, name))) is not None}
    extra = {name: value for name, value in raw.items() if name not in names and name != "schema_version"}
    return replace(default, **values, extra=MappingProxyType(extra))


def _usable(name: str, value: Any, default: Any) -> Any:
    """Returns `value` as the type of its field, or None where it is of no use."""
    if isinstance(default, tuple):
        return tuple(item for item in value if isinstance(item, str))[:RECENT_LIMIT] if isinstance(value, list) else None
    if isinstance(default, Mapping):
        if not isinstance(value, Mapping):
            return None
        if name == "trusted_layers":
            return MappingProxyType({key: item for key, item in value.items() if isinstance(item, str)})
        return MappingProxyType({key: float(item) for key, item in value.items() if type(item) in (int, float)})
    if type(value) is not type(default) or value not in _CHOICES.get(name, (value,)):
        return None
    return value


def _plain(settings: Settings) -> dict[str, Any]:
    values: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
    for item in fields(Settings):
        value = getattr(settings, item.name)
        if item.name != "extra":
            values[item.name] = list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
    tables = {name: value for name, value in settings.extra.items() if name not in values}
    return dict(sorted({**values, **tables}.items(), key=lambda pair: isinstance(pair[1], dict)))
