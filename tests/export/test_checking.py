"""The checks of a layer find what is planted, say so, and cannot be brought down by what they check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workbench.export.checking import file as checking
from workbench.export.checking.file import TITLES, Outcome, check_file
from workbench.layers.own_file import OwnFile, OwnLayerError
from workbench.layers.own_writing import OwnKind, first_test, layer_file, parsed_param

PARAMS = [parsed_param("rate:float=0.2:0:1"), parsed_param("steps:int=2:1:9"), parsed_param("on:bool=true")]


def outcomes(folder: Path, text: str, wanted: str = "") -> dict[str, Outcome]:
    """Runs all checks, or the first ones and the wanted one, in this process; what they found by name."""
    found: dict[str, Outcome] = {}
    file = OwnFile(folder / "pulse.py", text)
    for name, check in checking._steps(file, [], False):
        if not wanted or name in ("load", "inputs", wanted):
            found[name] = checking._outcome(name, check, file)
            if not found[name].ok:
                break
    return found


def broken(found: dict[str, Outcome]) -> set[str]:
    """Returns the names of the promises that do not hold."""
    return {name for name, outcome in found.items() if not outcome.ok}


@pytest.mark.parametrize("kind", list(OwnKind))
def test_a_first_file_keeps_every_promise(kind: OwnKind, own_folder: Path) -> None:
    found = outcomes(own_folder, layer_file("pulse", "", kind, PARAMS))
    assert list(found) == list(TITLES)
    assert not broken(found), [found[name].message for name in broken(found)]
    assert "Chinese" in found["words"].message


KEEP, FEATURES, MERGE, SEQUENCE = (layer_file("pulse", "", kind, [parsed_param("rate")]) for kind in OwnKind)
MULTIPLIED = "input * self.weight.view(sizes)"
MEAN = "input + (torch.softmax(scores, dim=1) * input).sum(dim=1, keepdim=True)"
DEFECTS: dict[str, tuple[str, str, str, str, str]] = {
    "torch while loading": ("load", KEEP, "\n\nclass PulseParams", "\n\n__import__('torch')\n\n\nclass PulseParams", "line"),
    "leaves": ("load", KEEP, "\n\nclass PulseParams", "\n\nraise SystemExit\n\n\nclass PulseParams", "SystemExit"),
    "no full stop": ("words", KEEP, "that is learned.", "that is learned", "full stop"),
    "no limits": ("ranges", KEEP, ", ge=0.0, le=1.0", "", "rate"),
    "no help": ("ranges", KEEP, 'help="What rate does."', 'help=""', "rate"),
    "refuses everything": ("inputs", KEEP, 'given.dtype != "float32"', "given.rank > 0", "refuses every input"),
    "rule raises": ("inputs", KEEP, "        given = inputs", "        1 / 0\n        given = inputs", "ZeroDivisionError"),
    "class of another": ("target", KEEP, '"own.pulse.Pulse"', '"own.other.Pulse"', "own.other.Pulse"),
    "class that is not": ("shapes", KEEP, '"own.pulse.Pulse"', '"own.pulse.Nothing"', "Nothing"),
    "not of torch.nn": ("target", KEEP, '"own.pulse.Pulse"', '"nn.DataParallel"', "nn.DataParallel"),
    "wrong size": ("shapes", FEATURES, 'with_dim("feature", params.units)', 'with_dim("feature", params.units + 1)', "the module gives"),
    "wrong type": ("shapes", KEEP, MULTIPLIED, f"({MULTIPLIED}).double()", "float64"),
    "wrong ports": ("shapes", KEEP, '{"output": given}', '{"result": given}', "result"),
    "parameter left out": ("parameters", KEEP, '{"weight": (int(inputs["input"][_axis(inputs["input"])]),)}', "{}", "weight"),
    "cost left out": ("macs", FEATURES, "return inputs[\"input\"].elements_per_row(length) * params.units", "return 0", "torch counts"),
    "parameter unused": ("gradients", KEEP, MULTIPLIED, "input * 2", "weight"),
    "gradient cut": ("gradients", KEEP, MULTIPLIED, f"({MULTIPLIED}).detach()", "nothing can be learned"),
    "input cut": ("gradients", KEEP, MULTIPLIED, "input.detach() * self.weight.view(sizes)", "input"),
    "rows mix": ("rows", KEEP, MULTIPLIED, f"({MULTIPLIED}) - input.mean(0, keepdim=True)", "beside other rows"),
    "padding counts": ("rows", SEQUENCE, "        if lengths is not None:", "        if False:", "beside other rows"),
    "no lengths": ("lengths", SEQUENCE, ', "lengths": FromLengths("input")', "", "no lengths"),
    "looks ahead": ("causal", SEQUENCE, "        return False", "        return True", "the past changes"),
    "does not look ahead": ("causal", SEQUENCE, MEAN, "input + self.score(input)", "sees later ones"),
    "in place": ("purity", KEEP, MULTIPLIED, "input.detach().add_(1) * self.weight.view(sizes)", "in place"),
    "draws": ("purity", KEEP, MULTIPLIED, f"{MULTIPLIED} + 0 * torch.rand(1)", "random numbers"),
    "seeds": ("purity", KEEP, "        sizes = ", "        if self.training:\n            torch.manual_seed(3)\n        sizes = ", "seeds"),
    "bends after all": ("traits", SEQUENCE, "        return False", "        return False\n\n    bends = False", "sums and shifts"),
    "width not kept": ("traits", FEATURES, "    Params = ", "    keeps_width = True\n    Params = ", "channels or features become"),
    "width set by nothing": ("traits", FEATURES, "    Params = PulseParams", "    Params = PulseParams\n    width_param = \"size\"", "no parameter"),
    "next is no layer": ("traits", KEEP, "    Params = PulseParams", "    Params = PulseParams\n    usually_next = (\"magic\",)", "magic"),
    "needs a library": ("source", KEEP, "import torch\n", "import numpy\nimport torch\n", "numpy"),
    "not exportable": ("onnx", KEEP, MULTIPLIED, f"{MULTIPLIED} if float(input.sum()) > 0 else 2 * {MULTIPLIED}", "ONNX"),
    "not itself in ONNX": ("onnx", KEEP, MULTIPLIED, f"{MULTIPLIED} * (2 if torch.onnx.is_in_onnx_export() else 1)", "something else"),
}
_EXTRA = {
    "needs a library": ("sizes = [1] * input.dim()", "sizes = [1] * int(numpy.int64(input.dim()))"),
}


@pytest.mark.parametrize("defect", sorted(DEFECTS))
def test_a_planted_defect_is_found(defect: str, own_folder: Path) -> None:
    check, text, old, new, said = DEFECTS[defect]
    assert text.count(old) == 1, text.count(old)
    text = text.replace(old, new)
    for before, after in [_EXTRA[defect]] if defect in _EXTRA else []:
        assert before in text
        text = text.replace(before, after)
    found = outcomes(own_folder, text, check)
    assert check in broken(found), {name: outcome.message for name, outcome in found.items()}
    assert said in f"{found[check].message} {found[check].hint}"
    assert found[check].hint


def test_the_check_needs_no_trust_and_gives_none(own_folder: Path) -> None:
    from workbench.layers import LAYERS
    from workbench.settings import load_settings

    path = own_folder / "pulse.py"
    path.write_text(KEEP, "utf-8")
    told: list[Outcome] = []
    checked = check_file(path, told.append, only_load=True)
    assert checked.ok and checked.layers == ("pulse",) and told == list(checked.outcomes)
    assert not load_settings().trusted_layers and "pulse" not in LAYERS


@pytest.mark.parametrize(("text", "said"), [
    ("import os\nos._exit(0)\n", "ended"),
    ("while True: pass\n", "within"),
    ("import time\ntime.sleep(1000)\n", "within"),
    ("import os\nos.abort()\n", "ended"),
])
def test_a_file_that_hangs_or_kills_ends_its_own_process_alone(
    text: str, said: str, own_folder: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "LOAD_SECONDS", 1.0)
    path = own_folder / "pulse.py"
    path.write_text(text, "utf-8")
    checked = check_file(path)
    assert [outcome.check for outcome in checked.outcomes] == ["load"] and not checked.ok
    assert said in checked.outcomes[0].message and checked.outcomes[0].hint


def test_a_file_that_cannot_be_read_is_named(own_folder: Path) -> None:
    with pytest.raises(OwnLayerError, match="no file"):
        check_file(own_folder / "nothing.py")


def test_the_test_beside_a_first_file_passes(own_folder: Path) -> None:
    (own_folder / "pulse.py").write_text(layer_file("pulse", "", OwnKind.MERGE), "utf-8")
    beside: dict[str, Any] = {"__file__": str(own_folder / "test_pulse.py"), "__name__": "test_pulse"}
    exec(compile(first_test("pulse"), beside["__file__"], "exec"), beside)
    beside["test_every_promise_is_kept"]()
    beside["test_the_class_is_there"]()
