"""Cross-validation: every row is judged by a model that has not seen it, so wrong labels cannot hide by being learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.catalogue import Params, param
from workbench.data.base import DataProblem, Dataset
from workbench.data.findings.labels import reason_of
from workbench.errors import TrainingError
from workbench.project.project import Project
from workbench.text import Text
from workbench.training.studies.base import Planned, Study
from workbench.training.studies.chance import mean, spread
from workbench.training.studies.fresh import refuse_seen
from workbench.training.studies.measure import Measure, chance_of, finite, hardly_learned, measure_of, read_measure, written

if TYPE_CHECKING:
    from workbench.training.studies.record import StudyFolder

_TAGS = ("val", "test")


class FoldsParams(Params):
    """What may be set for `folds`."""

    folds: int = param(5, label="Folds", help="So many runs, each leaving another part of the rows out to judge them.", ge=2, le=50)


class Folds(Study):
    """k runs, each trained on all but one part of the rows (validation and training together), which it then judges.

    Gives the metrics as mean and standard deviation over the folds, and for every row what a model that was not trained on it says
    (test rows: the mean over all models). From that, labels that are probably wrong (confident learning, Northcutt et al. 2021).
    The best epoch of each run is chosen on the fold that it judges, so the metrics are a little kinder than those of new rows.
    """

    name: ClassVar[str] = "folds"
    label: ClassVar[str] = "Cross-validation"
    summary: ClassVar[str] = "Judges every row by a model that has not seen it: scores with their spread, and labels that are probably wrong."
    question: ClassVar[Text] = Text("Which labels are wrong, and how much of a score is luck?")
    aliases: ClassVar[tuple[str, ...]] = ("k-fold", "cross validation", "label errors", "confident learning", "cleanlab", "交叉验证", "错误标签")
    Params: ClassVar[type[Params]] = FoldsParams

    def check(self, project: Project, folder: Path) -> None:
        refuse_seen(project, folder)

    def plan(self, project: Project, params: Any, rows: int) -> tuple[Planned, ...]:
        if not project.objectives:
            raise TrainingError(Text("The project has nothing to learn."), Text("Choose an objective: what to predict, from which output."))
        return tuple(
            Planned(f"fold-{fold + 1}", Text("fold {fold} of {folds}", fold=fold + 1, folds=params.folds), _fold_of(project, params.folds, fold))
            for fold in range(params.folds)
        )

    def conclude(self, study: StudyFolder) -> Mapping[str, Any]:
        from workbench.training.studies.judging import judge

        record = study.read()
        metrics = [run.metrics for run in record.runs]
        tags = [tag for tag in metrics[0] if tag.rpartition("/")[2] in _TAGS]
        scores = {
            tag: {"values": values, "mean": mean(values), "spread": spread(values)}
            for tag in tags if (values := [float(item.get(tag, float("nan"))) for item in metrics])
        }
        project = study.snapshot()
        measure, runs = measure_of(project), [run for item in record.runs if (run := study.run_of(item)) is not None]
        chance = chance_of(runs, measure, project.recipe.watch)
        return {**written(measure, "val"), "folds": len(record.runs), "scores": scores, "chance": chance, **judge(study, record)}

    def sentences(self, result: Mapping[str, Any]) -> tuple[Text, ...]:
        measure = read_measure(result)
        found = result["scores"].get(f"{measure.name}/val")
        score = () if found is None else (Text(
            "On average over {folds} folds, {metric} is {value}, with a standard deviation of {spread}.", metric=measure.label,
            value=measure.value(finite(found["mean"])), folds=result["folds"], spread=measure.difference(finite(found["spread"])),
        ),)
        if found is not None and hardly_learned(measure, finite(found["mean"]), result.get("chance")):
            return (Text("The models are hardly better than guessing, so they cannot judge labels: train longer or mend the model first."), *score)
        return (*_suspects_sentence(result), *score)

    def table(self, result: Mapping[str, Any]) -> Sequence[Sequence[str]]:
        head = (Text("metric"), Text("mean"), Text("standard deviation"), *(str(fold + 1) for fold in range(result["folds"])))
        return [head, *(_line(tag, item) for tag, item in result["scores"].items())]

    def problems(self, study: StudyFolder, result: Mapping[str, Any], dataset: Dataset) -> list[DataProblem]:
        measure, found = read_measure(result), result["scores"].get(f"{result['metric']}/val")
        useless = found is not None and hardly_learned(measure, finite(found["mean"]), result.get("chance"))
        return [] if useless else still_suspect(result, dataset)


def _fold_of(project: Project, folds: int, fold: int) -> Project:
    return replace(project, data=replace(project.data, split=replace(project.data.split, folds=folds, fold=fold)))


def _line(tag: str, item: Mapping[str, Any]) -> tuple[str, ...]:
    measure = Measure(tag.partition("/")[0], True)
    values = [finite(value) for value in item["values"]]
    return (tag, measure.value(finite(item["mean"])), measure.difference(finite(item["spread"])), *(measure.value(value) for value in values))


def _suspects_sentence(result: Mapping[str, Any]) -> tuple[Text, ...]:
    if "suspects" not in result:
        return ()
    count, judged = int(result["suspects_count"]), f"{result['judged']:,}"
    if not count:
        return (Text("Of {judged} rows, none carries another label than models that had not seen it are sure of.", judged=judged),)
    trust = reason_of(int(result.get("mistakes", 0)), int(result["judged"]), count)
    found = Text("Of {judged} rows, {count} carry another label than models that had not seen them are sure of.", judged=judged, count=f"{count:,}")
    return (found, trust)


def still_suspect(result: Mapping[str, Any], dataset: Dataset) -> list[DataProblem]:
    """Returns the labels of a finished study that are still doubted: not corrected since, and not left out."""
    import numpy as np

    suspects = {str(item["row"]): item for item in result.get("suspects", ())}
    field = next((field for field in dataset.fields if field.name == result.get("field")), None)
    if field is None or not suspects:
        return []
    place = {name: number for number, name in enumerate(dataset.ids()) if name in suspects}
    out = dataset.left_out()
    gone = set() if out is None else {int(row) for row in out}
    names = [name for name in suspects if name in place and place[name] not in gone]
    numbers = np.asarray(dataset.column(field.name, np.array([place[name] for name in names], dtype=np.int64)), dtype=np.int64)
    labels = {name: field.categories[number] if number >= 0 else "" for name, number in zip(names, numbers.tolist(), strict=True)}
    left = [name for name in names if labels[name] == suspects[name]["label"]]
    if not left:
        return []
    more = int(result["suspects_count"]) - len(suspects)
    return [DataProblem(
        "mislabelled", Text("{count} rows carry another label than the model is sure of.", count=len(left) + more), tuple(left),
        reason_of(int(result.get("mistakes", 0)), int(result["judged"]), int(result["suspects_count"])),
        suggested={name: str(suspects[name]["suggested"]) for name in left}, field=field.name,
    )]


__all__ = ["Folds", "FoldsParams", "still_suspect"]
