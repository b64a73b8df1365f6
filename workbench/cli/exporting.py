"""`export` and `predict`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.cli.console import Answer, progress
from workbench.cli.reading import read_run
from workbench.errors import ExportError
from workbench.text import Text

_MODEL_FILE, _RECORD_FILE = "model.onnx", "verification.json"


def export(folder: Path, output: Path, opset: int) -> Answer:
    """Writes a verified bundle."""
    from workbench.export.child import export_run

    run, told = read_run(folder), set[str]()

    def say(_share: float, what: str) -> None:
        if what not in told:
            told.add(what)
            progress(what)

    report = export_run(run, output.expanduser().absolute(), opset, progress=say)
    paths = {"bundle": str(report.bundle.absolute()), "model": str(report.model.absolute()), "run": str(run.path)}
    document: dict[str, Any] = {**report.to_json(), **paths}
    proof = document["verification"]
    line = f"ONNX Runtime agrees with torch: largest difference {proof['max_abs_difference']:.2g} of {proof['largest_output']:.3g}"
    return Answer(document, [str(report.bundle.absolute()), line])


def predict(model: Path, inputs: list[str], provider: str, allow_fallback: bool) -> Answer:
    """Predicts with a bundle, or with a run through torch."""
    model = model.expanduser().absolute()
    inputs = [_absolute(value) for value in inputs]
    if (model / _MODEL_FILE).is_file() or (model / _RECORD_FILE).is_file() or model.is_file():
        from workbench.export.predict import Bundle

        bundle = Bundle(model)
        predictions = bundle.predict(inputs, provider, allow_fallback, skip_unreadable=True)
        running = bundle.provider
    else:
        if not model.exists():
            raise ExportError(Text("There is nothing at {path}.", path=str(model)), Text("Give an exported bundle or a run folder."))
        predictions, running = _with_torch(model, inputs, provider), "torch"
    document = {"provider": running, "predictions": predictions}
    failed = any("error" in item for item in predictions)
    return Answer(document, [f"{item['input']}: {_shown(item)}" for item in predictions], 1 if failed else 0)


def _absolute(value: str) -> str:
    """Returns the path of a file or of a folder with an absolute path; a text, even one that is also the name of a file, as it is."""
    if not value.strip():
        return value
    try:
        path = Path(value).expanduser()
        return str(path.absolute()) if path.is_dir() or (path.suffix and path.is_file()) else value
    except (OSError, ValueError, RuntimeError):
        return value


def _with_torch(folder: Path, inputs: list[str], provider: str) -> list[dict[str, Any]]:
    """Predicts with the weights of a run."""
    from workbench.cli.torch_predict import predict_rows

    if provider != "cpu":
        raise ExportError(
            Text("A run predicts through torch on the CPU, not on {provider}.", provider=provider), Text("Export it and predict with the bundle.")
        )
    return predict_rows(read_run(folder), inputs)


def _shown(item: Mapping[str, Any]) -> str:
    if "error" in item:
        return f"{item['error']['message']} {item['error']['hint']}".strip()
    if "label" in item:
        best = sorted(item["scores"].items(), key=lambda pair: -pair[1])[:3]
        return f"{item['label']} ({', '.join(f'{name} {score:.1%}' for name, score in best)})"
    if "value" in item:
        return f"{item['value']} {item.get('unit', '')}".rstrip()
    return "; ".join(f"{name}: {_shown(value)}" for name, value in item.items() if isinstance(value, Mapping))
