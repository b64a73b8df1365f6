"""Evidence in numbers: the steps of a series or sound, and the columns of a table.

Legend: N batch, T steps, F features, P parts that can be ranked (at most 100 neighbouring blocks of steps, or one column each).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.data.base import FieldKind
from workbench.explain.evidence import Evidence
from workbench.explain.results import Facts, TokenScores

if TYPE_CHECKING:
    from torch import Tensor

    from workbench.explain.capture import Captured
    from workbench.explain.method import Watch
    from workbench.explain.subject import Subject

MOST_PARTS = 100


class SeriesEvidence(Evidence):
    """Steps of a series or of a sound; all features of a block of neighbouring steps are one part."""

    def __init__(self, subject: Subject, captured: Captured, watch: Watch) -> None:
        super().__init__(subject, captured, watch)
        self.series = subject.values[subject.input]
        length = subject.lengths.get(subject.input)
        self.steps = int(length[0]) if length is not None else self.series.shape[1]
        self.edges = np.linspace(0, self.steps, min(self.steps, MOST_PARTS) + 1).astype(np.int64)
        self.shape = (len(self.edges) - 1,)
        self.starts = (self.series,)
        self.baselines = (self.series.new_zeros(self.series.shape),)
        self._other = _other_rows(subject)[subject.input]

    def score(self, *starts: Tensor) -> Tensor:
        """Returns the explained number `(N,)` for series `(N, T, F)` or sounds `(N, T)`."""
        return self._call({self.subject.input: starts[0]})

    def erased(self, mask: np.ndarray, way: int) -> Tensor:
        """Puts the mean of the training rows, for a sound silence (0), or another row (1) in the place of masked steps."""
        import torch

        chosen = torch.zeros(len(mask), self.series.shape[1], dtype=torch.bool, device=self.series.device)
        chosen[:, : self.steps] = torch.from_numpy(np.repeat(mask, np.diff(self.edges), axis=1)).to(chosen.device)
        chosen = chosen.reshape(*chosen.shape, *(1,) * (self.series.ndim - 2))
        return torch.where(chosen, self.baselines[0] if way == 0 else _fitted(self._other, self.series), self.series)

    def reduced(self, attributions: tuple[Tensor, ...]) -> np.ndarray:
        """Sums over features and over the steps of a part."""
        return self._summed(attributions[0])

    def magnitudes(self, gradients: tuple[Tensor, ...]) -> np.ndarray:
        """Sums absolute gradients over features and over the steps of a part."""
        return self._summed(gradients[0].abs())

    def _summed(self, values: Tensor) -> np.ndarray:
        steps = values[0].reshape(values.shape[1], -1).sum(1)[: self.steps].detach().float().cpu().numpy()
        return np.add.reduceat(steps, self.edges[:-1])

    def result(self, values: np.ndarray, facts: Facts) -> TokenScores:
        """Returns a score per part, called by its first step, from 1."""
        return TokenScores(tuple(str(edge + 1) for edge in self.edges[:-1]), values, facts)


class ColumnEvidence(Evidence):
    """The numbers of one row of a table: every input that is a number is one part; categories stay as they are."""

    def __init__(self, subject: Subject, captured: Captured, watch: Watch) -> None:
        super().__init__(subject, captured, watch)
        self.names = tuple(spec.name for spec in subject.model.plan.inputs if subject.values[spec.name].dtype.is_floating_point)
        self.shape = (len(self.names),)
        self.starts = tuple(subject.values[name] for name in self.names)
        self.baselines = tuple(start.new_zeros(start.shape) for start in self.starts)
        other = _other_rows(subject)
        self._others = tuple(other[name] for name in self.names)

    def score(self, *starts: Tensor) -> Tensor:
        """Returns the explained number `(N,)` for columns `(N,)`."""
        return self._call(dict(zip(self.names, starts, strict=True)))

    def erased(self, mask: np.ndarray, way: int) -> Tensor:
        """Puts the mean of each column (0), or what another row says (1), in the place of masked columns; `(N, P)`."""
        import torch

        fills = self.baselines if way == 0 else self._others
        fill, own = (torch.stack([value.reshape(-1)[0] for value in row]) for row in (fills, self.starts))
        return torch.where(torch.from_numpy(mask).to(own.device), fill, own)

    def scores_of(self, inputs: Tensor) -> np.ndarray:
        """Returns the explained number for many rows of columns `(N, P)`; float64 `(N,)`."""
        import torch

        columns = [inputs[:, place].reshape(-1, *start.shape[1:]) for place, start in enumerate(self.starts)]
        with torch.no_grad():
            return self.score(*columns).double().cpu().numpy()

    def reduced(self, attributions: tuple[Tensor, ...]) -> np.ndarray:
        """Returns one number per column."""
        return np.array([float(item[0].sum()) for item in attributions], np.float32)

    def magnitudes(self, gradients: tuple[Tensor, ...]) -> np.ndarray:
        """Returns one absolute gradient per column."""
        return np.array([float(item[0].abs().sum()) for item in gradients], np.float32)

    def result(self, values: np.ndarray, facts: Facts) -> TokenScores:
        """Returns a score per column."""
        fields = {spec.name: spec.field for spec in self.subject.model.plan.inputs}
        return TokenScores(tuple(fields[name] or name for name in self.names), values, facts)


def evidence_class(kind: FieldKind) -> type[SeriesEvidence] | type[ColumnEvidence]:
    """Returns how an input of numbers is taken apart."""
    return SeriesEvidence if kind in (FieldKind.SERIES, FieldKind.AUDIO) else ColumnEvidence


def _other_rows(subject: Subject) -> dict[str, Tensor]:
    """Returns the values of a row that is not the explained one, batch of one; where there is none, the row itself turned about zero."""
    values, _ = subject.probe_values(4)
    rows = next(iter(values.values())).shape[0]
    for row in range(rows):
        found = {name: value[row : row + 1] for name, value in values.items()}
        if any(found[name].shape != value.shape or bool((found[name] != value).any()) for name, value in subject.values.items()):
            return found
    return {name: -value if value.dtype.is_floating_point else value for name, value in subject.values.items()}


def _fitted(values: Tensor, like: Tensor) -> Tensor:
    """Returns a series as long as another one: cut, or ended with zeros."""
    fitted = like.new_zeros(like.shape)
    count = min(values.shape[1], like.shape[1])
    fitted[:, :count] = values[:, :count]
    return fitted
