"""Fashion-MNIST with the digits starter: five epochs of the 60,000 (validation comes out of them), and the bundle beside torch."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("WORKBENCH_FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))


def run() -> list[dict[str, Any]]:
    """Returns test accuracy and how many of the 10,000 test rows the bundle answers as torch does."""
    if not FOLDER.is_dir():
        return [{"name": f"skipped: the files are not in {FOLDER}", "value": "-"}]
    import numpy as np

    from workbench.data.base import Split
    from workbench.export.bundle import export_run
    from workbench.export.predict import Bundle
    from workbench.project.new import new_project
    from workbench.project.overrides import with_settings
    from workbench.training.evaluate import evaluate
    from workbench.training.launch import start
    from workbench.training.load import load_model

    with tempfile.TemporaryDirectory() as folder:
        project = new_project("digits-cnn", Path(folder) / "fashion", data=str(FOLDER))
        trained, outcome = start(Path(folder) / "fashion", with_settings(project, ["train.epochs=5"]))
        found = evaluate(trained, Split.TEST)
        bundle = Bundle(export_run(trained, Path(folder) / "bundle").bundle)
        _, prepared = load_model(trained)
        pictures = np.asarray(prepared.dataset.column("image", found.rows))
        said = [item["label"] for item in bundle.predict(list(pictures))]
    same = sum(label == found.categories[int(place)] for label, place in zip(said, found.predictions, strict=True))
    accuracy = outcome.metrics["accuracy/test"]  # type: ignore[union-attr]
    return [
        {"name": "Fashion-MNIST, 5 epochs: test accuracy", "value": round(accuracy, 4), "hold": ">= 0.90", "ok": accuracy >= 0.90},
        {"name": "rows that the bundle answers as torch does", "value": same, "hold": len(said), "ok": same == len(said)},
    ]


if __name__ == "__main__":
    for row in run():
        sys.stdout.write(f"{row}\n")
