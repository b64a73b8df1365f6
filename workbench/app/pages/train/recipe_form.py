"""The recipe as a form: optimizer, schedule and the rest; some of it also while a run is under way."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.form import ParamsForm
from workbench.app.language import say, tr
from workbench.app.pages.train.recipe_params import RecipeParams
from workbench.app.widgets import Heading
from workbench.project.project import Choice, Recipe

if TYPE_CHECKING:
    from workbench.catalogue import Catalogue

CAPTION_PX = 92


class ChoiceForm(QWidget):
    """One entry of a catalogue and its parameters.

    Signals:
        edited: The new choice and the name of what changed.
    """

    edited = Signal(object, str)

    def __init__(self, name: str, label: str, catalogue: Catalogue[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._catalogue, self._choice = catalogue, Choice("")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.SPACE_8)
        self.box = QComboBox()
        self.box.setObjectName(f"{name}.entry")
        self.box.setAccessibleName(label)
        for entry in sorted(catalogue, key=lambda entry: entry.label):
            self.box.addItem(say(entry.label), entry.name)
            self.box.setItemData(self.box.count() - 1, say(entry.summary), 3)
        self.box.activated.connect(self._take_entry)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_12)
        caption = QLabel(label)
        theme.mark(caption, "quiet")
        caption.setFixedWidth(CAPTION_PX)
        row.addWidget(caption)
        row.addWidget(self.box, 1)
        self._layout.addLayout(row)
        self._form: ParamsForm | None = None

    def set_choice(self, choice: Choice) -> None:
        """Shows a choice."""
        if choice.name != self._choice.name or self._form is None:
            self._build(choice.name)
        self._choice = choice
        self.box.setCurrentIndex(self.box.findData(choice.name))
        if self._form is not None:
            self._form.set_values(choice.params)

    def _build(self, name: str) -> None:
        if self._form is not None:
            self._form.hide()
            self._form.deleteLater()
            self._form = None
        entry = self._catalogue.get(name)
        if entry is not None:
            self._form = ParamsForm(entry.Params, self, f"{self.objectName()}.{name}")
            self._form.edited.connect(self._take_value)
            self._layout.addWidget(self._form)

    def _take_entry(self, index: int) -> None:
        name = self.box.itemData(index)
        if name != self._choice.name:
            entry = self._catalogue[name]
            kept = {key: value for key, value in self._choice.params.items() if key in entry.Params.model_fields}
            self.edited.emit(Choice(name, MappingProxyType(kept)), "name")

    def _take_value(self, name: str, value: Any) -> None:
        self.edited.emit(self._choice.with_params(**{name: value}), name)


class RecipeForm(QWidget):
    """The whole recipe.

    Signals:
        edited: The new recipe, and the dotted name of what changed (`optimizer.learning_rate`, `epochs`).
    """

    edited = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        from workbench.training.optimizers import OPTIMIZERS
        from workbench.training.schedules import SCHEDULES

        super().__init__(parent)
        self.setObjectName("train.recipe")
        self._recipe = Recipe()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, 0, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_8)
        layout.addWidget(Heading(tr("Recipe")))
        self.optimizer = ChoiceForm("train.optimizer", tr("Optimizer"), OPTIMIZERS, self)
        self.schedule = ChoiceForm("train.schedule", tr("Schedule"), SCHEDULES, self)
        self.rest = ParamsForm(RecipeParams, self, "train.recipe")
        for widget in (self.optimizer, self.schedule, self.rest):
            layout.addWidget(widget)
        self.optimizer.edited.connect(lambda choice, what: self._emit(f"optimizer.{what}", optimizer=choice))
        self.schedule.edited.connect(lambda choice, what: self._emit(f"schedule.{what}", schedule=choice))
        self.rest.edited.connect(lambda name, value: self._emit(name, **{name: value}))

    def set_recipe(self, recipe: Recipe) -> None:
        """Shows a recipe."""
        self._recipe = recipe
        self.optimizer.set_choice(recipe.optimizer)
        self.schedule.set_choice(recipe.schedule)
        self.rest.set_values({name: getattr(recipe, name) for name in RecipeParams.model_fields})

    def _emit(self, what: str, **values: Any) -> None:
        self.edited.emit(replace(self._recipe, **values), what)
