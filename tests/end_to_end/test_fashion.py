"""Real data of one's own: Fashion-MNIST takes the digits starter over, and its bundle says the same as torch.

A part of the rows here; all 60,000 over five epochs are a benchmark (`packaging/dev.py bench fashion`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


@pytest.mark.slow
@pytest.mark.fashion
def test_fashion_mnist_is_learned_and_exported(fashion_mnist: Path, tmp_path: Path) -> None:
    from workbench.data.base import Split
    from workbench.export.child import export_run
    from workbench.export.predict import Bundle
    from workbench.project.new import new_project
    from workbench.project.overrides import with_settings
    from workbench.training.evaluate import evaluate
    from workbench.training.launch import start
    from workbench.training.load import load_model

    project = new_project("digits-cnn", tmp_path / "fashion", data=str(fashion_mnist))
    image = next(node for node in project.graph if node.layer == "image_input")
    assert (image.params["height"], image.params["width"]) == (28, 28)
    run, outcome = start(tmp_path / "fashion", with_settings(project, ["train.epochs=3", "train.threads=1", "data.limit=6000"]))
    assert outcome.metrics["accuracy/test"] >= 0.70

    found = evaluate(run, Split.TEST)
    assert len(found.rows) > 500 and found.categories[9] == "Ankle boot"
    report = export_run(run, tmp_path / "bundle")
    assert report.verification.passed
    _, prepared = load_model(run)
    pictures = prepared.dataset.column(image.params.get("field") or image.name, found.rows)
    said = [item["label"] for item in Bundle(report.bundle).predict(list(np.asarray(pictures)))]
    expected = [found.categories[int(place)] for place in found.predictions]
    assert said == expected
