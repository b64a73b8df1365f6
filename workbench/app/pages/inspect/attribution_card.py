"""Why this answer: one row per method, each with its picture, its faithfulness and its residual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.inspect.outcome import Rebuilt, Told
from workbench.app.pages.inspect.outcome_card import fitted
from workbench.app.pages.inspect.tokens import AGAINST_DARK, FOR_DARK, TokenStrip
from workbench.app.widgets import Card, ImageView, quiet
from workbench.app.wording import number
from workbench.explain.results import Facts, HeatMap, TokenScores

if TYPE_CHECKING:
    from workbench.app.pages.inspect.analysis import Answer

UNSIGNED = ("saliency", "attention_rollout")
PICTURE_PX = 132
FLAT, VEIL, LONGEST = 1e-9, 225, 32


class AttributionCard(Card):
    """The decision shared out over the input, by every method that fits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("inspect.attribution", tr("What carried the decision"), parent)
        self._views: dict[str, MethodView] = {}
        self._images: bool | None = None
        self.over = QCheckBox(tr("Over the image"))
        self.over.setObjectName("inspect.attribution.over")
        self.over.setToolTip(tr("Lay each map over the row's picture"))
        self.over.toggled.connect(self._lay_over)
        self.add_control(self.over)
        self._holder = QWidget()
        self.content.addWidget(self._holder)
        self._verdict = quiet("")
        self.content.addWidget(self._verdict)
        self._key = quiet("")
        self._key.setTextFormat(Qt.TextFormat.RichText)
        self.content.addWidget(self._key)

    def forget(self) -> None:
        """Lets go of the pictures of another project."""
        self._rebuild([], False)

    def show_answer(self, answer: Answer) -> None:
        """Shows the attributions of an answer; methods that were left out keep their last picture, marked as older."""
        found = answer.attributions
        images = answer.image is not None
        if images != self._images or any(name not in self._views for name in found):
            self._rebuild(list(dict.fromkeys([*found] if images != self._images else [*self._views, *found])), images)
        self.over.setVisible(images and not answer.curve)
        for name, view in self._views.items():
            if name in found:
                view.unknown = answer.unknown
                view.ground = answer.image if answer.curve else None
                view.show_result(found[name])
                view.setVisible(True)
            else:
                view.fade()
        target = target_words(answer)
        self.set_title(tr("What carried the decision for {target}", target=target if len(target) <= LONGEST else target[: LONGEST - 1] + "…"))
        self._key.setText(_legend())
        self._verdict.setText(agreement(found))
        self._verdict.setVisible(bool(self._verdict.text()))

    def _lay_over(self, over: bool) -> None:
        for view in self._views.values():
            if isinstance(view, ImageMethodView):
                view.lay_over(over)

    def _rebuild(self, names: list[str], images: bool) -> None:
        from workbench.explain import METHODS

        self._images = images
        self.over.setVisible(images)
        self._holder.hide()
        self._holder.deleteLater()
        self._holder = QWidget()
        grid = QGridLayout(self._holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE_16)
        grid.setVerticalSpacing(theme.SPACE_8)
        self._views = {}
        for index, name in enumerate(names):
            view = (ImageMethodView if images else TokenMethodView)(name, say(METHODS[name].label), say(METHODS[name].summary))
            self._views[name] = view
            if isinstance(view, ImageMethodView):
                view.lay_over(self.over.isChecked())
            grid.addWidget(view, index // 5 if images else index, index % 5 if images else 0, Qt.AlignmentFlag.AlignTop)
        if images:
            grid.setColumnStretch(5, 1)
        self.content.insertWidget(0, self._holder)


def target_words(answer: Answer) -> str:
    """Returns what was explained: a class, a token, a number's name, or the brightness of an image that is painted again."""
    if isinstance(answer.outcome, Told):
        return answer.outcome.field
    if isinstance(answer.outcome, Rebuilt):
        return tr("the brightness")
    return answer.labels[answer.target] if answer.target < len(answer.labels) else str(answer.target)


class MethodView(QWidget):
    """One method: its name, its picture, its facts."""

    def __init__(self, name: str, label: str, summary: str) -> None:
        super().__init__()
        self.method = name
        self.unknown: tuple[bool, ...] = ()
        self.ground: np.ndarray | None = None
        self.setObjectName(f"inspect.attribution.{name}")
        self.setAccessibleName(label)
        self.setToolTip(summary)
        self.title = QLabel(label)
        theme.mark(self.title, "quiet")
        self.facts = QLabel()
        self.facts.setTextFormat(Qt.TextFormat.RichText)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.mark(self.facts, "small")

    def show_result(self, result: Any) -> None:
        """Shows a picture and its facts."""
        self.setEnabled(True)
        self.facts.setText(facts_markup(result.facts))
        self.facts.setToolTip(facts_tip(result.facts))

    def fade(self) -> None:
        """Says that the picture belongs to an earlier question."""
        self.facts.setText(tr("earlier"))


class ImageMethodView(MethodView):
    """A heat map over the image."""

    def __init__(self, name: str, label: str, summary: str) -> None:
        super().__init__(name, label, summary)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_4)
        self.picture = ImageView(f"inspect.attribution.{name}.picture", self, side=PICTURE_PX, label=label)
        for widget in (self.title, self.picture, self.facts):
            layout.addWidget(widget)
        self._result: HeatMap | None = None
        self._over = False

    def show_result(self, result: HeatMap | TokenScores) -> None:
        """Shows signed values as blue and red, unsigned ones in one hue; those of a series behind its curve."""
        super().show_result(result)
        if isinstance(result, TokenScores):
            result = curve_map(result, self.ground if self.ground is not None else np.zeros((1, 1, 1), np.uint8))
        self._result = result
        self.picture.setFixedSize(fitted(result.values.shape[1], result.values.shape[0], PICTURE_PX))
        if float(np.abs(result.values).max()) < FLAT:
            self.facts.setText(tr("flat: nothing stands out"))
        self._draw()

    def lay_over(self, over: bool) -> None:
        """Lays the map over the row's picture, or shows it alone."""
        self._over = over
        self._draw()

    def _draw(self) -> None:
        result, unsigned = self._result, self.method in UNSIGNED
        if result is None:
            return
        if self._over or self.ground is not None:
            self.picture.set_image(result.image)
            self.picture.set_overlay(veil(result.values, signed=not unsigned), 1.0)
            return
        self.picture.set_overlay(None)
        if unsigned:
            self.picture.set_magnitude(result.values, 0.0, None, theme.family_colour("attention"))
        else:
            self.picture.set_signed(result.values)


