"""The promises of a layer, one function each. Each takes trials and raises `Broken` with a sentence where one does not hold."""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from workbench.export.checking.trials import HERE, LONGEST, ROWS, Trial, apply, inputs_of, sizes, tensor
from workbench.graph.shape import SEQUENCE_AXES
from workbench.layers.base import FromLengths
from workbench.models.build import make
from workbench.text import Text

BATCHES = (1, 2, 5)
LENGTHS = (LONGEST - 2, 1, 4)
_PAST = 3


class Broken(Exception):  # noqa: N818 (a finding)
    """A promise that does not hold.

    Attributes:
        message: What was found, in one sentence.
        hint: What to do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def check_shapes(trials: Sequence[Trial]) -> None:
    """The shape rule says what the module gives, for batches of 1, 2 and 5 rows."""
    for trial in trials:
        predicted = trial.layer.shape(trial.params, trial.inputs, HERE)
        module = _made(trial)
        for rows in BATCHES:
            results = _given(trial, module, rows)
            if list(results) != list(predicted):
                raise Broken(
                    Text("The shape rule gives the ports {predicted}, the call gives {real}.", predicted=_list(predicted), real=_list(results)),
                    Text("Both must name the same outputs in the same order."),
                )
            for port, result in results.items():
                _same_shape(trial, port, predicted[port], result, rows)


def _same_shape(trial: Trial, port: str, predicted: Any, result: Tensor, rows: int) -> None:
    wanted, found = (*sizes(predicted, rows), predicted.dtype), (*result.shape, str(result.dtype).removeprefix("torch."))
    if wanted != found:
        raise Broken(
            Text("For {trial} the shape rule says {port} is {wanted}, but the module gives {found}.",
                 trial=trial.described(), port=port, wanted=_sizes(wanted), found=_sizes(found)),
            Text("Mend `shape`, or the module."),
        )


def check_parameters(trials: Sequence[Trial]) -> None:
    """The parameters that the layer names are those of the module: names, shapes and order."""
    for trial in trials:
        real = {key: tuple(value.shape) for key, value in _made(trial).named_parameters()}
        predicted = {key: tuple(value) for key, value in trial.layer.parameters(trial.params, trial.inputs).items()}
        if list(predicted.items()) != list(real.items()):
            raise Broken(
                Text("For {trial} `parameters` says {predicted}, but the module has {real}.",
                     trial=trial.described(), predicted=str(predicted), real=str(real)),
                Text("Return the name and shape of every nn.Parameter, in the order of the module."),
            )
        counted = trial.layer.cost(trial.params, trial.inputs, trial.layer.shape(trial.params, trial.inputs, HERE)).parameters
        if not trial.layer.role and counted != sum(torch.Size(shape).numel() for shape in real.values()):
            raise Broken(Text("`cost` counts {count} parameters for {trial}.", count=counted, trial=trial.described()),
                         Text("Leave the count to `parameters`."))


def check_macs(trials: Sequence[Trial]) -> None:
    """The multiply-accumulates agree with torch's own counter within 1 %."""
    length = LONGEST - 2
    with _countable():
        for trial in trials:
            module = _made(trial)
            values = inputs_of(trial.layer, trial.params, trial.inputs, rows=1, length=length)
            with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
                apply(module, trial.layer, trial.params, trial.inputs, values)
            real = counter.get_total_flops() / 2
            outputs = trial.layer.shape(trial.params, trial.inputs, HERE)
            said = trial.layer.cost(trial.params, trial.inputs, outputs, length).macs
            if abs(said - real) > 0.01 * real:
                raise Broken(
                    Text("For {trial} `macs` says {said}, torch counts {real}.", trial=trial.described(), said=said, real=int(real)),
                    Text("Count one for each multiply-accumulate of a matrix product or convolution, for one row."),
                )


@contextmanager
def _countable() -> Generator[None]:
    """Has LSTMs computed by matrix products that torch's counter sees, not by one oneDNN call."""
    enabled = torch._C._get_mkldnn_enabled()  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue]
    torch._C._set_mkldnn_enabled(False)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportAttributeAccessIssue]
    try:
        yield
    finally:
        torch._C._set_mkldnn_enabled(enabled)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportAttributeAccessIssue]


