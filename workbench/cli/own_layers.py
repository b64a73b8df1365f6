"""`check-layer`: the contract tests on a layer of one's own, and a first file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.cli.console import Answer, progress
from workbench.errors import WorkbenchError
from workbench.export.checking.file import TITLES, Checked, Outcome, check_file
from workbench.layers.own import OWN, install, own_paths, trust, write_own_file
from workbench.layers.own_file import read_own_file
from workbench.layers.own_writing import OwnKind, first_test, layer_file, parsed_param
from workbench.settings import layers_folder
from workbench.text import Text


def check_layer(file: Path | None, trusted: bool, new: str, kind: str, params: list[str]) -> Answer:
    """Checks a file; with `new`, writes it first."""
    if new:
        file = _written(new, kind, params, file)
    elif file is None:
        where = Text("Own layers lie in {folder}.", folder=str(layers_folder()))
        raise WorkbenchError(Text("Name a file to check, or begin one with --new NAME."), where)
    progress(f"checking {file.name} in a process of its own")
    checked = check_file(file.expanduser().absolute())
    place = checked.file.path
    if trusted and checked.ok:
        place = install(checked.file)
    elif new and not _is_trusted(place):
        progress(f"{place.name} is not trusted yet: it is not in the catalogue.")
    return _answer(checked, place, trusted)


def _written(name: str, kind: str, params: list[str], folder: Path | None) -> Path:
    """Writes the first file and its test into the user's folder (or a given one). What this program wrote is trusted."""
    if kind not in list(OwnKind):
        raise WorkbenchError(Text("There is no kind of layer called {kind}.", kind=kind), Text("There are {names}.", names=", ".join(OwnKind)))
    place = (folder or layers_folder()).expanduser().absolute()
    path = place / f"{name}.py"
    text = layer_file(name, "", OwnKind(kind), [parsed_param(param) for param in params])
    if path.exists():
        raise WorkbenchError(Text("{file} is there already.", file=str(path)), Text("Choose another name."))
    write_own_file(path, text)
    write_own_file(place / f"test_{name}.py", first_test(name))
    if place == layers_folder():
        trust(path, read_own_file(path).digest)
    return path


def _is_trusted(path: Path) -> bool:
    from workbench.settings import load_settings

    return load_settings().trusted_layers.get(str(path)) == read_own_file(path).digest


def _answer(checked: Checked, place: Path, asked: bool) -> Answer:
    known = _is_trusted(place) if place.exists() else False
    document: dict[str, Any] = {
        "file": str(place), "ok": checked.ok, "layers": list(checked.layers), "trusted": known,
        "checks": [
            {"name": one.check, "title": TITLES[one.check], "ok": one.ok, "message": one.message, "hint": one.hint} for one in checked.outcomes
        ],
    }
    lines = [_line(outcome) for outcome in checked.outcomes]
    lines += [f"      {outcome.hint}" for outcome in checked.outcomes if not outcome.ok and outcome.hint]
    count = sum(not outcome.ok for outcome in checked.outcomes)
    last = f"{place.name} keeps every promise." if checked.ok else f"{place.name} breaks {count} of {len(checked.outcomes)} promises."
    if checked.ok:
        last += f" It is trusted and in the catalogue: {place}" if known else " To use it: workbench check-layer FILE --trust"
    elif asked:
        last += " It was not trusted."
    return Answer(document, [*lines, last], 0 if checked.ok else 1)


def _line(outcome: Outcome) -> str:
    said = f": {outcome.message}" if outcome.message else ""
    return f"{'ok    ' if outcome.ok else 'FAILED'}  {TITLES[outcome.check]}{said}"


def own_layers() -> dict[str, Any]:
    """Returns what `doctor` says of the own layers: folder, how many are ready, and what is not."""
    from workbench.layers import LAYERS

    ready = len(LAYERS.own())
    waiting = [f"{listed.path.name} ({listed.state.value})" for listed in OWN.listed if not listed.layers or listed.state != "ready"]
    message = f"{ready} in {layers_folder()}" if own_paths() else f"none; they belong into {layers_folder()}"
    message += f"; not loaded: {', '.join(waiting)}" if waiting else ""
    return {"ok": not any(listed.state == "failed" for listed in OWN.listed), "message": message}
