"""`eval`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.cli.console import Answer, number, table
from workbench.cli.reading import read_run, split_of
from workbench.project.runs import RunFolder

_WORST_ROWS = 20


def evaluate(folder: Path, split: str) -> Answer:
    """Shows how good a run is on a split."""
    from workbench.training.evaluate import evaluate as evaluate_run

    run = read_run(folder)
    found = evaluate_run(run, split_of(split))
    document: dict[str, Any] = {
        "split": str(found.split), "metrics": found.metrics, "run": str(run.path), "step": found.step, "target": found.target,
        "rows": len(found.rows), "worst": _worst(run, found),
    }
    if found.confusion is not None:
        document["confusion"] = {"labels": list(found.categories), "counts": found.confusion}
    return Answer(document, _lines(document, found))


def _worst(run: RunFolder, found: Any) -> list[dict[str, Any]]:
    """Returns the rows with the highest loss; `row` is the number within the split, as `explain` takes it."""
    values = _values(run, found)
    return [
        {
            "row": int(place), "dataset_row": int(found.rows[place]), "target": values(found.targets[place]),
            "prediction": values(found.predictions[place]), "loss": float(found.losses[place]), "confidence": float(found.confidences[place]),
        }
        for place in found.worst(_WORST_ROWS)
    ]


def _values(run: RunFolder, found: Any) -> Any:
    """Returns what turns a class id into its name, or a standardised number into one with its unit."""
    if found.confusion is not None:
        return lambda value: found.categories[int(value)] if int(value) < len(found.categories) else str(int(value))
    state = ((run.fitted or {}).get("fields") or {}).get(found.target, {})
    mean, deviation = float(state.get("mean", 0.0)), float(state.get("deviation", 1.0))
    return lambda value: float(value) * deviation + mean


def _lines(document: dict[str, Any], found: Any) -> list[str]:
    lines = table([(tag, number(value)) for tag, value in document["metrics"].items()])
    confusions = [f"{count} × {true} taken for {taken}" for true, taken, count in found.worst_confusions()]
    if confusions:
        lines += ["Most confused: " + ", ".join(confusions)]
    rows = [(item["row"], item["target"], item["prediction"], number(item["loss"])) for item in document["worst"][:8]]
    return [*lines, "Worst rows:", *table([("row", "is", "predicted", "loss"), *rows])]
