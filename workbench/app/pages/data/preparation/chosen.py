"""The list of chosen augmentations: each switches off, folds its parameters out, moves and goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.form import ParamsForm
from workbench.app.language import say, tr
from workbench.app.values import show_value
from workbench.app.widgets import quiet

if TYPE_CHECKING:
    from workbench.data.augmentation import Augmentation
    from workbench.project.project import Choice

Change = Callable[[tuple["Choice", ...]], tuple["Choice", ...]]
_OWN = ("active", "field")


class ChosenList(QWidget):
    """What was chosen, in order.

    Signals:
        edited: What the step is called, the new choices, and a key under which consecutive changes become one.
    """

    edited = Signal(str, object, str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.choices: tuple[Choice, ...] = ()
        self._inputs: Callable[[Augmentation], Sequence[str]] = lambda _entry: ()
        self.items: list[ChosenItem] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._empty = quiet(tr("Nothing varies the training rows yet."))
        self._layout.addWidget(self._empty)

    def show_choices(self, choices: Sequence[Choice], inputs: Callable[[Augmentation], Sequence[str]]) -> None:
        """Shows choices; forms of entries that stayed where they were keep their widgets.

        Args:
            choices: In order.
            inputs: The names of the inputs that an entry could vary.
        """
        before, self.choices, self._inputs = self.choices, tuple(choices), inputs
        if [choice.name for choice in before] != [choice.name for choice in self.choices] or not self.items:
            self._rebuild()
        for item, choice in zip(self.items, self.choices, strict=True):
            item.show_choice(choice)
        self._empty.setVisible(not self.items)

    def _rebuild(self) -> None:
        opened = {item.name for item in self.items if item.is_open}
        for item in self.items:
            item.hide()
            item.deleteLater()
        self.items = [ChosenItem(self, place, choice.name, self._inputs) for place, choice in enumerate(self.choices)]
        for item in self.items:
            self._layout.addWidget(item)
            item.open(item.name in opened)

    def change(self, place: int, name: str, value: Any) -> None:
        """Sets one parameter of one of them."""
        choices = list(self.choices)
        choices[place] = choices[place].with_params(**{name: value})
        label = self.items[place].title
        words = tr("Change {name}", name=label) if name != "active" else \
            tr("Switch {name} on", name=label) if value else tr("Switch {name} off", name=label)
        self.edited.emit(words, tuple(choices), f"augmentation.{place}.{name}")

    def move(self, place: int, by: int) -> None:
        """Moves one of them up or down."""
        other = place + by
        if 0 <= other < len(self.choices):
            choices = list(self.choices)
            choices[place], choices[other] = choices[other], choices[place]
            title = self.items[place].title
            self.edited.emit(tr("Move {name}", name=title), tuple(choices), "")
            self.items[other].handle(by).setFocus()

    def remove(self, place: int) -> None:
        """Takes one of them out."""
        title = self.items[place].title
        self.edited.emit(tr("Take out {name}", name=title), self.choices[:place] + self.choices[place + 1:], "")
        if self.items:
            self.items[min(place, len(self.items) - 1)].fold.setFocus()

    def add(self, choice: Choice) -> None:
        """Puts one behind the others and opens it."""
        from workbench.data.augmentation import AUGMENTATIONS

        entry = AUGMENTATIONS[choice.name]
        self.edited.emit(tr("Add {name}", name=say(entry.label)), (*self.choices, choice), "")
        if self.items:
            self.items[-1].open(True)


class ChosenItem(QFrame):
    """One chosen augmentation."""

    def __init__(self, owner: ChosenList, place: int, name: str, inputs: Callable[[Augmentation], Sequence[str]]) -> None:
        from workbench.data.augmentation import AUGMENTATIONS

        super().__init__(owner)
        self.owner, self.place, self.name = owner, place, name
        self.entry = AUGMENTATIONS.get(name)
        self.title = say(self.entry.label) if self.entry is not None else name
        self.setObjectName(f"{owner.objectName()}.{place}")
        theme.mark(self, "finding-row")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.SPACE_4, 0, theme.SPACE_4)
        layout.setSpacing(0)
        layout.addLayout(self._line())
        layout.addWidget(self._words)
        self._inside = QWidget(self)
        self._fill(self._inside, list(inputs(self.entry)) if self.entry is not None else [])
        self._inside.hide()
        layout.addWidget(self._inside)

    def _line(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        base = self.objectName()
        self.active = QCheckBox(self)
        self.active.setObjectName(f"{base}.active")
        self.active.setAccessibleName(tr("{name} is on", name=self.title))
        self.active.setToolTip(tr("Off: its settings are kept, but nothing is varied."))
        self.active.clicked.connect(lambda on: self.owner.change(self.place, "active", bool(on)))
        self.fold = QToolButton(self)
        self.fold.setObjectName(f"{base}.open")
        self.fold.setText(self.title)
        self.fold.setAccessibleName(self.title)
        self.fold.setToolTip(say(self.entry.summary) if self.entry is not None else "")
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setIconSize(QSize(10, 10))
        self.fold.setArrowType(Qt.ArrowType.RightArrow)
        theme.mark(self.fold, "fold")
        self.fold.toggled.connect(self._turn)
        self._words = QLabel(self)
        theme.mark(self._words, "small")
        self._words.setContentsMargins(40, 0, 0, theme.SPACE_4)
        row.addWidget(self.active)
        row.addWidget(self.fold)
        row.addStretch(1)
        last = len(self.owner.choices) - 1
        self._up = self._tool("up", "↑", tr("Move {name} up", name=self.title), lambda: self.owner.move(self.place, -1), self.place > 0)
        self._down = self._tool("down", "↓", tr("Move {name} down", name=self.title), lambda: self.owner.move(self.place, 1), self.place < last)
        self._gone = self._tool("remove", "×", tr("Take out {name}", name=self.title), lambda: self.owner.remove(self.place), True)
        for tool in (self._up, self._down, self._gone):
            row.addWidget(tool)
        return row

    def _tool(self, name: str, sign: str, words: str, do: Callable[[], Any], on: bool) -> QToolButton:
        made = QToolButton(self)
        made.setObjectName(f"{self.objectName()}.{name}")
        made.setText(sign)
        made.setAccessibleName(words)
        made.setToolTip(words)
        made.setFixedWidth(24)
        theme.mark(made, "plain")
        made.setEnabled(on)
        made.clicked.connect(lambda _checked=False: do())
        return made

    def handle(self, by: int) -> QToolButton:
        """Returns the button that moves it on in the same direction, or the other where it is at the end."""
        wanted, other = (self._up, self._down) if by < 0 else (self._down, self._up)
        return wanted if wanted.isEnabled() else other

    def _fill(self, inside: QWidget, inputs: list[str]) -> None:
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(theme.SPACE_24, theme.SPACE_4, 0, theme.SPACE_8)
        layout.setSpacing(theme.SPACE_8)
        if self.entry is None:
            layout.addWidget(quiet(tr("There is no augmentation of this name.")))
            return
        layout.addWidget(quiet(say(self.entry.summary)))
        self.form = ParamsForm(self.entry.Params, inside, f"{self.objectName()}.{self.name}", skip=_OWN)
        self.form.edited.connect(lambda name, value: self.owner.change(self.place, name, value))
        layout.addWidget(self.form)
        self.which = QComboBox(inside)
        self.which.setObjectName(f"{self.objectName()}.field")
        self.which.setAccessibleName(tr("Which input is varied"))
        self.which.setToolTip(tr("Which input is varied"))
        for words, name in ((tr("every input that fits"), ""), *((name, name) for name in inputs)):
            self.which.addItem(words, name)
        self.which.activated.connect(lambda _index: self.owner.change(self.place, "field", self.which.currentData()))
        self.which.setVisible(len(inputs) > 1 and not self.entry.mixes_rows)
        layout.addWidget(self.which)

    def show_choice(self, choice: Choice) -> None:
        """Shows parameters."""
        on = bool(choice.params.get("active", True))
        self.active.setChecked(on)
        self.fold.setEnabled(True)
        if self.entry is None:
            return
        known = {name: value for name, value in choice.params.items() if name in self.entry.Params.model_fields}
        self.form.set_values(MappingProxyType(known))
        self.which.setCurrentIndex(max(0, self.which.findData(choice.params.get("field", ""))))
        self._words.setText(self._summary(choice) if on else tr("off"))
        self.setEnabled(True)
        self._inside.setEnabled(on)

    def _summary(self, choice: Choice) -> str:
        """Returns what stands beside the name: how often it happens, where it does not always."""
        info = self.entry.Params.model_fields.get("probability") if self.entry is not None else None
        often = choice.params.get("probability", info.default if info is not None else 1.0)
        shown = [f"{float(often):.0%}"] if isinstance(often, (int, float)) else []
        for name in list(self.form.fields)[1:2]:
            field = self.entry.Params.model_fields[name] if self.entry is not None else None
            value = choice.params.get(name, field.default if field is not None else None)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                shown.append(f"{say(field.title or name).lower() if field is not None else name} {show_value(value)}")
        return " · ".join(shown)

    @property
    def is_open(self) -> bool:
        """Whether its parameters show."""
        return self.fold.isChecked()

    def open(self, on: bool) -> None:
        """Folds its parameters out or in."""
        self.fold.setChecked(on)

    def _turn(self, on: bool) -> None:
        self.fold.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self._inside.setVisible(on)
