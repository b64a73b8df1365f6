"""Descriptions and findings, each with a planted cause and a clean twin."""

from __future__ import annotations

import json

import numpy as np
import pytest

from workbench.data.base import Field, FieldKind, Split
from workbench.data.findings.base import content_hash
from workbench.data.memory import MemoryDataset
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.data.summary import describe, find_problems, image_size


def made(labels, texts=None, numbers=None) -> MemoryDataset:
    rows = len(labels)
    return MemoryDataset(
        format="test", source="test", ids=[f"r{number}" for number in range(rows)],
        fields=[Field("text", FieldKind.TEXT), Field("n", FieldKind.NUMBER), Field("label", FieldKind.CATEGORY, categories=("a", "b"))],
        columns={
            "text": texts or [f"text {number}" for number in range(rows)],
            "n": np.arange(rows, dtype=np.float32) if numbers is None else numbers, "label": np.array(labels, dtype=np.int64),
        },
    )


SPLITS = {Split.TRAIN: np.arange(0, 8), Split.VALIDATION: np.arange(8, 10), Split.TEST: np.arange(10, 12)}
CLEAN = [0, 1] * 6


def kinds(dataset: MemoryDataset) -> list[str]:
    return [problem.kind for problem in find_problems(dataset, SPLITS)]


def test_clean_data_has_no_findings() -> None:
    assert kinds(made(CLEAN)) == []
    for source in ("sample:digits", "generated:reviews", "generated:shapes"):
        dataset = open_dataset(source)
        assert find_problems(dataset, {Split.TRAIN: np.arange(100), Split.TEST: np.arange(100, len(dataset))}) == []


def test_planted_faults_are_found_and_named() -> None:
    assert kinds(made([0] * 11 + [1])) == ["imbalance"] and kinds(made([0] * 10 + [1, 1])) == []
    assert kinds(made([0] * 12)) == ["one-class"]
    assert kinds(made([0, 1] * 5 + [-1, 0])) == ["missing"]
    assert kinds(made(CLEAN, numbers=np.array([np.nan, *range(11)], dtype=np.float32))) == ["missing"]
    empty = find_problems(made(CLEAN, ["x", " ", *(f"t{number}" for number in range(10))]))
    assert [(problem.kind, problem.rows) for problem in empty] == [("empty-text", ("r1",))]


def test_duplicates_count_only_across_the_border_of_training() -> None:
    texts = [f"t{number}" for number in range(12)]
    within = [*texts[:7], texts[0], *texts[8:]]
    assert kinds(made(CLEAN, within)) == ["copies"]
    across = [*texts[:10], texts[3], texts[11]]
    found = find_problems(made(CLEAN, across), SPLITS)
    assert [(problem.kind, problem.rows) for problem in found] == [("duplicate", ("r10",))]
    assert find_problems(made(CLEAN, across), SPLITS, duplicates=False) == []


def test_equal_bytes_of_another_form_are_no_duplicates() -> None:
    flat = np.arange(6, dtype=np.uint8)
    assert content_hash(flat.reshape(2, 3, 1)) != content_hash(flat.reshape(3, 2, 1))
    assert content_hash(flat.reshape(2, 3)) == content_hash(np.asfortranarray(flat.reshape(2, 3)))


@pytest.mark.parametrize(("source", "name"), [("sample:digits", "image"), ("generated:reviews", "text")])
def test_descriptions_are_json_and_add_up(source: str, name: str, choice) -> None:
    dataset = open_dataset(source)
    prepared = prepare(dataset, choice(), [name], ["label"])
    facts = json.loads(json.dumps(describe(dataset, prepared.splits), allow_nan=False))
    assert facts["rows"] == len(dataset) == sum(facts["splits"].values())
    classes = next(field for field in facts["fields"] if field["name"] == "label")["classes"]
    assert sum(entry["rows"] for entry in classes) == len(dataset)
    assert all(entry["train"] + entry["validation"] + entry["test"] == entry["rows"] for entry in classes)


def test_distributions_count_every_value() -> None:
    facts = describe(made(CLEAN, numbers=np.array([np.nan, *range(11)], dtype=np.float32)))
    number = facts["fields"][1]
    assert number["missing"] == 1 and sum(number["range"]["counts"]) == 11 and number["range"]["median"] == 5
    assert facts["fields"][0]["lengths"]["minimum"] == 6
    empty = describe(made(CLEAN, numbers=np.full(12, np.nan, dtype=np.float32)))["fields"][1]["range"]
    assert empty["minimum"] is None and empty["counts"] == []


def test_the_size_that_suits_images() -> None:
    assert image_size(open_dataset("sample:digits"), "image") == (1, 8, 8)
