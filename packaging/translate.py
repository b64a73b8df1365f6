"""Collects every sentence that the window can show and lists those that a translation misses.

    python packaging/translate.py            list what is missing; exit 1 where anything is
    python packaging/translate.py --add      read a JSON object of new translations from standard input and sort them in
    python packaging/translate.py --unused   list translations whose sentence is gone
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "translations"
LANGUAGES = ("zh_CN",)
CALLS = {"tr": (0,), "Text": (0,)}
# Rows of tables whose words are translated where they are shown: which arguments are sentences.
TABLES = {"Action": (1, 6), "PageRow": (1,), "Step": (0, 1), "Starter": (1, 2)}
CONSTANTS = {"MENUS", "STATE_WORDS", "SEVERITY_WORDS", "WORDS"}
CATALOGUES = (
    ("workbench.layers", "LAYERS"), ("workbench.objectives", "OBJECTIVES"), ("workbench.training.optimizers", "OPTIMIZERS"),
    ("workbench.training.schedules", "SCHEDULES"), ("workbench.explain", "METHODS"), ("workbench.data.formats", "FORMATS"),
    ("workbench.project.starters", "STARTERS"),
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
    places = CALLS.get(name) or TABLES.get(name, ())
    for place in places:
        if place < len(node.args):
            yield from _strings(node.args[place])
    if name == "param":
        for keyword in node.keywords:
            if keyword.arg in ("label", "help", "unit"):
                yield from _strings(keyword.value)
    if name == "Action":
        yield from (pair for keyword in node.keywords if keyword.arg in ("label", "help") for pair in _strings(keyword.value))


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
    """Yields label, summary, and the label, help, unit and choices of every parameter of every catalogue entry."""
    import importlib

    for module, name in CATALOGUES:
        for entry in getattr(importlib.import_module(module), name):
            where = f"{module}:{entry.name}"
            for words in (entry.label, entry.summary, str(getattr(entry, "family", entry.category))):
                yield words, where
            for info in entry.Params.model_fields.values():
                extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
                for words in (info.title, info.description, str(extra.get("unit") or "")):
                    yield words or "", where


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
        missing = {words: where for words, where in wanted().items() if not known.get(words)}
        listed = sorted(set(known) - set(wanted())) if "--unused" in arguments else [f"{where}\t{words}" for words, where in missing.items()]
        sys.stdout.write("".join(f"{line}\n" for line in listed))
        sys.stderr.write(f"{language}: {len(known)} translated, {len(missing)} missing\n")
        status = status or int(bool(missing))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
