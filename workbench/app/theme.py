"""Colours, spacing and type of the window: two sets of tokens, two palettes, one small style sheet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from workbench.resources import resource

SPACE_4, SPACE_8, SPACE_12, SPACE_16, SPACE_24 = 4, 8, 12, 16, 24
RADIUS_CONTROL, RADIUS_NODE, RADIUS_CARD = 6, 7, 8
TEXT_PX, SMALL_PX, TITLE_PX = 13, 11, 24


@dataclass(frozen=True, slots=True)
class Theme:
    """The tokens of one theme, as hex strings.

    Attributes:
        curves: Plot colours in order; tell curves apart by dash or marker too.
    """

    name: str
    background: str
    surface: str
    raised: str
    line: str
    text: str
    quiet: str
    faint: str
    accent: str
    accent_wash: str
    good: str
    doubtful: str
    wrong: str
    good_wash: str
    doubtful_wash: str
    wrong_wash: str
    canvas: str
    dots: str
    curves: tuple[str, ...]

    @property
    def dark(self) -> bool:
        """Whether light text stands on a dark ground."""
        return self.name == "dark"

    @property
    def on_accent(self) -> str:
        """The text colour on an accent ground."""
        return "#0B1220" if self.dark else "#FFFFFF"


LIGHT = Theme(
    "light", "#F4F5F7", "#FFFFFF", "#FAFBFC", "#DFE3E8", "#1B1F27", "#5D6878", "#98A2B3", "#2563EB", "#E8EFFE",
    "#15803D", "#B45309", "#C62828", "#E7F5EC", "#FDF3E1", "#FCEBEA", "#F8F9FB", "#DDE2E9",
    ("#2563EB", "#F59E0B", "#10B981", "#EC4899", "#8B5CF6", "#64748B"),
)
DARK = Theme(
    "dark", "#121419", "#1A1D24", "#21252E", "#2E3440", "#E6E9EF", "#98A2B3", "#667085", "#6C9CFF", "#223150",
    "#4CC38A", "#E2B04A", "#F0766E", "#1B3329", "#3A3020", "#3D2524", "#15181D", "#262B35",
    ("#6C9CFF", "#F59E0B", "#10B981", "#EC4899", "#8B5CF6", "#64748B"),
)
FAMILY_COLOURS = {
    "input/output": "#64748B", "convolution": "#3B82F6", "pooling": "#0EA5A4", "normalisation": "#84A59D", "activation": "#EAB308",
    "dense": "#EC4899", "recurrent": "#8B5CF6", "attention": "#F97316", "shape": "#94A3B8", "regularising": "#A3A3A3",
}


class ThemeSignals(QObject):
    """Says that the theme is another one.

    Signals:
        changed: After palette and style sheet have been set.
    """

    changed = Signal()


class _State:
    theme: Theme = LIGHT
    choice: str = "system"


@cache
def signals() -> ThemeSignals:
    """Returns the one object that says when the theme changes."""
    return ThemeSignals()


def current() -> Theme:
    """Returns the tokens in use."""
    return _State.theme


def choice() -> str:
    """Returns what the person chose: `light`, `dark` or `system`."""
    return _State.choice


def family_colour(family: str) -> str:
    """Returns the colour of a layer family as a hex string; unknown families are grey."""
    return FAMILY_COLOURS.get(str(family), "#94A3B8")


def set_theme(choice: str) -> None:
    """Takes a theme: `light`, `dark`, or `system` for what the desktop says."""
    _State.choice = choice
    _State.theme = {"light": LIGHT, "dark": DARK}.get(choice) or _system_theme()
    app = QApplication.instance()
    if isinstance(app, QApplication):
        _dress(app, _State.theme)
    signals().changed.emit()


def follow_system() -> None:
    """Follows the desktop's own switch between light and dark while the choice is `system`."""
    QApplication.styleHints().colorSchemeChanged.connect(_system_changed)


def _system_changed(_scheme: object) -> None:
    if _State.choice == "system" and _system_theme() is not _State.theme:
        set_theme("system")


def _system_theme() -> Theme:
    app = QApplication.instance()
    dark = isinstance(app, QApplication) and app.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return DARK if dark else LIGHT


def _dress(app: QApplication, theme: Theme) -> None:
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    app.setFont(text_font())
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))


def palette(theme: Theme) -> QPalette:
    """Returns the Qt palette of a theme."""
    roles = QPalette.ColorRole
    colours = {
        roles.Window: theme.background, roles.WindowText: theme.text, roles.Base: theme.surface, roles.AlternateBase: theme.raised,
        roles.Text: theme.text, roles.Button: theme.surface, roles.ButtonText: theme.text, roles.BrightText: theme.wrong,
        roles.Highlight: theme.accent, roles.HighlightedText: theme.on_accent, roles.ToolTipBase: theme.raised,
        roles.ToolTipText: theme.text, roles.PlaceholderText: theme.quiet, roles.Link: theme.accent, roles.LinkVisited: theme.accent,
        roles.Light: theme.raised, roles.Midlight: theme.line, roles.Mid: theme.line, roles.Dark: theme.faint, roles.Shadow: theme.line,
        roles.Accent: theme.accent,
    }
    result = QPalette()
    for role, colour in colours.items():
        result.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.faint))
    return result


