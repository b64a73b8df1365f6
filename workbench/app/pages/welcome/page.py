"""The Welcome page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import run_job
from workbench.app.language import say, tr
from workbench.app.pages.page import Page
from workbench.app.pages.welcome.cards import STARTERS, Activatable, DropArea, Starter, StarterCard, more_starters
from workbench.app.widgets.basic import Heading, button, line
from workbench.app.wording import ago, short_path
from workbench.settings import load_settings

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.app.window import Window
    from workbench.text import Text

WIDTH_PX = 960
RECENT_SHOWN, LINKS_PER_ROW = 6, 3
AFTER_PAINT_MS = 200


class WelcomePage(Page):
    """What one may begin with."""

    page_name = "welcome"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        area = QScrollArea()
        area.setObjectName("welcome.scroll")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self._body = QWidget()
        self._body.setObjectName("welcome.body")
        row = QHBoxLayout(self._body)
        self._column = QVBoxLayout()
        self._column.setContentsMargins(theme.SPACE_24, 40, theme.SPACE_24, theme.SPACE_24)
        self._column.setSpacing(theme.SPACE_16)
        inner = QWidget()
        inner.setLayout(self._column)
        inner.setMaximumWidth(WIDTH_PX + 2 * theme.SPACE_24)
        row.addStretch(1)
        row.addWidget(inner, 100)
        row.addStretch(1)
        self._fill()
        area.setWidget(self._body)
        self.set_columns(None, area, None)

    def _fill(self) -> None:
        self._settings = load_settings()
        self._column.addLayout(self._headline())
        self._column.addLayout(self._starters())
        self._column.addLayout(self._own())
        self._more = QWidget()
        self._more.setObjectName("welcome.more")
        self._more.hide()
        self._column.addWidget(self._more)
        self._recent = QFrame()
        self._recent.setObjectName("welcome.recent")
        theme.mark(self._recent, "card")
        self._rows = QVBoxLayout(self._recent)
        self._rows.setContentsMargins(1, theme.SPACE_8, 1, 4)
        self._rows.setSpacing(0)
        self._column.addWidget(self._recent)
        self._column.addLayout(self._foot())
        self._column.addStretch(1)

    def _headline(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(theme.SPACE_4)
        title = QLabel(tr("What would you like to understand today?"))
        sentence = QLabel(tr("Pick an example: in two minutes it trains, you look inside, and it reads a digit you draw."))
        theme.mark(title, "title")
        theme.mark(sentence, "quiet")
        sentence.setWordWrap(True)
        column.addWidget(title)
        column.addWidget(sentence)
        return column

    def _starters(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE_16)
        for column, starter in enumerate(STARTERS):
            card = StarterCard(starter, self._settings.seconds.get(starter.name))
            card.clicked.connect(lambda name=starter.name: self._window().files.start(name))
            grid.addWidget(card, 0, column)
            grid.setColumnStretch(column, 1)
        return grid

    def _read_more(self) -> None:
        if self._more.layout() is None:
            run_job(self, lambda _progress, _cancelled: more_starters(), self._show_more)

    def _show_more(self, found: list[tuple[Text, list[Starter]]]) -> None:
        """Lists the other starters by family; they are read after the first paint."""
        if self._more.layout() is not None:
            return
        grid = QGridLayout(self._more)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE_8)
        grid.setVerticalSpacing(theme.SPACE_4)
        grid.setColumnStretch(LINKS_PER_ROW + 1, 1)
        grid.addWidget(Heading(tr("More examples")), 0, 0, 1, LINKS_PER_ROW + 1)
        row = 1
        for family, starters in found:
            heading = QLabel(say(family))
            theme.mark(heading, "quiet")
            grid.addWidget(heading, row, 0)
            for place, starter in enumerate(starters):
                grid.addWidget(self._link(starter), row + place // LINKS_PER_ROW, 1 + place % LINKS_PER_ROW, Qt.AlignmentFlag.AlignLeft)
            row += -(-len(starters) // LINKS_PER_ROW)
        self._more.show()

    def _link(self, starter: Starter) -> QWidget:
        name = starter.name
        return button(f"welcome.more.{name}", say(starter.title), lambda: self._window().files.start(name), kind="link", tip=say(starter.sentence))

    def _own(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_16)
        sentence = tr("Folders of images, sounds or texts, tables, arrays, archives: recognised by itself. Or click to choose.")
        data = DropArea("welcome.data", tr("Drop your data here"), sentence)
        data.clicked.connect(self._choose_data)
        blank = DropArea("welcome.blank", tr("Empty canvas"), tr("Draw from the first layer on"))
        blank.clicked.connect(lambda: self._window().files.new_project())
        row.addWidget(data, 1)
        row.addWidget(blank, 1)
        return row

    def _choose_data(self) -> None:
        from PySide6.QtGui import QCursor
        from PySide6.QtWidgets import QMenu

        menu = QMenu(self)
        menu.setObjectName("welcome.data.menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        bringing = self._window().bringing
        menu.addAction(tr("A file…"), bringing.open_data_file)
        menu.addAction(tr("A folder…"), bringing.open_data_folder)
        menu.addAction(tr("More ways…"), bringing.open_data)
        menu.popup(QCursor.pos())

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        row.addWidget(button("welcome.open", tr("Open project…"), lambda: self._window().files.open_project()))
        row.addStretch(1)
        return row

    def _window(self) -> Window:
        from workbench.app.window import window_of

        window = window_of(self)
        assert window is not None
        return window

    def shown(self) -> None:
        """Lists the recent projects anew, and all starters once; what is known about each is read on a worker thread."""
        if self._more.layout() is None:
            QTimer.singleShot(AFTER_PAINT_MS, self, self._read_more)
        self._settings = load_settings()
        folders = [Path(folder) for folder in self._settings.recent[:RECENT_SHOWN]]
        self._recent.setVisible(bool(folders))
        if folders:
            run_job(self, lambda _progress, _cancelled: [_about(folder) for folder in folders], self._show_recent)

    def _show_recent(self, found: list[tuple[Path, str, datetime | None]]) -> None:
        while self._rows.count():
            widget = self._rows.takeAt(0).widget()
            if widget is not None:
                widget.deleteLater()
        heading = Heading(tr("Recent projects"))
        heading.setContentsMargins(theme.SPACE_16, 4, 0, 4)
        self._rows.addWidget(heading)
        for number, (folder, score, moment) in enumerate(found):
            self._rows.addWidget(line())
            self._rows.addWidget(self._recent_row(number, folder, score, moment))

    def _recent_row(self, number: int, folder: Path, score: str, moment: datetime | None) -> QWidget:
        row = Activatable(f"welcome.recent.{number}", folder.name, "row")
        row.setToolTip(str(folder))
        layout = QHBoxLayout(row)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_8, theme.SPACE_16, theme.SPACE_8)
        when = ago(moment) if moment else tr("missing")
        texts = ((folder.name, "subject", 2), (short_path(folder.parent), "quiet", 3), (score, "quiet", 2), (when, "quiet", 0))
        for text, kind, share in texts:
            label = QLabel(text)
            label.setTextFormat(Qt.TextFormat.PlainText)
            theme.mark(label, kind)
            if share:
                label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            layout.addWidget(label, share)
        row.clicked.connect(lambda: self._window().files.open_path(folder))
        return row


def _about(folder: Path) -> tuple[Path, str, datetime | None]:
    from workbench.app.run_bar import main_score
    from workbench.project.runs import list_runs

    settings = folder / "workbench.toml"
    if not settings.exists():
        return folder, "", None
    runs = list_runs(folder)
    score = next((main_score(dict(info.metrics)) for info in runs if info.metrics), "")
    moment = max(settings.stat().st_mtime, *(info.path.stat().st_mtime for info in runs[:1]), 0.0)
    return folder, score, datetime.fromtimestamp(moment)
