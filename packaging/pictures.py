"""Makes pictures of the real window: every page, light and dark, English and Chinese, two sizes.

    python packaging/pictures.py                 the five pictures of the README, into resources/pictures
    python packaging/pictures.py FOLDER          every page in every look, into FOLDER
    python packaging/pictures.py FOLDER NAME     the same with another starter
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
README = {"data": ("light", "en"), "build": ("light", "en"), "train": ("dark", "en"), "inspect": ("light", "en"), "deploy": ("light", "en")}
LOOKS = (("light", "en"), ("dark", "en"), ("light", "zh_CN"), ("dark", "zh_CN"))
SIZES = ((1440, 900), (1280, 720))
PAGES = ("welcome", "data", "build", "train", "inspect", "deploy")
LONGEST_S = 120.0


def main(arguments: list[str]) -> int:
    """Opens the window with a trained starter and photographs its pages."""
    target = Path(arguments[0]) if arguments else ROOT / "resources" / "pictures"
    template = arguments[1] if len(arguments) > 1 else "digits-cnn"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        os.environ["HOME"] = profile  # the pictures show ~, not a path of this machine
        for name in ("CONFIG", "STATE", "DATA", "CACHE"):
            os.environ[f"WORKBENCH_{name}_DIR"] = str(Path(profile) / name.lower())
        photographer = Photographer(Path(profile) / "projects" / template, template)
        wanted = [(page, look, SIZES[0]) for page, look in README.items()] if not arguments else list(every_picture())
        for page, look, size in wanted:
            photographer.take(page, look, size, target, plain=not arguments)
        photographer.close()
    return 0


def every_picture() -> Iterator[tuple[str, tuple[str, str], tuple[int, int]]]:
    """Yields page, look and size of every picture, looks outermost: changing them rebuilds the window."""
    for look in LOOKS:
        for size in SIZES:
            for page in PAGES:
                yield page, look, size


class Photographer:
    """A window with a project that has been trained and exported."""

    def __init__(self, folder: Path, template: str) -> None:
        from workbench.app.main import application

        self.application = application()
        from workbench.app import theme
        from workbench.app.window import Window
        from workbench.project.new import new_project

        theme.set_theme("light")
        new_project(template, folder)
        self.window: Any = Window()
        self.window.show()
        self.window.session.open(folder)
        self.until(lambda: self.window.session.dataset is not None)
        self._train()
        self._export()

    def _train(self) -> None:
        trainer = self.window.session.trainer
        trainer.start()
        self.until(lambda: not trainer.running)

    def _export(self) -> None:
        self.window.show_page("deploy")
        deploy = self.window.page_named("deploy")
        deploy.export()
        self.until(lambda: deploy.bundle is not None)

    def until(self, ready: Callable[[], bool]) -> None:
        """Lets the window work until something holds."""
        began = time.monotonic()
        while not ready():
            if time.monotonic() - began > LONGEST_S:
                sys.exit("the window did not get ready in time")
            self.spin(50)

    def spin(self, milliseconds: int) -> None:
        """Lets the window work for a while."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def take(self, page: str, look: tuple[str, str], size: tuple[int, int], target: Path, *, plain: bool) -> None:
        """Saves one picture."""
        from workbench.app import language, theme

        if theme.choice() != look[0]:
            theme.set_theme(look[0])
        if language.language() != look[1]:
            language.set_language(look[1])
        self.window.resize(*size)
        self.window.show_page(page)
        self.settle(page)
        words = [page, *look] if plain else [page, *look, f"{size[0]}x{size[1]}"]
        self.window.grab().save(str(target / ("-".join(words) + ".png")))

    def settle(self, page: str) -> None:
        """Waits until a page shows what it works on."""
        self.window.notices.clear()
        self.spin(400)
        shown = self.window.page_named(page)
        if page == "inspect":
            self.until(lambda: shown.answer is not None and shown._job is None)
            self.draw(shown.question.pad)
            self.until(lambda: shown._job is None)
        if page == "deploy":
            self.until(lambda: shown.bundle is not None)
            self.draw(shown.tryout.pad)
        if page == "data":
            self.until(lambda: self.window.session.prepared is not None)
        self.spin(900)

    def draw(self, pad: Any) -> None:
        """Draws a three on a pad that shows."""
        if pad.isVisible() and not pad.strokes:
            pad.set_strokes([[(0.3, 0.2), (0.7, 0.2), (0.5, 0.48), (0.7, 0.7), (0.3, 0.82)]])
            self.spin(1500)

    def close(self) -> None:
        """Closes the window without questions."""
        from workbench.app.jobs import stop_jobs

        self.window.session.history.mark_saved()
        self.window.close()
        stop_jobs()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
