"""What Inspect is made of: tiles, tokens, states, attributions, the head's numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QMenu

from workbench.app.pages.inspect.analysis import Answer
from workbench.app.pages.inspect.attribution_card import AttributionCard, agreement, facts_markup, veil
from workbench.app.pages.inspect.head_panel import DetailPanel, head_rows, hidden_change, step_rows
from workbench.app.pages.inspect.look_cards import AttentionCard, FeatureCard, StateCard, channel_order, layer_names
from workbench.app.pages.inspect.prediction import PredictionPanel
from workbench.app.pages.inspect.question import unknown_words
from workbench.app.pages.inspect.saving import enlarged, save_image
from workbench.app.pages.inspect.state_view import StateView, unit_order
from workbench.app.pages.inspect.tiles import Tile, TileGrid, indexed, pooled, ramp
from workbench.app.pages.inspect.tokens import TokenStrip
from workbench.explain.results import AttentionMaps, Facts, FeatureMaps, HeatMap, StateTrace, TokenScores

KEYS = Qt.Key


def tile(shade: int = 0) -> Tile:
    image = QImage(4, 4, QImage.Format.Format_Grayscale8)
    image.fill(shade)
    return Tile(image, "c", f"tip {shade}")


@pytest.fixture
def grid(qtbot: Any) -> TileGrid:
    made = TileGrid("test.grid", "Maps", side=40)
    qtbot.addWidget(made)
    made.resize(200, 300)
    made.show_tiles([tile(number) for number in range(10)])
    made.show()
    return made


def test_tiles_are_reached_by_keyboard_and_mouse(grid: TileGrid, qtbot: Any) -> None:
    chosen: list[int] = []
    grid.chosen.connect(chosen.append)
    assert grid._columns(200) == 4
    for key in (KEYS.Key_Right, KEYS.Key_Down, KEYS.Key_Left, KEYS.Key_Up, KEYS.Key_Up):
        qtbot.keyClick(grid, key)
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid._rect(9).center())
    qtbot.keyClick(grid, KEYS.Key_Down)
    assert chosen == [1, 5, 4, 0, 0, 9, 9]
    assert grid.accessibleDescription() == "tip 9"
    assert grid.heightForWidth(200) > grid.heightForWidth(500)


def test_fewer_tiles_keep_a_choice_that_exists(grid: TileGrid) -> None:
    grid.choose(9)
    grid.show_tiles([tile(), tile()])
    assert grid.current == 1
    grid.show_tiles([])
    assert grid.current == 0 and not grid.grab().isNull()


def test_a_tile_can_be_copied_and_saved(grid: TileGrid, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6.QtGui import QContextMenuEvent
    from PySide6.QtWidgets import QApplication

    grid.choose(3)
    QApplication.sendEvent(grid, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, grid._rect(7).center(), QPoint(0, 0)))
    menu = grid.findChild(QMenu, "test.grid.menu")
    menu.actions()[0].trigger()
    copied = QGuiApplication.clipboard().image()
    assert copied.width() == 256 and copied.pixelColor(100, 100).red() == 7
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getSaveFileName", lambda *_: (str(tmp_path / "map.png"), ""))
    save_image(grid, enlarged(tile(9).image))
    assert QImage(str(tmp_path / "map.png")).width() == 256
    menu.close()


def test_pooling_keeps_every_maximum() -> None:
    weights = np.random.default_rng(0).random((1000, 300)).astype(np.float32)
    weights[987, 123] = 5.0
    small = pooled(weights, 96)
    assert max(small.shape) <= 96 and small.max() == 5.0
    blocks = -(-1000 // 96), -(-300 // 96)
    assert small[3, 4] == weights[3 * blocks[0]:4 * blocks[0], 4 * blocks[1]:5 * blocks[1]].max()
    np.testing.assert_array_equal(pooled(weights[:50, :50], 96), weights[:50, :50])


def test_values_become_the_colours_of_the_table(qapp: Any) -> None:
    image = indexed(np.array([[0.0, 0.5, 1.0, 7.0, -1.0]]), 0, 1, ramp("#000000"))
    shades = [image.pixelColor(column, 0).red() for column in range(5)]
    assert shades[0] == shades[4] == 255 and shades[2] == shades[3] == 0 and 120 < shades[1] < 135
    assert indexed(np.ones((2, 2)), 1, 1, ramp("#000000")).pixelColor(0, 0).red() == 255


def test_tokens_wrap_like_text_and_tell_their_value(qtbot: Any) -> None:
    strip = TokenStrip("test.strip", walkable=True)
    qtbot.addWidget(strip)
    strip.resize(160, 200)
    strip.show()
    strip.show_tokens(["the", "food", "was", "not", "good", "\n"], np.array([0, 0.2, 0, -1.0, 0.5, 0]))
    assert len({box.top() for box in strip._boxes}) > 1
    assert all(box.right() <= 160 for box in strip._boxes)
    assert strip.heightForWidth(2000) < strip.heightForWidth(160)
    hovered: list[int] = []
    strip.token_hovered.connect(hovered.append)
    qtbot.mouseMove(strip, strip._boxes[3].center())
    qtbot.keyClick(strip, KEYS.Key_Right)
    assert "not" in strip.toolTip() and "-1.00" in strip.toolTip()
    assert hovered[0] == 3 and strip._marked == 0
    assert not strip.grab().isNull()
    red, blue = strip._ground(3), strip._ground(4)
    assert red.red() > red.blue() and blue.blue() > blue.red()


def test_unknown_tokens_are_framed_and_said(qtbot: Any) -> None:
    strip = TokenStrip("test.strip")
    qtbot.addWidget(strip)
    strip.resize(300, 40)
    strip.show()
    values = np.array([0.2, -1.0])
    strip.show_tokens(["good", "味道"], values)
    plain = strip.grab().toImage()
    strip.show_tokens(["good", "味道"], values, unknown=(False, True))
    assert strip.is_unknown(1) and not strip.is_unknown(0) and not strip.is_unknown(7)
    assert strip.grab().toImage() != plain
    qtbot.mouseMove(strip, strip._boxes[1].center())
    assert "never seen" in strip.toolTip()


@pytest.mark.parametrize(("unknown", "said"), [
    ((), ""), ((False, False), ""), ((True,), "This word"), ((True, True), "None of the 2"), ((True, False, False), "1 of 3 words was"),
    ((True, False, True, False, False), "2 of 5 words were never seen in training."),
])
def test_words_never_seen_are_counted(unknown: tuple[bool, ...], said: str) -> None:
    told = unknown_words(Answer(np.zeros(2), unknown=unknown))
    assert told.startswith(said) and bool(told) == bool(said)


def heat(values: np.ndarray, **facts: Any) -> HeatMap:
    return HeatMap(values.astype(np.float32), np.zeros((*values.shape, 1), np.uint8), Facts("m", **facts))


def test_methods_that_agree_or_not_are_told_so(qapp: Any) -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(6, 6)), rng.normal(size=(6, 6))
    assert "agree (rank correlation 1.00)" in agreement({"a": heat(one), "b": heat(-one)})
    assert "disagree" in agreement({"a": heat(one), "b": heat(other)})
    assert agreement({"a": heat(one)}) == ""


def answer_with(**attributions: Any) -> Answer:
    image = np.zeros((6, 6, 1), np.uint8)
    return Answer(np.array([0.0, 2.0]), ("no", "yes"), 1, image=image, attributions=attributions)


def test_attributions_show_signed_unsigned_and_flat_maps(qtbot: Any) -> None:
    card = AttributionCard()
    qtbot.addWidget(card)
    values = np.linspace(-1, 1, 36).reshape(6, 6)
    card.show_answer(answer_with(
        integrated_gradients=heat(values, residual=0.004, faithfulness=0.9), saliency=heat(np.abs(values)), occlusion=heat(np.zeros((6, 6))),
    ))
    card.show()
    views = card._views
    assert list(views) == ["integrated_gradients", "saliency", "occlusion"]
    low, high = (views["integrated_gradients"].picture.image().pixelColor(place, place) for place in (0, 5))
    assert low.red() > low.blue() and high.blue() > high.red()
    unsigned = views["saliency"].picture.image().pixelColor(0, 0)
    assert unsigned.red() > unsigned.blue()
    assert "flat" in views["occlusion"].facts.text()
    assert "faithful" in views["integrated_gradients"].facts.text() and "yes" in card._title.text()
    card.show_answer(answer_with(saliency=heat(np.abs(values))))
    assert card._views["integrated_gradients"].facts.text() == "earlier"


def test_maps_can_lie_over_the_image(qtbot: Any) -> None:
    card = AttributionCard()
    qtbot.addWidget(card)
    values = np.linspace(-1, 1, 36).reshape(6, 6)
    card.show_answer(answer_with(integrated_gradients=heat(values), saliency=heat(np.abs(values))))
    picture = card._views["integrated_gradients"].picture
    card.over.setChecked(True)
    assert picture.image().pixelColor(0, 0).red() == 0 and picture._overlay is not None
    card.over.setChecked(False)
    assert picture._overlay is None and picture.image().pixelColor(0, 0).red() > 100
    laid = veil(values, signed=True)
    assert laid.shape == (6, 6, 4) and laid[0, 0, 3] == laid[5, 5, 3] == 225 and tuple(laid[0, 0, :3]) != tuple(laid[5, 5, :3])
    assert veil(np.zeros((2, 2)), signed=True)[..., 3].max() == 0


def test_attributions_of_texts_are_tokens(qtbot: Any) -> None:
    card = AttributionCard()
    qtbot.addWidget(card)
    scores = TokenScores(("not", "good"), np.array([-1.0, 0.5]), Facts("saliency", passes=3))
    marks = {"tokens": ("not", "good"), "unknown": (True, False)}
    card.show_answer(Answer(np.array([0.0, 2.0]), (), 1, text="not good", attributions={"saliency": scores}, **marks))
    assert card._views["saliency"].strip.is_unknown(0) and not card._views["saliency"].strip.is_unknown(1)
    assert card._views["saliency"].strip._tokens == ("not", "good") and "3 passes" in card._views["saliency"].facts.text()
    assert not card.over.isVisibleTo(card)
    card.show_answer(answer_with(saliency=heat(np.ones((6, 6)))))
    assert card.over.isVisibleTo(card)


def test_verdicts_are_words_and_not_only_colours(qapp: Any) -> None:
    told = [facts_markup(Facts("m", faithfulness=value)) for value in (0.9, 0.7, 0.2)]
    assert ["faithful" in told[0], "weak" in told[1], "do not trust" in told[2]] == [True, True, True]


def maps(signed: bool = True) -> FeatureMaps:
    values = np.random.default_rng(2).normal(size=(6, 5, 5)).astype(np.float32) * np.arange(6)[:, None, None]
    values = values if signed else np.abs(values)
    return FeatureMaps("conv1", values, (values == 0).all((1, 2)), Facts("feature_maps"))


def test_channels_can_stand_strongest_first(qtbot: Any) -> None:
    card = FeatureCard()
    qtbot.addWidget(card)
    card.set_nodes(["conv1", "conv2"])
    card.show_maps(maps())
    chosen: list[int] = []
    card.channel_chosen.connect(chosen.append)
    card.grid.choose(0)
    card.strongest.setChecked(True)
    card.grid.choose(0)
    order = channel_order(maps().maps, strongest=True)
    assert chosen == [0, int(order[0])] and order[-1] == 0 and order.tolist() != list(range(6))
    assert card.grid._tiles[-1].struck and card.grid._tiles[-1].caption == "dead"
    assert "1 channels" in card._key.text()


def weights(size: int) -> np.ndarray:
    return np.eye(size, dtype=np.float32)


def attention() -> AttentionMaps:
    tokens = ("the", "food", "was")
    layer = np.stack([weights(3), np.full((3, 3), 1 / 3, np.float32)])
    return AttentionMaps(("block1.attend", "block2.attend"), (layer, layer[:1]), tokens, tokens, Facts("attention"))


def test_heads_are_chosen_by_layer(qtbot: Any) -> None:
    card = AttentionCard()
    qtbot.addWidget(card)
    chosen: list[tuple[int, int]] = []
    card.head_chosen.connect(lambda layer, head: chosen.append((layer, head)))
    card.show_maps(attention())
    for index in (1, 2, 3):
        card.grid.choose(index)
    assert chosen == [(0, 1), (1, 0)]
    assert layer_names(("a.x", "b.x")) == ("a", "b") and layer_names(("a.0", "a.1")) == ("Layer 1", "Layer 2")


def test_the_numbers_of_a_head() -> None:
    uniform = dict(head_rows(np.full((4, 4), 0.25)))
    assert (uniform["Entropy"], uniform["First-token share"], uniform["On itself"]) == ("1.39 nats", "25 %", "25 %")
    assert uniform["Mean distance"] == "1.2 tokens"
    alone = dict(head_rows(weights(4)))
    assert alone["Mean distance"] == "0.0 tokens" and alone["On itself"] == "100 %" and alone["Entropy"].startswith(("0.00", "-0.00"))


def test_the_detail_follows_head_channel_and_word(qtbot: Any) -> None:
    panel = DetailPanel()
    qtbot.addWidget(panel)
    panel.show()
    assert panel._hint.isVisible()
    panel.show_head(attention(), 0, 1)
    assert panel._title.text() == "block1, head 2" and panel._strip.isVisible()
    panel.show_step(1)
    assert "food" in panel._looks.text()
    panel.show_channel(maps(), 5)
    assert panel._title.text() == "conv1, channel 5" and not panel._strip.isVisible()
    panel.show_channel(maps(), 0)
    assert "Dead" in panel._facts._values
    panel.clear()
    assert panel._hint.isVisible() and not panel._picture.isVisible()


def trace() -> StateTrace:
    rng = np.random.default_rng(3)
    traces = {"hidden": rng.normal(size=(4, 8)), "input_gate": rng.random((4, 8))}
    return StateTrace("lstm1", {name: values.astype(np.float32) for name, values in traces.items()}, ("a", "b", "c", "d"), Facts("states"))


def test_states_stand_above_their_words(qtbot: Any) -> None:
    card = StateCard()
    qtbot.addWidget(card)
    card.resize(600, 320)
    card.show()
    card.show_trace(trace())
    card.which.setCurrentIndex(1)
    card._draw()
    assert "open" in card._key.text() and "8 units" in card._facts.text()
    steps: list[int] = []
    card.step_chosen.connect(steps.append)
    view = card.view
    qtbot.mouseMove(view, QPoint(round(view._column * 2.5), 20))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(round(view._column * 2.5), 20))
    qtbot.keyClick(view, KEYS.Key_Right)
    qtbot.keyClick(view, KEYS.Key_Right)
    assert steps == [2, 3, 3] and "c ·" in view.toolTip()
    assert not view.grab().isNull()


def test_units_that_move_alike_stand_together() -> None:
    up, down = np.linspace(0, 1, 9), np.linspace(1, 0, 9)
    order = unit_order(np.stack([up, down, up * 0.9, down * 0.9, up * 0.8], axis=1))
    groups = ["up" if index in (0, 2, 4) else "down" for index in order]
    assert groups in (["up"] * 3 + ["down"] * 2, ["down"] * 2 + ["up"] * 3)
    assert unit_order(np.zeros((1, 5))).tolist() == [0, 1, 2, 3, 4]


def test_a_step_of_a_recurrent_layer_in_numbers(qtbot: Any) -> None:
    found = trace()
    rows = dict(step_rows(found, 1))
    assert rows["input gate"] == f"{round(float(found.traces['input_gate'][1].mean()) * 100)} % open"
    change = hidden_change(found)
    assert change[0] == pytest.approx(np.linalg.norm(found.traces["hidden"][0])) and len(change) == 4
    panel = DetailPanel()
    qtbot.addWidget(panel)
    panel.show_state(found, 2)
    assert panel._title.text() == "lstm1 at c"


def test_a_view_without_states_paints_nothing(qtbot: Any) -> None:
    view = StateView("test.view")
    qtbot.addWidget(view)
    assert not view.grab().isNull()


def test_the_prediction_names_the_best_and_asks_for_others(qtbot: Any) -> None:
    panel = PredictionPanel("test.prediction")
    qtbot.addWidget(panel)
    panel.show()
    labels = ("ant", "bee", "a class with a name of no reasonable length", "dog", "elk", "fox")
    panel.show_shares(np.array([0.05, 0.6, 0.2, 0.1, 0.04, 0.01]), labels, target=1, truth=2)
    assert panel.best == 1 and panel._rows[0][0].text() == "bee" and panel._rows[0][2].text() == "60.0 %"
    assert "Wrong" in panel._truth.text() and panel._rows[1][0].text().endswith("…")
    assert "a class with a name of no reasonable length" in panel._rows[1][0].toolTip()
    with qtbot.waitSignal(panel.target_wanted) as wanted:
        qtbot.mouseClick(panel._rows[1][0], Qt.MouseButton.LeftButton)
    assert wanted.args == [2]
    panel.show_shares(np.array([0.9, 0.1]), (), truth=0)
    assert panel._rows[0][0].text() == "0" and not panel._rows[2][0].isVisible() and "Right" in panel._truth.text()
    panel.clear()
    assert panel.best == -1 and not panel._truth.isVisible()
