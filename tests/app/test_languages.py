"""Every sentence, term and help page of the window exists in both languages, with the same values in it."""

from __future__ import annotations

import importlib.util
import json
import re
import string
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RESOURCES = ROOT / "resources"
HELP_LANGUAGES = ("en", "zh_CN")
# Names that stay as they are in Chinese.
SAME_IN_BOTH = re.compile(r"[A-Z][A-Za-z0-9/]*( \d| \(MNIST\)| ReLU| softmax)?|[a-z]+ \(choice\)| of \{count\}|[^A-Za-z]*(\{\w+\}[^A-Za-z]*)+")


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


@pytest.fixture(scope="module")
def chinese(collector: ModuleType) -> dict[str, str]:
    return collector.read("zh_CN")


def _slots(text: str) -> set[tuple[str, str]]:
    return {(name, form or "") for _, name, form, _ in string.Formatter().parse(text) if name is not None}


def test_no_sentence_is_missing(sentences: dict[str, str], chinese: dict[str, str]) -> None:
    assert [f"{where}: {words}" for words, where in sentences.items() if not chinese.get(words)] == []


def test_no_translation_is_left_over(sentences: dict[str, str], chinese: dict[str, str]) -> None:
    assert sorted(set(chinese) - set(sentences)) == []


def test_translations_hold_the_same_values(chinese: dict[str, str]) -> None:
    assert [english for english, said in chinese.items() if _slots(english) != _slots(said)] == []


def test_translations_are_chinese(chinese: dict[str, str]) -> None:
    plain = [english for english, said in chinese.items() if not re.search(r"[\u4e00-\u9fff]", said) and not SAME_IN_BOTH.fullmatch(english)]
    assert plain == []


def test_translations_keep_one_style(chinese: dict[str, str]) -> None:
    """Full-width punctuation in Chinese words; half-width only among Latin words, numbers and code."""
    half_width = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;:?!] ?[\u4e00-\u9fff]|[\u4e00-\u9fff]\.$")
    assert [said for said in chinese.values() if half_width.search(said) and "[..." not in said] == []
    unlike = [english for english, said in chinese.items() if english.endswith(".") and not english.endswith("...") and not said.endswith("。")]
    assert unlike == []


def test_the_file_is_sorted(chinese: dict[str, str]) -> None:
    assert list(chinese) == sorted(chinese)


def test_the_collector_sees_calls_tables_catalogues_and_choices(sentences: dict[str, str]) -> None:
    seen = ("Recent projects", "Start with an empty canvas.", "Seven steps on the real controls.", "Training", "Kernel", "Max pool",
            "test", "token", "sinusoidal (choice)", "Maximum length", "Operator set", "Input & output", "Verdict", "starter")
    assert [words for words in seen if words not in sentences] == []


def test_a_missing_literal_would_be_found(collector: ModuleType, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('label = tr("Never translated {x}", x=1)\nerror = Text("Nor this." if x else "Or that.")\n', encoding="utf-8")
    assert {words for words, _ in collector.literals(module)} == {"Never translated {x}", "Nor this.", "Or that."}


def test_terms_are_in_both_languages() -> None:
    terms = json.loads((RESOURCES / "terms.json").read_text(encoding="utf-8"))
    assert len(terms) > 40
    for key, term in terms.items():
        assert set(term) == {"en", "en_text", "zh_CN", "zh_CN_text"}, key
        assert all(words.strip() for words in term.values()), key
        assert re.search(r"[\u4e00-\u9fff]", term["zh_CN_text"]), key


def test_help_pages_are_in_both_languages() -> None:
    pages = {name: {page.name for page in (RESOURCES / "help" / name).glob("*.md")} for name in HELP_LANGUAGES}
    assert pages["en"] == pages["zh_CN"] and len(pages["en"]) >= 8
    for page in pages["en"]:
        shape = [_outline((RESOURCES / "help" / name / page).read_text(encoding="utf-8")) for name in HELP_LANGUAGES]
        assert shape[0] == shape[1], page


def _outline(markdown: str) -> list[str]:
    """Returns what must be alike in every language: headings, table rows, code lines."""
    kinds = [re.match(r"#+ |\||```|- ", line) for line in markdown.splitlines()]
    return [kind.group() for kind in kinds if kind]


def test_actions_named_in_help_are_those_of_the_window(chinese: dict[str, str]) -> None:
    """A help page that quotes a button says what the button says."""
    said = set(chinese.values())
    for page in sorted((RESOURCES / "help" / "zh_CN").glob("*.md")):
        quoted = re.findall(r'"([^"`]{2,12})"', re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL))
        assert [words for words in quoted if words not in said and f"{words}..." not in said] == [], page.name
