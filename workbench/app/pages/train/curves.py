"""The three plots of the Train page and the runs they show: every run is read from its folder, as anybody else would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.train.plot import LivePlot
from workbench.app.pages.train.run_words import metric_name
from workbench.app.pages.train.series import Smoothed
from workbench.project.metrics import MetricsReader

SCORES = ("accuracy", "r2", "mae")
USUAL_SPAN = 16


class Curves:
    """Loss, score and learning rate of one run, and those of the runs it is compared with.

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
                    plot.all_wanted.connect(other.show_all)
        self._run: Path | None = None
        self._readers: dict[Path, MetricsReader] = {}
        self._generations: dict[Path, int] = {}
        self._names: dict[Path, str] = {}
        self._mean = Smoothed(USUAL_SPAN)

    @property
    def plots(self) -> tuple[LivePlot, LivePlot, LivePlot]:
        """All plots, top to bottom."""
        return self.loss, self.score, self.rate

    def set_runs(self, run: Path | None, compared: Mapping[Path, str]) -> None:
        """Chooses what is drawn.

        Args:
            run: The folder of the run in view.
            compared: The folders of others and what the legend calls them.
        """
        wanted = dict.fromkeys(path for path in (run, *compared) if path is not None)
        changed = run != self._run
        self._run, self._names = run, dict(compared)
        self._readers = {path: self._readers.get(path) or MetricsReader(path / "metrics.bin") for path in wanted}
        for reader in self._readers.values():
            reader.poll()
        self._start_afresh()
        if changed:
            for plot in self.plots:
                plot.clear_marks()
                plot.show_all()

    def _start_afresh(self) -> None:
        self._generations = {path: reader.generation for path, reader in self._readers.items()}
        self._mean = Smoothed(self._mean.span)
        for plot in self.plots:
            plot.keep_only(set())
        self._draw()

    def poll(self) -> bool:
        """Reads what has come and draws it; says whether anything had."""
        if not [path for path, reader in self._readers.items() if reader.poll()]:
            return False
        if self._generations != {path: reader.generation for path, reader in self._readers.items()}:
            self._start_afresh()
        else:
            self._draw()
        return True

    def set_smoothing(self, steps: int) -> None:
        """Averages the loss of single steps over so many steps."""
        self._mean = Smoothed(steps)
        self.loss.remove_curve("train")
        self._draw()

    def set_log(self, log: bool) -> None:
        """Draws the loss on a logarithmic axis."""
        self.loss.set_log(log)

    def mark(self, step: int, label: str) -> None:
        """Marks a moment on every plot."""
        for plot in self.plots:
            plot.mark(step, label)

    def _draw(self) -> None:
        colours = theme.current().curves
        if self._run is not None:
            self._draw_run(self._readers[self._run], colours[0], colours[1])
        for number, (path, reader) in enumerate((path, reader) for path, reader in self._readers.items() if path != self._run):
            self._draw_compared(reader, path, colours[2 + number % (len(colours) - 2)])
        for plot in self.plots:
            plot.redraw()

    def _draw_run(self, reader: MetricsReader, train: str, validation: str) -> None:
        steps, raw = reader.series("loss/step")
        if len(steps):
            self.loss.set_curve("raw", "", steps, raw, colour=train, faint=True, group="train")
            self.loss.set_curve("train", tr("training"), steps, self._mean.of(raw), colour=train)
        _curve(self.loss, reader, "loss/val", tr("validation"), validation, 1)
        main = main_score(reader)
        self.score.set_title(metric_name(main))
        self.score.set_percent(main == "accuracy")
        _curve(self.score, reader, f"{main}/train", tr("training"), train, 0)
        _curve(self.score, reader, f"{main}/val", tr("validation"), validation, 1)
        _curve(self.rate, reader, "lr", tr("learning rate"), train, 0)

    def _draw_compared(self, reader: MetricsReader, path: Path, colour: str) -> None:
        name = self._names.get(path, path.name)
        _curve(self.loss, reader, "loss/val", name, colour, 2, path)
        _curve(self.score, reader, f"{main_score(reader)}/val", name, colour, 2, path)
        _curve(self.rate, reader, "lr", name, colour, 2, path)


def _curve(plot: LivePlot, reader: MetricsReader, tag: str, label: str, colour: str, dash: int, path: Path | None = None) -> None:
    x, y = reader.series(tag)
    if len(x):
        plot.set_curve(f"{tag} {path}" if path else tag, label, x, y, colour=colour, dash=dash)


def main_score(reader: MetricsReader) -> str:
    """Returns the name of the score that is drawn: accuracy where there is one, else what is measured beside the loss."""
    tags = {tag.split("/")[0] for tag in reader.tags() if tag.endswith("/val")}
    return next((name for name in SCORES if name in tags), next(iter(sorted(tags - {"loss"})), "accuracy"))
