"""The right column of Inspect: one attention head, or one channel, enlarged, with its numbers."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.inspect.look_cards import layer_names
from workbench.app.pages.inspect.outcome_card import fitted
from workbench.app.pages.inspect.tiles import indexed, pooled, ramp
from workbench.app.pages.inspect.tokens import TokenStrip
from workbench.app.pages.inspect.trace_words import trace_words
from workbench.app.widgets import Heading, ImageView, KeyValue, quiet
from workbench.app.wording import number
from workbench.explain.results import AttentionMaps, FeatureMaps, StateTrace

SIDE_PX, LEAST_PX, MOST_PX = 264, 32, 512


class DetailPanel(QWidget):
    """What is known about the one map that is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspect.detail")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_12)
        self.unknown: tuple[bool, ...] = ()
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        theme.mark(self._title, "subject")
        self._title.setWordWrap(True)
        self._picture = ImageView("inspect.detail.picture", self, side=SIDE_PX, label=tr("The chosen map"))
        self._picture.hovered.connect(self._hovered)
        self._facts = KeyValue("inspect.detail.facts", self, key_width=120)
        self._looks = Heading("")
        self._strip = TokenStrip("inspect.detail.tokens", self, walkable=True)
        self._strip.token_hovered.connect(self._show_query)
        self._hint = quiet(tr("Choose a map, a head or a word to see it large."))
        for widget in (self._title, self._picture, self._facts, self._looks, self._strip, self._hint):
            layout.addWidget(widget)
        layout.addStretch(1)
        self._weights: np.ndarray | None = None
        self._queries: tuple[str, ...] = ()
        self._keys: tuple[str, ...] = ()
        self._within = True
        self.clear()

    def clear(self) -> None:
        """Shows nothing."""
        for widget in (self._title, self._picture, self._facts, self._looks, self._strip):
            widget.hide()
        self._hint.show()
        self._weights = None

    def show_channel(self, maps: FeatureMaps, channel: int) -> None:
        """Shows one channel of a layer."""
        values = maps.maps[channel]
        self._begin(tr("{node}, channel {channel}", node=maps.node, channel=channel))
        if values.min() < 0:
            self._picture.set_signed(values)
        else:
            self._picture.set_magnitude(values, 0.0, None, theme.family_colour("convolution"))
        self._fit_picture()
        rows = [(tr("Mean"), number(float(values.mean()))), (tr("Largest"), number(float(values.max()))),
                (tr("Smallest"), number(float(values.min()))), (tr("At zero"), f"{float((values == 0).mean()) * 100:.0f} %")]
        if maps.dead[channel]:
            rows.append((tr("Dead"), tr("answers 0 to every probe row")))
        self._facts.set_rows(rows)

    def show_head(self, maps: AttentionMaps, layer: int, head: int) -> None:
        """Shows one attention head: queries down, keys across."""
        weights = maps.maps[layer][head]
        queries, keys = maps.names_of(layer)
        within = queries == keys
        self._begin(tr("{layer}, head {head}", layer=layer_names(maps.layers)[layer], head=head + 1))
        self._title.setToolTip(maps.layers[layer])
        self._weights, self._queries, self._keys, self._within = weights, queries, keys, within
        self._picture.set_image(indexed(np.sqrt(pooled(weights, MOST_PX)), 0, 1, ramp(theme.family_colour("attention"))))
        self._fit_picture()
        self._facts.set_rows(head_rows(weights, within=within))
        self._looks.show()
        self._strip.show()
        self._show_query(-1)

    def show_state(self, trace: StateTrace, step: int) -> None:
        """Shows what a recurrent layer does at one step: how far each gate is open, and what changes."""
        token = trace.tokens[step]
        at = tr("step {n}", n=token) if token == str(step + 1) else token
        self._begin(tr("{node} at {token}", node=trace.node, token=at))
        self._picture.hide()
        self._facts.set_rows(step_rows(trace, step))
        steps = all(token == str(place) for place, token in enumerate(trace.tokens, 1))
        self._looks.setText(tr("How much the hidden state changes at each step") if steps else tr("How much the hidden state changes at each word"))
        self._looks.show()
        self._strip.show()
        self._strip.show_tokens(trace.tokens, hidden_change(trace), positive=True, unknown=self.unknown)
        self._strip.mark(step)

    def _begin(self, title: str) -> None:
        self._title.setText(title)
        for widget in (self._title, self._picture, self._facts):
            widget.show()
        for widget in (self._looks, self._strip, self._hint):
            widget.hide()
        self._weights = None

    def _fit_picture(self) -> None:
        image = self._picture.image()
        if image is not None:
            self._picture.setFixedSize(fitted(image.width(), image.height(), SIDE_PX).expandedTo(QSize(LEAST_PX, LEAST_PX)))

    def show_step(self, step: int) -> None:
        """Shows where the head looks from one position."""
        self._show_query(step)

    def _hovered(self, _column: int, row: int) -> None:
        if self._weights is not None and row >= 0:
            block = -(-len(self._weights) // MOST_PX)
            self._show_query(row * block)

    def _show_query(self, query: int) -> None:
        if self._weights is None:
            return
        if not self._within and self._strip.underMouse():
            query = -1
        if 0 <= query < len(self._weights):
            self._looks.setText(tr("From {token} it looks at", token=self._queries[query] if query < len(self._queries) else str(query + 1)))
            self._strip.show_tokens(self._keys, self._weights[query], positive=True, scale=1.0, unknown=self._unknown_keys())
            self._strip.mark(query if self._within else -1)
            return
        point = tr("Point at a word: mean over all positions") if self._within else tr("Point at a row of the picture: mean over all rows")
        self._looks.setText(point if len(self._weights) > 1 else tr("It looks at"))
        self._strip.show_tokens(self._keys, self._weights.mean(0), positive=True, unknown=self._unknown_keys())
        self._strip.mark(-1)

    def _unknown_keys(self) -> tuple[bool, ...]:
        return self.unknown if len(self.unknown) == len(self._keys) else ()


def hidden_change(trace: StateTrace) -> np.ndarray:
    """Returns how far the hidden state moves at each step, float `(time,)`; the first from zero."""
    hidden = trace.traces["hidden"]
    return np.linalg.norm(np.diff(hidden, axis=0, prepend=np.zeros_like(hidden[:1])), axis=1)


def step_rows(trace: StateTrace, step: int) -> list[tuple[str, str]]:
    """Returns the mean of every gate and the size of every state at one step."""
    rows = []
    for name, values in trace.traces.items():
        value = float(values[step].mean()) if "gate" in name else float(np.linalg.norm(values[step]))
        rows.append((trace_words(name), tr("{share} % open", share=round(value * 100)) if "gate" in name else tr("size {n}", n=number(value))))
    return rows


def head_rows(weights: np.ndarray, *, within: bool = True) -> list[tuple[str, str]]:
    """Returns what sums a head up: entropy, distance, and where its weight goes.

    Args:
        weights: float `(queries, keys)`, rows sum to 1.
        within: Whether a sequence looks at itself; else there is no distance, and no first token of its own.
    """
    safe = np.clip(weights, 1e-12, 1)
    entropy = float(-(safe * np.log(safe)).sum(1).mean())
    if not within:
        strongest = float(weights.max(1).mean()) * 100
        return [(tr("Entropy"), tr("{n} nats", n=f"{entropy:.2f}")), (tr("Strongest share"), tr("{share} % on average", share=round(strongest)))]
    places = np.arange(weights.shape[1])
    distance = float((weights * np.abs(places[None, :] - np.arange(len(weights))[:, None])).sum(1).mean())
    return [
        (tr("Entropy"), tr("{n} nats", n=f"{entropy:.2f}")),
        (tr("Mean distance"), tr("{n} tokens", n=f"{distance:.1f}")),
        (tr("First-token share"), f"{float(weights[:, 0].mean()) * 100:.0f} %"),
        (tr("On itself"), f"{float(np.diagonal(weights).mean()) * 100:.0f} %"),
    ]
