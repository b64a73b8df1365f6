"""Starts the window: errors reach one dialog, Qt's own messages reach the log, garbage is collected when nobody waits for it."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from PySide6.QtCore import QLibraryInfo, QMessageLogContext, QObject, Qt, QTimer, QtMsgType, QTranslator, Signal, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from workbench.app import language, theme
from workbench.settings import load_settings

_LOG = logging.getLogger("workbench.app")
COLLECT_MS = 250
WARM = ("torch", "numpy", "pyqtgraph", "workbench.layers", "workbench.project.new", "workbench.training.engine", "workbench.data.prepare")


def run(argv: Sequence[str]) -> int:
    """Opens the window and returns the exit status when it is closed.

    Args:
        argv: Arguments after the program's name; the first may be a project folder or data to open.
    """
    app = application()
    hook = install_hooks(app)
    log = Log()
    settings = load_settings()
    theme.set_theme(settings.theme)
    theme.follow_system()
    language.set_language(settings.language)
    install_qt_words(app)

    from workbench.app.window import Window

    window = Window()
    hook.wanted.connect(lambda report: show_report(window, report))
    window.show()
    collector = Collector(app)
    QTimer.singleShot(0, window, lambda: _after_first_paint(window, collector, list(argv), log))
    status = app.exec()
    _end(window, log)
    return status


def application() -> QApplication:
    """Returns the application, made with the right names."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication(sys.argv[:1])
    app.setApplicationName("Model Workbench")
    app.setDesktopFileName("model-workbench")
    return app


def _after_first_paint(window: Any, collector: Collector, argv: list[str], log: Log) -> None:
    from workbench.app.hover_help import HoverHelp
    from workbench.app.jobs import run_job

    log.start()
    HoverHelp(window)
    collector.start()
    if argv:
        window.files.open_path(Path(argv[0]).expanduser().absolute())
    else:
        window.files.offer_recovery()
    QTimer.singleShot(50, window, lambda: run_job(window, _warm, lambda _result: collector.freeze(), collector.warm_failed))


def _warm(_progress: object, cancelled: Any) -> None:
    """Imports what the first click would otherwise wait for."""
    import importlib

    for name in WARM:
        if not cancelled():
            importlib.import_module(name)


class Collector(QObject):
    """Collects cyclic garbage from a timer of the event loop instead of at any moment in any thread.

    Automatic collection would run in whichever thread allocates, the training thread above all, and would free Qt objects there.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(COLLECT_MS)
        self._timer.timeout.connect(self.collect)
        self._rounds = 0

    def start(self) -> None:
        """Begins to collect; what is alive by now is no garbage and is looked at no more."""
        gc.freeze()
        self._timer.start()

    def collect(self) -> None:
        """Collects the youngest generation four times a second, so that each time is short; the next every ten, all every sixty seconds."""
        self._rounds += 1
        gc.collect(2 if self._rounds % 240 == 0 else 1 if self._rounds % 40 == 0 else 0)

    def freeze(self) -> None:
        """Spares what a heavy import brought from every later collection."""
        gc.collect(0)
        gc.freeze()

    def warm_failed(self, error: Exception) -> None:
        """Notes that something could not be imported ahead; the page that needs it will say so."""
        _LOG.warning("could not be loaded ahead: %s", error)


class Hook(QObject):
    """Brings exceptions of any thread to the one dialog.

    Signals:
        wanted: A report that should be shown.
    """

    wanted = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._told: set[str] = set()

    def take(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        """Logs an exception and asks for the dialog, once per place where it happened."""
        if error is None or issubclass(kind, (KeyboardInterrupt, SystemExit)):
            return
        _LOG.error("unexpected", exc_info=(kind, error, trace))
        from workbench.app.error_dialog import Report

        report = Report.of(error)
        if report.place not in self._told:
            self._told.add(report.place)
            with contextlib.suppress(RuntimeError):
                self.wanted.emit(report)


def install_hooks(app: QApplication) -> Hook:
    """Takes over uncaught exceptions of all threads and Qt's messages; returns the hook."""
    hook = Hook(app)
    sys.excepthook = hook.take
    threading.excepthook = lambda args: hook.take(args.exc_type, args.exc_value, args.exc_traceback)
    qInstallMessageHandler(_qt_message)
    return hook


def _qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    levels = {
        QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO, QtMsgType.QtWarningMsg: logging.WARNING,
        QtMsgType.QtCriticalMsg: logging.ERROR, QtMsgType.QtFatalMsg: logging.CRITICAL,
    }
    logging.getLogger("qt").log(levels.get(kind, logging.WARNING), "%s (%s)", message, context.category or "")


def show_report(window: Any, report: Any) -> None:
    """Shows an error meant for people under the top bar, any other in the dialog."""
    from workbench.app.error_dialog import ErrorDialog
    from workbench.errors import WorkbenchError

    if isinstance(report.error, WorkbenchError):
        window.say_error(report.error)
    else:
        ErrorDialog(report, window).open()


class Log:
    """The rotating log and the crash traces in the state folder; where that cannot be written, there are none."""

    def __init__(self) -> None:
        self._crash_file: IO[str] | None = None

    def start(self) -> None:
        """Opens both files; after the first paint, which needs none of this."""
        import logging.handlers

        from workbench.project.recovery import state_folder

        try:
            folder = state_folder()
            folder.mkdir(parents=True, exist_ok=True)
            handler = logging.handlers.RotatingFileHandler(folder / "log.txt", maxBytes=1_000_000, backupCount=2, encoding="utf-8")
            self._crash_file = (folder / "crash.txt").open("a", encoding="utf-8")
        except OSError:
            return
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(handler)
        logging.getLogger("workbench").setLevel(os.environ.get("WORKBENCH_LOG_LEVEL", "INFO"))
        faulthandler.enable(self._crash_file)

    def close(self) -> None:
        """Closes the file of crash traces."""
        if self._crash_file is not None:
            faulthandler.disable()
            self._crash_file.close()


def install_qt_words(app: QApplication) -> None:
    """Gives Qt's own dialogs the language in use, and again whenever that changes."""
    translator = QTranslator(app)

    def load() -> None:
        app.removeTranslator(translator)
        path = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if language.language() != "en" and translator.load(f"qtbase_{language.language()}", path):
            app.installTranslator(translator)

    language.signals().changed.connect(load)
    load()


def _end(window: Any, log: Log) -> None:
    from workbench.app.jobs import stop_jobs

    stop_jobs()
    window.deleteLater()
    sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    qInstallMessageHandler(None)
    log.close()
    gc.unfreeze()
    gc.enable()
