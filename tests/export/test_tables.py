"""Tables of numbers and categories go through the whole way: proposed, trained, exported, predicted by name."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import ExportError
from workbench.export.bundle import export_run
from workbench.export.predict import Bundle
from workbench.project.new import new_project
from workbench.project.overrides import with_settings
from workbench.training.launch import start


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("table")
    random = np.random.default_rng(5)
    lines = ["colour,size,kind"]
    for _ in range(300):
        colour, size = random.choice(["red", "green", "blue"]), random.normal(10, 3)
        lines.append(f"{colour},{size:.3f},{'ripe' if colour == 'red' or size > 12 else 'unripe'}")
    (folder / "fruit.csv").write_text("\n".join(lines), "utf-8")
    project = new_project("auto", folder / "project", str(folder / "fruit.csv"))
    run, _ = start(folder / "project", with_settings(project, ["train.epochs=8", "train.threads=1"]))
    report = export_run(run, folder / "bundle")
    assert report.verification.passed
    return Bundle(report.bundle)


def test_categories_are_given_by_name(bundle: Bundle) -> None:
    kinds = {spec.field: spec.kind for spec in bundle.spec.inputs}
    assert kinds == {"colour": "category", "size": "number"}
    answers = bundle.predict([{"colour": "red", "size": 8.0}, {"colour": "green", "size": 6.0}])
    assert [answer["label"] for answer in answers] == ["ripe", "unripe"]


def test_an_unknown_category_is_named(bundle: Bundle) -> None:
    with pytest.raises(ExportError, match="purple"):
        bundle.predict([{"colour": "purple", "size": 8.0}])


def test_the_others_are_answered_where_one_cannot_be_read(bundle: Bundle) -> None:
    rows = [{"colour": "red", "size": 8.0}, {"colour": "purple", "size": 8.0}, {"colour": "green", "size": 6.0}]
    answers = bundle.predict(rows, skip_unreadable=True)
    assert [answer.get("label", "") for answer in answers] == ["ripe", "", "unripe"]
    assert "purple" in answers[1]["error"]["message"]
    with pytest.raises(ExportError, match="purple"):
        bundle.predict([rows[1]], skip_unreadable=True)
