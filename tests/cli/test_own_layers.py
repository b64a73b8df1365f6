"""`check-layer` and what the other commands say of own layers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command, Said
from workbench.cli.own_layers import check_layer
from workbench.errors import WorkbenchError
from workbench.export.checking.file import TITLES
from workbench.layers.own_writing import OwnKind, layer_file


@pytest.fixture
def own(command: Command, tmp_path: Path) -> Command:
    """Runs the program with an empty profile."""
    profile = {f"WORKBENCH_{name}_DIR": str(tmp_path / "profile" / name.lower()) for name in ("CONFIG", "STATE", "DATA", "CACHE")}
    return lambda *arguments: command(*arguments, env=profile)


def test_new_writes_a_layer_with_its_test_and_it_is_in_the_catalogue(own: Command, tmp_path: Path) -> None:
    said: Said = own("check-layer", "--new", "pulse", "--kind", "merge", "--param", "rate:float=0.1:0:1", "--json")
    assert said.status == 0, said.out + said.err
    document = said.document
    folder = tmp_path / "profile" / "data" / "layers"
    assert document["file"] == str(folder / "pulse.py") and document["trusted"] and document["ok"]
    assert (folder / "test_pulse.py").exists()
    assert len(document["checks"]) == len(TITLES) and all(check["ok"] and check["title"] for check in document["checks"])
    entry = own("catalogue", "layers", "pulse", "--json").document
    assert entry["own"] == str(folder / "pulse.py")
    assert [port["name"] for port in entry["inputs"]] == ["first", "second"]
    assert [param["name"] for param in entry["params"]] == ["rate"]
    checks = {check["name"]: check for check in own("doctor", "--json").document["checks"]}
    assert checks["own layers"]["ok"] and str(folder) in checks["own layers"]["message"]
    again = own("check-layer", "--new", "pulse")
    assert again.status == 1 and "already" in again.err


def test_a_file_elsewhere_is_checked_but_trusted_only_when_asked(own: Command, tmp_path: Path) -> None:
    path = tmp_path / "pulse.py"
    path.write_text(layer_file("pulse", "", OwnKind.KEEP), "utf-8")
    said = own("check-layer", path, "--json")
    assert said.status == 0 and said.document["ok"] and not said.document["trusted"]
    assert own("catalogue", "layers", "pulse").status == 1
    said = own("check-layer", path, "--trust", "--json")
    assert said.status == 0 and said.document["trusted"]
    assert said.document["file"] == str(tmp_path / "profile" / "data" / "layers" / "pulse.py")
    assert "pulse" in [entry["name"] for entry in own("catalogue", "layers", "--json").document]


def test_a_broken_layer_is_not_trusted(own: Command, tmp_path: Path) -> None:
    path = tmp_path / "pulse.py"
    path.write_text(layer_file("pulse", "", OwnKind.KEEP).replace('{"weight": (int', '{"other": (int'), "utf-8")
    said = own("check-layer", path, "--trust")
    assert said.status == 1
    assert "FAILED  Parameters are those of the module" in said.out and "not trusted" in said.out
    assert own("catalogue", "layers", "pulse").status == 1


@pytest.mark.parametrize(("file", "new", "kind", "params", "said"), [
    (None, "", "keep", [], "Name a file"), ("nothing.py", "", "keep", [], "There is no file"), (None, "conv2d", "keep", [], "already"),
    (None, "x", "y", [], "no kind of layer"), (None, "x", "keep", ["a b"], "cannot be read"),
])
def test_wrong_words_are_one_sentence(own_folder: Path, file: str | None, new: str, kind: str, params: list[str], said: str) -> None:
    with pytest.raises(WorkbenchError, match=said) as caught:
        check_layer(Path(file) if file else None, False, new, kind, params)
    assert caught.value.hint and not list(own_folder.iterdir())


def test_a_file_that_was_never_trusted_is_named_by_doctor(own: Command, tmp_path: Path) -> None:
    folder = tmp_path / "profile" / "data" / "layers"
    folder.mkdir(parents=True)
    (folder / "pulse.py").write_text("open('marker', 'w')", "utf-8")
    checks = {check["name"]: check for check in json.loads(own("doctor", "--json").out)["checks"]}
    assert "pulse.py (new)" in checks["own layers"]["message"]
    assert not (tmp_path / "marker").exists()
