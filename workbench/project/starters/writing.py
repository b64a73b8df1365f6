"""Networks that write: a small language model, and two that read a date and write it another way."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from workbench.data.base import FieldKind
from workbench.graph.graph import PortRef
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter

_LETTERS = {"en": 37, "zh": 31}
_LONGEST_DATE, _ISO_LETTERS, _ISO_TOKENS = 32, 10, 13
_KNOWN_WORDS = {"en": 109, "zh": 109}


def _language(language: str) -> str:
    return "zh" if language.startswith("zh") else "en"


def _recipe(rate: float, epochs: int, batch_size: int) -> Recipe:
    optimizer = Choice("adamw", MappingProxyType({"learning_rate": rate}))
    return Recipe(optimizer, schedule=Choice("one_cycle"), epochs=epochs, batch_size=batch_size, clip_norm=1.0)


def _spoken(language: str, **others: Any) -> Any:
    return MappingProxyType({**others, **({"language": "zh"} if _language(language) == "zh" else {})})


class TextGpt(Starter):
    """Token and position, two causal blocks, and a score for every token that may come next (GPT-2, much smaller)."""

    name = "text-gpt"
    label = "A small GPT"
    summary = "A decoder-only Transformer learns to go on writing reviews, word by word; see what each word looks back at."
    task = "language modelling"
    family = "writing"
    aliases = ("GPT", "language model", "decoder-only", "causal", "next token", "语言模型", "生成", "解码器")
    reads = FieldKind.TEXT
    field = "text"
    seconds = 60.0

    def make(self, language: str = "en") -> Project:
        sketch, words = Sketch(language), _KNOWN_WORDS[_language(language)]
        sketch.add("text_input", "text", field="text", vocabulary=words, maximum_length=33, decoder=True)
        with sketch.framed("Word and place", "词与位置"):
            sketch.chain(("embedding", {"width": 64}), ("positional_encoding", {"kind": "learned", "maximum_length": 33}))
        with sketch.framed("Look back, never ahead", "只回看，不前瞻", "violet"):
            sketch.chain(("transformer_decoder", {"layers": 2, "heads": 4, "feed_forward": 128, "dropout": 0.05}))
            sketch.note(
                "A causal mask hides what comes later, so every place learns to guess the next word at once.",
                "因果掩码遮住后面的内容，所以每个位置同时学习猜测下一个词。",
            )
        sketch.add("linear", "vocabulary", units=words)
        sketch.note("One score for every word that may come next.", "每个可能的下一个词一个分数。")
        sketch.add("output", "next")
        text = MappingProxyType({"tokenizer": "word", "vocabulary": 2000, "maximum_length": 32})
        return Project(
            name=self.label, graph=sketch.laid_out(),
            data=DataChoice("generated:reviews", params=_spoken(language), preprocessing=MappingProxyType({"text": text})),
            objectives=(ObjectiveChoice("next_token", "next", "text"),), recipe=_recipe(0.003, 8, 32), template=self.name,
        )


class _Dates(Starter):
    """What both translators of dates share."""

    task = "sequence to sequence"
    family = "writing"
    reads = FieldKind.TEXT
    field = "text"

    def project(self, sketch: Sketch, language: str, recipe: Recipe) -> Project:
        """Returns the project around a drawing with the inputs `written` and `iso` and the output `date`."""
        letters = {"tokenizer": "character", "vocabulary": 200, "minimum_count": 1}
        preprocessing = {
            name: MappingProxyType({**letters, "maximum_length": longest}) for name, longest in (("text", _LONGEST_DATE), ("iso", _ISO_LETTERS))
        }
        return Project(
            name=self.label, graph=sketch.laid_out(),
            data=DataChoice("generated:dates", params=_spoken(language), preprocessing=MappingProxyType(preprocessing)),
            objectives=(ObjectiveChoice("sequence", "date", "iso"),), recipe=recipe, template=self.name,
        )


def _source(sketch: Sketch, language: str) -> None:
    sketch.end = None
    sketch.add("text_input", "written", field="text", vocabulary=_LETTERS[_language(language)], maximum_length=_LONGEST_DATE, symbol="S")


def _target(sketch: Sketch) -> None:
    sketch.end = None
    sketch.add("text_input", "iso", field="iso", vocabulary=_ISO_TOKENS, maximum_length=_ISO_LETTERS + 1, decoder=True)


class DatesSeq2seq(_Dates):
    """A GRU reads in both directions, another writes, and additive attention says what it looks at (arXiv 1409.0473)."""

    name = "dates-seq2seq"
    label = "Dates with attention"
    summary = "One recurrent network reads a date, another writes it as 2026-11-23; attention shows which letters it looks at."
    aliases = ("seq2seq", "encoder-decoder", "Bahdanau", "additive attention", "translation", "序列到序列", "加性注意力", "翻译", "日期")
    seconds = 90.0

    def make(self, language: str = "en") -> Project:
        sketch = Sketch(language)
        _source(sketch, language)
        with sketch.framed("Reader", "读者"):
            read = sketch.chain(("embedding", {"width": 32}), ("gru", {"units": 48, "bidirectional": True}))
            sketch.note("Reads all letters from both sides and keeps one state per letter.", "从两侧读完所有字母，每个字母保留一个状态。")
        _target(sketch)
        with sketch.framed("Writer", "作者", "violet"):
            state = sketch.chain(("embedding", {"width": 32}), ("gru", {"units": 64}))
        with sketch.framed("Attention", "注意力", "green"):
            seen = sketch.add("additive_attention", "look", after=state, port="query", units=48)
            sketch.graph = sketch.wired(read, PortRef("look", "keys"))
            sketch.note("The state of the writer asks; the letters that answer are gathered.", "作者的状态提问；作出回答的字母被汇集起来。")
            sketch.add("concatenate", "both", after=(state, seen), port="inputs", axis="feature")
            sketch.chain(("linear", {"units": 64}), "tanh")
        sketch.add("linear", "letter", units=_ISO_TOKENS)
        sketch.add("output", "date")
        return self.project(sketch, language, _recipe(0.005, 9, 64))


class DatesTransformer(_Dates):
    """An encoder reads, a decoder writes and looks at what was read (arXiv 1706.03762)."""

    name = "dates-transformer"
    label = "Dates with a Transformer"
    summary = "Encoder and decoder: one reads a date, the other writes it as 2026-11-23 and looks across at every letter."
    aliases = ("encoder-decoder", "cross-attention", "Transformer", "T5", "translation", "编码器解码器", "交叉注意力", "变换器", "翻译", "日期")
    seconds = 90.0

    def make(self, language: str = "en") -> Project:
        sketch = Sketch(language)
        _source(sketch, language)
        with sketch.framed("Encoder: reads", "编码器：读"):
            read = sketch.chain(
                ("embedding", {"width": 64}), "positional_encoding",
                ("transformer_encoder", {"layers": 2, "heads": 4, "feed_forward": 128, "dropout": 0.0}),
            )
        _target(sketch)
        with sketch.framed("Written so far", "已经写出的", "violet"):
            sketch.chain(("embedding", {"width": 64}), "positional_encoding")
        with sketch.framed("Decoder: writes", "解码器：写", "green"):
            sketch.add("transformer_decoder", "write", layers=2, heads=4, feed_forward=128, dropout=0.0)
            sketch.graph = sketch.wired(read, PortRef("write", "memory"))
            sketch.note(
                "Looks back at what it has written, and across at what was read; never ahead.", "回看已经写出的内容，横看读到的内容；从不前瞻。",
            )
            sketch.add("linear", "letter", units=_ISO_TOKENS)
        sketch.add("output", "date")
        return self.project(sketch, language, _recipe(0.003, 15, 64))
