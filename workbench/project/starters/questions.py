"""A picture and a question about it: only both together hold the answer."""

from __future__ import annotations

from types import MappingProxyType

from workbench.graph.graph import PortRef
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter

_TEXT = {"tokenizer": "word", "vocabulary": 200, "maximum_length": 16}
_WORDS = {"en": 33, "zh": 36}
_WIDTH = 64
_BLOCK = {"layers": 1, "heads": 4, "feed_forward": 128, "dropout": 0.0}


class QuestionsCrossAttention(Starter):
    """A convolutional eye, an encoder for the sentence, and cross-attention from every word to every place of the picture."""

    name = "questions-cross-attention"
    label = "Questions about pictures"
    summary = "Words look at places: cross-attention brings a picture and a question together; see where each word looks for the answer."
    task = "visual question answering"
    family = "several inputs"
    aliases = ("VQA", "CLEVR", "cross-attention", "multimodal", "cross-modal", "视觉问答", "交叉注意力", "多模态")
    field = "image"
    seconds = 60.0

    def make(self, language: str = "en") -> Project:
        sketch = Sketch(language)
        places, words = _eye(sketch), _reader(sketch, language)
        _meeting(sketch, words, places)
        sketch.add("output", "reply")
        params = MappingProxyType({"rows": 14000, **({"language": "zh"} if language.startswith("zh") else {})})
        return Project(
            name=self.label, graph=sketch.laid_out(),
            data=DataChoice("generated:questions", params=params, preprocessing=MappingProxyType({"question": MappingProxyType(dict(_TEXT))})),
            objectives=(ObjectiveChoice("classification", "reply", "answer"),),
            recipe=Recipe(
                Choice("adamw", MappingProxyType({"learning_rate": 0.0015})), schedule=Choice("one_cycle"), epochs=16, batch_size=32, clip_norm=1.0,
            ),
            template=self.name,
        )


def _eye(sketch: Sketch) -> PortRef:
    sketch.add("image_input", "scene", field="image", channels=3, height=32, width=32)
    with sketch.framed("Eye: a vector for every place", "眼睛：每个位置一个向量"):
        sketch.chain(
            ("conv2d", {"filters": 32, "kernel": 3, "stride": 2, "bias": False}), "batch_norm2d", "relu",
            ("conv2d", {"filters": 48, "kernel": 3, "stride": 2, "bias": False}), "batch_norm2d", "relu",
            ("conv2d", {"filters": _WIDTH, "kernel": 3, "stride": 2, "bias": False}), "batch_norm2d", "relu", "image_to_sequence",
        )
        return sketch.add("positional_encoding", "where", kind="learned", maximum_length=16)


def _reader(sketch: Sketch, language: str) -> PortRef:
    sketch.end = None
    sketch.add("text_input", "question", field="question", vocabulary=_WORDS["zh" if language.startswith("zh") else "en"], maximum_length=16)
    with sketch.framed("Reader: a vector for every word", "读者：每个词一个向量", "violet"):
        return sketch.chain(
            ("embedding", {"width": _WIDTH}), "positional_encoding", ("transformer_encoder", _BLOCK),
        )


def _meeting(sketch: Sketch, words: PortRef, places: PortRef) -> None:
    with sketch.framed("Meeting: words look at places", "相会：词看位置", "green"):
        seen = sketch.add("cross_attention", "look", after=words, heads=4)
        sketch.graph = sketch.wired(places, PortRef("look", "memory"))
        sketch.note(
            "Every word asks, every place of the picture may answer: Inspect shows which word looks where.",
            "每个词提问，画面的每个位置都可能回答：在“检视”页可以看到哪个词在看哪里。",
        )
        sketch.add("add", after=(words, seen), port="inputs")
        sketch.chain("layer_norm", ("transformer_encoder", _BLOCK), "mean_over_time", ("linear", {"units": 14}))
