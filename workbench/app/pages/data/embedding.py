"""Rows as points: their features, or what a layer of a run makes of them; then the directions in which they differ most, or t-SNE. Runs aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from workbench.app.language import tr
from workbench.app.pages.data.statistics import sampled
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.project.runs import RunFolder

MOST_ROWS, MOST_NEIGHBOURS_ROWS, MOST_LAYER_ROWS = 5000, 2000, 2000
_MOST_FEATURES, _WORDS, _WIDEST = 1024, 512, 768
_ROUNDS, _ROUND_STEPS = 4, 250
Progress = Callable[[float, str], None]


def can_neighbour() -> bool:
    """Whether the package that t-SNE needs is installed."""
    return find_spec("sklearn") is not None


@dataclass(frozen=True)
class Layer:
    """A layer of a run.

    Attributes:
        run: The run's folder.
        path: Of the layer in the model.
    """

    run: RunFolder
    path: str

    @property
    def key(self) -> tuple[str, int, str]:
        """What tells its vectors from others: another checkpoint says something else."""
        best = self.run.best()
        return str(self.run.path), best.step if best is not None else -1, self.path


class Vectors:
    """The vectors of rows, worked out once: another way of laying them out, or another colour, asks for the same ones again."""

    def __init__(self) -> None:
        self._key: object = None
        self._found: tuple[np.ndarray, np.ndarray] | None = None

    def of(
        self, rows: Rows, shown: np.ndarray, most: int, layer: Layer | None, progress: Progress, cancelled: Callable[[], bool],
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Returns some of the rows that are shown, int64 `(n,)`, and their vectors, float32 `(n, F)`; None where nobody wants them any more."""
        from workbench.app.pages.data.rows import source_of

        key = (source_of(rows.dataset), layer.key if layer else None, most, shown.tobytes())
        if key != self._key or self._found is None:
            wanted = sampled(shown, most)
            found = (wanted, features(rows, wanted)) if layer is None else _layer_vectors(layer, shown, most, progress, cancelled)
            if found is None:
                return None
            self._key, self._found = key, found
        return self._found


def _layer_vectors(
    layer: Layer, shown: np.ndarray, most: int, progress: Progress, cancelled: Callable[[], bool],
) -> tuple[np.ndarray, np.ndarray] | None:
    from workbench.errors import DataError, Text
    from workbench.explain.layer_vectors import layer_vectors
    from workbench.training.load import load_model

    model, prepared = load_model(layer.run)
    known = np.concatenate(list(prepared.splits.values()))
    wanted = sampled(shown[np.isin(shown, known)], min(most, MOST_LAYER_ROWS))
    if not len(wanted):
        raise DataError(Text("None of these rows was part of the run."), Text("Show other rows, or choose another run."))
    values = layer_vectors(model, prepared, wanted, layer.path, lambda share: progress(share, tr("asking the run")), cancelled)
    return None if values is None else (wanted, values)


def layers_of(run: RunFolder) -> tuple[tuple[tuple[str, str], ...], str]:
    """Returns the layers of a run that rows can be laid out by, each as path and kind, and the path of the one before the head."""
    from workbench.explain.layer_vectors import last_hidden, layers_with_vectors
    from workbench.layers import LAYERS
    from workbench.training.load import load_model

    model, _ = load_model(run)
    kinds = {step.path: step.layer for step in model.plan.steps}
    names = [(path, kinds[path]) for path in layers_with_vectors(model.plan)]
    return tuple((path, LAYERS[kind].label if kind in LAYERS.names() else kind) for path, kind in names), last_hidden(model)


