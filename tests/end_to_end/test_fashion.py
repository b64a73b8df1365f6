"""Real data of one's own: the 60,000 pictures of Fashion-MNIST take the digits starter over, and its bundle says the same as torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


@pytest.mark.slow
@pytest.mark.fashion
@pytest.mark.timeout(1500)
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
    run, outcome = start(tmp_path / "fashion", with_settings(project, ["train.epochs=5", "train.threads=1"]))
    assert outcome.metrics["accuracy/test"] >= 0.90

    found = evaluate(run, Split.TEST)
    assert len(found.rows) == 10_000 and found.categories[9] == "Ankle boot"
    report = export_run(run, tmp_path / "bundle")
    assert report.verification.passed
    _, prepared = load_model(run)
    pictures = prepared.dataset.column(image.params.get("field") or image.name, found.rows)
    said = [item["label"] for item in Bundle(report.bundle).predict(list(np.asarray(pictures)))]
    expected = [found.categories[int(place)] for place in found.predictions]
    assert said == expected
