"""Which ways to vary training rows suit the data, and why; what would change the answer is left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workbench.data.base import Dataset, Field, FieldKind
from workbench.project.feeding import find_field, input_fields, target_fields
from workbench.project.project import Choice, Project
from workbench.text import Text

_SIDES = re.compile(r"\b(left|right|clockwise|anticlockwise|counterclockwise)\b|[左右]|[顺逆]时针", re.IGNORECASE)
_OPPOSITES = tuple(
    (re.compile(rf"\b{one}\b|{sign}", re.IGNORECASE), re.compile(rf"\b{other}\b|{facing}", re.IGNORECASE))
    for one, other, sign, facing in (
        ("up", "down", "上", "下"), ("top", "bottom", "顶", "底"), ("above", "below", "上", "下"), ("east", "west", "东", "西"),
        ("north", "south", "南", "北"),
    )
)
"""Words that speak of a side only where some other class speaks of the opposite: a top is worn, and down is what a jacket is filled with."""
_COLOURS = re.compile(
    r"\b(red|green|blue|yellow|orange|purple|violet|pink|brown|black|white|grey|gray|cyan|magenta|colou?r)\b|[红绿蓝黄橙紫粉黑白灰色]", re.IGNORECASE
)
_SYMBOLS = 0.6
_NUMERALS = "〇零一二三四五六七八九十百千万"
_LARGE_PX = 64


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for some data.

    Attributes:
        choices: The augmentations, in order; nothing where no change surely keeps the answer.
        reasons: Why these, and why not others, one sentence each.
    """

    choices: tuple[Choice, ...]
    reasons: tuple[Text, ...]


def propose_augmentation(project: Project, dataset: Dataset) -> Proposal:
    """Returns what varies the training rows of a project and keeps their answers true."""
    targets = [field for name in target_fields(project) if (field := find_field(dataset, name)) is not None]
    learned = {field.name for field in targets}
    inputs = [field for name in input_fields(project) if name not in learned and (field := find_field(dataset, name)) is not None]
    made = [_BY_KIND[field.kind](field, targets) for field in inputs if field.kind in _BY_KIND]
    choices = tuple({choice.name: choice for proposal in made for choice in proposal.choices}.values())
    reasons = tuple(dict.fromkeys(reason for proposal in made for reason in proposal.reasons))
    if reasons:
        return Proposal(choices, reasons)
    if not inputs and targets:
        return Proposal((), (Text("What the model reads is what it learns: a varied copy would be learned as if it were true."),))
    return Proposal((), (Text("No change of numbers and categories surely keeps their answer. MixUp may help tables of numbers: try it in a run."),))


def _choice(name: str, **params: Any) -> Choice:
    return Choice(name, MappingProxyType(params))


def _image(field: Field, targets: Sequence[Field]) -> Proposal:
    kinds = {target.kind for target in targets}
    if FieldKind.TEXT in kinds:
        reason = Text("The answer is a text, which may tell of places and colours: only noise is added. Flips, shifts and other colours could make "
                      "it wrong.")
        return Proposal((_choice("noise", strength=0.03),), (reason,))
    if FieldKind.NUMBER in kinds:
        reason = Text("The answer is a number that may tell where something is, such as a steering angle: flips, shifts and turns would change it "
                      "while the row keeps the old one. Only light and noise vary.")
        return Proposal((_light(field, targets), _choice("noise", strength=0.03)), (reason,))
    if FieldKind.MASK in kinds:
        choices = (_choice("flip"), _choice("affine", degrees=5.0, shift=0.05), _light(field, targets))
        return Proposal(choices, (Text("Masks move along with their images, so flips and shifts keep the answer true."),))
    return _classes(field, targets)


