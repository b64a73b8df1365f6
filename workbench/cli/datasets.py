"""`data`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench.cli.console import Answer, in_one_line, number, table
from workbench.cli.reading import open_data, params_of, read_project
from workbench.data.base import Dataset, Question
from workbench.project.feeding import likely_target
from workbench.project.file import is_project
from workbench.project.project import DataChoice, Project

_LONGEST_NAME = 60


def data(source: str, settings: list[str]) -> Answer:
    """Shows what a dataset holds; of a project folder, its data as the project divides it."""
    from workbench.data.summary import describe

    project = Project(data=DataChoice())
    asked: tuple[Question, ...] = ()
    studied: list[dict[str, Any]] = []
    if is_project(Path(source).expanduser()):
        project, folder = read_project(Path(source), settings)
        dataset = open_data(project, folder)
        studied = _studied(folder, project, dataset)
    else:
        from workbench.data.open import open_dataset, questions

        dataset = open_dataset(source, params=params_of(settings))
        asked = questions(source, params=params_of(settings))
    document = describe(dataset, _splits(dataset, project))
    document["questions"] = [
        {
            "param": item.param, "text": item.text, "default": item.default,
            "choices": [{"value": value, "label": label} for value, label in item.choices],
        }
        for item in asked
    ]
    document["studies"] = studied
    said = [*_lines(document), *(line for item in studied for line in _said(item))]
    return Answer(document, [*said, *(line for item in asked for line in _asked(item))])


def _studied(folder: Path, project: Project, dataset: Dataset) -> list[dict[str, Any]]:
    """Returns what the newest studies of a project say about these data as they are now."""
    from workbench.training.studies.standing import answered

    return [
        {
            "study": str(item.study.path), "kind": item.record.kind, "sentences": [str(text) for text in item.sentences],
            "problems": [
                {"kind": found.kind, "message": str(found.message), "reason": str(found.reason), "rows": list(found.rows),
                 "suggested": dict(found.suggested)}
                for found in item.problems
            ],
        }
        for item in answered(folder, project, dataset)
    ]


def _said(study: dict[str, Any]) -> list[str]:
    """Returns what a study says, and the first rows that it doubts."""
    lines = [f"study {Path(study['study']).name}: {' '.join(study['sentences'][:1])}"]
    for found in study["problems"]:
        lines.append(f"  {found['message']} {found['reason']}")
        lines += [f"    {row}: perhaps {label}" for row, label in list(found["suggested"].items())[:10]]
    return lines


def _asked(question: Question) -> list[str]:
    """Returns a question, and how each answer is given."""
    choices = [f"  --set {question.param}={json.dumps(value)}  {label}" + (" (taken now)" if value == question.default else "")
               for value, label in question.choices]
    return [f"Question: {question.text}", *choices]


def _splits(dataset: Dataset, project: Project) -> Any:
    import numpy as np

    from workbench.data.splits import divide, stratum

    target = likely_target(dataset)
    targets = [objective.target for objective in project.objectives] or ([target.name] if target else [])
    known = [name for name in targets if any(field.name == name for field in dataset.fields)]
    rows = np.arange(len(dataset))
    return divide(dataset, project.data.split, rows, stratum(dataset, known))


def _lines(document: dict[str, Any]) -> list[str]:
    made = f", {document['made']:,} of them made" if document["made"] else ""
    lines = [f"{document['rows']:,} rows{made}, format {document['format']}"]
    lines += table([(field["name"], field.get("type") or field["kind"], _detail(field)) for field in document["fields"]])
    lines.append(", ".join(f"{split} {rows:,}" for split, rows in document["splits"].items()))
    return [*lines, *(f"{problem['message']} {problem.get('reason', '')}".rstrip() for problem in document["problems"])]


def _detail(field: dict[str, Any]) -> str:
    parts = [f"{field['missing']:,} missing"] if field.get("missing") else []
    if field.get("classes"):
        shown = ", ".join(f"{in_one_line(item['name'], _LONGEST_NAME)} {item.get('rows', item.get('pixels', 0)):,}" for item in field["classes"][:10])
        parts.append(f"{len(field['classes'])} classes: {shown}" + (", ..." if len(field["classes"]) > 10 else ""))
    if field.get("sizes"):
        sizes = [f"{item['width']} × {item['height']}" + (f" ({item['rows']:,})" if len(field["sizes"]) > 1 else "") for item in field["sizes"]]
        parts.append(", ".join(sizes[:5]) + (", ..." if len(sizes) > 5 else ""))
    spread, unit = field.get("lengths") or field.get("range"), field.get("unit", "")
    if spread:
        parts.append(f"{number(spread['minimum'])} to {number(spread['maximum'])}, median {number(spread['median'])} {unit}".rstrip())
    return "; ".join(parts)
