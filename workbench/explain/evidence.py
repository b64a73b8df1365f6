"""The explained input as something that can be differentiated and erased, the same for images, texts, series, sounds and tables.

Legend: N batch, C channels, H height, W width, T tokens, E embedding width, P parts that can be ranked (H*W pixels or T tokens).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.data.base import FieldKind
from workbench.errors import GraphError
from workbench.explain.capture import Captured, capture
from workbench.explain.method import Watch
from workbench.explain.results import Facts, HeatMap, TokenScores
from workbench.explain.subject import numbers_of
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor

    from workbench.explain.subject import Subject

ROWS_AT_ONCE = 128


class Evidence(ABC):
    """A frozen copy of the model seen from its explained input.

    Attributes:
        subject: What is explained.
        starts: The tensors gradients go to, batch of one: the image `(1, C, H, W)`, or what each embedding gives `(1, T, E)`.
        baselines: The same where the input says nothing.
        shape: The shape of the parts that are ranked: `(H, W)` or `(T,)`.
    """

    starts: tuple[Tensor, ...]
    baselines: tuple[Tensor, ...]
    shape: tuple[int, ...]

    def __init__(self, subject: Subject, captured: Captured, watch: Watch) -> None:
        self.subject, self.captured, self.watch = subject, captured, watch

    @abstractmethod
    def score(self, *starts: Tensor) -> Tensor:
        """Returns the explained number `(N,)` for tensors in place of `starts`; differentiable."""

    @abstractmethod
    def erased(self, mask: np.ndarray, way: int) -> Tensor:
        """Returns the input `(N, ...)` with the masked parts removed.

        Args:
            mask: bool `(N, P)`.
            way: Which of two removal operators, 0 or 1.
        """

    @abstractmethod
    def reduced(self, attributions: tuple[Tensor, ...]) -> np.ndarray:
        """Returns attributions of `starts` summed over everything that is not a part, float32 of `shape`."""

    @abstractmethod
    def magnitudes(self, gradients: tuple[Tensor, ...]) -> np.ndarray:
        """Returns how strongly the number reacts to each part, float32 of `shape`."""

    @abstractmethod
    def result(self, values: np.ndarray, facts: Facts) -> HeatMap | TokenScores:
        """Returns values of `shape` as a result."""

    @property
    def parts(self) -> int:
        """How many parts are ranked."""
        return int(np.prod(self.shape))

    def scores_of(self, inputs: Tensor) -> np.ndarray:
        """Returns the explained number for many variants of the input `(N, ...)`, in blocks, without gradients; float64 `(N,)`."""
        import torch

        found: list[np.ndarray] = []
        with torch.no_grad():
            for block in inputs.split(ROWS_AT_ONCE):
                found.append(self._call({self.subject.input: block}).double().cpu().numpy())
        return np.concatenate(found)

    def gradients(self) -> tuple[Tensor, ...]:
        """Returns the gradients of the explained number towards `starts`."""
        import torch

        starts = tuple(start.detach().clone().requires_grad_() for start in self.starts)
        return torch.autograd.grad(self.score(*starts).sum(), starts)

    def _call(self, replaced: dict[str, Tensor]) -> Tensor:
        subject = self.subject
        rows = next(iter(replaced.values())).shape[0]
        self.watch.count(rows)
        values = {name: replaced[name] if name in replaced else _repeated(value, rows) for name, value in subject.values.items()}
        lengths = {name: _repeated(value, rows) for name, value in subject.lengths.items()}
        output = self.captured.model.call(values, lengths)[subject.output]
        return numbers_of(output)[:, subject.target]


class ImageEvidence(Evidence):
    """Pixels; channels of one pixel are one part."""

    def __init__(self, subject: Subject, captured: Captured, watch: Watch) -> None:
        super().__init__(subject, captured, watch)
        self.image = subject.values[subject.input]
        blank = subject.blank[0] if subject.blank else self.image.new_zeros(1, 1, 1, 1)
        self.starts = (self.image,)
        self.baselines = (blank.expand_as(self.image).contiguous(),)
        self.shape = (self.image.shape[2], self.image.shape[3])

    def score(self, *starts: Tensor) -> Tensor:
        """Returns the explained number `(N,)` for images `(N, C, H, W)`."""
        return self._call({self.subject.input: starts[0]})

    def erased(self, mask: np.ndarray, way: int) -> Tensor:
        """Paints masked pixels black (0) or in the mean colour of the image (1)."""
        import torch

        fill = self.baselines[0] if way == 0 else self.image.mean((2, 3), keepdim=True).expand_as(self.image)
        chosen = torch.from_numpy(mask.reshape(-1, 1, *self.shape)).to(self.image.device)
        return torch.where(chosen, fill, self.image)

    def reduced(self, attributions: tuple[Tensor, ...]) -> np.ndarray:
        """Sums over channels."""
        return _numpy(attributions[0].sum(1)[0])

    def magnitudes(self, gradients: tuple[Tensor, ...]) -> np.ndarray:
        """Takes the largest absolute gradient over channels (Simonyan et al. 2013)."""
        return _numpy(gradients[0].abs().amax(1)[0])

    def result(self, values: np.ndarray, facts: Facts) -> HeatMap:
        """Returns a heat map over the image as the model sees it."""
        return HeatMap(values, self.subject.image, facts)


class TextEvidence(Evidence):
    """Tokens; gradients go to what the embeddings of the ids give."""

    def __init__(self, subject: Subject, captured: Captured, watch: Watch) -> None:
        super().__init__(subject, captured, watch)
        length = subject.lengths.get(subject.input)
        count = int(length[0]) if length is not None else subject.values[subject.input].shape[1]
        self.ids = subject.values[subject.input]
        self.shape = (count,)
        self.replaced: dict[str, Tensor] = {}
        self.paths = self._embedded(self.ids)
        self.starts = self._outputs()
        padded = self.ids.clone()
        padded[:, :count] = subject.fills[0]
        self._embedded(padded)
        self.baselines = self._outputs()

    def _embedded(self, ids: Tensor) -> list[str]:
        """Runs the model and returns the paths of the embeddings that read exactly these ids."""
        import torch

        with torch.no_grad():
            self._call({self.subject.input: ids})
        found = self.captured.inputs.items()
        return [path for path, (args, kwargs) in found if _reads(ids, (*args, *kwargs.values()))]

    def _outputs(self) -> tuple[Tensor, ...]:
        return tuple(self.captured.outputs[path].detach() for path in self.paths)

    def replacement(self, path: str, _output: Any) -> Tensor | None:
        """Returns what the embedding at `path` shall give instead, while `score` runs."""
        return self.replaced.get(path)

    def score(self, *starts: Tensor) -> Tensor:
        """Returns the explained number `(N,)` for embedded tokens `(N, T, E)`, one tensor per embedding."""
        if not starts:
            raise GraphError(
                Text("{input} goes through no embedding, so there is nothing to take a gradient of.", input=self.subject.input),
                Text("Occlusion needs no gradients."),
            )
        rows = starts[0].shape[0]
        self.replaced.update(zip(self.paths, starts, strict=True))
        try:
            return self._call({self.subject.input: self.ids.expand(rows, -1)})
        finally:
            self.replaced.clear()

    def erased(self, mask: np.ndarray, way: int) -> Tensor:
        """Puts PAD (0) or UNK (1) in the place of masked tokens; the length stays."""
        import torch

        chosen = torch.zeros(len(mask), self.ids.shape[1], dtype=torch.bool, device=self.ids.device)
        chosen[:, : self.shape[0]] = torch.from_numpy(mask).to(self.ids.device)
        return torch.where(chosen, self.ids.new_tensor(self.subject.fills[way]), self.ids)

    def reduced(self, attributions: tuple[Tensor, ...]) -> np.ndarray:
        """Sums over the embedding width, and over embeddings where there are several."""
        return _numpy(sum(item.sum(-1) for item in attributions)[0, : self.shape[0]])  # type: ignore[index]

    def magnitudes(self, gradients: tuple[Tensor, ...]) -> np.ndarray:
        """Takes the Euclidean norm over the embedding width."""
        return _numpy(sum(item.norm(dim=-1) for item in gradients)[0, : self.shape[0]])  # type: ignore[index]

    def result(self, values: np.ndarray, facts: Facts) -> TokenScores:
        """Returns a score per token."""
        return TokenScores(self.subject.tokens or tuple(str(token) for token in self.ids[0].tolist()), values, facts)


@contextmanager
def evidence_of(subject: Subject, watch: Watch) -> Generator[Evidence]:
    """Gives the explained input as evidence; the copy and its hooks are gone afterwards."""
    if subject.kind == FieldKind.IMAGE:
        with capture(subject.model) as captured:
            yield ImageEvidence(subject, captured, watch)
        return
    if subject.kind != FieldKind.TEXT:
        from workbench.explain.signals import evidence_class

        with capture(subject.model) as captured:
            yield evidence_class(subject.kind)(subject, captured, watch)
        return
    holder: list[TextEvidence] = []
    with capture(subject.model, _is_embedding, replace=lambda path, out: holder[0].replacement(path, out) if holder else None) as captured:
        holder.append(TextEvidence(subject, captured, watch))
        yield holder[0]


def _is_embedding(_path: str, module: Any) -> bool:
    from torch import nn

    return isinstance(module, nn.Embedding)


def _reads(ids: Tensor, arguments: tuple[Any, ...]) -> bool:
    return any(getattr(item, "dtype", None) == ids.dtype and item.data_ptr() == ids.data_ptr() for item in arguments)


def _repeated(value: Tensor, rows: int) -> Tensor:
    return value.expand(rows, *value.shape[1:])


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()
