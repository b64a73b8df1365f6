"""What a model is given of a batch: by input, and one token late where it writes the text itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from workbench.data.base import Batch
    from workbench.models.plan import InputSpec, LengthSpec, OutputSpec


def given(specs: Iterable[InputSpec], batch: Batch) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Returns values and valid lengths by input name."""
    values: dict[str, Tensor] = {}
    lengths: dict[str, Tensor] = {}
    for spec in specs:
        value, length = batch.values[spec.field], batch.lengths.get(spec.field)
        values[spec.name] = late(value) if spec.decoder else value
        if length is not None:
            lengths[spec.name] = length + 1 if spec.decoder else length
    return values, lengths


def late(tokens: Tensor) -> Tensor:
    """Returns texts with the beginning 0 in front, `(N, T + 1)`."""
    from torch.nn.functional import pad

    return pad(tokens, (1, 0))


def steps_of(output: OutputSpec, specs: Iterable[LengthSpec], lengths: Mapping[str, Tensor]) -> Tensor | None:
    """Returns how many steps of an output belong to each row, `(N,)`; None where all do, or where nobody knows.

    Args:
        output: The output.
        specs: The row lengths that the model takes.
        lengths: The valid lengths by input name.
    """
    axis = output.shape.sequence_axis
    if axis is None or not output.shape.ragged:
        return None
    size = output.shape.dims[axis]
    known = {spec.symbol.name: lengths[spec.input] for spec in specs if spec.input in lengths}
    return size.evaluate(known) if all(symbol.name in known for symbol in size.symbols()) else None


def by_parameter(lengths: Mapping[str, Tensor], parameters: Iterable[tuple[str, str]]) -> dict[str, Tensor]:
    """Returns lengths by the forward parameter that takes them.

    Args:
        lengths: By input name.
        parameters: Pairs of parameter and input name.
    """
    return {parameter: lengths[name] for parameter, name in parameters if name in lengths}
