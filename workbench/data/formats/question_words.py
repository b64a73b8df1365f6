"""The words that generated questions are made of. This module holds no format of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Words = tuple[str, ...]
_KINDS = ("colour", "form", "fits", "side", "level")


@dataclass(frozen=True, slots=True)
class Written:
    """One question.

    Attributes:
        words: Its words, punctuation as words of its own.
        deciding: The indices of the words that say what is asked, and of what.
        answer: The right answer.
        thing: The index of the thing that is asked about.
    """

    words: Words
    deciding: tuple[int, ...]
    answer: str
    thing: int


@dataclass(frozen=True, slots=True)
class Language:
    """What questions of one language are made of.

    Attributes:
        forms, colours: The names, in the order of their numbers.
        yes_no, sides, levels: Answers: yes and no, left and right, top and bottom.
        sentences: By kind of question, how it may be put; `{form}` and `{colour}` stand for the thing, `*` marks a deciding word.
        stop: Punctuation.
        spaced: Whether words are written apart.
    """

    forms: Words
    colours: Words
    yes_no: tuple[str, str]
    sides: tuple[str, str]
    levels: tuple[str, str]
    sentences: dict[str, tuple[str, ...]]
    stop: str
    spaced: bool

    @property
    def answers(self) -> Words:
        """All answers that there are."""
        return (*self.forms, *self.colours, *self.yes_no, *self.sides, *self.levels)

    def ask(self, forms: Sequence[int], colours: Sequence[int], cells: Sequence[int], thing: int, choice: int, chance: float) -> Written:
        """Returns a question about one thing of a scene.

        Args:
            forms, colours, cells: Of all things; cells count 0, 1 in the upper row and 2, 3 in the lower.
            thing: The index of the one in question.
            choice: Any number; it chooses kind and wording.
            chance: Where a question can be answered with no, it is below one half.
        """
        kind = _KINDS[choice % len(_KINDS)]
        sentence = self.sentences[kind][choice // len(_KINDS) % len(self.sentences[kind])]
        colour = colours[thing]
        if kind == "fits" and chance < 0.5:
            colour = colours[(thing + 1 + int(chance * 4)) % len(colours)]
        answer = {
            "colour": self.colours[colours[thing]], "form": self.forms[forms[thing]], "fits": self.yes_no[colour != colours[thing]],
            "side": self.sides[cells[thing] % 2], "level": self.levels[cells[thing] // 2],
        }[kind]
        marked = [word.format(form="*" + self.forms[forms[thing]], colour="*" + self.colours[colour]) for word in sentence.split()]
        deciding = tuple(place for place, word in enumerate(marked) if word.startswith("*"))
        return Written((*(word.lstrip("*") for word in marked), self.stop), deciding, answer, thing)

    def text(self, words: Sequence[str]) -> str:
        """Returns the words as one text."""
        return " ".join(words[:-1]) + words[-1] if self.spaced else "".join(words)

    def spans(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Returns where each word starts and ends in `text(words)`."""
        spans, place = [], 0
        for index, word in enumerate(words):
            place += int(self.spaced and 0 < index < len(words) - 1)
            spans.append((place, place + len(word)))
            place += len(word)
        return spans


LANGUAGES: dict[str, Language] = {
    "en": Language(
        forms=("circle", "square", "triangle", "cross"), colours=("red", "green", "blue", "yellow"), yes_no=("yes", "no"),
        sides=("left", "right"), levels=("top", "bottom"), stop="?", spaced=True,
        sentences={
            "colour": ("what *colour is the {form}", "which *colour does the {form} have"),
            "form": ("what *form is the {colour} one", "which *form is {colour}"),
            "fits": ("*is the {form} {colour}", "do we see that the {form} *is {colour}"),
            "side": ("is the {form} on the *left or on the *right", "on which *side is the {colour} one"),
            "level": ("is the {form} at the *top or at the *bottom", "on which *level is the {colour} one"),
        },
    ),
    "zh": Language(
        forms=("圆形", "方形", "三角形", "十字"), colours=("红色", "绿色", "蓝色", "黄色"), yes_no=("是", "不是"), sides=("左边", "右边"),
        levels=("上面", "下面"), stop="？", spaced=False,
        sentences={
            "colour": ("{form} 是 *什么颜色", "请问 {form} 的 *颜色 是"),
            "form": ("{colour} 的 是 *什么形状", "哪个 *形状 是 {colour} 的"),
            "fits": ("{form} *是 {colour} 的 *吗", "画 里 的 {form} *是不是 {colour} 的"),
            "side": ("{form} 在 *左边 还是 *右边", "{colour} 的 在 *哪一边"),
            "level": ("{form} 在 *上面 还是 *下面", "{colour} 的 在 *哪一层"),
        },
    ),
}
