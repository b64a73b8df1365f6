"""`study`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.console import INTERRUPTED, Answer, counted, progress, table
from workbench.cli.projects import refuse_errors
from workbench.cli.reading import read_project
from workbench.cli.training import say_event
from workbench.errors import ProjectError
from workbench.text import Text
from workbench.training.studies import STUDIES
from workbench.training.studies.record import Record, StudyFolder, StudyState, list_studies

if TYPE_CHECKING:
    from workbench.training.studies.conduct import Told

_OPTIONS = {"folds": ("folds",), "budget": ("shares", "seeds"), "paired": ("vary", "seeds")}


def study(folder: Path, kind: str, given: dict[str, Any], settings: list[str], resume: str) -> Answer:
    """Asks a question about a project that takes several runs, goes on with one, or lists what was asked.

    Args:
        folder: The project folder.
        kind: The catalogue name; "" lists, or goes on where `resume` says so.
        given: The options that were given, by parameter; None and empty ones were not.
        settings: `--set`.
        resume: `last`, or a study.
    """
    from workbench.training.studies.conduct import begin, carry_out, find_study

    project, folder = read_project(folder, settings)
    if not kind and not resume:
        return _listed(folder)
    if resume:
        asked = find_study(folder, resume)
        if settings or any(given.values()) or kind not in ("", asked.read().kind):
            raise ProjectError(Text("A study goes on as it began."), Text("Give --resume alone, or begin a new study without it."))
        if not asked.alive:
            asked.release()
    else:
        params = _params(kind, given)
        refuse_errors(project, folder)
        asked = begin(folder, kind, params, project)
    record = carry_out(asked, _Sayer())
    return Answer(document(asked, record), _lines(asked, record), INTERRUPTED if record.state is StudyState.INTERRUPTED else 0)


def _params(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    entry = STUDIES[kind]
    chosen = {name: value for name, value in given.items() if value}
    strange = [name for name in chosen if name not in _OPTIONS.get(entry.name, ())]
    if strange:
        raise ProjectError(
            Text("The study {kind} does not take --{option}.", kind=kind, option=strange[0]),
            Text("It takes {names}.", names=", ".join(f"--{name}" for name in _OPTIONS.get(kind, ()))),
        )
    if "shares" in chosen:
        chosen["shares"] = _numbers(chosen["shares"])
    return chosen


def _numbers(text: str) -> list[float]:
    try:
        return [float(part.strip().removesuffix("%")) for part in text.split(",")]
    except ValueError as error:
        raise ProjectError(Text("{text} is no list of shares.", text=repr(text)), Text("Write --shares 5,10,25,50,100.")) from error


def document(asked: StudyFolder, record: Record) -> dict[str, Any]:
    """Returns a study for programs."""
    return {
        "study": str(asked.path), "kind": record.kind, "state": record.state.value, "params": dict(record.params),
        "runs": [{"key": run.key, "run": run.run, "done": run.done, "metrics": dict(run.metrics)} for run in record.runs],
        "sentences": [str(text) for text in _sentences(record)], "result": dict(record.result),
        **({"message": record.message} if record.message else {}),
    }


def _sentences(record: Record) -> Sequence[Text]:
    entry = STUDIES.get(record.kind)
    return entry.sentences(record.result) if entry is not None and record.result else ()


def _lines(asked: StudyFolder, record: Record) -> list[str]:
    if record.state is not StudyState.FINISHED:
        done = sum(run.done for run in record.runs)
        return [
            f"{record.state.value}; {counted(done, 'run')} done. Go on with: workbench study {asked.project_folder} --resume last", str(asked.path)
        ]
    suspects = record.result.get("suspects", ())[:10]
    shown = [f"  {item['row']}: {item['label']}, perhaps {item['suggested']} ({item['share']:.0%})" for item in suspects]
    return [*_sentences(record), *shown, *table(STUDIES[record.kind].table(record.result)), str(asked.path)]


def _listed(folder: Path) -> Answer:
    found = [(item, item.read()) for item in list_studies(folder)]
    rows = [(item.path.name, record.kind, record.state.value, next(iter(_sentences(record)), "")) for item, record in found]
    questions = [(entry.name, f"{entry.question} {entry.summary}") for entry in STUDIES]
    lines = table([("study", "kind", "state", "answer"), *rows]) if rows else ["There are no studies yet.", *table(questions)]
    return Answer([document(item, record) for item, record in found], lines)


class _Sayer:
    """Says on stderr how far a study is."""

    def __init__(self) -> None:
        self._number = 0

    def __call__(self, told: Told) -> None:
        if told.number != self._number:
            self._number = told.number
            left = "" if told.seconds_left is None else f", about {told.seconds_left:.0f} s left"
            progress(f"run {told.number} of {told.count}: {told.label}{left}")
        if told.event is not None:
            say_event(told.event)