def _classes(field: Field, targets: Sequence[Field]) -> Proposal:
    names = [name for target in targets for name in target.categories]
    side = min(field.height, field.width) or _LARGE_PX
    shift = _choice("crop", pixels=max(1, min(side // 12, 16)))
    if _are_symbols(names):
        choices = (shift, _choice("affine", degrees=8.0, shift=0.0, scale=0.08))
        reason = Text("The classes look like digits or letters: a mirrored 2 is no 2 and a turned 6 is a 9. So no flips and only small turns. "
                      "Add Flip yourself where they are numbers of something else.")
        return Proposal(choices, (reason,))
    light = _light(field, targets)
    coloured = any(_COLOURS.search(name) for name in names)
    extra = (Text("The names of classes speak of colours, so colours stay."),) if coloured else ()
    sided = _sided(names)
    if sided is not None:
        reason = Text("The class {name} speaks of a side: a flip would change the answer, so there is none.", name=sided)
        return Proposal((shift, light), (reason, *extra))
    place = _choice("resized_crop", smallest=0.7) if side >= _LARGE_PX else shift
    reason = Text("A mirrored or shifted picture of these classes still shows the same: flips and crops, the usual choice for photos. Take Flip out "
                  "where left and right matter.")
    return Proposal((_choice("flip"), place, light), (reason, *extra))


def _light(field: Field, targets: Sequence[Field]) -> Choice:
    coloured = any(_COLOURS.search(name) for target in targets for name in target.categories)
    return _choice("colour", saturation=0.0 if coloured or field.channels == 1 else 0.2)


def mirrored_alike(names: Sequence[str]) -> bool:
    """Whether a mirrored picture of these classes shows the same, as far as their names tell: no digits, no letters, no sides."""
    return not _are_symbols(names) and _sided(names) is None


def _sided(names: Sequence[str]) -> str | None:
    """Returns a class whose name speaks of a side, or None."""
    certain = next((name for name in names if _SIDES.search(name)), None)
    if certain is not None:
        return certain
    for one, other in _OPPOSITES:
        first, second = (next((name for name in names if words.search(name)), None) for words in (one, other))
        if first is not None and second is not None and first != second:
            return first
    return None


def _are_symbols(names: Sequence[str]) -> bool:
    """Whether most classes are called by one sign, or by a number. A Chinese character is a word, unless it is a numeral."""
    signs = sum(name.strip().isdigit() or (len(name.strip()) == 1 and not _is_word(name.strip())) for name in names)
    return bool(names) and signs >= _SYMBOLS * len(names)


def _is_word(sign: str) -> bool:
    return "\u2e80" <= sign <= "\uffef" and sign not in _NUMERALS


def _text(field: Field, targets: Sequence[Field]) -> Proposal:
    if any(target.kind == FieldKind.TEXT for target in targets):
        return Proposal((), (Text("The answer is written from every word that is read: leaving out or swapping one would make it wrong."),))
    if any(target.kind == FieldKind.NUMBER for target in targets):
        return Proposal((_choice("token_mask", share=0.05),), (Text("A few hidden words hardly change a number that sums up a text."),))
    reason = Text("Some tokens are hidden, so that no single word is relied on alone. Swapping is left out: \"not good, but\" and \"good, but not\" "
                  "differ in order alone.")
    return Proposal((_choice("token_mask", share=0.1),), (reason,))


def _series(field: Field, targets: Sequence[Field]) -> Proposal:
    if any(target.kind in (FieldKind.NUMBER, FieldKind.SERIES) for target in targets):
        reason = Text("The answer is a number that follows from level and place of the values: scaling and shifting would change it. Only jitter.")
        return Proposal((_choice("jitter", strength=0.05),), (reason,))
    reason = Text("The form decides, not exact level or place: jitter, scale and a shift in time keep the class.")
    return Proposal((_choice("jitter"), _choice("scale"), _choice("time_shift")), (reason,))


def _sound(field: Field, targets: Sequence[Field]) -> Proposal:
    if any(target.kind == FieldKind.TEXT for target in targets):
        reason = Text("Every sound is written down: silencing a part or taking out a band could remove what the transcript says. Only noise and "
                      "loudness vary.")
        return Proposal((_choice("noise", strength=0.01), _choice("scale")), (reason,))
    reason = Text("A little earlier or later, louder, with noise, a part silent: the class stays the same.")
    return Proposal((_choice("time_shift"), _choice("noise", strength=0.01), _choice("time_mask")), (reason,))


_BY_KIND = {FieldKind.IMAGE: _image, FieldKind.TEXT: _text, FieldKind.SERIES: _series, FieldKind.AUDIO: _sound}

__all__ = ["Proposal", "mirrored_alike", "propose_augmentation"]
