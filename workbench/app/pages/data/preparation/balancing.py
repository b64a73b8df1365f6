"""The part about rare classes and damaged rows: what is done, and what each class then counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.form import ParamsForm
from workbench.app.language import say_choice, tr
from workbench.app.pages.data.preparation.section import Same, Section, Shown, Sides
from workbench.app.pages.data.preparation.shares import ClassShares, class_shares, class_weights, rows_in_epoch
from workbench.app.pages.data.preparation.split_params import BalanceParams
from workbench.app.pages.data.preparation.splitting import CountTable
from workbench.app.widgets import quiet
from workbench.data.balance import MOST_REPEATS
from workbench.project.feeding import target_fields

_MOST_CLASSES = 200


class BalanceSection(Section):
    """Rare classes and damaged rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("balance", tr("Balance and damaged rows"), parent)
        self.form = ParamsForm(BalanceParams, self.inside, "data.preparation.balance.form")
        self.form.edited.connect(self._take)
        self.words = quiet("", self.inside)
        self.words.setObjectName("data.preparation.balance.words")
        self.damaged = quiet("", self.inside)
        self.damaged.setObjectName("data.preparation.balance.damaged")
        self.table = CountTable("data.preparation.balance.classes", tr("What each class counts"), self.inside)
        left, right = QWidget(self.inside), QWidget(self.inside)
        for side, widgets in ((left, (self.form, self.damaged)), (right, (self.words, self.table))):
            layout = QVBoxLayout(side)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(theme.SPACE_8)
            for widget in widgets:
                layout.addWidget(widget)
            layout.addStretch(1)
        self.content.addWidget(Sides(left, right, self.inside, left_px=300))

    def key(self, shown: Shown) -> Any:
        return Same(shown.rows), shown.project.data, shown.project.objectives

    def summarise(self, shown: Shown) -> None:
        data = shown.project.data
        said = [tr("rare classes: {what}", what=say_choice(data.balance))] if self._has_classes(shown) else []
        if shown.prepared is not None and shown.prepared.streams is not None:
            said.append(tr("damaged rows: {what}", what=say_choice(data.bad_rows)))
        self.set_facts(" · ".join(said))

    def _has_classes(self, shown: Shown) -> bool:
        return shown.rows.label is not None and shown.rows.label.name in target_fields(shown.project)

    def refresh(self, shown: Shown) -> None:
        data, prepared = shown.project.data, shown.prepared
        self.form.set_values({"balance": data.balance, "bad_rows": data.bad_rows})
        streamed = prepared is not None and prepared.streams is not None
        self.form.show_field("bad_rows", streamed)
        self.damaged.setText(damaged_words(shown))
        found = class_shares(shown.rows, target_fields(shown.project)) if prepared is not None else None
        self.form.show_field("balance", found is not None)
        self.table.setVisible(found is not None)
        if found is None:
            self.words.setText(tr("No class is learned: there is nothing to balance.") if prepared is not None else "")
            return
        training = found.counts[:, 0]
        self.words.setText(self._said(training, data.balance))
        self._show_classes(shown, found, training)

    def _said(self, training: np.ndarray, balance: str) -> str:
        there = training[training > 0]
        if not len(there):
            return ""
        ratio = tr("The most frequent class has {ratio} times as many training rows as the rarest.", ratio=f"{there.max() / there.min():.3g}")
        what = {
            "weights": tr("An error counts the more the rarer its class is, so that all classes count alike."),
            "oversample": tr("Rare rows stand several times in an epoch, at most {most} times each.", most=MOST_REPEATS),
        }.get(balance, tr("Every row counts alike, so frequent classes count more."))
        return f"{ratio} {what}"

    def _show_classes(self, shown: Shown, found: ClassShares, training: np.ndarray) -> None:
        balance = shown.project.data.balance
        total = max(int(training.sum()), 1)
        heads = [tr("Class"), tr("Rows"), tr("Share")]
        columns: list[list[str]] = [[f"{count:,}" for count in training.tolist()], [f"{count / total:.1%}" for count in training.tolist()]]
        if balance == "weights":
            heads.append(tr("Each error counts"))
            columns.append([f"{weight:.3g} ×" for weight in class_weights(training).tolist()])
        elif balance == "oversample":
            often = rows_in_epoch(training)
            heads += [tr("In an epoch"), tr("Share then")]
            columns += [[f"{count:,}" for count in often.tolist()], [f"{count / max(int(often.sum()), 1):.1%}" for count in often.tolist()]]
        rows = [(name, *(column[number] for column in columns)) for number, name in enumerate(found.names[:_MOST_CLASSES])]
        self.table.show_rows(heads, rows)

    def _take(self, name: str, value: Any) -> None:
        if self.shown is not None:
            label = tr("Change how rare classes count") if name == "balance" else tr("Change what damaged rows do")
            self.shown.edit_data(label, f"data.{name}", **{name: value})


def damaged_words(shown: Shown) -> str:
    """Returns how many rows could not be read so far, and what that does."""
    prepared = shown.prepared
    if prepared is None:
        return ""
    if prepared.streams is not None:
        count = len(prepared.streams.unreadable)
        if not count:
            return tr("Rows are read while the model trains. None was damaged so far.")
        return tr("Rows are read while the model trains. {count} could not be read so far.", count=f"{count:,}")
    problems = (*shown.dataset.problems, *prepared.problems)
    count = len({row for problem in problems if problem.kind == "unreadable" for row in problem.rows})
    if not count:
        return tr("All rows are in memory and could be read: there is nothing to skip.")
    return tr("All rows are in memory. {count} could not be read and were left out when the data was opened.", count=f"{count:,}")
