"""Reviews: is the writer pleased? With an LSTM, and with a Transformer."""

from __future__ import annotations

from types import MappingProxyType

from workbench.data.base import FieldKind
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter

_SOURCE = "generated:reviews"
_TEXT = {"tokenizer": "word", "vocabulary": 2000, "maximum_length": 48}
_KNOWN_WORDS = 109


def _project(name: str, title: str, language: str, sketch: Sketch, rate: float, epochs: int, batch_size: int) -> Project:
    sketch.add("linear", units=2)
    sketch.add("output", "verdict")
    params = MappingProxyType({"language": language} if language != "en" else {})
    preprocessing = MappingProxyType({"text": MappingProxyType(dict(_TEXT))})
    return Project(
        name=title,
        graph=sketch.laid_out(),
        data=DataChoice(_SOURCE, params=params, preprocessing=preprocessing),
        objectives=(ObjectiveChoice("classification", "verdict", "label"),),
        recipe=Recipe(Choice("adamw", MappingProxyType({"learning_rate": rate})), epochs=epochs, batch_size=batch_size, clip_norm=1.0),
        template=name,
    )


def _words(sketch: Sketch) -> None:
    sketch.add("text_input", "text", field="text", vocabulary=_KNOWN_WORDS, maximum_length=_TEXT["maximum_length"])


class ReviewsLstm(Starter):
    """Embedding, one LSTM in both directions, and the mean over its states."""

    name = "reviews-lstm"
    label = "Reviews with an LSTM"
    summary = "A recurrent network reads reviews word by word and says whether the writer was pleased; watch its gates open and close."
    task = "text classification"
    family = "texts"
    aliases = ("RNN", "LSTM", "sentiment", "IMDB", "情感分类", "循环神经网络", "评论")
    reads = FieldKind.TEXT
    field = "text"
    seconds = 40.0
    accuracy = 0.98

    def make(self, language: str = "en") -> Project:
        sketch = Sketch()
        _words(sketch)
        sketch.chain(
            ("embedding", {"width": 48}), ("dropout", {"rate": 0.2}), ("lstm", {"units": 48, "bidirectional": True}), "mean_over_time",
            ("dropout", {"rate": 0.2}),
        )
        return _project(self.name, "Reviews with an LSTM", language, sketch, 0.006, 10, 64)


class ReviewsTransformer(Starter):
    """Embedding with positions, two encoder blocks of four heads, and the mean over time."""

    name = "reviews-transformer"
    label = "Reviews with a Transformer"
    summary = "A Transformer reads whole reviews at once and says whether the writer was pleased; see which words look at which."
    task = "text classification"
    family = "texts"
    aliases = ("BERT", "attention", "Transformer", "sentiment", "注意力", "变换器", "评论")
    reads = FieldKind.TEXT
    field = "text"
    seconds = 40.0
    accuracy = 0.98

    def make(self, language: str = "en") -> Project:
        sketch = Sketch()
        _words(sketch)
        sketch.chain(
            ("embedding", {"width": 48}), "positional_encoding",
            ("transformer_encoder", {"layers": 2, "heads": 4, "feed_forward": 96, "dropout": 0.05}), "mean_over_time", ("dropout", {"rate": 0.05}),
        )
        return _project(self.name, "Reviews with a Transformer", language, sketch, 0.003, 12, 32)
