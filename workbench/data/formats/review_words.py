"""The words that generated reviews are made of. This module holds no format of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """What reviews of one language are made of.

    Attributes:
        verdicts: The names of the classes, negative first.
        article: Words before an aspect.
        aspects: What is judged.
        verbs: Between aspect and judgement.
        degrees, negations: Before the judging word; a negation turns it round.
        praise, blame: The judging words.
        contrasts: (words before the first clause, words between, whether the first clause counts).
        fillers: Sentences that say nothing about quality.
        stop, comma: Punctuation.
        spaced: Whether words are written apart.
    """

    verdicts: tuple[str, str]
    article: Words
    aspects: Words
    verbs: tuple[Words, ...]
    degrees: tuple[Words, ...]
    negations: tuple[Words, ...]
    praise: Words
    blame: Words
    contrasts: tuple[tuple[Words, Words, bool], ...]
    fillers: tuple[Words, ...]
    stop: str
    comma: str
    spaced: bool

    def text(self, words: Sequence[str]) -> str:
        """Returns the words as one text."""
        if not self.spaced:
            return "".join(words)
        return "".join(word if not index or word in (self.stop, self.comma) else f" {word}" for index, word in enumerate(words))

    def spans(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Returns where each word starts and ends in `text(words)`."""
        spans, place = [], 0
        for index, word in enumerate(words):
            place += int(self.spaced and index > 0 and word not in (self.stop, self.comma))
            spans.append((place, place + len(word)))
            place += len(word)
        return spans


def _sentences(*texts: str) -> tuple[Words, ...]:
    return tuple(tuple(text.split()) for text in texts)


ENGLISH = Language(
    verdicts=("negative", "positive"),
    article=("the",),
    aspects=(
        "screen", "battery", "sound", "camera", "keyboard", "service", "food", "room", "story", "acting", "music", "staff", "price",
        "packaging", "design", "breakfast",
    ),
    verbs=_sentences("was", "is", "turned out", "felt"),
    degrees=((), (), *_sentences("really", "very", "quite", "absolutely", "surprisingly")),
    negations=_sentences("not", "never", "hardly", "not at all", "far from"),
    praise=(
        "great", "excellent", "lovely", "superb", "reliable", "charming", "impressive", "perfect", "pleasant", "brilliant", "wonderful",
        "solid",
    ),
    blame=(
        "terrible", "awful", "poor", "broken", "boring", "cheap", "annoying", "useless", "dreadful", "sloppy", "unbearable", "weak",
    ),
    contrasts=(
        ((), ("but",), False),
        (("although",), (), False),
        ((), ("yet",), False),
        (("while",), (), False),
        ((), ("even", "if"), True),
        ((), ("though",), True),
    ),
    fillers=_sentences(
        "I bought it last week", "we went there on a Tuesday", "my sister has one too", "it came in a blue box",
        "this was our second visit", "I read about it online", "we were four people", "it rained the whole day",
        "the order took two days", "I am writing this on the train",
    ),
    stop=".", comma=",", spaced=True,
)

CHINESE = Language(
    verdicts=("负面", "正面"),
    article=(),
    aspects=(
        "屏幕", "电池", "音质", "相机", "键盘", "服务", "味道", "房间", "剧情", "演技", "音乐", "店员", "价格", "包装", "设计", "早餐",
    ),
    verbs=((), (), ("始终",), ("总体",), ("明显",)),
    degrees=_sentences("很", "非常", "相当", "特别", "格外", "太"),
    negations=_sentences("不", "并不", "一点也不", "算不上", "谈不上"),
    praise=("出色", "优秀", "可靠", "精致", "舒服", "惊艳", "完美", "贴心", "精彩", "划算", "满意", "讨喜"),
    blame=("糟糕", "差劲", "粗糙", "无聊", "廉价", "敷衍", "难用", "离谱", "失望", "刺耳", "拖沓", "脆弱"),
    contrasts=(
        ((), ("但是",), False),
        (("虽然",), ("但",), False),
        (("尽管",), (), False),
        ((), ("然而",), False),
        ((), ("哪怕",), True),
        ((), ("虽说",), True),
    ),
    fillers=tuple(
        (text,) for text in (
            "上周刚买的", "周二去了一次", "朋友也有一个", "盒子是蓝色的", "这是第二次来", "在网上看到的", "我们一共四个人", "那天一直下雨",
            "快递走了两天", "在火车上写的",
        )
    ),
    stop="。", comma="，", spaced=False,
)

LANGUAGES = {"en": ENGLISH, "zh": CHINESE}
