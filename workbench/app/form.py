"""Forms made from `Params`: one row per field, with label, unit, range and help from the field itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.app import theme
from workbench.app.language import say, say_choice, tr
from workbench.app.values import out_of_range, read_float, read_int, reader_of, show_value, step_value
from workbench.catalogue import Params

LABEL_PX = 92


class ParamsForm(QWidget):
    """Edits the raw parameters of one catalogue entry.

    Signals:
        edited: Name of a field and its new value, each time a person has changed it to something valid.
    """

    edited = Signal(str, object)

    def __init__(self, model: type[Params], parent: QWidget | None = None, name: str = "form", skip: tuple[str, ...] = ()) -> None:
        """Builds the rows.

        Args:
            model: Whose fields are shown.
            parent: The owner.
            name: First part of the object names of the fields (`build.params`).
            skip: Fields left out.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self.model = model
        self.fields: dict[str, FieldEdit] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        self._main, self._more = _rows(), QWidget(self)
        self._more.setLayout(_rows())
        layout.addLayout(self._main)
        self._add_fields(skip)
        self._fold = self._fold_button()
        layout.addWidget(self._fold)
        layout.addWidget(self._more)
        self._more.hide()

    def _add_fields(self, skip: tuple[str, ...]) -> None:
        for name, info in self.model.model_fields.items():
            if name in skip:
                continue
            edit = field_edit(f"{self.objectName()}.{name}", info, self)
            edit.changed.connect(lambda value, name=name: self.edited.emit(name, value))
            self.fields[name] = edit
            rows = self._main if extra(info, "main", True) else self._more.layout()
            if isinstance(rows, QFormLayout):
                self._add_row(rows, _label(info, name, edit), edit, bool(extra(info, "code", False)))
        self._listen_to_complaints()

    def _add_row(self, rows: QFormLayout, label: QLabel, edit: FieldEdit, wide: bool) -> None:
        if wide:
            label.setMinimumHeight(0)
            rows.addRow(label)
            rows.addRow(edit)
        else:
            rows.addRow(label, edit)

    def _listen_to_complaints(self) -> None:
        """Has every text of several lines ask what is wrong with it, given the other fields."""
        from workbench.app.code_edit import complaint_of

        for name, edit in self._texts().items():
            edit.complain = lambda text, name=name: complaint_of(self.model, {**self.values(), name: text}, name)

    def _texts(self) -> dict[str, Any]:
        return {name: edit for name, edit in self.fields.items() if hasattr(edit, "complain")}

    def set_outcome(self, text: str, wrong: bool = False) -> None:
        """Says below the first text of several lines what it gives, or why it does not fit what arrives."""
        for edit in list(self._texts().values())[:1]:
            edit.set_outcome(text, wrong)

    def _fold_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"{self.objectName()}.more")
        button.setText(tr("More"))
        button.setAccessibleName(tr("More"))
        button.setCheckable(True)
        button.setToolTip(tr("Show the settings that are rarely changed"))
        theme.mark(button, "fold")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIconSize(QSize(10, 10))
        button.setArrowType(Qt.ArrowType.RightArrow)
        button.toggled.connect(self._more.setVisible)
        button.toggled.connect(lambda on: button.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow))
        rows = self._more.layout()
        button.setVisible(isinstance(rows, QFormLayout) and rows.rowCount() > 0)
        return button

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Shows these raw values; fields that are not among them show their default. Emits nothing."""
        for name, edit in self.fields.items():
            info = self.model.model_fields[name]
            edit.set_value(values[name] if name in values else info.get_default(call_default_factory=True))

    def values(self) -> dict[str, Any]:
        """Returns what the fields show."""
        return {name: edit.value() for name, edit in self.fields.items()}

    def show_field(self, name: str, on: bool) -> None:
        """Shows or hides a field with its label."""
        for rows in (self._main, self._more.layout()):
            if isinstance(rows, QFormLayout) and rows.indexOf(self.fields[name]) >= 0:
                rows.setRowVisible(self.fields[name], on)

    def set_choices(self, name: str, choices: list[Any]) -> None:
        """Offers values for a field whose choices depend on the project (dataset fields, say)."""
        edit = self.fields.get(name)
        if edit is not None:
            edit.offer(choices)


def _rows() -> QFormLayout:
    rows = QFormLayout()
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setHorizontalSpacing(theme.SPACE_12)
    rows.setVerticalSpacing(theme.SPACE_8)
    rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    return rows


def _label(info: Any, name: str, edit: FieldEdit) -> QLabel:
    label = QLabel(say(info.title or name))
    theme.mark(label, "quiet")
    label.setWordWrap(True)
    label.setMinimumSize(LABEL_PX, 28)
    label.setToolTip(edit.toolTip())
    label.setBuddy(edit.focus_widget())
    return label


def extra(info: Any, name: str, default: Any) -> Any:
    """Returns one entry of what `param(...)` stored beside a field."""
    more = info.json_schema_extra
    return more.get(name, default) if isinstance(more, dict) else default


class FieldEdit(QWidget):
    """The editor of one value. Subclasses put one control inside.

    Signals:
        changed: A new valid value, set by a person.
    """

    changed = Signal(object)

    def __init__(self, name: str, info: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.info = info
        self.setObjectName(f"{name}.field")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.setToolTip(_tip(info))

    def place(self, control: QWidget, name: str) -> None:
        """Puts the control in and names it."""
        control.setObjectName(name)
        control.setAccessibleName(say(self.info.title or name.rsplit(".", 1)[-1]))
        control.setAccessibleDescription(say(self.info.description or ""))
        control.setToolTip(self.toolTip())
        control.setMinimumWidth(48)
        self._row.addWidget(control, 1)
        self.setFocusProxy(control)

    def focus_widget(self) -> QWidget:
        """Returns the control itself."""
        return self.focusProxy() or self

    def value(self) -> Any:
        """Returns what is shown."""

    def set_value(self, value: Any) -> None:
        """Shows a value without saying so."""

    def offer(self, choices: list[Any]) -> None:
        """Offers values, where the editor can."""


def _tip(info: Any) -> str:
    limits = _limits(info)
    low, high = limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))
    span = {(True, True): tr("{low} to {high}", low=low, high=high), (True, False): tr("at least {low}", low=low),
            (False, True): tr("at most {high}", high=high)}.get((low is not None, high is not None), "")
    return "\n".join(line for line in (say(info.description or ""), span) if line)


def _limits(info: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in info.metadata:
        found.update({name: getattr(item, name) for name in ("ge", "gt", "le", "lt") if getattr(item, name, None) is not None})
    return found


class _TextEdit(FieldEdit):
    """One line of text that becomes a value when it can be read."""

    def __init__(self, name: str, info: Any, parent: QWidget, read: Callable[[str], Any], show: Callable[[Any], str]) -> None:
        super().__init__(name, info, parent)
        self._read, self._show, self._value = read, show, None
        self._line = _StepLine(self)
        self.place(self._line, name)
        self._line.editingFinished.connect(self._finish)
        self._line.textEdited.connect(self._typed)
        self._line.stepped.connect(self._step)
        self._line.escaped.connect(lambda: self.set_value(self._value))
        unit = extra(info, "unit", "")
        if unit:
            self._add_unit(say(unit))

    def _add_unit(self, unit: str) -> None:
        label = QLabel(unit, self._line)
        theme.mark(label, "small")
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inner = QHBoxLayout(self._line)
        inner.setContentsMargins(0, 0, 10, 0)
        inner.addStretch(1)
        inner.addWidget(label)
        self._line.setTextMargins(0, 0, label.sizeHint().width() + 6, 0)

    def _parsed(self, text: str) -> Any:
        value = self._read(text.strip())
        problem = out_of_range(value, _limits(self.info))
        if problem:
            raise ValueError(problem)
        return value

    def _typed(self, text: str) -> None:
        try:
            self._parsed(text)
        except (ValueError, OverflowError) as error:
            self._mark_wrong(str(error) or tr("This cannot be read."))
        else:
            self._mark_wrong("")

    def _finish(self) -> None:
        try:
            value = self._parsed(self._line.text())
        except (ValueError, OverflowError):
            self.set_value(self._value)
            return
        self._mark_wrong("")
        if value != self._value or type(value) is not type(self._value):
            self._value = value
            self._line.setText(self._show(value))
            self.changed.emit(value)

    def _step(self, direction: int, large: bool) -> None:
        if isinstance(self._value, (int, float)) and not isinstance(self._value, bool):
            stepped = step_value(self._value, direction, large, bool(extra(self.info, "log", False)))
            if not out_of_range(stepped, _limits(self.info)):
                self._line.setText(self._show(stepped))
                self._finish()

    def _mark_wrong(self, reason: str) -> None:
        self._line.setProperty("wrong", "true" if reason else "false")
        self._line.setToolTip(reason or self.toolTip())
        self._line.style().unpolish(self._line)
        self._line.style().polish(self._line)

    def value(self) -> Any:
        return self._value

    def set_value(self, value: Any) -> None:
        self._value = value
        self._mark_wrong("")
        self._line.setText(self._show(value))
        self._line.setCursorPosition(0)


class _StepLine(QLineEdit):
    """A line whose value up and down arrows move (with Ctrl or Shift in larger steps)."""

    stepped = Signal(int, bool)
    escaped = Signal()

    def keyPressEvent(self, event: Any) -> None:
        keys = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        if event.key() in keys:
            self.stepped.emit(keys[event.key()], bool(event.modifiers()))
            event.accept()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
            event.accept()
        else:
            super().keyPressEvent(event)

    def event(self, event: Any) -> bool:
        # Ctrl+Z with nothing to undo in the line itself belongs to the window's history.
        if event.type() == QEvent.Type.ShortcutOverride and event.matches(QKeySequence.StandardKey.Undo) and not self.isUndoAvailable():
            event.ignore()
            return False
        return super().event(event)


class _Check(FieldEdit):
    def __init__(self, name: str, info: Any, parent: QWidget) -> None:
        super().__init__(name, info, parent)
        self._box = QCheckBox(self)
        self.place(self._box, name)
        self._box.clicked.connect(lambda on: self.changed.emit(bool(on)))

    def value(self) -> bool:
        return self._box.isChecked()

    def set_value(self, value: Any) -> None:
        self._box.setChecked(bool(value))


class Choose(FieldEdit):
    """One of several values; a value that is not among them is shown and kept."""

    def __init__(self, name: str, info: Any, parent: QWidget, choices: list[Any]) -> None:
        super().__init__(name, info, parent)
        self._box = QComboBox(self)
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.place(self._box, name)
        self.offer(choices)
        self._box.activated.connect(lambda _index: self.changed.emit(self.value()))

    def offer(self, choices: list[Any]) -> None:
        kept = self.value()
        self._box.clear()
        for choice in choices:
            self._box.addItem(_choice_label(choice), choice)
        if kept is not None:
            self.set_value(kept)

    def value(self) -> Any:
        return self._box.currentData()

    def set_value(self, value: Any) -> None:
        index = next((row for row in range(self._box.count()) if self._box.itemData(row) == value), -1)
        if index < 0:
            self._box.addItem(_choice_label(value), value)
            index = self._box.count() - 1
        self._box.setCurrentIndex(index)


def _choice_label(choice: Any) -> str:
    if choice is None:
        return tr("none")
    if choice == "":
        return tr("automatic")
    return say_choice(str(choice.value if isinstance(choice, Enum) else choice))


def field_edit(name: str, info: Any, parent: QWidget) -> FieldEdit:
    """Returns the editor that fits one pydantic field."""
    kind, optional = _plain_type(info.annotation)
    if extra(info, "code", False):
        from workbench.app.code_edit import CodeEdit

        return CodeEdit(name, info, parent)
    choices = list(extra(info, "choices", [])) or _choices_of(kind)
    if choices:
        return Choose(name, info, parent, [None, *choices] if optional else choices)
    if kind is bool:
        return _Check(name, info, parent)
    reader = {int: read_int, float: read_float, str: str}.get(kind) or reader_of(kind)
    if optional:
        return _TextEdit(name, info, parent, lambda text: reader(text) if text else None, show_value)
    return _TextEdit(name, info, parent, reader, show_value)


def _plain_type(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        return (kinds[0] if len(kinds) == 1 else tuple(kinds)), len(kinds) < len(get_args(annotation))
    return annotation, False


def _choices_of(kind: Any) -> list[Any]:
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [member.value for member in kind]
    return []
