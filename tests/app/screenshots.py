"""Pictures of every page of the window, in both themes, both languages and two sizes.

    python tests/app/screenshots.py FOLDER [--quick] [--starter NAME]

Makes a starter in a temporary folder, trains it, and saves PNGs named `PAGE-THEME-LANGUAGE-WIDTH.png`. Works without a display.
`--quick` takes one size, light English and dark Chinese.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SIZES = ((1440, 900), (1280, 720))
PAGES = ("welcome", "data", "build", "train", "inspect", "deploy")
SETTLE_SECONDS = 1.2


def main() -> int:
    """Takes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--starter", default="digits-cnn")
    parser.add_argument("--pages", nargs="*", default=list(PAGES))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("CONFIG", "STATE", "DATA", "CACHE"):
            os.environ[f"WORKBENCH_{name}_DIR"] = str(Path(scratch) / name.lower())
        _take(options)
    return 0


def _take(options: argparse.Namespace) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    from workbench.app import language, theme
    from workbench.app.jobs import stop_jobs
    from workbench.app.main import application

    app = application()
    theme.set_theme("light")
    language.set_language("en")
    from workbench.app.window import Window

    window = Window()
    window.show()
    window.files.start(options.starter)
    _until(app, lambda: window.session.dataset is not None)
    window.running.train()
    _until(app, lambda: not window.session.trainer.running, 300)
    _until(app, lambda: window.running.card is not None and window.running.card.outcome is not None)
    _settle(app)
    window.resize(*SIZES[0])
    window.grab().save(str(options.folder / "and-now.png"))
    window.running.card.close_card()
    looks = list(itertools.product(("light", "dark"), ("en", "zh_CN"), SIZES))
    if options.quick:
        looks = [("light", "en", SIZES[0]), ("dark", "zh_CN", SIZES[1])]
    for colours, words, size in looks:
        theme.set_theme(colours)
        language.set_language(words)
        window.resize(*size)
        for page in options.pages:
            window.show_page(page)
            _settle(app)
            window.grab().save(str(options.folder / f"{page}-{colours}-{words}-{size[0]}.png"))
    window.session.history.mark_saved()
    window.close()
    stop_jobs()


def _settle(app: object) -> None:
    end = time.monotonic() + SETTLE_SECONDS
    _until(app, lambda: time.monotonic() > end)


def _until(app: object, condition: Callable[[], bool], limit_seconds: float = 60) -> None:
    end = time.monotonic() + limit_seconds
    while not condition() and time.monotonic() < end:
        app.processEvents()  # type: ignore[attr-defined]
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main())
