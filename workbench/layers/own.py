"""The user's own layers: Python files in the user's own folder, each trusted once, never taken from a project.

A file is listed by reading it. It runs only if the user has trusted exactly this content: path and SHA-256 stand in the
user's settings, so that a changed file asks again. A file that fails is listed with the sentence and the line; the others load.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.layers.own_file import PACKAGE, LoadedFile, OwnFile, OwnLayerError, described_layers, read_own_file
from workbench.settings import change_settings, layers_folder, load_settings
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.catalogue import Catalogue
    from workbench.layers.base import Layer


class OwnState(StrEnum):
    """How a file stands."""

    READY = "ready"
    NEW = "new"
    CHANGED = "changed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of the folder.

    Attributes:
        path: The file.
        state: How it stands.
        layers: The names of its layers; for a file that did not run, those its text describes.
        message, hint: For a failed file, what is wrong and what to do.
        line: The line to blame; 0 for none.
        digest: SHA-256 of its content; "" where it cannot be read.
    """

    path: Path
    state: OwnState
    layers: tuple[str, ...] = ()
    message: str = ""
    hint: str = ""
    line: int = 0
    digest: str = ""


class OwnLayers:
    """The own layers that this process runs.

    Attributes:
        listed: The files of the folder as they stood when they were loaded last.
    """

    def __init__(self) -> None:
        self.listed: tuple[Listed, ...] = ()
        self._running: dict[str, LoadedFile] = {}
        self._loading = False

    def load(self, catalogue: Catalogue[Layer]) -> list[Layer]:
        """Reads the folder anew and runs what is trusted; content that runs already is left alone.

        Returns:
            The layers, for `Catalogue.set_own`.
        """
        if self._loading:  # a file that looks into the catalogue while it is loaded sees the program's own layers
            return []
        self._loading = True
        try:
            self.listed = ()
            taken = dict.fromkeys(catalogue.packaged, "")
            running: dict[str, LoadedFile] = {}
            trusted = load_settings().trusted_layers
            self.listed = tuple(self._listed(path, trusted, running, taken) for path in own_paths())
            self._running = running
            return [layer for loaded in running.values() for layer in loaded.layers]
        finally:
            self._loading = False

    def _listed(self, path: Path, trusted: Any, running: dict[str, LoadedFile], taken: dict[str, str]) -> Listed:
        try:
            file = read_own_file(path)
        except OwnLayerError as error:
            return Listed(path, OwnState.FAILED, (), error.message, error.hint, error.line)
        known = trusted.get(str(file.path))
        if known != file.digest:
            state = OwnState.NEW if known is None else OwnState.CHANGED
            return Listed(path, state, tuple(described_layers(file)), digest=file.digest)
        try:
            loaded = self._loaded(file)
            _claim(loaded, taken)
        except OwnLayerError as error:
            return Listed(path, OwnState.FAILED, tuple(described_layers(file)), error.message, error.hint, error.line, file.digest)
        running[file.module] = loaded
        return Listed(path, OwnState.READY, tuple(layer.name for layer in loaded.layers), digest=file.digest)

    def _loaded(self, file: OwnFile) -> LoadedFile:
        before = self._running.get(file.module)
        return before if before is not None and before.file == file else LoadedFile(file)

    def run(self, file: OwnFile, catalogue: Catalogue[Layer]) -> tuple[Layer, ...]:
        """Runs one file on the user's word, trusted or not, in place of any of its name: for a process that only checks it.

        Raises:
            OwnLayerError: It fails, or gives a name that stands already.
        """
        loaded = LoadedFile(file)
        self._running.pop(file.module, None)
        others = [layer for other in self._running.values() for layer in other.layers]
        taken = {**dict.fromkeys(catalogue.packaged, ""), **{layer.name: Path(layer.origin).name for layer in others}}
        _claim(loaded, taken)
        self._running[file.module] = loaded
        catalogue.set_own([*others, *loaded.layers])
        return loaded.layers

    def carried(self) -> tuple[OwnFile, ...]:
        """Returns the content of what runs, for a child process that must compute the same."""
        return tuple(loaded.file for loaded in self._running.values())

    def take(self, files: Iterable[OwnFile], catalogue: Catalogue[Layer]) -> None:
        """Runs what the process that started this one runs, and nothing else; what fails here is left out."""
        self._running = {file.module: loaded for file in files if (loaded := self._tried(file)) is not None}
        catalogue.set_own([layer for loaded in self._running.values() for layer in loaded.layers])

    def _tried(self, file: OwnFile) -> LoadedFile | None:
        try:
            return self._loaded(file)
        except OwnLayerError:
            return None

    def module_class(self, module: str, name: str) -> Any:
        """Returns the class `name` of the own file that runs as `module` (`own.pulse`).

        Raises:
            OwnLayerError: No such file runs, or it has no such class.
        """
        return self._file(module).module_class(name)

    def module_text(self, module: str) -> str:
        """Returns the text of the own file that runs as `module`.

        Raises:
            OwnLayerError: No such file runs.
        """
        return self._file(module).file.text

    def source_of(self, layer: str) -> OwnFile | None:
        """Returns the file that a layer comes from; None where it is none of the user's own."""
        return next((loaded.file for loaded in self._running.values() if any(one.name == layer for one in loaded.layers)), None)

    def _file(self, module: str) -> LoadedFile:
        if module not in self._running:
            raise OwnLayerError(
                Text("{module} is none of the own layers that are loaded.", module=module),
                Text("Its file belongs into {folder} and must be trusted.", folder=str(layers_folder())),
            )
        return self._running[module]

    def why_absent(self, layer: str) -> Text | None:
        """Returns why a layer that a drawing asks for is not there, where one of the user's files describes it."""
        for listed in self.listed:
            if layer in listed.layers and listed.state in (OwnState.NEW, OwnState.CHANGED):
                return Text(
                    "{file} in your layers folder describes it, but you have not trusted it yet. Its parameters are kept.", file=listed.path.name
                )
            if layer in listed.layers and listed.state is OwnState.FAILED:
                return Text("{file} in your layers folder describes it, but does not load: {reason} Its parameters are kept.",
                            file=listed.path.name, reason=listed.message)
        return None


