"""Nearly nothing: an input, an output, and notes on what to do next."""

from __future__ import annotations

from workbench.project.project import Project, Recipe
from workbench.project.sketch import Sketch
from workbench.project.starters.base import Starter

_STEPS = (
    (
        "1 · Select the input and press Enter: the usual next layer appears behind it. Or drag layers from the left onto the wire.",
        "1 · 选中输入并按 Enter：后面会出现通常的下一层。也可以从左边把层拖到连线上。",
    ),
    (
        "2 · Choose data on the Data page, or drop a file or a folder on the window.",
        "2 · 在“数据”页选择数据，或把文件或文件夹拖到窗口上。",
    ),
    (
        "3 · Problems says what is still missing; most of it is mended by one click. Then press F5 to train.",
        "3 · “问题”栏说明还缺什么；多数只需点一下即可修好。然后按 F5 训练。",
    ),
)


class Blank(Starter):
    """An input and an output, joined by a wire, and no data yet."""

    name = "blank"
    label = "Empty drawing"
    summary = "An input and an output, and notes that say what to do next; data and layers are up to you."
    task = "anything"
    family = "empty"
    aliases = ("empty", "new", "scratch", "空白", "从头开始", "新建")
    seconds = 0.0

    def make(self, language: str = "en") -> Project:
        sketch = Sketch(language)
        sketch.add("image_input", "input", channels=1, height=8, width=8)
        for english, chinese in _STEPS:
            sketch.note(english, chinese)
        sketch.add("output", "answer")
        return Project(name=self.label, graph=sketch.laid_out(), recipe=Recipe(epochs=20, batch_size=32), template=self.name)
