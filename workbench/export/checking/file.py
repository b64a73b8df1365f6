"""All checks on one file with a layer of the user's own, in a process of its own that is ended where it hangs."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ExportError
from workbench.export.child import ExportCancelled, run_in_child
from workbench.layers.own_file import OwnFile, OwnLayerError, read_own_file
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.export.checking.trials import Trial
    from workbench.layers.base import Layer

LOAD_SECONDS, CHECK_SECONDS = 20.0, 120.0
_SLOW = ("torch", "onnx", "onnxruntime", "captum", "sklearn", "pandas", "scipy")
TITLES: dict[str, Text] = {
    "load": Text("Loads without torch"),
    "words": Text("Says what it is"),
    "ranges": Text("Parameters have help and limits"),
    "inputs": Text("Accepts some inputs"),
    "target": Text("Calls a class that is there"),
    "shapes": Text("Predicted shapes are the real ones"),
    "parameters": Text("Parameters are those of the module"),
    "macs": Text("Cost agrees with torch's counter"),
    "gradients": Text("Gradients reach everything"),
    "rows": Text("Rows do not mix, padding does not count"),
    "lengths": Text("Asks for lengths where places mix"),
    "causal": Text("Looks ahead only if it says so"),
    "purity": Text("Changes nothing but its result"),
    "traits": Text("What it says of itself is true"),
    "source": Text("Printed source is the built model"),
    "onnx": Text("ONNX says the same as torch"),
}
"""The checks in the order in which they run, and what each is called."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found.

    Attributes:
        check: Its name, a key of `TITLES`.
        ok: Whether the promise holds.
        message: What was found where it does not hold; where it holds, remarks or "".
        hint: What to do.
    """

    check: str
    ok: bool
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What all checks found.

    Attributes:
        file: The content that was checked.
        layers: The names of its layers.
        outcomes: One per check that ran; those behind a failed `load` or `inputs` did not run.
    """

    file: OwnFile
    layers: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def ok(self) -> bool:
        """Whether every promise holds."""
        return bool(self.outcomes) and all(outcome.ok for outcome in self.outcomes)


def check_file(
    path: Path | str, told: Callable[[Outcome], None] = lambda outcome: None, cancelled: Callable[[], bool] = bool, *, only_load: bool = False,
) -> Checked:
    """Runs all checks on a file, in a child process.

    Args:
        path: The file. Asking for the check is the user's word that it may run, this once.
        told: Called with every outcome as it comes, from the calling thread.
        cancelled: Asked ten times a second.
        only_load: Whether to stop after the first check: it loads, and neither hangs nor takes its process down.

    Raises:
        OwnLayerError: The file cannot be read.
        ExportCancelled: `cancelled` returned true.
    """
    file = read_own_file(Path(path))
    watch = _Watch(told, cancelled)
    try:
        layers = run_in_child(_checked, (file, only_load), watch.hear, watch.is_over, 2 * len(TITLES) * CHECK_SECONDS)
        return Checked(file, tuple(layers), tuple(watch.outcomes))
    except ExportCancelled:
        if not watch.late:
            raise
        seconds = int(watch.limit)
        watch.add(Outcome(watch.doing, False, Text("It did not come to an end within {seconds} seconds.", seconds=seconds),
                          Text("Look for a loop that never ends, or something that waits.")))
    except ExportError as error:
        watch.add(Outcome(watch.doing, False, Text("The process that ran it ended: {reason}", reason=error.message),
                          Text("A layer must not end the process (os._exit, a crash in native code) nor fill the memory.")))
    return Checked(file, (), tuple(watch.outcomes))


class _Watch:
    """What the parent knows of the child: what it found, what it does now, and since when."""

    def __init__(self, told: Callable[[Outcome], None], cancelled: Callable[[], bool]) -> None:
        self.outcomes: list[Outcome] = []
        self.doing, self.late = "load", False
        self._told, self._cancelled, self._since = told, cancelled, time.monotonic()
        self._started = False

    @property
    def limit(self) -> float:
        """Seconds that the present check may take; the first one also waits for the process to start."""
        return LOAD_SECONDS if self.doing == "load" and self._started else CHECK_SECONDS

    def hear(self, _share: float, word: Any) -> None:
        self._since = time.monotonic()
        self._started = True
        if isinstance(word, Outcome):
            self.add(word)
        else:
            self.doing = str(word)

    def add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._told(outcome)

    def is_over(self) -> bool:
        self.late = time.monotonic() - self._since > self.limit
        return self.late or self._cancelled()