def check_gradients(trials: Sequence[Trial]) -> None:
    """Gradients reach every parameter and every input."""
    for trial in trials:
        values = {
            key: value.requires_grad_() if value.is_floating_point() else value
            for key, value in inputs_of(trial.layer, trial.params, trial.inputs).items()
        }
        module = _made(trial)
        results = apply(module, trial.layer, trial.params, trial.inputs, values)
        loss = sum((value * torch.randn_like(value)).sum() for value in results.values() if value.is_floating_point())
        if not isinstance(loss, Tensor) or not loss.requires_grad:
            if trial.layer.differentiable:
                raise Broken(Text("For {trial} nothing can be learned through this layer.", trial=trial.described()), _ON_GRADIENTS)
            continue
        loss.backward()
        _reached(trial, module, values)


_ON_GRADIENTS = Text("Use operations that have gradients; `.data`, `.detach()`, rounding and comparing cut them off.")


def _reached(trial: Trial, module: nn.Module, values: dict[str, Tensor]) -> None:
    for key, parameter in module.named_parameters():
        if parameter.grad is None or not parameter.grad.isfinite().all() or not parameter.grad.any():
            raise Broken(Text("For {trial} no gradient reaches the parameter {name}.", trial=trial.described(), name=key),
                         Text("Use it in `forward`, or do not make it a parameter."))
    for key, value in values.items():
        if value.is_floating_point() and value.grad is None and trial.layer.differentiable:
            raise Broken(Text("For {trial} no gradient reaches the input {name}.", trial=trial.described(), name=key), _ON_GRADIENTS)


def check_rows(trials: Sequence[Trial]) -> None:
    """A row gives the same alone, beside others, and padded behind its end."""
    for trial in trials:
        if not trial.inputs:
            continue
        values = inputs_of(trial.layer, trial.params, trial.inputs)
        padded = any(shape.ragged for shape in trial.inputs.values())
        if padded and not all(shape.ragged and shape.axes[1] in SEQUENCE_AXES for shape in trial.inputs.values()):
            continue
        module = _made(trial)
        together = apply(module, trial.layer, trial.params, trial.inputs, values, torch.tensor(LENGTHS) if padded else None)
        for row, length in enumerate(LENGTHS[:ROWS]):
            own = {key: value[row : row + 1, :length] if padded else value[row : row + 1] for key, value in values.items()}
            alone = apply(module, trial.layer, trial.params, trial.inputs, own)
            _same_row(trial, row, length, together, alone)


def _same_row(trial: Trial, row: int, length: int, together: Any, alone: Any) -> None:
    for port, shape in trial.layer.shape(trial.params, trial.inputs, HERE).items():
        axis, found = shape.sequence_axis, together[port][row : row + 1]
        found = found.narrow(axis, 0, sizes(shape, 1, length)[axis]) if axis is not None and shape.ragged else found
        if found.shape != alone[port].shape or not torch.allclose(found, alone[port], rtol=1e-5, atol=1e-6, equal_nan=True):
            raise Broken(
                Text("For {trial} a row gives something else beside other rows than alone.", trial=trial.described()),
                Text("Rows must not mix; what mixes over a sequence must take the valid lengths (FromLengths) and leave padded places out."),
            )


def check_lengths(trials: Sequence[Trial]) -> None:
    """A layer that lets places of a row see later ones asks for the lengths of the rows."""
    for trial in trials:
        if not any(shape.ragged for shape in trial.inputs.values()) or trial.layer.causal(trial.params):
            continue
        if not any(isinstance(origin, FromLengths) for origin in trial.layer.call(trial.params, trial.inputs).inputs.values()):
            raise Broken(
                Text("For {trial} places see later ones, but the call takes no lengths.", trial=trial.described()),
                Text("Add lengths=FromLengths(\"input\") to the inputs of the call, or refuse rows of unequal length in `shape`."),
            )


def check_causal(trials: Sequence[Trial]) -> None:
    """What the layer says of looking ahead is true: the future is changed, the past must stay exactly if it says so."""
    for trial in trials:
        predicted = trial.layer.shape(trial.params, trial.inputs, HERE)
        watched = {port: shape.sequence_axis or 0 for port, shape in predicted.items() if shape.ragged and shape.sequence_axis is not None}
        before = inputs_of(trial.layer, trial.params, trial.inputs)
        module = _made(trial)
        first = apply(module, trial.layer, trial.params, trial.inputs, before)
        for changed, shape in trial.inputs.items():
            if not shape.ragged or not watched:
                continue
            later = torch.cat([before[changed][:, :_PAST], tensor(shape, ROWS)[:, _PAST:]], 1)
            second = apply(module, trial.layer, trial.params, trial.inputs, {**before, changed: later})
            same = all(
                torch.allclose(first[port].narrow(axis, 0, _PAST), second[port].narrow(axis, 0, _PAST), atol=1e-6)
                for port, axis in watched.items()
            )
            _as_claimed(trial, changed, same)