@cache
def _families() -> tuple[str, ...]:
    general = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    installed = set(QFontDatabase.families())
    generic = general.lower() in {"", "sans serif", "sans", "dejavu sans"} or general not in installed
    first = "Inter" if generic and "Inter" in installed else general
    chinese = [name for name in ("Noto Sans CJK SC", "Microsoft YaHei UI", "PingFang SC", "WenQuanYi Micro Hei") if name in installed]
    return (first, *chinese)


def text_font(pixels: int = TEXT_PX, *, bold: bool = False) -> QFont:
    """Returns the interface font with tabular figures.

    Args:
        pixels: Its height.
        bold: Semibold, for headings.
    """
    font = QFont(list(_families()))
    font.setPixelSize(pixels)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def small_font(*, bold: bool = False) -> QFont:
    """Returns the small interface font."""
    return text_font(SMALL_PX, bold=bold)


def code_font(pixels: int = 12) -> QFont:
    """Returns the system's monospace font."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setFamilies([*_code_families(font.family()), *_families()[1:]])
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPixelSize(pixels)
    return font


def _code_families(system: str) -> list[str]:
    """Returns real families first: a generic name alone may find a Chinese font that is not monospaced."""
    installed = set(QFontDatabase.families())
    if system.lower() not in {"monospace", "mono", ""} and system in installed:
        return [system]
    known = ("JetBrains Mono", "DejaVu Sans Mono", "Noto Sans Mono", "Liberation Mono", "Menlo", "Consolas")
    return [name for name in known if name in installed][:1] or [system]


def mark(widget: QWidget, kind: str) -> None:
    """Gives a widget a place in the style sheet: `primary`, `link`, `quiet`, `small`, `heading`, `title`, `card`, `danger`, `field`."""
    widget.setProperty("kind", kind)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def style_sheet(theme: Theme) -> str:
    """Returns the style sheet of a theme."""
    tokens = {name: getattr(theme, name) for name in Theme.__slots__ if name != "curves"}
    return Template(_SHEET).substitute(tokens, on_accent=theme.on_accent, **_pictures(theme))


def _pictures(theme: Theme) -> dict[str, str]:
    folder = resource("icons")
    names = {"chevron": f"chevron-{theme.name}.svg", "check": f"check-{theme.name}.svg"}
    return {token: (folder / name).as_posix() for token, name in names.items()}


_SHEET = """
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px 8px; }
QMainWindow, QDialog { background: $background; }
QMainWindow::separator { background: $line; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QSplitter::handle { background: $line; }
QSplitter::handle:hover { background: $accent; }
QDockWidget { color: $quiet; }
QScrollArea { border: none; background: transparent; }
QWidget[kind="column"], QDockWidget > QWidget, QWidget[kind="bar"] { background: $surface; }
QWidget[kind="dockbar"] { background: $surface; }
QFrame[kind="topbar"] { background: $surface; border: none; border-bottom: 1px solid $line; }
QFrame[kind="runbar"] { background: $surface; border: none; border-top: 1px solid $line; }
QFrame[kind="card"] { background: $surface; border: 1px solid $line; border-radius: 8px; }
QFrame[kind="card-hover"] { background: $surface; border: 1px solid $line; border-radius: 8px; }
QFrame[kind="card-hover"]:hover, QFrame[kind="card-hover"]:focus { border: 1px solid $accent; }
QFrame[kind="drop"] { background: transparent; border: 1px dashed $faint; border-radius: 8px; }
QFrame[kind="drop"]:hover, QFrame[kind="drop"]:focus, QFrame[kind="drop"][over="true"] { border: 1px dashed $accent; background: $accent_wash; }
QFrame[kind="line"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QFrame[kind="finding-error"] { background: $wrong_wash; border: none; border-left: 3px solid $wrong; border-radius: 4px; }
QFrame[kind="finding-warning"] { background: $doubtful_wash; border: none; border-left: 3px solid $doubtful; border-radius: 4px; }
QFrame[kind="finding-good"] { background: $good_wash; border: none; border-left: 3px solid $good; border-radius: 4px; }
QFrame[kind="finding-row"] { background: transparent; border: none; border-bottom: 1px solid $line; }
QFrame[kind="segments"] { background: $background; border: 1px solid $line; border-radius: 8px; }
QFrame[kind="popup"] { background: $surface; border: 1px solid $line; border-radius: 8px; }
QLabel { background: transparent; }
QLabel[kind="quiet"] { color: $quiet; }
QLabel[kind="small"] { color: $quiet; font-size: 11px; }
QLabel[kind="heading"] { color: $quiet; font-size: 11px; font-weight: 600; }
QLabel[kind="subject"] { color: $text; font-weight: 600; }
QLabel[kind="title"] { color: $text; font-size: 24px; font-weight: 700; }
QLabel[kind="good"] { color: $good; }
QLabel[kind="doubtful"] { color: $doubtful; }
QLabel[kind="wrong"] { color: $wrong; }
QPushButton, QToolButton { background: $raised; color: $text; border: 1px solid $line; border-radius: 6px; padding: 4px 12px; min-height: 18px; }
QPushButton:hover, QToolButton:hover { border-color: $faint; }
QPushButton:focus, QToolButton:focus { border: 1px solid $accent; }
QPushButton:pressed, QToolButton:pressed { background: $line; }
QPushButton:disabled, QToolButton:disabled { color: $faint; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border: 1px solid $accent; }
QPushButton[kind="primary"]:focus { border: 1px solid $text; }
QPushButton[kind="primary"]:disabled { background: $line; color: $quiet; border-color: $line; }
QPushButton[kind="fix"] { background: $surface; color: $accent; border: 1px solid $accent; }
QPushButton[kind="fix"]:hover { background: $accent_wash; }
QPushButton[kind="link"] { background: transparent; color: $accent; border: 1px solid transparent; padding: 0px 4px; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:focus { border: 1px solid $accent; }
QPushButton[kind="danger"] { color: $wrong; }
QPushButton[kind="segment"] { background: transparent; color: $quiet; border: 1px solid transparent; padding: 3px 16px; }
QPushButton[kind="segment"]:hover { color: $text; }
QPushButton[kind="segment"]:checked { background: $surface; color: $text; border: 1px solid $line; font-weight: 600; }
QPushButton[kind="segment"]:focus { border: 1px solid $accent; }
QPushButton[kind="segment"]:disabled { color: $faint; }
QToolButton[kind="plain"], QPushButton[kind="plain"] { background: transparent; border: 1px solid transparent; padding: 2px 4px; }
QToolButton[kind="plain"]:hover, QPushButton[kind="plain"]:hover { background: $raised; border-color: $line; }
QToolButton[kind="plain"]:focus, QPushButton[kind="plain"]:focus { border-color: $accent; }
QToolButton[kind="fold"] { background: transparent; color: $quiet; border: 1px solid transparent; padding: 2px 4px 2px 0px; }
QToolButton[kind="fold"]:hover { color: $text; }
QToolButton[kind="fold"]:focus { border-color: $accent; }
QToolButton::menu-indicator, QPushButton::menu-indicator { width: 0px; }
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit { background: $raised; color: $text; border: 1px solid $line; border-radius: 6px;
  padding: 3px 7px; min-height: 20px; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: $faint; }
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus { border: 1px solid $accent; }
QLineEdit QToolButton { background: transparent; border: none; padding: 0px; min-height: 0px; }
QLineEdit[wrong="true"] { border: 1px solid $wrong; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $faint; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url("$chevron"); width: 10px; height: 10px; }
QComboBox QAbstractItemView { background: $surface; color: $text; border: 1px solid $line; selection-background-color: $accent_wash;
  selection-color: $text; outline: none; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0px; border: none; }
QCheckBox { spacing: 8px; background: transparent; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid $faint; border-radius: 4px; background: $raised; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$check"); }
QCheckBox:focus { color: $accent; }
QRadioButton { spacing: 8px; background: transparent; }
QRadioButton::indicator { width: 12px; height: 12px; border: 1px solid $faint; border-radius: 7px; background: $raised; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 4px solid $accent; border-radius: 7px; background: $surface; }
QRadioButton:focus { color: $accent; }
QMenu { background: $surface; color: $text; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 12px; border-radius: 4px; }
QMenu::item:selected { background: $accent_wash; color: $text; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QMenuBar { background: $surface; color: $text; }
QListView, QTreeView, QTableView { background: $surface; color: $text; border: none; outline: none; alternate-background-color: $raised;
  selection-background-color: $accent_wash; selection-color: $text; gridline-color: $line; }
QListView::item, QTreeView::item { padding: 4px 8px; border: none; }
QListView::item:hover, QTreeView::item:hover { background: $raised; }
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected { background: $accent_wash; color: $text; }
QHeaderView { background: $surface; }
QHeaderView::section { background: $surface; color: $quiet; border: none; border-bottom: 1px solid $line; padding: 4px 8px;
  font-size: 11px; font-weight: 600; }
QTabBar::tab { background: transparent; color: $quiet; padding: 6px 12px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected:focus { background: $accent_wash; }
QTabWidget::pane { border: none; }
QProgressBar { background: $line; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }
QSlider::groove:horizontal { background: $line; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; height: 4px; border-radius: 2px; }
QSlider::handle:horizontal { background: $accent; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; }
QSlider::handle:horizontal:focus { background: $surface; border: 2px solid $accent; width: 10px; height: 10px; margin: -5px 0; border-radius: 7px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 4px; margin: 1px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""