def embedded(
    rows: Rows, shown: np.ndarray, way: str, layer: Layer | None = None, vectors: Vectors | None = None,
    progress: Progress = lambda _share, _word: None, cancelled: Callable[[], bool] = lambda: False,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns rows and where they lie.

    Args:
        rows: The data.
        shown: Which rows (dataset indices); an even sample where they are many.
        way: `pca` or `tsne`.
        layer: What a layer of a run makes of them; None for their own features.
        vectors: Keeps what was worked out.
        progress: Takes the share done and a word about it.
        cancelled: Whether the answer is no longer wanted; it is then None.

    Returns:
        int64 `(n,)` and float32 `(n, 2)` between 0 and 1.
    """
    most = MOST_ROWS if way == "pca" else MOST_NEIGHBOURS_ROWS
    found = (vectors or Vectors()).of(rows, shown, most, layer, progress, cancelled)
    if found is None:
        return None
    wanted, values = found
    near = way == "tsne" and len(wanted) >= 10
    flat: np.ndarray | None = principal(values, min(50, values.shape[1]) if near else 2)
    if near:
        flat = neighbourhoods(flat, progress, cancelled)
    if flat is None:
        return None
    low, high = flat.min(0, initial=np.inf), flat.max(0, initial=-np.inf)
    return wanted, ((flat - low) / np.maximum(high - low, 1e-9)).astype(np.float32)


def neighbourhoods(values: np.ndarray, progress: Progress, cancelled: Callable[[], bool]) -> np.ndarray | None:
    """Returns points that keep rows beside those they are most alike (t-SNE), `(n, 2)`; in rounds, so that it can be followed and cancelled.

    The first round pulls groups together, as one fit does at its beginning; each further round goes on from the places of the one before.
    """
    from sklearn.manifold import TSNE

    places, pull = "pca", 12.0
    for number in range(_ROUNDS):
        progress(number / _ROUNDS, tr("finding neighbours"))
        if cancelled():
            return None
        made = TSNE(
            init=places, random_state=0, perplexity=min(30, (len(values) - 1) // 3), early_exaggeration=pull, max_iter=_ROUND_STEPS,
            learning_rate=max(len(values) / 12 / (4 if number == 0 else 1), 50.0),
        )
        places, pull = made.fit_transform(values), 1.0
    return places


def features(rows: Rows, wanted: np.ndarray) -> np.ndarray:
    """Returns numbers that say what rows hold, standardised, float32 `(n, F)`."""
    lead = rows.lead
    if lead is None:
        numbers = [item.name for item in rows.dataset.fields if item.kind == FieldKind.NUMBER and item is not rows.label]
        columns = [np.nan_to_num(rows.numbers(name)[wanted]) for name in numbers]
        return _standard(np.stack(columns, 1) if columns else np.zeros((len(wanted), 1), np.float32))
    if lead.kind == FieldKind.TEXT:
        return _standard(_word_counts([rows.texts[row] for row in wanted]))
    return _standard(np.stack([_signal(np.asarray(rows.raw(int(row))), lead.kind) for row in wanted]))


def _signal(value: np.ndarray, kind: str) -> np.ndarray:
    """Returns a picture, a series or a sound as a vector of one length."""
    if kind == FieldKind.IMAGE:
        side = 16
        down, across = (np.linspace(0, size - 1, side).astype(np.int64) for size in value.shape[:2])
        return value[down][:, across].astype(np.float32).mean(2).ravel()
    if kind == FieldKind.AUDIO:
        from workbench.app.pages.data.sound_picture import loudness

        return loudness(value, 8).reshape(16, -1, 8).mean(1).ravel()
    flat = np.nan_to_num(np.asarray(value, np.float32).reshape(len(value), -1))
    return flat[np.linspace(0, len(flat) - 1, 128).astype(np.int64)].ravel()[:_MOST_FEATURES]


def _word_counts(texts: list[str]) -> np.ndarray:
    """Returns how often each of the most frequent words stands in each text, damped; characters where texts have no spaces."""
    parts = [text.casefold().split() if " " in text else list(text) for text in texts]
    counts: dict[str, int] = {}
    for part in parts:
        for word in part:
            counts[word] = counts.get(word, 0) + 1
    best = {word: index for index, word in enumerate(sorted(counts, key=lambda word: (-counts[word], word))[:_WORDS])}
    found = np.zeros((len(texts), max(len(best), 1)), np.float32)
    for row, part in enumerate(parts):
        for word in part:
            if word in best:
                found[row, best[word]] += 1
    return np.log1p(found)


def _standard(values: np.ndarray) -> np.ndarray:
    values = values.astype(np.float32)
    spread = values.std(0)
    return (values - values.mean(0)) / np.where(spread > 1e-6, spread, 1)


def principal(values: np.ndarray, count: int) -> np.ndarray:
    """Returns the coordinates of rows along the directions in which they differ most, float64 `(n, count)`."""
    values = values.astype(np.float64)
    if values.shape[1] > _WIDEST:
        # Distances survive a random projection to so many directions; the eigenvectors of thousands would take a minute.
        values = values @ (np.random.default_rng(0).normal(size=(values.shape[1], _WIDEST)) / np.sqrt(_WIDEST))
    centred = values - values.mean(0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    best = directions[:, ::-1][:, :count]
    best = best * np.where(best[np.abs(best).argmax(0), np.arange(best.shape[1])] < 0, -1, 1)
    flat = centred @ best
    return flat if flat.shape[1] >= count else np.pad(flat, ((0, 0), (0, count - flat.shape[1])))
