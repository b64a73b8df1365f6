"""The three plots of the Train page and the runs they show: every run is read from its folder, as anybody else would."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.train.plot import LivePlot
from workbench.app.pages.train.series import smoothed
from workbench.project.metrics import MetricsReader
from workbench.project.runs import RunFolder

SCORES = ("accuracy", "r2", "mae")


class Curves:
    """Loss, score and learning rate of one run, and fainter those of the runs it is compared with.

    Attributes:
        loss, score, rate: The plots.
    """

    def __init__(self) -> None:
        self.loss = LivePlot("train.curves.loss", tr("Loss"))
        self.score = LivePlot("train.curves.score", tr("Accuracy"), percent=True)
        self.rate = LivePlot("train.curves.rate", tr("Learning rate"))
        for plot in self.plots:
            for other in self.plots:
                if other is not plot:
                    plot.range_chosen.connect(other.show_range)
        self._run: Path | None = None
        self._readers: dict[Path, MetricsReader] = {}
        self._span = 16

    @property
    def plots(self) -> tuple[LivePlot, LivePlot, LivePlot]:
        """All plots, top to bottom."""
        return self.loss, self.score, self.rate

    def set_runs(self, run: Path | None, compared: list[Path]) -> None:
        """Chooses what is drawn.

        Args:
            run: The folder of the run in view.
            compared: The folders of others, drawn in grey.
        """
        wanted = [path for path in (run, *compared) if path is not None]
        changed = run != self._run
        self._run = run
        self._readers = {path: self._readers.get(path) or MetricsReader(path / "metrics.bin") for path in wanted}
        for reader in self._readers.values():
            reader.poll()
        for plot in self.plots:
            plot.keep_only(set())
        self._draw()
        if changed:
            for plot in self.plots:
                plot.show_all()

    def poll(self) -> bool:
        """Reads what has come and draws it; says whether anything had."""
        if not [path for path, reader in self._readers.items() if reader.poll()]:
            return False
        self._draw()
        return True

    def set_smoothing(self, steps: int) -> None:
        """Averages the loss of single steps over so many steps."""
        self._span = steps
        self._draw()

    def set_log(self, log: bool) -> None:
        """Draws the loss on a logarithmic axis."""
        self.loss.set_log(log)
        self._draw()

    def mark(self, step: int, label: str) -> None:
        """Marks a moment on every plot."""
        for plot in self.plots:
            plot.mark(step, label)

    def _draw(self) -> None:
        colours = theme.current().curves
        if self._run is not None:
            self._draw_run(self._readers[self._run], "", colours[0], colours[1])
        for number, (path, reader) in enumerate((path, reader) for path, reader in self._readers.items() if path != self._run):
            self._draw_compared(reader, path, colours[2 + number % (len(colours) - 2)])

    def _draw_run(self, reader: MetricsReader, prefix: str, train: str, validation: str) -> None:
        steps, raw = reader.series("loss/step")
        ready = len(steps) > 0
        if ready:
            self.loss.set_curve("raw", "", steps, raw, colour=train, faint=True)
            self.loss.set_curve("train", tr("train"), steps, smoothed(raw, self._span), colour=train)
        self._curve(self.loss, reader, "loss/val", tr("validation"), validation, 1)
        main = self._main_score(reader)
        self.score.set_title(tr("Accuracy") if main == "accuracy" else main)
        self.score.set_percent(main == "accuracy")
        self._curve(self.score, reader, f"{main}/train", tr("train"), train, 0)
        self._curve(self.score, reader, f"{main}/val", tr("validation"), validation, 1)
        self._curve(self.rate, reader, "lr", tr("learning rate"), train, 0)

    def _draw_compared(self, reader: MetricsReader, path: Path, colour: str) -> None:
        name = RunFolder(path).name if (path / "run.json").exists() else path.name
        self._curve(self.loss, reader, "loss/val", name, colour, 2, str(path))
        self._curve(self.score, reader, f"{self._main_score(reader)}/val", name, colour, 2, str(path))
        self._curve(self.rate, reader, "lr", "", colour, 2, str(path))

    def _curve(self, plot: LivePlot, reader: MetricsReader, tag: str, label: str, colour: str, dash: int, key: str = "") -> None:
        x, y = reader.series(tag)
        if len(x):
            plot.set_curve(f"{tag}{key}", label, x, np.asarray(y), colour=colour, dash=dash)

    def _main_score(self, reader: MetricsReader) -> str:
        tags = {tag.split("/")[0] for tag in reader.tags() if tag.endswith("/val")}
        return next((name for name in SCORES if name in tags), next(iter(sorted(tags - {"loss"})), "accuracy"))
