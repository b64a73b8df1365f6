"""The run's own model beside its bundle: the same input through PyTorch, and how far the two answers are apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from workbench.export.predict import Bundle


class Peer:
    """The model that a bundle was made of; read on the first question. Used on worker threads only.

    Args:
        run: The run folder.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self._model: tuple[Any, Any] | None = None

    def difference(self, bundle: Bundle, raw: Any, answer: dict[str, Any]) -> float | None:
        """Returns the largest difference between the class shares of PyTorch and of the bundle, or None where there are no classes.

        Args:
            bundle: What answered.
            raw: A drawing uint8 `(H, W, C)`, a text, the path of an image, or a row of the data by field name.
            answer: What it answered.
        """
        from workbench.app.pages.inspect.outcome import Painted, outcome_of
        from workbench.explain.subject import subject_from_raw
        from workbench.export.given import image_array

        if "scores" not in answer or any(spec.decoder or spec.kind == "audio" for spec in bundle.spec.inputs):
            return None
        if not isinstance(raw, dict) and len(bundle.spec.inputs) != 1:
            return None
        model, prepared = self._opened()
        given = raw if isinstance(raw, dict) else {bundle.spec.inputs[0].field: raw}
        values = {spec.name: given[spec.field] for spec in bundle.spec.inputs}
        values |= {spec.name: image_array(given[spec.field], spec.channels) for spec in bundle.spec.inputs if spec.kind == "image"}
        subject = subject_from_raw(model, prepared, values)
        outcome = outcome_of(subject)
        expected = outcome.shares if isinstance(outcome, Painted) else subject.probabilities
        return float(np.abs(expected - np.asarray(list(answer["scores"].values()))).max())

    def _opened(self) -> tuple[Any, Any]:
        from workbench.project.runs import RunFolder
        from workbench.training.load import load_model

        if self._model is None:
            self._model = load_model(RunFolder(self.run))
        return self._model
