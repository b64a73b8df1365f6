"""Measurements over time: waves read step by step, and tones heard in a sound."""

from __future__ import annotations

from types import MappingProxyType

from workbench.data.base import FieldKind
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter


class WavesGru(Starter):
    """A short convolution, one GRU in both directions, and the mean over its states."""

    name = "waves-gru"
    label = "Waves with a GRU"
    summary = "A recurrent network follows a noisy signal step by step and says which wave is hidden in it; watch its gates."
    task = "series classification"
    family = "signals"
    aliases = ("GRU", "RNN", "time series", "sensor", "signal", "时间序列", "门控循环单元", "波形", "传感器")
    reads = FieldKind.SERIES
    field = "series"
    seconds = 30.0

    def make(self, language: str = "en") -> Project:
        sketch = Sketch(language)
        sketch.add("series_input", "signal", field="series", features=1, length=64)
        with sketch.framed("Smooth", "平滑"):
            sketch.chain(("conv1d", {"filters": 24, "kernel": 5}), "relu")
            sketch.note("Five steps at once: noise averages out before anything is remembered.", "一次看五步：在记忆之前先把噪声平均掉。")
        with sketch.framed("Remember", "记忆", "violet"):
            sketch.chain(("gru", {"units": 32, "bidirectional": True}), "mean_over_time")
            sketch.note(
                "Gates decide at every step what to keep and what to forget; Inspect draws them over time.",
                "门在每一步决定保留什么、忘记什么；“检视”页会按时间画出它们。",
            )
        sketch.chain(("dropout", {"rate": 0.1}), ("linear", {"units": 4}))
        sketch.add("output", "wave")
        return Project(
            name=self.label, graph=sketch.laid_out(), data=DataChoice("generated:waves", params=MappingProxyType({"rows": 4000})),
            objectives=(ObjectiveChoice("classification", "wave", "label"),),
            recipe=Recipe(
                Choice("adamw", MappingProxyType({"learning_rate": 0.006})), schedule=Choice("one_cycle"), epochs=15, batch_size=64, clip_norm=1.0,
            ),
            template=self.name,
        )
