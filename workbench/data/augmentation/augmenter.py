"""All augmentations of a project, applied to training batches; the same code shows them before training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.data.augmentation import AUGMENTATIONS
from workbench.data.augmentation.base import Augmentation, Chance, Moving, Subject
from workbench.data.augmentation.mixing import Mixing
from workbench.data.base import Batch, FieldKind
from workbench.data.order import mix
from workbench.errors import DataError, Text

if TYPE_CHECKING:
    from torch import Tensor

    from workbench.data.prepare import Prepared


@dataclass(frozen=True)
class Step:
    """One augmentation, bound to the fields it varies.

    Attributes:
        entry, params: What is done.
        fields: The inputs that it varies.
        masks: The masks that move along.
        place: Where it stands in the list, those that are switched off counted: the chance of one does not hang on the others.
    """

    entry: Augmentation
    params: Any
    fields: tuple[str, ...]
    masks: tuple[str, ...]
    place: int = 0


class Augmenter:
    """Varies training batches. The chance of a step is a function of the seed and the step alone, so a resumed run is the same.

    Args:
        choices: What was chosen, in order (each with `name` and `params`).
        prepared: The data; its preprocessing says where black and the unknown token are.
        seed: The seed of the run.

    Raises:
        DataError: An augmentation names a field that is not there or that it cannot vary.
    """

    def __init__(self, choices: Sequence[Any], prepared: Prepared, seed: int) -> None:
        self._seed = seed
        self._subjects = {name: _subject(prepared.preprocessors[name]) for name in prepared.preprocessors}
        kinds = {name: prepared.preprocessors[name].kind for name in (*prepared.inputs, *prepared.targets)}
        self.steps = [
            replace(_bound(choice, kinds, prepared.inputs, prepared.targets), place=place)
            for place, choice in enumerate(choices) if choice.params.get("active", True)
        ]

    def __call__(self, batch: Batch, step: int) -> Batch:
        """Returns the batch of the step that follows `step` done ones, varied; the batch itself stays as it is."""
        values, lengths = dict(batch.values), dict(batch.lengths)
        mixed: tuple[Tensor, float] | None = None
        for bound in self.steps:
            first = values[bound.fields[0]]
            chance = Chance(mix(self._seed, step, bound.place, "augment"), len(first), first.device)
            if isinstance(bound.entry, Mixing):
                mixed = self._mixed(bound.entry, bound, values, chance) or mixed
            elif isinstance(bound.entry, Moving):
                self._moved(bound.entry, bound, values, chance)
            else:
                self._varied(bound, values, lengths, chance)
        partner, share = mixed or (None, 1.0)
        return replace(batch, values=MappingProxyType(values), lengths=MappingProxyType(lengths), partner=partner, share=share)

    def _moved(self, entry: Moving, bound: Step, values: dict[str, Tensor], chance: Chance) -> None:
        """Moves all images of a row alike where they have one size, and masks with them."""
        moves = {}
        for name in (*bound.fields, *bound.masks):
            size = values[name].shape[-2:]
            if size not in moves:
                moves[size] = entry.move(size[0], size[1], bound.params, chance, self._subjects[bound.fields[0]])
            classes = name in bound.masks
            moved = moves[size](values[name][:, None] if classes else values[name], classes)
            values[name] = moved[:, 0] if classes else moved

    def _varied(self, bound: Step, values: dict[str, Tensor], lengths: dict[str, Tensor], chance: Chance) -> None:
        for name in bound.fields:
            values[name], valid = bound.entry.apply(values[name], lengths.get(name), bound.params, chance, self._subjects[name])
            if valid is not None:
                lengths[name] = valid

    def _mixed(self, entry: Mixing, bound: Step, values: dict[str, Tensor], chance: Chance) -> tuple[Tensor, float] | None:
        partner, share = entry.draw(bound.params, chance)
        if share >= 1.0:
            return None
        for name in bound.fields:
            values[name], share = entry.mix(values[name], partner, share, chance)
        return partner, share


def _subject(preprocessor: Any) -> Subject:
    if preprocessor.kind != FieldKind.IMAGE:
        return Subject(preprocessor.kind, rate=getattr(preprocessor, "rate", 0))
    black = tuple(-mean / spread for mean, spread in zip(preprocessor.mean, preprocessor.deviation, strict=True))
    return Subject(FieldKind.IMAGE, black, tuple(1 / spread for spread in preprocessor.deviation))


def fitting(kinds: Mapping[str, FieldKind], inputs: Sequence[str], targets: Sequence[str]) -> list[Augmentation]:
    """Returns the augmentations that can vary these inputs.

    Args:
        kinds: The kind of every input and target, by name.
        inputs, targets: Their names.
    """
    return [entry for entry in AUGMENTATIONS if _fits(entry, kinds, inputs, targets)]


def _fits(entry: Augmentation, kinds: Mapping[str, FieldKind], inputs: Sequence[str], targets: Sequence[str]) -> bool:
    free = [kinds[name] for name in inputs if name not in targets]
    return any(kind in entry.kinds for kind in free) and (not entry.mixes_rows or all(kinds[name] in entry.kinds for name in inputs))


def _bound(choice: Any, known: Mapping[str, FieldKind], inputs: Sequence[str], targets: Sequence[str]) -> Step:
    entry = AUGMENTATIONS[choice.name]
    params = entry.parse(dict(choice.params))
    kinds: Mapping[str, FieldKind] = {name: known[name] for name in inputs}
    wanted: str = params.field  # pyright: ignore[reportAttributeAccessIssue]
    free = set() if wanted else set(kinds) - set(targets)
    # An input that is learned as well (a written text, an image to be made again) is varied only where it is named.
    fields = tuple(name for name, kind in kinds.items() if kind in entry.kinds and (wanted == name or name in free))
    if not fields:
        names = ", ".join(name for name, kind in kinds.items() if kind in entry.kinds)
        raise DataError(
            Text("{label} has nothing to vary: no input called {field} is of a kind it knows.", label=entry.label, field=wanted or Text("anything")),
            Text("It could vary {names}.", names=names) if names else Text("Take it out of the list of augmentations."),
        )
    masks = tuple(name for name in targets if entry.moves_places and known[name] == FieldKind.MASK)
    if entry.mixes_rows and any(kind not in entry.kinds for kind in kinds.values()):
        raise DataError(
            Text("{label} mixes whole rows, but some inputs cannot be mixed: {names}.", label=entry.label,
                 names=", ".join(name for name, kind in kinds.items() if kind not in entry.kinds)),
            Text("Take it out of the list of augmentations."),
        )
    return Step(entry, params, fields, masks)


def preview(prepared: Prepared, row: int, choices: Sequence[Any], draws: int = 4, seed: int = 0) -> list[Batch]:
    """Returns a training row as a few steps of training would show it, each a batch of one row, by the code that training uses.

    Args:
        prepared: The data.
        row: The row (dataset index).
        choices: The augmentations.
        draws: How many draws.
        seed: Another seed, other draws.

    Raises:
        DataError: An augmentation cannot vary this data.
    """
    augmenter = Augmenter(choices, prepared, seed)
    companions = prepared.rows("train")[: draws + 1].tolist()
    found: list[Batch] = []
    for draw in range(draws):
        varied = augmenter(prepared.batch([row, companions[draw % max(len(companions), 1)]] if companions else [row]), draw)
        found.append(replace(
            varied, values={name: value[:1] for name, value in varied.values.items()},
            lengths={name: value[:1] for name, value in varied.lengths.items()}, rows=varied.rows[:1],
        ))
    return found


__all__ = ["Augmenter", "Step", "fitting", "preview"]
