"""The pages of layers in the window: from F1, the inspector, the palette and the search; pictures follow parameters and move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QUrl
from PySide6.QtGui import QImage, QPainter, QTextDocument
from PySide6.QtWidgets import QWidget

from workbench.app import help_text, language, theme
from workbench.app.commands.helping import layer_at
from workbench.app.figure_painting import colour_of, formula_picture, image_of, paint, picture_html
from workbench.app.help_text import HelpText
from workbench.app.layer_help import FIGURE, FORMULA, PLAY, index_text, page_text, search_text
from workbench.app.widgets.figure_view import FigureView, FormulaView
from workbench.layers import LAYERS
from workbench.layers.figures import svg
from workbench.layers.figures.picture import Tone
from workbench.layers.guide import picture_of
from workbench.settings import load_settings

NAMES = LAYERS.names()


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"WORKBENCH_{name}_DIR", str(tmp_path / name.lower()))
    yield
    language.set_language("en")
    theme.set_theme("light")


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_written_in_both_languages(qapp: Any, name: str) -> None:
    language.set_language("en")
    english = page_text(LAYERS[name])
    language.set_language("zh_CN")
    chinese = page_text(LAYERS[name])
    assert english != chinese
    for text, shape, around in ((english, "## Shape", "## Around it"), (chinese, "## 形状", "## 相关")):
        assert text.startswith("# ") and FIGURE in text and FORMULA in text and shape in text and around in text
    assert "**Use it**" in english and "**适合**" in chinese


@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_figure_and_formula_can_be_painted(qapp: Any, look: str) -> None:
    theme.set_theme(look)
    for layer in LAYERS:
        picture = picture_of(layer)
        assert picture is not None
        image = image_of(picture, 1.0, 2.0)
        assert image.width() == round(picture.width * 2) and _has_ink(image), layer.name
        assert _has_ink(image_of(formula_picture(layer.formula, 16, 540), 1.0, 1.0)), layer.name


def _has_ink(image: QImage) -> bool:
    blank = QImage(image.size(), image.format())
    blank.setDevicePixelRatio(image.devicePixelRatio())
    blank.fill(0)
    return image != blank


def test_the_tones_of_svg_are_those_of_the_themes(qapp: Any) -> None:
    for look, table in (("light", svg.LIGHT), ("dark", svg.DARK)):
        theme.set_theme(look)
        assert {tone: colour_of(tone).name().upper() for tone in Tone} == {tone: colour.upper() for tone, colour in table.items()}


def test_the_text_shows_a_page_with_its_pictures(qtbot: Any) -> None:
    text = HelpText()
    qtbot.addWidget(text)
    text.resize(620, 700)
    text.show_layer("layer:conv2d")
    text.show()
    assert text.topic == "layer:conv2d" and text.moving
    first = text.loadResource(QTextDocument.ResourceType.ImageResource.value, QUrl(FIGURE))
    text.advance()
    assert text.loadResource(QTextDocument.ResourceType.ImageResource.value, QUrl(FIGURE)) != first
    text.anchorClicked.emit(QUrl(PLAY))
    assert not text.moving and "Play" in text.toPlainText()
    text.toggle_motion()
    assert text.moving
    text.hide()
    assert not text.moving


def test_a_link_leads_to_another_layer_or_topic(qtbot: Any) -> None:
    text = HelpText()
    qtbot.addWidget(text)
    wanted: list[str] = []
    text.topic_wanted.connect(wanted.append)
    text.anchorClicked.emit(QUrl("layer:gru"))
    text.anchorClicked.emit(QUrl("layers.md"))
    assert wanted == ["layer:gru", "layers"]


def test_motion_is_left_out_where_it_is_not_wanted(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    still = replace(load_settings(), animate=False)
    monkeypatch.setattr(help_text, "load_settings", lambda: still)
    text = HelpText()
    qtbot.addWidget(text)
    text.show_layer("layer:lstm")
    assert not text.moving


def test_the_window_opens_pages_and_finds_them(window: Any, qtbot: Any) -> None:
    window.helping.show_layer("layer:lstm")
    viewer = window.helping.viewer
    assert viewer.topic == "layer:lstm" and "LSTM" in viewer._text.toPlainText()
    viewer._search.setText("swish")
    shown = [viewer._topics.item(row).text() for row in range(viewer._topics.count())]
    assert "SiLU" in shown
    viewer.show_topic("layers")
    assert viewer.topic == "layers" and "Conv2d" in viewer._text.toPlainText()
    viewer.show_topic("layer:add")
    assert viewer.topic == "layer:add"
    viewer.reload()
    assert viewer.topic == "layer:add"
    viewer._topics.itemClicked.emit(viewer._topics.currentItem())
    assert viewer.topic == "layers"
    viewer.close()


class _Shows(QWidget):
    def layer_page_at(self, place: QPoint) -> tuple[str, dict[str, Any] | None]:
        return "layer:conv2d", {"kernel": 5}


def test_help_is_asked_of_what_shows_layers(qtbot: Any) -> None:
    outer = _Shows()
    inner = QWidget(outer)
    qtbot.addWidget(outer)
    assert layer_at(inner, QPoint()) == ("layer:conv2d", {"kernel": 5})
    assert layer_at(None, QPoint()) == ("", None)


def test_a_figure_keeps_its_shape_and_moves_under_the_pointer(qtbot: Any) -> None:
    view = FigureView("figure")
    qtbot.addWidget(view)
    layer = LAYERS["conv2d"]
    params = layer.Params()
    view.show_figure(lambda step: layer.figure.draw(params, {}, step), layer.figure.steps(params))
    assert 1.7 < 360 / view.heightForWidth(360) < 2.2 and view.heightForWidth(700) > view.heightForWidth(360)
    before = view.picture
    view.advance()
    assert view.step == 1 and view.picture != before
    view.show_figure(lambda step: layer.figure.draw(layer.Params(kernel=5), {}, step), 4)
    assert view.picture != before
    with qtbot.waitSignal(view.clicked):
        qtbot.keyClick(view, " ")
    view.show_figure(None)
    assert not view.isVisible()


def test_a_formula_breaks_where_it_must(qtbot: Any) -> None:
    view = FormulaView()
    qtbot.addWidget(view)
    view.setText(LAYERS["conv2d"].formula)
    assert view.heightForWidth(200) > view.heightForWidth(700) > 10
    assert view.accessibleName() == LAYERS["conv2d"].formula
    view.setText("")
    assert view.heightForWidth(200) == 0


def test_hovering_shows_the_small_figure(qapp: Any) -> None:
    assert picture_html("conv2d").startswith('<img src="data:image/png;base64,') and picture_html("conv2d") is picture_html("conv2d")
    assert picture_html("no_such_layer") == ""


def test_index_and_search_hold_every_layer(qapp: Any) -> None:
    index = index_text()
    for layer in LAYERS:
        assert f"(layer:{layer.name})" in index
        assert all(alias in search_text(layer) for alias in layer.aliases)


def test_painting_leaves_the_painter_as_it_was(qapp: Any) -> None:
    picture = picture_of(LAYERS["mel_spectrogram"])
    assert picture is not None
    image = QImage(400, 300, QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(image)
    before = painter.transform()
    paint(painter, picture)
    assert painter.transform() == before
    painter.end()
