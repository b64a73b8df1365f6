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


class TonesCrnn(Starter):
    """A spectrogram, two convolutions over time, a GRU in both directions, and a score per note at every step."""

    name = "tones-crnn"
    label = "Melodies to notes"
    summary = "Convolutions and a GRU listen to a melody and write its notes down, without being told when each tone sounds."
    task = "transcription"
    family = "signals"
    aliases = ("CRNN", "CTC", "audio", "speech recognition", "spectrogram", "music", "语音识别", "音频", "频谱图", "转写", "旋律")
    reads = FieldKind.AUDIO
    field = "sound"
    seconds = 60.0

    def make(self, language: str = "en") -> Project:
        sketch = Sketch(language)
        sketch.add("audio_input", "sound", field="sound", samples=2000, rate=2500)
        with sketch.framed("Ear: how strong is each pitch?", "耳朵：每个音高有多强？"):
            sketch.chain(("spectrogram", {"window": 128, "hop": 40}), "layer_norm")
            sketch.note("51 steps of 65 pitches each: a picture of the sound.", "51 步，每步 65 个音高：声音的图像。")
        with sketch.framed("Listen", "聆听", "violet"):
            sketch.chain(
                ("conv1d", {"filters": 48, "kernel": 3}), "relu", ("gru", {"units": 32, "bidirectional": True}), ("dropout", {"rate": 0.1}),
            )
        sketch.add("linear", "note", units=8)
        sketch.note(
            "At every step a score per note and one for silence. CTC adds up all ways to spell the melody.",
            "每一步给每个音符一个分数，另有一个给“无声”。CTC 把拼出旋律的所有方式加起来。",
        )
        sketch.add("output", "score")
        notes = MappingProxyType({"tokenizer": "character", "vocabulary": 32, "maximum_length": 8})
        return Project(
            name=self.label, graph=sketch.laid_out(),
            data=DataChoice("generated:tones", preprocessing=MappingProxyType({"notes": notes})),
            objectives=(ObjectiveChoice("ctc", "score", "notes"),),
            recipe=Recipe(
                Choice("adamw", MappingProxyType({"learning_rate": 0.006})), schedule=Choice("one_cycle"), epochs=12, batch_size=32, clip_norm=1.0,
            ),
            template=self.name,
        )
