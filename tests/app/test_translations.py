"""What the window does with sentences, values and choices in another language."""

from __future__ import annotations

from workbench.app import language
from workbench.app.language import say, say_choice, say_error, say_own, tr
from workbench.errors import DataError
from workbench.text import Text


def test_values_that_are_sentences_are_translated_too(qapp: object) -> None:
    language.set_language("zh_CN")
    assert tr("Undo: {label}", label=Text("Rename {name}", name="conv1")) == "撤销：重命名 conv1"
    assert say(Text("Add ReLU")) in say(Text("Try: {fix}.", fix=Text("Add ReLU")))
    assert say(Text("Add ReLU")) != "Add ReLU"
    assert say("conv1") == "conv1"


def test_names_that_are_also_words_of_the_window_stay(qapp: object) -> None:
    language.set_language("zh_CN")
    assert say("dead") != "dead"
    assert tr("Wrong: it is {label}.", label="dead") == "错误：它是 dead。"
    assert say(Text("Remove {node}", node="attention")) == "移除 attention"
    assert say_own("Shape") == "Shape"
    assert say_own(Text("Shape")) == "形状"


def test_a_choice_is_not_the_unit_of_the_same_name(qapp: object) -> None:
    language.set_language("zh_CN")
    assert say_choice("features") != say("features")
    assert say_choice("my-own") == "my-own"
    language.set_language("en")
    assert say_choice("features") == "features"


def test_an_error_is_said_with_its_hint(qapp: object) -> None:
    language.set_language("zh_CN")
    error = DataError(Text("The folder {path} is empty.", path="/x"), Text("Check the file."))
    assert say_error(error) == "文件夹 /x 是空的。 请检查这个文件。"
    assert say_error(OSError("disk full")) == "disk full"
