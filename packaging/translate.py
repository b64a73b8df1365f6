"""Collects every sentence that the window can show and lists those that a translation misses.

    python packaging/translate.py            list what is missing; exit 1 where anything is
    python packaging/translate.py --add      read a JSON object of new translations from standard input and sort them in
    python packaging/translate.py --unused   list translations whose sentence is gone
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "translations"
LANGUAGES = ("zh_CN",)
SENTENCES = ("tr", "Text")
# Rows of tables whose words are translated where they are shown: which arguments are sentences.
TABLES = {"Action": (1, 6), "PageRow": (1,), "Step": (0, 1), "Starter": (1, 2)}
KEYWORDS = {"param": ("label", "help", "unit"), "Action": ("label", "help"), "Port": ("help",)}
# Tables of plain words that are translated where they are shown: the values of a dict, the last of each row of a tuple.
CONSTANTS = {"MENUS", "STATE_WORDS", "SEVERITY_WORDS", "WORDS", "FAMILY_LABELS"}
CATALOGUES = (
    ("workbench.layers", "LAYERS"), ("workbench.objectives", "OBJECTIVES"), ("workbench.training.optimizers", "OPTIMIZERS"),
    ("workbench.training.schedules", "SCHEDULES"), ("workbench.explain", "METHODS"), ("workbench.data.formats", "FORMATS"),
    ("workbench.data.tokenizers", "TOKENIZERS"), ("workbench.data.augmentation", "AUGMENTATIONS"), ("workbench.data.findings", "FINDERS"),
    ("workbench.training.studies", "STUDIES"), ("workbench.project.starters", "STARTERS"),
)
# Words that are values of the program and are said as they are.
KINDS = (
    ("workbench.graph.shape", "Axis"), ("workbench.data.base", "Split"), ("workbench.data.base", "FieldKind"),
    ("workbench.data.tables.types", "ColumnType"), ("workbench.layers.base", "Family"), ("workbench.training.events", "RunState"),
)
# What formulas may call in any language.
FUNCTIONS = {"log", "ReLU", "max", "min", "mean", "tanh", "softmax", "sin", "cos", "Attention", "Norm", "GELU"}
# Parameters that no catalogue entry holds, but that forms show.
FORMS = (
    ("workbench.data.preprocessing.params", "ImageParams"), ("workbench.data.preprocessing.params", "TextParams"),
    ("workbench.data.preprocessing.params", "NumberParams"), ("workbench.app.pages.train.recipe_params", "RecipeParams"),
    ("workbench.data.preprocessing.params", "SeriesParams"), ("workbench.data.preprocessing.params", "AudioParams"),
    ("workbench.app.pages.data.preparation.split_params", "SplitParams"), ("workbench.app.pages.data.preparation.split_params", "BalanceParams"),
    ("workbench.app.pages.data.preparation.split_params", "MadeParams"),
    ("workbench.app.pages.deploy.export_form", "ExportParams"),
)


def literals(path: Path) -> Iterator[tuple[str, int]]:
    """Yields every translatable literal of one module and its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            yield from _of_constant(node)


def _of_call(node: ast.Call) -> Iterator[tuple[str, int]]:
    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
    places = (0,) if name in SENTENCES else TABLES.get(name, ())
    for place in places:
        if place < len(node.args):
            yield from _strings(node.args[place])
    for keyword in node.keywords:
        if keyword.arg in KEYWORDS.get(name, ()):
            yield from _strings(keyword.value)


def _of_constant(node: ast.Assign | ast.AnnAssign) -> Iterator[tuple[str, int]]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    if not names & CONSTANTS or node.value is None:
        return
    if isinstance(node.value, ast.Dict):
        for value in node.value.values:
            yield from _strings(value)
    elif isinstance(node.value, ast.Tuple):
        for row in node.value.elts:
            if isinstance(row, ast.Tuple):
                yield from _strings(row.elts[-1])


def _strings(node: ast.expr) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and any(letter.isalpha() for letter in node.value):
        yield node.value, node.lineno
    elif isinstance(node, ast.IfExp):
        yield from _strings(node.body)
        yield from _strings(node.orelse)


def catalogue_words() -> Iterator[tuple[str, str]]:
    """Yields what catalogues call their entries and themselves, the words of their parameters, and the words of kinds."""
    for module, name in CATALOGUES:
        catalogue = getattr(importlib.import_module(module), name)
        yield catalogue.kind, module
        for entry in catalogue:
            where = f"{module}:{entry.name}"
            for words in (entry.label, entry.summary, str(getattr(entry, "family", entry.category)), getattr(entry, "task", "")):
                yield words, where
            formula = getattr(entry, "formula", "")
            if set(re.findall(r"[A-Za-z]{3,}", formula)) - FUNCTIONS:
                yield formula, where
            yield from _of_params(entry.Params, where)
    for module, name in FORMS:
        yield from _of_params(getattr(importlib.import_module(module), name), f"{module}:{name}")
    for module, name in KINDS:
        for member in getattr(importlib.import_module(module), name):
            yield str(member.value), f"{module}:{name}"


def _of_params(params: Any, where: str) -> Iterator[tuple[str, str]]:
    for info in params.model_fields.values():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        for words in (info.title, info.description, str(extra.get("unit") or "")):
            yield words or "", where
        offered = [choice for choice in extra.get("choices", ()) if isinstance(choice, str)]
        for choice in dict.fromkeys([*_choices(info.annotation), *offered]):
            yield f"{choice} (choice)", where


def _choices(annotation: Any) -> Iterator[str]:
    """Yields the words among which a parameter chooses."""
    if get_origin(annotation) is Literal:
        yield from (choice for choice in get_args(annotation) if isinstance(choice, str))
    else:
        for part in get_args(annotation):
            yield from _choices(part)


def wanted() -> dict[str, str]:
    """Returns every sentence and where it stands first."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "workbench").rglob("*.py")):
        if "cli" in path.relative_to(ROOT).parts:
            continue
        for words, line in literals(path):
            found.setdefault(words, f"{path.relative_to(ROOT)}:{line}")
    for words, where in catalogue_words():
        if any(letter.isalpha() for letter in words):
            found.setdefault(words, where)
    return found


def read(language: str) -> dict[str, str]:
    """Returns the translations of a language."""
    path = FOLDER / f"{language}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(language: str, words: dict[str, str]) -> None:
    """Writes the translations of a language, sorted."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dict(sorted(words.items())), ensure_ascii=False, indent=1)
    (FOLDER / f"{language}.json").write_text(text + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Does what the arguments say and returns the exit status."""
    sys.path.insert(0, str(ROOT))
    status = 0
    for language in LANGUAGES:
        known = read(language)
        if "--add" in arguments:
            known.update(json.load(sys.stdin))
            write(language, known)
        sentences = wanted()
        missing = {words: where for words, where in sentences.items() if not known.get(words)}
        listed = sorted(set(known) - set(sentences)) if "--unused" in arguments else [f"{where}\t{words}" for words, where in missing.items()]
        sys.stdout.write("".join(f"{line}\n" for line in listed))
        sys.stderr.write(f"{language}: {len(known)} translated, {len(missing)} missing\n")
        status = status or int(bool(missing))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