def curve_map(scores: TokenScores, drawing: np.ndarray) -> HeatMap:
    """Returns scores of neighbouring steps as a map over the drawing of their series: every column has the score of its step.

    Args:
        scores: One per part of the series.
        drawing: uint8 `(H, W, C)`.
    """
    height, width = drawing.shape[:2]
    columns = scores.values[np.arange(width) * len(scores.values) // width]
    return HeatMap(np.repeat(columns[None], height, 0), drawing, scores.facts)


def veil(values: np.ndarray, *, signed: bool) -> np.ndarray:
    """Returns a map as uint8 `(H, W, 4)` to be laid over a picture: the stronger, the less of the picture is seen.

    Args:
        values: float `(H, W)`.
        signed: Whether the sign is told by blue and red; else one hue.
    """
    top = float(np.abs(values).max())
    share = np.clip(np.abs(values) / top, 0, 1) if top > FLAT else np.zeros_like(values)
    hues = (FOR_DARK, AGAINST_DARK) if signed else (theme.family_colour("attention"),) * 2
    ink = [np.array(QColor(hue).getRgb()[:3], np.uint8) for hue in hues]
    colour = np.where(values[..., None] >= 0, ink[0], ink[1])
    return np.concatenate((colour, (share[..., None] * VEIL).astype(np.uint8)), axis=-1).astype(np.uint8)


class TokenMethodView(MethodView):
    """A sentence with tinted tokens."""

    def __init__(self, name: str, label: str, summary: str) -> None:
        super().__init__(name, label, summary)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(theme.SPACE_12)
        self.title.setFixedWidth(108)
        self.title.setWordWrap(True)
        self.facts.setFixedWidth(112)
        self.strip = TokenStrip(f"inspect.attribution.{name}.tokens", self)
        layout.addWidget(self.title, 0, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.strip, 0, 1)
        layout.addWidget(self.facts, 0, 2, Qt.AlignmentFlag.AlignTop)
        layout.setColumnStretch(1, 1)

    def show_result(self, result: TokenScores) -> None:
        """Shows values as grounds."""
        super().show_result(result)
        self.strip.show_tokens(result.tokens, result.values, positive=self.method in UNSIGNED, unknown=self.unknown)


def facts_markup(facts: Facts) -> str:
    """Returns faithfulness and residual with their verdict in words and colour."""
    colours, parts = theme.current(), []
    if facts.faithfulness is not None:
        good = colours.good if facts.faithfulness >= 0.8 else colours.doubtful if facts.faithfulness >= 0.6 else colours.wrong
        word = tr("faithful") if facts.faithfulness >= 0.8 else tr("weak") if facts.faithfulness >= 0.6 else tr("do not trust")
        parts.append(f'<span style="color:{good}">{word} {facts.faithfulness:.2f}</span>')
    if facts.residual is not None:
        good = colours.good if facts.residual <= 0.01 else colours.doubtful if facts.residual <= 0.05 else colours.wrong
        parts.append(f'<span style="color:{good}">{tr("residual {share} %", share=f"{facts.residual * 100:.1f}")}</span>')
    return "<br>".join(parts) or (tr("one pass") if facts.passes == 1 else tr("{passes} passes", passes=facts.passes))


def facts_tip(facts: Facts) -> str:
    """Returns everything that is known about a picture, a line each."""
    lines = [tr("{passes} passes, {seconds} s", passes=facts.passes, seconds=number(facts.seconds))]
    if facts.baseline:
        lines.append(tr("compared with: {baseline}", baseline=facts.baseline))
    if facts.faithfulness is not None:
        lines.append(tr("faithful: beats {share} % of random orderings when what it ranks highest is removed first",
                        share=round(facts.faithfulness * 100)))
    lines.append(tr("model {model}, input {input}", model=facts.model_hash, input=facts.input_hash))
    return "\n".join(lines)


def agreement(found: dict[str, HeatMap | TokenScores]) -> str:
    """Returns a sentence about how far the methods agree, by the mean rank correlation of absolute values; "" for fewer than two."""
    ranks = {name: np.argsort(np.argsort(np.abs(result.values).ravel())) for name, result in found.items()}
    names = list(ranks)
    if len(names) < 2 or any(np.ptp(rank) == 0 for rank in ranks.values()):
        return ""
    table = np.corrcoef(np.stack([ranks[name] for name in names]))
    mean = float(table[np.triu_indices(len(names), 1)].mean())
    share = f"{mean:.2f}"
    if mean >= 0.6:
        return tr("The methods agree (rank correlation {share}).", share=share)
    if mean >= 0.3:
        return tr("The methods agree in part (rank correlation {share}): look at more than one.", share=share)
    return tr("The methods disagree (rank correlation {share}): do not trust one picture alone.", share=share)


def _legend() -> str:
    colours = theme.current()
    return (
        f'<span style="color:{"#6C9CFF" if colours.dark else "#2166AC"}">■</span> {tr("speaks for it")} &nbsp; '
        f'<span style="color:{"#F0766E" if colours.dark else "#D7301F"}">■</span> {tr("speaks against it")} &nbsp; '
        f'<span style="color:{theme.family_colour("attention")}">■</span> {tr("how strong, without sign")}'
    )
