"""Proof that a bundle is the same model: ONNX Runtime against torch on real validation rows, odd batch sizes, lengths and image sizes."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import ExportError
from workbench.export.session import run_session
from workbench.export.spec import CARD_FILE, VERIFICATION_FILE, BundleSpec
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.export.predict import Bundle

TOLERANCE = 1e-5
BATCH_SIZES = (1, 2, 3, 7, 33)
MOST_ROWS, ROWS_AT_ONCE, RECORDED_ROWS = 2000, 128, 3
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the parity table.

    Attributes:
        name: What was tried (`batch of 7`, `length 1`).
        rows: How many rows.
        max_difference: The largest absolute difference of any output number.
        largest_output: The largest absolute output number of torch.
        equal_predictions: Rows for which both say the same class (all rows where nothing is classified).
    """

    name: str
    rows: int
    max_difference: float
    largest_output: float
    equal_predictions: int

    @property
    def passed(self) -> bool:
        """Whether the difference is within the tolerance and every prediction is equal."""
        return self.max_difference <= TOLERANCE * max(1.0, self.largest_output) and self.equal_predictions == self.rows


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome.

    Attributes:
        cases: One per thing tried.
        provider: What ONNX Runtime ran on.
        metrics: Accuracy on validation rows by runtime (`torch`, `onnx`), where classes are told.
        seconds: Wall time.
    """

    cases: tuple[Case, ...]
    provider: str = "cpu"
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether every case passed, and there was one."""
        return bool(self.cases) and all(case.passed for case in self.cases)

    @property
    def max_abs_difference(self) -> float:
        """The largest difference of all cases."""
        return max((case.max_difference for case in self.cases), default=0.0)

    @property
    def largest_output(self) -> float:
        """The largest absolute output of all cases."""
        return max((case.largest_output for case in self.cases), default=0.0)

    @property
    def rows(self) -> int:
        """Rows compared, over all cases."""
        return sum(case.rows for case in self.cases)

    @property
    def tolerance(self) -> float:
        """What the largest difference may be."""
        return TOLERANCE * max(1.0, self.largest_output)

    def sentence(self) -> Text:
        """Returns the outcome in one sentence."""
        if self.passed:
            return Text(
                "Verified: PyTorch and ONNX Runtime agree on {rows} rows in {cases} cases; the largest difference is {difference}.",
                rows=self.rows, cases=len(self.cases), difference=f"{self.max_abs_difference:.1e}",
            )
        worst = max((case for case in self.cases if not case.passed), key=lambda case: case.max_difference, default=None)
        return Text(
            "PyTorch and ONNX Runtime do not agree: {case} differs by {difference}.",
            case=worst.name if worst else "?", difference=f"{worst.max_difference if worst else float('nan'):.1e}",
        )

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON values, with the keys that other programs rely on."""
        cases = [{**asdict(case), "passed": case.passed, **_words_of(case.name)} for case in self.cases]
        return {
            "passed": self.passed, "max_abs_difference": self.max_abs_difference, "largest_output": self.largest_output,
            "tolerance": self.tolerance, "cases": cases, "provider": self.provider, "metrics": dict(self.metrics), "seconds": self.seconds,
        }


def compare(
    bundle: Bundle, model: Any, prepared: Any, *, provider: str = "cpu", progress: Callable[[float], None] = lambda share: None,
) -> tuple[Verification, dict[str, Any]]:
    """Compares a bundle with the model it came from.

    Raw rows go into the bundle, through its own tokenizer and preprocessing; the same rows go through training's preprocessing into torch.

    Args:
        bundle: The bundle.
        model: The trained model, in eval mode on the CPU.
        prepared: Its data.
        provider: What ONNX Runtime shall run on.
        progress: Told the share done.

    Returns:
        The outcome, and a few recorded rows for `verify` (see `recorded_rows`).
    """
    from workbench.export.reference import Reference

    began = time.perf_counter()
    session = bundle.session(provider)
    reference = Reference(bundle, model, prepared, MOST_ROWS)
    cases: list[Case] = []
    right = {"torch": 0, "onnx": 0}
    tries = list(reference.tries(BATCH_SIZES, ROWS_AT_ONCE))
    recorded: dict[str, Any] = {}
    for index, attempt in enumerate(tries):
        feed, expected = attempt.make()
        answered = _run(session, bundle.spec, feed)
        cases.append(_case(attempt.name, bundle.spec, expected, answered))
        if attempt.targets is not None:
            for runtime, outputs in (("torch", expected), ("onnx", answered)):
                right[runtime] += int((_classes(bundle.spec, outputs) == attempt.targets).sum())
        if not recorded:
            recorded = recorded_rows(reference, session, bundle.spec)
        progress((index + 1) / len(tries))
    counted = sum(len(attempt.targets) for attempt in tries if attempt.targets is not None)
    metrics = {runtime: count / counted for runtime, count in right.items()} if counted else {}
    merged = tuple(_merged(cases))
    return Verification(merged, bundle.provider, metrics, time.perf_counter() - began), recorded


def recorded_rows(reference: Any, session: Any, spec: BundleSpec) -> dict[str, Any]:
    """Returns ONNX inputs of a few rows and what torch answered, as JSON values, so that a bundle can be checked without its run."""
    feed, expected = reference.attempt("recorded", RECORDED_ROWS).make()
    return {
        "inputs": {name: _packed(values) for name, values in feed.items()},
        "outputs": {name: _packed(values) for name, values in expected.items()},
    }


def verify(folder: Path | str, run: Any = None, provider: str = "cpu", *, allow_fallback: bool = False) -> Verification:
    """Repeats the verification of a bundle on this machine.

    Args:
        folder: The bundle.
        run: Its run folder (path or `RunFolder`); where given, the whole comparison with torch is made again. Without it, the rows
            recorded at export are compared.
        provider: What ONNX Runtime shall run on.
        allow_fallback: Whether the CPU may stand in.

    Raises:
        ExportError: The bundle is damaged or was never verified.
    """
    from workbench.export.predict import Bundle

    bundle = Bundle(folder)
    session = bundle.session(provider, allow_fallback=allow_fallback)
    if run is not None:
        from workbench.project.runs import RunFolder
        from workbench.training.load import load_model

        model, prepared = load_model(run if isinstance(run, RunFolder) else RunFolder(run))
        return compare(bundle, model, prepared, provider=bundle.provider)[0]
    began = time.perf_counter()
    kept = read_record(bundle.folder)
    feed = {name: _unpacked(values) for name, values in kept["inputs"].items()}
    expected = {name: _unpacked(values) for name, values in kept["outputs"].items()}
    case = _case("recorded rows", bundle.spec, expected, _run(session, bundle.spec, feed))
    return Verification((case,), bundle.provider, {}, time.perf_counter() - began)


def write_record(folder: Path, verification: Verification, recorded: Mapping[str, Any]) -> None:
    """Writes verification.json, with the hashes of the files that were verified."""
    from workbench.export.predict import digest_of

    verified = (path for path in sorted(folder.iterdir()) if path.is_file() and path.name not in (VERIFICATION_FILE, CARD_FILE))
    files = {path.name: digest_of(path) for path in verified}
    document = {"schema_version": SCHEMA_VERSION, **verification.to_json(), "recorded": dict(recorded), "files": files}
    (folder / VERIFICATION_FILE).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")


def stored_verification(folder: Path) -> Verification:
    """Returns the outcome that was written when the bundle was made.

    Raises:
        ExportError: The file is missing or damaged.
    """
    try:
        document = json.loads((folder / VERIFICATION_FILE).read_text("utf-8"))
        cases = tuple(_stored_case(case) for case in document["cases"])
        return Verification(cases, document["provider"], document["metrics"], document["seconds"])
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ExportError(
            Text("The bundle {path} has no readable verification.", path=str(folder)), Text("Export the run again."),
        ) from error


def _words_of(name: str) -> dict[str, Any]:
    """Returns what a name was made from, so that it can be said in another language later."""
    return {"template": name.template, "values": dict(name.values)} if isinstance(name, Text) else {}


def _stored_case(stored: Mapping[str, Any]) -> Case:
    facts = {key: value for key, value in stored.items() if key not in ("passed", "template", "values")}
    template, values = stored.get("template"), stored.get("values")
    if isinstance(template, str) and isinstance(values, dict) and template.format(**values) == facts["name"]:
        facts["name"] = Text(template, **values)
    return Case(**facts)


def read_record(folder: Path) -> dict[str, Any]:
    """Returns the recorded rows of verification.json.

    Raises:
        ExportError: The file is missing or damaged.
    """
    try:
        return dict(json.loads((folder / VERIFICATION_FILE).read_text("utf-8"))["recorded"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError(
            Text("The bundle {path} has no readable verification.", path=str(folder)), Text("Export the run again."),
        ) from error


def _run(session: Any, spec: BundleSpec, feed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    names = [name for output in spec.outputs for name in output.tensors.values()]
    return run_session(session, names, feed)


def _case(name: str, spec: BundleSpec, expected: Mapping[str, np.ndarray], answered: Mapping[str, np.ndarray]) -> Case:
    differences = [_difference(values, answered[key]) for key, values in expected.items()]
    rows = len(next(iter(expected.values())))
    largest = max(float(np.abs(values).max(initial=0)) for values in expected.values())
    return Case(name, rows, max(differences), largest, int(_alike(spec, expected, answered, rows).sum()))


def _alike(spec: BundleSpec, expected: Mapping[str, np.ndarray], answered: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """Returns for each row whether both say the same class, at every place where there are several, bool `(rows,)`.

    Of thousands of pixels or tokens some are ties: there, a class whose score is the highest within the tolerance is the same.
    """
    same = np.ones(rows, bool)
    for output in spec.outputs:
        if "logits" not in output.tensors:
            continue
        wanted, said = (outputs[output.tensors["logits"]] for outputs in (expected, answered))
        if wanted.shape != said.shape:
            return np.zeros(rows, bool)
        chosen, axis = said.argmax(output.class_axis), output.class_axis
        equal = wanted.argmax(axis) == chosen
        if wanted.ndim > 2:
            score = np.take_along_axis(wanted, np.expand_dims(chosen, axis), axis)
            equal |= (wanted.max(axis, keepdims=True) - score <= 2 * TOLERANCE * max(1.0, float(np.abs(wanted).max(initial=0)))).squeeze(axis)
        same &= equal.reshape(rows, -1).all(1)
    return same


def _difference(expected: np.ndarray, answered: np.ndarray) -> float:
    if expected.shape != answered.shape or not np.isfinite(answered).all():
        return float("inf") if not np.array_equal(expected, answered, equal_nan=True) else 0.0
    return float(np.abs(expected.astype(np.float64) - answered.astype(np.float64)).max(initial=0))


def _classes(spec: BundleSpec, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Returns the class of the first classifying output for each row; zeros where nothing is classified."""
    for output in spec.outputs:
        if output.objective == "classification":
            return outputs[output.tensors["logits"]].argmax(-1)
    return np.zeros(len(next(iter(outputs.values()))), np.int64)


def _merged(cases: Sequence[Case]) -> Iterator[Case]:
    """Joins cases of one name into one line."""
    for name in dict.fromkeys(case.name for case in cases):
        same = [case for case in cases if case.name == name]
        yield Case(
            name, sum(case.rows for case in same), max(case.max_difference for case in same),
            max(case.largest_output for case in same), sum(case.equal_predictions for case in same),
        )


def _packed(values: np.ndarray) -> dict[str, Any]:
    data = np.ascontiguousarray(values)
    return {"dtype": str(data.dtype), "shape": list(data.shape), "base64": base64.b64encode(data.tobytes()).decode("ascii")}


def _unpacked(packed: Mapping[str, Any]) -> np.ndarray:
    try:
        return np.frombuffer(base64.b64decode(packed["base64"]), packed["dtype"]).reshape(packed["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise ExportError(Text("The recorded rows of this bundle are damaged."), Text("Export the run again.")) from error
