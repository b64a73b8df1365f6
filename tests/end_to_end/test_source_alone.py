"""The exported source of each starter, in a Python that has torch and nothing of ours, with the weights of a run: equal outputs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ALONE = """
import importlib.util, sys

class OnlyTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"workbench", "PySide6", "onnx", "onnxruntime", "pydantic", "tokenizers", "captum"}:
            raise ImportError(name)

sys.meta_path.insert(0, OnlyTorch())
import torch
from safetensors.torch import load_file
source, weights, given, asked = sys.argv[1:]
spec = importlib.util.spec_from_file_location("model", source)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
network = module.Network().eval()
network.load_state_dict(load_file(weights))
values = torch.load(given, weights_only=True)
with torch.no_grad():
    torch.save(network(*values["inputs"], **values["lengths"]), asked)
"""


@pytest.mark.parametrize("starter", ["digits-cnn", "reviews-lstm", "reviews-transformer"])
def test_the_source_runs_with_torch_alone(starter: str, tmp_path: Path) -> None:
    import torch

    from workbench.data.base import Split
    from workbench.models.source import source
    from workbench.project.new import new_project
    from workbench.project.overrides import with_settings
    from workbench.training.launch import start
    from workbench.training.load import load_model

    project = new_project(starter, tmp_path / starter)
    short = with_settings(project, ["train.epochs=1", "train.threads=1", "data.limit=400"])
    run, outcome = start(tmp_path / starter, short)
    assert run.best() is not None, outcome
    model, prepared = load_model(run)
    (tmp_path / "model.py").write_text(source(run.snapshot().graph), "utf-8")

    batch = prepared.batch(prepared.rows(Split.VALIDATION)[:5])
    inputs = [batch.values[spec.field] for spec in model.plan.inputs]
    lengths = {spec.parameter: batch.lengths[model.plan.inputs[0].field] for spec in model.plan.lengths}
    torch.save({"inputs": inputs, "lengths": lengths}, tmp_path / "given.pt")
    with torch.no_grad():
        expected = model(*inputs, **lengths)
    weights = run.best().path / "model.safetensors"
    (tmp_path / "alone.py").write_text(ALONE, "utf-8")
    words = [tmp_path / "alone.py", tmp_path / "model.py", weights, tmp_path / "given.pt", tmp_path / "asked.pt"]
    done = subprocess.run([sys.executable, *map(str, words)], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert torch.equal(torch.load(tmp_path / "asked.pt", weights_only=True), expected)
