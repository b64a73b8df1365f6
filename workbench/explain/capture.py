"""Run a copy of a model in eval mode and keep what its modules saw; hooks never survive, the model itself is never touched."""

from __future__ import annotations

import copy
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

_HOOK_TABLES = (
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs", "_forward_hooks_always_called", "_state_dict_hooks", "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
)


@dataclass(slots=True)
class Captured:
    """What went through the modules of the copy during the last pass.

    Attributes:
        model: The copy: eval mode, no gradients towards parameters, no hooks but ours.
        inputs: By module path, positional and keyword arguments of its last call.
        outputs: By module path, what its last call returned.
    """

    model: Any
    inputs: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)


def frozen_copy(model: nn.Module) -> Any:
    """Returns a copy in eval mode without hooks, whose parameters take no gradients.

    Hooks are left out while copying, not removed afterwards: copying one would copy whoever it is bound to.
    """
    import torch

    memo: dict[int, Any] = {}
    for module in model.modules():
        for name in _HOOK_TABLES:
            table = module.__dict__.get(name)
            if table is not None:
                memo[id(table)] = OrderedDict()
    # A copy made in inference mode could never take part in a gradient.
    with torch.inference_mode(False):
        duplicate = copy.deepcopy(model, memo)
        duplicate.eval()
        return duplicate.requires_grad_(False)


@contextmanager
def capture(
    model: nn.Module, paths: Iterable[str] | Callable[[str, nn.Module], bool] = (), *, replace: Callable[[str, Any], Any] | None = None,
) -> Generator[Captured]:
    """Watches modules of a frozen copy of `model`.

    Gradients towards inputs work inside, whatever mode the caller is in. All hooks are gone afterwards, also after an error.

    Args:
        model: Never touched.
        paths: Module paths to watch, or a rule that says so for a path and a module.
        replace: Given the path and the output of a watched module, returns what the module shall return instead, or None.
    """
    import torch

    duplicate = frozen_copy(model)
    captured = Captured(duplicate)
    modules = dict(duplicate.named_modules())
    chosen = [path for path, module in modules.items() if paths(path, module)] if callable(paths) else list(paths)
    handles = [modules[path].register_forward_hook(_keeper(captured, path, replace), with_kwargs=True) for path in chosen]
    cuda = any(parameter.is_cuda for parameter in duplicate.parameters())
    try:
        # cuDNN has no backward pass for recurrent layers in eval mode.
        with torch.inference_mode(False), torch.enable_grad(), torch.backends.cudnn.flags(enabled=not cuda):
            yield captured
    finally:
        for handle in handles:
            handle.remove()


def _keeper(captured: Captured, path: str, replace: Callable[[str, Any], Any] | None) -> Callable[..., Any]:
    def keep(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        captured.inputs[path] = (args, kwargs)
        captured.outputs[path] = output
        return None if replace is None else replace(path, output)

    return keep


def model_hash(model: nn.Module) -> str:
    """Returns a short hash of all parameters and buffers."""
    digest = hashlib.blake2b(digest_size=6)
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def values_hash(values: Iterable[Tensor]) -> str:
    """Returns a short hash of tensors."""
    digest = hashlib.blake2b(digest_size=6)
    for tensor in values:
        digest.update(repr(tuple(tensor.shape)).encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> Any:
    return tensor.detach().cpu().contiguous().numpy().tobytes()