def _as_claimed(trial: Trial, changed: str, same: bool) -> None:
    expected = trial.layer.causal_from(trial.params, changed.partition(".")[0])
    steady = any(not other.ragged for other in trial.inputs.values())  # then it may show in a result that has no later positions
    if expected and not same:
        raise Broken(Text("For {trial} the past changes with the future, but `causal` says it does not.", trial=trial.described()),
                     Text("Let `causal` return False, or keep later places out (mask them)."))
    if same and not expected and not steady:
        raise Broken(Text("For {trial} no place sees later ones, but `causal` says so.", trial=trial.described()),
                     Text("Let `causal` return True: then language models may use this layer."))


def check_purity(trials: Sequence[Trial]) -> None:
    """Running the layer changes nothing but its result: not its inputs, not the random numbers; the same input gives the same result."""
    for trial in trials:
        torch.manual_seed(1)
        module = _made(trial)
        values = inputs_of(trial.layer, trial.params, trial.inputs)
        before = {key: value.clone() for key, value in values.items()}
        states = _random_states()
        first = apply(module, trial.layer, trial.params, trial.inputs, values)
        if not _equal(states, _random_states()):
            raise Broken(Text("For {trial} the module draws or sets random numbers in eval mode.", trial=trial.described()),
                         Text("Draw only where self.training is true, and never call manual_seed."))
        first = {port: value.clone() for port, value in first.items()}
        if not all(torch.equal(values[key], before[key]) for key in values):
            raise Broken(Text("For {trial} the module changes its input in place.", trial=trial.described()), _ON_PLACE)
        second = apply(module, trial.layer, trial.params, trial.inputs, values)
        if not all(torch.allclose(first[port], second[port], rtol=0, atol=0, equal_nan=True) for port in first):
            raise Broken(Text("For {trial} the same input gives another result the second time.", trial=trial.described()),
                         Text("In eval mode the result must depend on input and parameters alone."))
        _learning_is_fair(trial, values)


_ON_PLACE = Text("Use x = x + y instead of x += y, and no function whose name ends in an underscore.")


def _learning_is_fair(trial: Trial, values: dict[str, Tensor]) -> None:
    """In training a layer may draw from torch's generator, but it must not seed it, nor draw from another."""
    module, before, states = _made(trial).train(), {key: value.clone() for key, value in values.items()}, []
    outside = random.getstate()
    for seed in (1, 2):
        torch.manual_seed(seed)
        apply(module, trial.layer, trial.params, trial.inputs, values)
        states.append(torch.get_rng_state())
    if torch.equal(*states) or random.getstate() != outside:
        raise Broken(Text("For {trial} the module seeds the random numbers, or draws from another generator than torch's.", trial=trial.described()),
                     Text("Draw from torch alone and never call manual_seed: runs must be repeatable."))
    if not all(torch.equal(values[key], before[key]) for key in values):
        raise Broken(Text("For {trial} the module changes its input in place.", trial=trial.described()), _ON_PLACE)


def _random_states() -> tuple[Any, Any]:
    return torch.get_rng_state(), random.getstate()


def _equal(before: tuple[Any, Any], after: tuple[Any, Any]) -> bool:
    return torch.equal(before[0], after[0]) and before[1] == after[1]


def _made(trial: Trial) -> nn.Module:
    return make(trial.layer.call(trial.params, trial.inputs)).eval()


def _given(trial: Trial, module: nn.Module, rows: int) -> Any:
    values = inputs_of(trial.layer, trial.params, trial.inputs, rows)
    lengths = torch.tensor([LENGTHS[row % len(LENGTHS)] for row in range(rows)])
    return apply(module, trial.layer, trial.params, trial.inputs, values, lengths)


def _list(names: Any) -> str:
    return ", ".join(names)


def _sizes(values: Sequence[Any]) -> str:
    return f"{' × '.join(map(str, values[:-1]))} {values[-1]}"
