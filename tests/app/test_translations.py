"""Every sentence that the window can show has its Chinese, with the same values in it."""

from __future__ import annotations

import importlib.util
import string
from pathlib import Path
from types import ModuleType

import pytest

from workbench.app import language
from workbench.app.language import say, tr
from workbench.text import Text

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def collector() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translate", ROOT / "packaging" / "translate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sentences(collector: ModuleType) -> dict[str, str]:
    return collector.wanted()


def test_nothing_is_missing(collector: ModuleType, sentences: dict[str, str]) -> None:
    chinese = collector.read("zh_CN")
    missing = [f"{where}: {words}" for words, where in sentences.items() if not chinese.get(words)]
    assert missing == []


def test_the_collector_sees_calls_tables_and_catalogues(sentences: dict[str, str]) -> None:
    for words in ("Recent projects", "Start with an empty canvas.", "Seven steps on the real controls.", "Training", "Kernel", "Max pool"):
        assert words in sentences


def test_translations_hold_the_same_values(collector: ModuleType) -> None:
    for english, chinese in collector.read("zh_CN").items():
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name is not None} for text in (english, chinese)]
        assert fields[0] == fields[1], english


def test_the_file_is_sorted(collector: ModuleType) -> None:
    known = list(collector.read("zh_CN"))
    assert known == sorted(known)


def test_a_missing_literal_would_be_found(collector: ModuleType, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('label = tr("Never translated {x}", x=1)\nerror = Text("Nor this." if x else "Or that.")\n', encoding="utf-8")
    assert {words for words, _ in collector.literals(module)} == {"Never translated {x}", "Nor this.", "Or that."}


def test_values_that_are_sentences_are_translated_too(qapp: object) -> None:
    language.set_language("zh_CN")
    assert tr("Undo: {label}", label=Text("Rename {name}", name="conv1")) == "撤销: 重命名 conv1"
    assert say(Text("Add ReLU")) in say(Text("Try: {fix}.", fix=Text("Add ReLU")))
    assert say(Text("Add ReLU")) != "Add ReLU"
    assert say("conv1") == "conv1"
