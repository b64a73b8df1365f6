"""The contract of an explanation method."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.catalogue import Entry, Params
from workbench.explain.results import Facts, Result
from workbench.graph.shape import Axis

if TYPE_CHECKING:
    from workbench.explain.subject import Subject


class Cancelled(Exception):  # noqa: N818 (not an error)
    """The person no longer wants the answer. Nothing is left behind."""


@dataclass(slots=True)
class Watch:
    """What a long method reports to while it works.

    Attributes:
        cancelled: Asked between blocks of passes; the method then raises `Cancelled`.
        progress: Told the share done, between 0 and 1.
        passes: Samples sent through forward so far.
        started: When it began, `time.perf_counter()` seconds.
    """

    cancelled: Callable[[], bool] = bool
    progress: Callable[[float], None] = lambda share: None
    passes: int = 0
    started: float = field(default_factory=time.perf_counter)

    def count(self, samples: int) -> None:
        """Adds samples that go through forward now.

        Raises:
            Cancelled: The person no longer wants the answer.
        """
        if self.cancelled():
            raise Cancelled
        self.passes += samples

    @property
    def seconds(self) -> float:
        """Seconds since it began."""
        return time.perf_counter() - self.started


class Method(Entry, ABC):
    """One way to look inside. One class in one module of `workbench/explain/`; it imports without torch and captum.

    Attributes:
        result: The name of the result kind it gives (`HeatMap`); attributions give `HeatMap` for images, `TokenScores` for texts.
        attribution: Whether it says how much each part of the input carried the decision (and so has a faithfulness).
    """

    result: ClassVar[str] = ""
    attribution: ClassVar[bool] = False

    @abstractmethod
    def fits(self, plan: Any) -> bool:
        """Whether it has something to say about a model with this plan. Without torch, cheap."""

    @abstractmethod
    def explain(self, subject: Subject, params: Any, watch: Watch) -> Result:
        """Returns the explanation; `run` is what callers use."""

    def run(
        self, subject: Subject, params: Params | Mapping[str, Any] | None = None, *,
        cancelled: Callable[[], bool] = bool, progress: Callable[[float], None] | None = None,
    ) -> Result:
        """Explains the subject on a copy of its model.

        Args:
            subject: What to explain.
            params: Parsed or raw parameters; None takes the defaults.
            cancelled: Asked between blocks of passes.
            progress: Told the share done, between 0 and 1.

        Raises:
            CatalogueError: A parameter is unknown or out of range.
            Cancelled: `cancelled` returned true.
        """
        parsed = params if isinstance(params, Params) else self.parse(dict(params or {}))
        watch = Watch(cancelled, progress or (lambda share: None))
        watch.count(0)
        return self.explain(subject, parsed, watch)

    def facts(self, subject: Subject, watch: Watch, **more: Any) -> Facts:
        """Returns what stands beside the picture."""
        return Facts(
            self.name, target=more.pop("target", subject.target_name), passes=watch.passes, seconds=watch.seconds,
            model_hash=subject.model_hash, input_hash=subject.input_hash, **more,
        )


def has_image(plan: Any) -> bool:
    """Whether some input of the plan is an image."""
    return any(Axis.HEIGHT in spec.shape.axes for spec in plan.inputs)


def has_text(plan: Any) -> bool:
    """Whether some input of the plan is a sequence of token ids."""
    return any(is_text(spec.shape) for spec in plan.inputs)


def has_numbers(plan: Any) -> bool:
    """Whether some input of the plan is a number, a series or a sound."""
    return any(spec.shape.dtype.startswith("float") and Axis.HEIGHT not in spec.shape.axes for spec in plan.inputs)


def is_text(shape: Any) -> bool:
    """Whether a shape is that of token ids."""
    return shape.dtype == "int64" and shape.sequence_axis is not None
