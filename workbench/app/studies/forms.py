"""What a person sets before a study begins: one small form for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QSpinBox, QWidget

from workbench.app import theme
from workbench.app.language import tr

if TYPE_CHECKING:
    from workbench.project.project import Project

MOST_RUNS = 50


class StudyForm(QWidget):
    """The settings of one kind of study.

    Signals:
        edited: A person changed something.
    """

    edited = Signal()
    kind = ""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"studies.{self.kind}")
        self.rows = QFormLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setHorizontalSpacing(theme.SPACE_12)
        self.rows.setVerticalSpacing(theme.SPACE_8)

    def params(self) -> dict[str, Any]:
        """Returns what is set, as raw parameters."""
        return {}

    def count(self) -> int:
        """Returns how many runs that takes."""
        return 0

    def show_project(self, project: Project) -> None:
        """Takes notice of the project that is asked about."""

    def choose(self, change: str) -> None:
        """Brings one change to the front, where the form has changes."""

    def _number(self, name: str, label: str, tip: str, value: int, low: int) -> QSpinBox:
        box = QSpinBox(self)
        box.setObjectName(f"studies.{self.kind}.{name}")
        box.setRange(low, MOST_RUNS)
        box.setValue(value)
        box.valueChanged.connect(lambda _value: self.edited.emit())
        box.lineEdit().setTextMargins(theme.SPACE_4, 0, 0, 0)
        self._add(label, box, tip)
        return box

    def _add(self, label: str, field: QWidget, tip: str) -> None:
        field.setAccessibleName(label)
        field.setToolTip(tip)
        field.setMaximumWidth(320)
        words = QLabel(label)
        theme.mark(words, "quiet")
        words.setMinimumWidth(92)
        words.setToolTip(tip)
        self.rows.addRow(words, field)


class FoldsForm(StudyForm):
    """How many folds."""

    kind = "folds"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folds = self._number("folds", tr("Folds"), tr("So many runs, each leaving another part of the rows out to judge them."), 5, 2)

    def params(self) -> dict[str, Any]:
        return {"folds": self.folds.value()}

    def count(self) -> int:
        return self.folds.value()


class BudgetForm(StudyForm):
    """Which shares, and how often."""

    kind = "budget"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shares = QLineEdit("5, 10, 25, 50, 100", self)
        self.shares.setObjectName("studies.budget.shares")
        self.shares.textChanged.connect(lambda _text: self.edited.emit())
        self._add(tr("Shares in %"), self.shares, tr("How much of the training rows each run gets; smaller parts lie within larger ones."))
        self.seeds = self._number("seeds", tr("Seeds"), tr("So many runs for each share; several show how much is chance."), 1, 1)

    def params(self) -> dict[str, Any]:
        return {"shares": self._shares(), "seeds": self.seeds.value()}

    def _shares(self) -> list[Any]:
        parts = [part.strip().removesuffix("%").strip() for part in self.shares.text().replace("，", ",").split(",")]
        return [float(part) if _is_number(part) else part for part in parts if part]

    def count(self) -> int:
        return len(set(self._shares())) * self.seeds.value()


class PairedForm(StudyForm):
    """Which change, and how often."""

    kind = "paired"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.change = QComboBox(self)
        self.change.setObjectName("studies.paired.change")
        self.change.setEditable(True)
        self.change.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._add(tr("The change"), self.change,
                  tr("What the second of each pair does otherwise: choose one, or write settings such as train.epochs=5."))
        self.seeds = self._number("seeds", tr("Pairs"), tr("So many pairs of runs; both of a pair start from the same seed."), 5, 1)
        self._names: dict[str, str] = {}
        self._balance = ""

    def show_project(self, project: Project) -> None:
        names = changes_of(project)
        self._balance = {"weights": "class-weights", "oversample": "oversampling"}.get(project.data.balance, "")
        if names != self._names:
            before, self._names = self.change.currentText(), names
            self.change.clear()
            self.change.addItems(list(names))
            if before and before not in names and "=" in before:
                self.change.setEditText(before)

    def choose(self, change: str) -> None:
        """Brings one change to the front.

        Args:
            change: As the study takes it; `balance` for what the project does about rare classes.
        """
        wanted = ("class-weights", "oversampling") if change == "balance" else (change,)
        taken = self._balance if change == "balance" else ""
        for words, name in self._names.items():
            if name in wanted and (not taken or name == taken):
                self.change.setCurrentText(words)

    def params(self) -> dict[str, Any]:
        words = self.change.currentText().strip()
        return {"vary": [self._names.get(words, words)] if words in self._names else _settings(words), "seeds": self.seeds.value()}

    def count(self) -> int:
        return 2 * self.seeds.value()


def changes_of(project: Project) -> dict[str, str]:
    """Returns what can be switched in this project: what people read, and the name that the study takes."""
    weighs, repeats = project.data.balance == "weights", project.data.balance == "oversample"
    found: dict[str, str] = {}
    if project.data.augmentation:
        found[tr("Leave augmentation away")] = "augmentation"
    if project.data.made:
        found[tr("Leave the made rows away")] = "made-rows"
    found[tr("Do not weigh classes") if weighs else tr("Let rare classes weigh more")] = "class-weights"
    found[tr("Do not repeat rare rows") if repeats else tr("Show rare rows more often")] = "oversampling"
    found[tr("Half the learning rate")] = f"train.optimizer.learning_rate={_rate(project.recipe.optimizer.params) / 2:g}"
    return found


def _rate(params: Mapping[str, Any]) -> float:
    return float(params.get("learning_rate", 0.002))


def _settings(words: str) -> list[str]:
    """Returns settings written one after another, divided by blanks or semicolons."""
    return [part for part in words.replace("；", ";").replace(";", " ").split() if part]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


FORMS: tuple[type[StudyForm], ...] = (FoldsForm, BudgetForm, PairedForm)
