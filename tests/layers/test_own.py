"""The user's own layers: listed without running, trusted once by content, and harmless when broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import CatalogueError, GraphError
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.infer import infer
from workbench.layers import LAYERS, reload_own
from workbench.layers.own import OWN, OwnState, distrust, install, trust
from workbench.layers.own_file import LARGEST_BYTES, LoadedFile, OwnFile, OwnLayerError, read_own_file, split
from workbench.layers.own_writing import OwnKind, OwnParam, check_name, layer_file, parsed_param
from workbench.settings import load_settings

ROOT = Path(__file__).parents[2]


def written(folder: Path, name: str, text: str = "", *, trusted: bool = True) -> Path:
    """Writes a file of own layers; the usual first one where no text is given."""
    path = folder / f"{name}.py"
    path.write_text(text or layer_file(name, "", OwnKind.KEEP), "utf-8")
    if trusted:
        trust(path, read_own_file(path).digest)
    return path


def states() -> dict[str, OwnState]:
    """Reads the folder anew; the state of every file by its name."""
    reload_own()
    return {listed.path.stem: listed.state for listed in OWN.listed}


def drawn(*layers: str) -> Graph:
    """Draws layers in a row between an image and an output."""
    graph, before = edit.add_node(Graph(), "image_input")
    for layer in (*layers, "output"):
        graph, node = edit.add_node(graph, layer)
        graph = edit.connect(graph, Edge(PortRef(before, "output"), PortRef(node, "input")))
        before = node
    return graph


def test_a_file_that_is_not_trusted_never_runs(own_folder: Path) -> None:
    marker = own_folder / "marker"
    path = written(own_folder, "pulse", layer_file("pulse", "", OwnKind.KEEP) + f"\nopen({str(marker)!r}, 'w').close()\n", trusted=False)
    assert states() == {"pulse": OwnState.NEW}
    assert OWN.listed[0].layers == ("pulse",) and "pulse" not in LAYERS
    problem = next(problem for problem in infer(drawn("pulse"), LAYERS).problems if problem.kind == "layer.unknown")
    assert "pulse.py" in problem.reason and "not trusted" in problem.reason
    assert not marker.exists()
    trust(path, read_own_file(path).digest)
    assert states() == {"pulse": OwnState.READY} and marker.exists()


def test_a_changed_file_asks_again(own_folder: Path) -> None:
    path = written(own_folder, "pulse")
    assert states() == {"pulse": OwnState.READY} and "pulse" in LAYERS
    path.write_text(path.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert states() == {"pulse": OwnState.CHANGED} and "pulse" not in LAYERS
    trust(path, read_own_file(path).digest)
    assert states() == {"pulse": OwnState.READY}
    distrust(path)
    assert states() == {"pulse": OwnState.NEW} and not load_settings().trusted_layers


def test_what_the_user_was_shown_is_what_is_trusted(own_folder: Path) -> None:
    path = written(own_folder, "pulse", trusted=False)
    shown = read_own_file(path).digest
    path.write_text("raise SystemExit", "utf-8")
    with pytest.raises(OwnLayerError, match="changed meanwhile"):
        trust(path, shown)
    assert not load_settings().trusted_layers


def test_trust_belongs_to_a_place(own_folder: Path, tmp_path: Path) -> None:
    path = written(own_folder, "pulse")
    path.rename(own_folder / "other.py")
    assert states() == {"other": OwnState.NEW}


BROKEN = {
    "raises": ("x = 1\nraise ValueError('no')\n", 2, "ValueError: no."),
    "leaves": ("import sys\n\nsys.exit(3)\n", 3, "SystemExit: 3."),
    "interrupts": ("raise KeyboardInterrupt\n", 1, "KeyboardInterrupt"),
    "no_python": ("class Broken(:\n", 1, "this is not Python"),
    "no_layer": ("x = 1\n", 0, "describes no layer"),
    "missing_import": ("import nothing_of_that_name\n", 1, "nothing_of_that_name"),
    "sibling": ("from own import other\n", 1, "own"),
    "deep": ("x = " + "(" * 400 + ")" * 400, 1, "Python"),
    "null": ("x = 1\0", 0, "Python"),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_file_is_named_with_its_line_and_the_others_load(name: str, own_folder: Path) -> None:
    text, line, said = BROKEN[name]
    written(own_folder, name, text)
    written(own_folder, "pulse")
    assert states() == {name: OwnState.FAILED, "pulse": OwnState.READY}
    failed = next(listed for listed in OWN.listed if listed.path.stem == name)
    assert said in failed.message and f"{name}.py" in failed.message and failed.hint
    assert line in (0, failed.line)
    assert "pulse" in LAYERS


def test_files_that_cannot_be_read_are_named(own_folder: Path) -> None:
    (own_folder / "huge.py").write_bytes(b"#" * (LARGEST_BYTES + 1))
    (own_folder / "latin.py").write_bytes(b"x = '\xe9'\n")
    (own_folder / "folder.py").mkdir()
    (own_folder / "not a name.py").write_text("x = 1")
    (own_folder / "test_pulse.py").write_text("raise SystemExit")
    (own_folder / "_private.py").write_text("raise SystemExit")
    assert states() == dict.fromkeys(("huge", "latin", "folder", "not a name"), OwnState.FAILED)


def test_a_name_stands_once(own_folder: Path) -> None:
    written(own_folder, "a", layer_file("a", "", OwnKind.KEEP).replace('name = "a"', 'name = "conv2d"'))
    written(own_folder, "b", layer_file("b", "", OwnKind.KEEP).replace('name = "b"', 'name = "mine"'))
    written(own_folder, "c", layer_file("c", "", OwnKind.KEEP).replace('name = "c"', 'name = "mine"'))
    assert states() == {"a": OwnState.FAILED, "b": OwnState.READY, "c": OwnState.FAILED}
    messages = {listed.path.stem: listed.message for listed in OWN.listed}
    assert "conv2d" in messages["a"] and "in the catalogue" in messages["a"]
    assert "in b.py" in messages["c"]
    assert LAYERS["conv2d"].origin == "" and LAYERS["mine"].origin.endswith("b.py")


@pytest.mark.parametrize(("old", "new", "said"), [
    ("        given = inputs", "        torch.zeros(1)\n        given = inputs", "names torch itself"),
    ('    aliases = ()', '    aliases = ()\n    role = "input"', "role must be empty"),
    ('    aliases = ()', '    aliases = ()\n    outputs = ()', "port"),
    ('    label = "Pulse"', '    label = 7', "text for name"),
])
def test_what_a_layer_must_not_be_is_said(old: str, new: str, said: str, own_folder: Path) -> None:
    text = layer_file("pulse", "", OwnKind.KEEP)
    assert old in text
    written(own_folder, "pulse", text.replace(old, new))
    assert states() == {"pulse": OwnState.FAILED}
    assert said in OWN.listed[0].message


def test_own_layers_load_without_torch(own_folder: Path) -> None:
    for kind in OwnKind:
        written(own_folder, f"my_{kind}", layer_file(f"my_{kind}", "", kind, [parsed_param("rate:float=0.1:0:1")]))
    code = (
        "import sys; from workbench.layers import LAYERS; names = [layer.name for layer in LAYERS.own()]; "
        "[layer.Params() for layer in LAYERS]; assert len(names) == 4, names; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_what_names_torch_waits(own_folder: Path) -> None:
    file = read_own_file(written(own_folder, "pulse", (
        "from torch import nn\nSIZE = 3\nclass A(nn.Module):\n    size = SIZE\nclass B(A): pass\nMADE = B\nPLAIN = SIZE + 1\n"
    ), trusted=False))
    early, late = split(file)
    assert [node.lineno for node in early.body] == [2, 7]
    assert [node.lineno for node in late.body] == [1, 3, 5, 6]


def test_source_holds_the_class_word_for_word(own_folder: Path) -> None:
    from workbench.models.source import source

    path = written(own_folder, "pulse")
    states()
    text = source(drawn("pulse", "relu"))
    own = path.read_text("utf-8")
    assert own[own.index("class Pulse(nn.Module)"):].strip() in text
    assert "self.pulse1 = Pulse(channels=1, axis=1)" in text and "workbench" not in text


def test_two_classes_of_one_name_are_not_printed_as_one(own_folder: Path) -> None:
    from workbench.models.source import source

    for name in ("a", "b"):
        written(own_folder, name, layer_file(name, "", OwnKind.KEEP).replace(f"class {name.upper()}(", "class Same(").replace(
            f"own.{name}.{name.upper()}", f"own.{name}.Same"))
    assert set(states().values()) == {OwnState.READY}
    with pytest.raises(GraphError, match=r"Same stands in own\.a and in own\.b"):
        source(drawn("a", "b"))


def test_reload_changes_new_models_and_leaves_old_ones(own_folder: Path) -> None:
    import torch

    from workbench.models.build import build

    path = written(own_folder, "pulse")
    states()
    graph, image = drawn("pulse"), torch.ones(1, 1, 28, 28)
    old = build(graph)
    path.write_text(path.read_text("utf-8").replace("torch.ones(channels)", "torch.full((channels,), 3.0)"), "utf-8")
    trust(path, read_own_file(path).digest)
    states()
    assert old(image).mean() == 1 and build(graph)(image).mean() == 3


def test_a_new_shape_rule_holds_after_reload(own_folder: Path) -> None:
    path = written(own_folder, "pulse", layer_file("pulse", "", OwnKind.KEEP))
    states()
    graph = drawn("pulse")
    assert infer(graph, LAYERS).ok
    path.write_text(path.read_text("utf-8").replace('given.dtype != "float32"', "given.rank != 9"), "utf-8")
    trust(path, read_own_file(path).digest)
    states()
    assert not infer(graph, LAYERS).ok


def test_a_child_takes_what_the_parent_runs(own_folder: Path) -> None:
    path = written(own_folder, "pulse")
    states()
    carried = OWN.carried()
    path.write_text("raise SystemExit", "utf-8")
    assert states() == {"pulse": OwnState.CHANGED}
    OWN.take(carried, LAYERS)
    assert "pulse" in LAYERS and OWN.source_of("pulse") == carried[0]
    OWN.take((OwnFile(path, "raise SystemExit"),), LAYERS)
    assert "pulse" not in LAYERS


def test_a_drawing_keeps_the_parameters_of_a_layer_that_is_not_here(own_folder: Path) -> None:
    from workbench.graph.file import dumps, loads

    written(own_folder, "pulse", layer_file("pulse", "", OwnKind.KEEP, [OwnParam("rate")]))
    states()
    graph = drawn("pulse")
    graph = edit.set_params(graph, next(node.id for node in graph if node.layer == "pulse"), rate=0.25)
    (own_folder / "pulse.py").unlink()
    assert states() == {}
    again = loads(dumps(graph))
    node = next(node for node in again if node.layer == "pulse")
    assert dict(node.params) == {"rate": 0.25}
    problem = next(problem for problem in infer(again, LAYERS).problems if problem.node == node.id)
    assert problem.kind == "layer.unknown" and "pulse" in problem.message and "layers folder" in problem.reason


def test_a_file_may_look_into_the_catalogue_while_it_loads(own_folder: Path) -> None:
    written(own_folder, "pulse", "from workbench.layers import LAYERS\nassert 'conv2d' in LAYERS\n" + layer_file("pulse", "", OwnKind.KEEP).replace(
        "from __future__ import annotations\n", ""))
    assert states() == {"pulse": OwnState.READY}


def test_own_layers_are_found_and_marked(own_folder: Path) -> None:
    written(own_folder, "pulse")
    states()
    assert [layer.name for layer in LAYERS.own()] == ["pulse"]
    assert "pulse" in [layer.name for layer in LAYERS.search("pulse")]
    assert LAYERS["pulse"].origin == str(own_folder / "pulse.py")


def test_install_puts_a_file_into_the_folder(own_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "pulse.py"
    path.write_text(layer_file("pulse", "", OwnKind.KEEP), "utf-8")
    assert install(read_own_file(path)) == own_folder / "pulse.py"
    assert states() == {"pulse": OwnState.READY}


def test_a_missing_class_is_named(own_folder: Path) -> None:
    path = written(own_folder, "pulse")
    loaded = LoadedFile(read_own_file(path))
    with pytest.raises(OwnLayerError, match="no module class Nothing"):
        loaded.module_class("Nothing")
    with pytest.raises(OwnLayerError, match="none of the own layers"):
        OWN.module_class("own.nowhere", "Nothing")


@pytest.mark.parametrize("name", ["", "Pulse", "1x", "class", "test_x", "a b", "conv2d", "é"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(CatalogueError):
        check_name(name)


@pytest.mark.parametrize("text", ["", "a b", "rate:text", "rate:float=x", "rate:float=0.5:a:b", "rate:float=2:0:1", "self", "class", "rate:int=0"])
def test_parameters_that_cannot_be(text: str) -> None:
    with pytest.raises(CatalogueError):
        layer_file("pulse", "", OwnKind.KEEP, [parsed_param(text)])


def test_a_parameter_is_read_from_text() -> None:
    assert parsed_param("rate") == OwnParam("rate", "float", 0.0, 0.0, 1.0)
    assert parsed_param("steps:int=2:1:9") == OwnParam("steps", "int", 2.0, 1.0, 9.0)
    assert parsed_param("on:bool=true") == OwnParam("on", "bool", 1.0, 0, 0)
