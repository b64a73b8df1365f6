"""Lets a model go on writing: token by token, the likeliest or drawn by chance, with what else could have come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.explain.capture import capture

if TYPE_CHECKING:
    from torch import Tensor

    from workbench.explain.subject import Subject

ENDS = 0
"""The token that begins and ends a text."""


@dataclass(frozen=True, slots=True)
class Next:
    """One token that was written.

    Attributes:
        id: Its number.
        share: Its probability at temperature 1.
        others: Numbers and probabilities of the likeliest tokens in its place, best first.
    """

    id: int
    share: float
    others: tuple[tuple[int, float], ...]


def go_on(
    subject: Subject, writer: str, begun: Sequence[int], *, most: int, temperature: float = 0.0, seed: int = 0, others: int = 5,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Next, ...]:
    """Returns what a model writes after a beginning, until it ends the text; the end itself is left out.

    Args:
        subject: Lends the model, and the values of all other inputs.
        writer: The input that is fed with what has been written.
        begun: Token numbers that stand there already.
        most: The longest text, the beginning included, in tokens.
        temperature: 0 takes the likeliest token; larger ones draw more freely.
        seed: Of the draws; global generators are left alone.
        others: How many alternatives are kept.
        cancelled: Asked before every token.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    tokens, found = [ENDS, *begun], list[Next]()
    with capture(subject.model) as captured, torch.no_grad():
        while len(tokens) <= most and not cancelled():
            ids = torch.tensor([tokens], device=subject.values[writer].device)
            lengths = {**subject.lengths, writer: torch.tensor([len(tokens)], device=ids.device)}
            scores = captured.model.call({**subject.values, writer: ids}, lengths)[subject.output][0, -1].double().cpu()
            step = _chosen(scores, temperature, generator, others)
            if step.id == ENDS:
                break
            tokens.append(step.id)
            found.append(step)
    return tuple(found)


def _chosen(scores: Tensor, temperature: float, generator: object, others: int) -> Next:
    """Returns the next token, from its raw scores float64 `(K,)`."""
    import torch

    shares = scores.softmax(0)
    assert isinstance(generator, torch.Generator)
    drawn = torch.multinomial((scores / temperature).softmax(0), 1, generator=generator) if temperature > 0 else scores.argmax()
    best = shares.topk(min(others, len(shares)))
    listed = tuple((int(index), float(share)) for share, index in zip(best.values, best.indices, strict=True))
    return Next(int(drawn), float(shares[int(drawn)]), listed)
