"""What the Inspect page asks of one row, and the answer: no widget; runs on a worker thread, on copies of the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.app.language import say_error, say_own
from workbench.app.pages.data.curve_picture import drawn
from workbench.app.pages.inspect.outcome import Outcome, Spelt, outcome_of
from workbench.app.pages.inspect.writing_card import Writing
from workbench.data.base import FieldKind
from workbench.explain.results import AttentionMaps, FeatureMaps, HeatMap, StateTrace, TokenScores


@dataclass(frozen=True, slots=True)
class Model:
    """A model to look at, and where it comes from.

    Attributes:
        model: Never changed; methods run copies of it.
        prepared: Its data.
        run: The name of the run folder.
        step: The training step of the weights.
        live: Whether the run is under way.
    """

    model: Any
    prepared: Any
    run: str
    step: int = 0
    live: bool = False


@dataclass(frozen=True)
class Request:
    """One question.

    Attributes:
        row: The dataset row, or -1 for `raw`.
        raw: A drawing uint8 `(H, W, C)` or a typed text; None for a row.
        target: The class in question, or None for the predicted one.
        node: The module path whose feature maps are wanted; "" takes the first convolution.
        methods: Names of attribution methods, in order.
        temperature, seed: How a text is gone on with; 0 takes the likeliest token every time.
        quick: Without faithfulness and without methods of many passes (while a pen moves, while it trains).
    """

    row: int = -1
    raw: Any = None
    target: int | None = None
    node: str = ""
    methods: tuple[str, ...] = ()
    quick: bool = False
    temperature: float = 0.0
    seed: int = 0


@dataclass
class Answer:
    """Everything the page shows about one row.

    Attributes:
        logits: float32 `(K,)`.
        labels: Class names, or ().
        target: The class that was explained.
        truth: The class of the row, or -1.
        attributions: Heat maps or token scores by method name.
        errors: What a method could not do, by name.
        unknown: For every token, whether the vocabulary of the run does not hold it.
        outcome: What the model made of the row where that is no class.
        curve: Whether `image` is the drawing of a series or sound.
        continues: Whether the classes are the tokens that may come next.
        writing: How a language model goes on.
    """

    logits: np.ndarray
    labels: tuple[str, ...] = ()
    target: int = 0
    truth: int = -1
    tokens: tuple[str, ...] = ()
    image: np.ndarray | None = None
    text: str = ""
    step: int = 0
    attributions: dict[str, HeatMap | TokenScores] = field(default_factory=dict)
    features: FeatureMaps | None = None
    attention: AttentionMaps | None = None
    states: StateTrace | None = None
    errors: dict[str, str] = field(default_factory=dict)
    unknown: tuple[bool, ...] = ()
    outcome: Outcome | None = None
    continues: bool = False
    curve: bool = False
    writing: Writing | None = None

    @property
    def probabilities(self) -> np.ndarray:
        """Softmax of the logits, float64 `(K,)`."""
        shifted = np.exp(self.logits.astype(np.float64) - self.logits.max())
        return shifted / shifted.sum()


BEGUN = 4
"""How many tokens of a row a language model is given to go on from."""
QUICK_METHODS = ("saliency", "input_x_gradient")
SLOW_WHILE_QUICK = ("integrated_gradients", "occlusion")


def analyse(source: Model, request: Request, progress: Callable[[float, str], None], cancelled: Callable[[], bool]) -> Answer:
    """Answers one question.

    Raises:
        Cancelled: `cancelled` said so.
        WorkbenchError: The row cannot be read or the value cannot be used.
    """
    from workbench.explain.subject import subject_from_raw, subject_of

    if request.row >= 0:
        subject = subject_of(source.model, source.prepared, request.row, target=request.target)
    else:
        subject = subject_from_raw(source.model, source.prepared, request.raw, target=request.target)
    answer = Answer(subject.logits, subject.labels, subject.target, _truth(source, request), subject.tokens, step=source.step)
    if subject.kind == FieldKind.IMAGE:
        answer.image = subject.image
    elif subject.kind in (FieldKind.SERIES, FieldKind.AUDIO):
        answer.image = drawn(subject.values[subject.input][0].cpu().numpy())
        answer.curve = True
    elif subject.kind == FieldKind.TEXT:
        answer.unknown = unknown_tokens(subject)
    answer.text = _text(source, subject, request)
    answer.continues = any(spec.decoder for spec in source.model.plan.inputs)
    _try(answer, "outcome", lambda: setattr(answer, "outcome", outcome_of(subject, request.row)))
    if answer.continues and len(source.model.plan.inputs) == 1:
        answer.writing = _gone_on(subject, request, cancelled)
    _look_inside(answer, source, subject, request, cancelled)
    if isinstance(answer.outcome, Spelt) and not answer.continues:
        return answer  # what is heard in all steps at once is no single decision
    for number, name in enumerate(request.methods):
        progress(number / max(len(request.methods), 1), name)
        _attribute(answer, name, subject, request.quick, cancelled)
    return answer


def _gone_on(subject: Any, request: Request, cancelled: Callable[[], bool]) -> Writing:
    """Lets a language model go on: after a typed text, or after the first words of a row."""
    from workbench.explain.continuation import go_on

    spec = subject.model.plan.inputs[0]
    preprocessor = subject.prepared.preprocessors[spec.field]
    ids = subject.values[spec.name][0].tolist()[1:]
    begun = ids if request.row < 0 else ids[:BEGUN]
    most = preprocessor.maximum_length
    steps = go_on(subject, spec.name, begun, most=most, temperature=request.temperature, seed=request.seed, cancelled=cancelled)
    added = tuple(preprocessor.words([step.id for step in steps]))
    others = tuple(tuple((_named(preprocessor, token), share) for token, share in step.others) for step in steps)
    return Writing(tuple(preprocessor.words(begun)), added, tuple(step.share for step in steps), others)


def _named(preprocessor: Any, token: int) -> str:
    from workbench.explain.subject import END

    return preprocessor.words([token])[0] if token else END


def _truth(source: Model, request: Request) -> int:
    targets = source.prepared.targets
    if request.row < 0 or not targets:
        return -1
    value = source.prepared.batch([request.row]).values[targets[0]]
    return -1 if value.dtype.is_floating_point or value.ndim > 1 else int(value[0])


def _text(source: Model, subject: Any, request: Request) -> str:
    if request.row < 0:
        return request.raw if isinstance(request.raw, str) else ""
    raw = source.prepared.raw(request.row)
    told = next((value for value in raw.values() if isinstance(value, str)), "")
    return told or _columns(source.prepared, raw)


def _columns(prepared: Any, raw: dict[str, Any]) -> str:
    """Returns what the columns of a table say of a row that the model reads, a line each."""
    lines = []
    for item in prepared.dataset.fields:
        if item.name not in prepared.inputs or item.kind not in (FieldKind.NUMBER, FieldKind.CATEGORY):
            continue
        value = raw[item.name]
        known = item.kind == FieldKind.CATEGORY and 0 <= int(value) < len(item.categories)
        words = item.categories[int(value)] if known else f"{float(value):.4g} {item.unit}".strip()
        lines.append(f"{say_own(item.label) or item.name}: {words}")
    return "\n".join(lines)


def unknown_tokens(subject: Any) -> tuple[bool, ...]:
    """Returns for every token of a text whether the vocabulary, made of the training split, does not hold it."""
    from workbench.data.tokenizing import UNK

    ids = subject.values[subject.input].reshape(-1)[: len(subject.tokens)]
    return tuple(bool(number == UNK) for number in ids.tolist())


def _look_inside(answer: Answer, source: Model, subject: Any, request: Request, cancelled: Callable[[], bool]) -> None:
    from workbench.explain import METHODS

    plan = source.model.plan
    wanted = (("features", "feature_maps", {"node": request.node}), ("attention", "attention", {}), ("states", "states", {}))
    for slot, name, params in wanted:
        method = METHODS[name]
        if method.fits(plan) and (slot != "features" or subject.kind == FieldKind.IMAGE):
            _try(answer, name, lambda method=method, params=params, slot=slot: setattr(
                answer, slot, method.run(subject, params, cancelled=cancelled)))


def _attribute(answer: Answer, name: str, subject: Any, quick: bool, cancelled: Callable[[], bool]) -> None:
    from workbench.explain import METHODS

    method = METHODS[name]
    if name == "attention_rollout" and subject.kind != FieldKind.TEXT:
        return
    if not method.fits(subject.model.plan) or (quick and name in SLOW_WHILE_QUICK and name != "integrated_gradients"):
        return
    params = {"faithfulness": False} if quick else {}
    _try(answer, name, lambda: answer.attributions.__setitem__(name, method.run(subject, params, cancelled=cancelled)))


def _try(answer: Answer, name: str, work: Callable[[], Any]) -> None:
    from workbench.errors import WorkbenchError

    try:
        work()
    except WorkbenchError as error:
        answer.errors[name] = say_error(error)


def fitting_methods(plan: Any) -> list[str]:
    """Returns the attribution methods that suit a model, the most used first."""
    from workbench.explain import METHODS

    first = ("integrated_gradients", "saliency", "input_x_gradient", "occlusion")
    names = [method.name for method in METHODS if method.attribution and method.fits(plan)]
    return sorted(names, key=lambda name: (first.index(name) if name in first else len(first), name))


def image_nodes(plan: Any) -> list[tuple[str, str]]:
    """Returns (node id, module path) of every layer whose output is a set of maps `(N, C, H, W)`, in order."""
    found = []
    for step in plan.steps:
        shape = next(iter(step.outputs.values()), None)
        if shape is not None and shape.rank == 4:
            found.append((step.node, step.path))
    return found