OWN = OwnLayers()


def is_own(target: str) -> bool:
    """Whether the target of a call is a class of an own file."""
    return target.startswith(f"{PACKAGE}.")


def own_paths() -> list[Path]:
    """Returns the files of the folder that may hold layers: tests and names with an underscore in front are passed over."""
    try:
        found = sorted(layers_folder().glob("*.py"))
    except OSError:
        return []
    return [path for path in found if not path.name.startswith(("_", "test_"))]


def trust(path: Path, digest: str) -> None:
    """Notes that the user trusts a file as it is now.

    Args:
        path: The file.
        digest: SHA-256 of the content that the user was shown.

    Raises:
        OwnLayerError: The file has changed since.
        OSError: The settings cannot be written.
    """
    file = read_own_file(path)
    if file.digest != digest:
        raise OwnLayerError(Text("{file} has changed meanwhile.", file=path.name), Text("Look at it again."))
    change_settings(trusted_layers=load_settings().with_trusted(file.path, digest).trusted_layers)


def distrust(path: Path) -> None:
    """Takes the trust in a file back; it stays where it is.

    Raises:
        OSError: The settings cannot be written.
    """
    change_settings(trusted_layers=load_settings().with_trusted(path.absolute(), "").trusted_layers)


def install(file: OwnFile) -> Path:
    """Puts a file into the folder of own layers, in one step, and trusts it; one of the same name is replaced.

    Raises:
        WorkbenchError: The folder or the settings cannot be written.
    """
    path = layers_folder() / file.path.name
    try:
        if path != file.path:
            write_own_file(path, file.text)
        trust(path, file.digest)
    except OSError as error:
        raise WorkbenchError(
            Text("The layer cannot be kept in {folder}: {reason}.", folder=str(path.parent), reason=error.strerror or str(error)),
            Text("Check that you may write there."),
        ) from error
    return path


def write_own_file(path: Path, text: str) -> None:
    """Writes a file of the folder in one step.

    Raises:
        OSError: The folder cannot be written; the old file stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(text.encode("utf-8"))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _claim(loaded: LoadedFile, taken: dict[str, str]) -> None:
    """Notes the names that a file gives its layers.

    Raises:
        OwnLayerError: A name stands already; it names where.
    """
    names = [layer.name for layer in loaded.layers]
    for layer in loaded.layers:
        if layer.name in taken or names.count(layer.name) > 1:
            where = Text("in {file}", file=taken[layer.name]) if taken.get(layer.name) else Text("in the catalogue")
            line = described_layers(loaded.file).get(layer.name, 0)
            raise OwnLayerError(
                Text("{file}, line {line}: a layer called {name} stands {where} already.",
                     file=loaded.file.path.name, line=line, name=layer.name, where=where),
                Text("Give it another name."), line,
            )
    taken.update(dict.fromkeys(names, loaded.file.path.name))