def _checked(progress: Callable[[float, Any], None], file: OwnFile, only_load: bool) -> list[str]:
    """Runs in the child: all checks, each told before it begins and when it is done."""
    names: list[str] = []
    warnings.simplefilter("ignore")
    for name, check in _steps(file, names, only_load):
        progress(len(names) / len(TITLES), name)
        outcome = _outcome(name, check, file)
        progress(1.0, outcome)
        if not outcome.ok and name in ("load", "inputs"):
            break
    return names


def _steps(file: OwnFile, names: list[str], only_load: bool) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yields the checks by name; later ones use what earlier ones gave."""
    layers: list[Layer] = []
    trials: list[Trial] = []

    def load() -> None:
        layers.extend(_loaded(file))
        names.extend(layer.name for layer in layers)

    yield "load", load
    if only_load:
        return
    from workbench.export.checking import words

    yield "words", lambda: _each(words.check_words, layers) or list(_remarks(layers))
    yield "ranges", lambda: _each(words.check_ranges, layers)
    yield "inputs", lambda: trials.extend(_sampled(layers))
    for name, check in layer_checks().items():
        yield name, lambda check=check: check(trials)


def layer_checks() -> dict[str, Callable[[Any], None]]:
    """Returns the checks that take trials, by name: what the catalogue's own tests run too."""
    from workbench.export.checking import checks, traits, whole

    return {
        "target": whole.check_targets, "shapes": checks.check_shapes, "parameters": checks.check_parameters, "macs": checks.check_macs,
        "gradients": checks.check_gradients, "rows": checks.check_rows, "lengths": checks.check_lengths, "causal": checks.check_causal,
        "purity": checks.check_purity, "traits": traits.check_traits, "source": whole.check_source, "onnx": whole.check_onnx,
    }


def _each(check: Callable[[Layer], None], layers: list[Layer]) -> None:
    for layer in layers:
        check(layer)


def _remarks(layers: list[Layer]) -> Iterator[Text]:
    from workbench.export.checking.words import missing_words

    for layer in layers:
        yield from missing_words(layer)


def _sampled(layers: list[Layer]) -> list[Trial]:
    from workbench.export.checking.checks import Broken
    from workbench.export.checking.sampling import trials_of

    found: list[Trial] = []
    for layer in layers:
        trials = trials_of(layer)
        if not trials:
            raise Broken(
                Text("The shape rule of {layer} refuses every input that was tried: images, sequences, vectors, tokens.", layer=layer.name),
                Text("Look whether `shape` raises LayerProblem too often, and whether the limits of the parameters fit."),
            )
        found += trials
    return found


def _loaded(file: OwnFile) -> tuple[Layer, ...]:
    """Runs the file with the slow libraries out of reach: a catalogue is listed without them."""
    from workbench.layers import LAYERS
    from workbench.layers.own import OWN

    with _out_of_reach(_SLOW):
        return OWN.run(file, LAYERS)


@contextmanager
def _out_of_reach(names: tuple[str, ...]) -> Generator[None]:
    modules: dict[str, Any] = sys.modules
    kept = {name: module for name in names if (module := modules.get(name)) is not None}
    modules.update(dict.fromkeys(names))
    try:
        yield
    finally:
        for name in names:
            del modules[name]
        modules.update(kept)


def _joined(remarks: Sequence[Text]) -> str:
    """Returns several sentences as one text that can still be translated."""
    keys = [f"remark{index}" for index in range(len(remarks))]
    return Text(" ".join(f"{{{key}}}" for key in keys), **dict(zip(keys, remarks, strict=True)))


def _outcome(name: str, check: Callable[[], Any], file: OwnFile) -> Outcome:
    from workbench.export.checking.checks import Broken
    from workbench.layers.own_file import failed

    try:
        remarks = check() or ()
        return Outcome(name, True, _joined(remarks))
    except Broken as error:
        return Outcome(name, False, error.message, error.hint)
    except OwnLayerError as error:
        return Outcome(name, False, error.message, error.hint)
    except BaseException as error:  # the file may raise what it likes, SystemExit too: it is a finding
        found = failed(file, error)
        return Outcome(name, False, found.message, Text("A shape rule says no by raising LayerProblem; nothing else may be raised."))
