"""Made rows stand behind the others, train where their source trains, and are never judged by."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.data import edits
from workbench.data.base import FREE, Dataset, Field, FieldKind, Split
from workbench.data.edited import with_edits
from workbench.data.findings import FINDERS
from workbench.data.findings.base import Look
from workbench.data.making.sets import MadeSet, copy_sets, delete_set, free_name, kept_sets, read_set, write_set
from workbench.data.making.view import MadeDataset, made_rows, real_rows, with_made
from workbench.data.memory import MemoryDataset
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare, split_rows
from workbench.data.splits import divide
from workbench.errors import DataError
from workbench.project.project import DataChoice, SplitChoice

COUNT = 40


def source_of(ragged: bool = False) -> Dataset:
    """Images, sounds, texts, numbers and two classes."""
    generator = np.random.default_rng(0)
    images: Any = generator.integers(0, 256, (COUNT, 6, 5, 3), dtype=np.uint8)
    sounds: Any = generator.normal(0, 0.1, (COUNT, 30)).astype(np.float32)
    if ragged:
        images, sounds = [image[: 3 + row % 4] for row, image in enumerate(images)], [sound[: 20 + row % 5] for row, sound in enumerate(sounds)]
    fields = (
        Field("image", FieldKind.IMAGE, channels=3, height=0 if ragged else 6, width=0 if ragged else 5),
        Field("sound", FieldKind.AUDIO, length=0 if ragged else 30, rate=8000), Field("words", FieldKind.TEXT), Field("number", FieldKind.NUMBER),
        Field("label", FieldKind.CATEGORY, categories=("a", "b")),
    )
    columns = {
        "image": images, "sound": sounds, "words": [f"row number {row}" for row in range(COUNT)],
        "number": np.arange(COUNT, dtype=np.float32), "label": np.arange(COUNT) % 2,
    }
    return MemoryDataset(format="test", source="test", fields=fields, columns=columns, ids=[f"r{row}" for row in range(COUNT)])


def set_of(data: Dataset, rows: list[int], name: str = "some", copies: int = 1, **values: Any) -> MadeSet:
    """Made rows of these rows, with images turned upside down where no other values are given."""
    every = np.repeat(rows, copies)
    if not values:
        images = data.column("image", every)
        turned = [np.ascontiguousarray(image[::-1]) for image in images]
        values = {"image": np.stack(turned) if isinstance(images, np.ndarray) else turned}
    ids = data.ids()
    return MadeSet(name, [ids[row] for row in every], np.tile(np.arange(copies) + 1, len(rows)), values, {"how": "augmentation"})


def same(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(np.array_equal(left, right) for left, right in zip(one, other, strict=True))


@pytest.mark.parametrize("ragged", [False, True])
def test_what_was_written_is_read_again(tmp_path: Path, ragged: bool) -> None:
    data = source_of(ragged)
    words = [f"words {number}" for number in range(4)]
    made = set_of(data, [1, 5], copies=2, image=set_of(data, [1, 5], copies=2).values["image"], words=words)
    write_set(tmp_path, made)
    again = read_set(tmp_path, "some")
    assert again.ids() == made.ids() == ["made:some/r1#1", "made:some/r1#2", "made:some/r5#1", "made:some/r5#2"]
    assert again.facts == made.facts and again.values["words"] == words
    assert same(again.values["image"], made.values["image"])
    assert kept_sets(tmp_path) == ["some"] and free_name(tmp_path) == "made-1"
    delete_set(tmp_path, "some")
    delete_set(tmp_path, "some")
    assert kept_sets(tmp_path) == [] and [path.name for path in (tmp_path / "made").iterdir()] == []


def test_sets_go_with_a_project_that_is_saved_elsewhere(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    write_set(here, set_of(source_of(), [1, 5]))
    copy_sets(["some", "lost"], here, there)
    copy_sets(["some"], here, there)
    copy_sets(["some"], here, here)
    assert kept_sets(there) == ["some"] and same(read_set(there, "some").values["image"], read_set(here, "some").values["image"])
    write_set(tmp_path / "other", set_of(source_of(), [2]))
    with pytest.raises(DataError, match="called some already"):
        copy_sets(["some"], here, tmp_path / "other")
    assert sorted(path.name for path in (there / "made").iterdir()) == ["some"]


def test_a_set_is_never_written_over_and_names_stay_in_the_folder(tmp_path: Path) -> None:
    made = set_of(source_of(), [1])
    write_set(tmp_path, made)
    with pytest.raises(DataError, match="called some already"):
        write_set(tmp_path, made)
    for name in ("", "..", "a/b", "a\\b", ".some", "x" * 42, "nul\0"):
        with pytest.raises(DataError, match="cannot be called"):
            write_set(tmp_path, replace(made, name=name))
        with pytest.raises(DataError, match="cannot be called"):
            read_set(tmp_path, name)


def test_damaged_sets_are_refused(tmp_path: Path) -> None:
    folder = write_set(tmp_path, set_of(source_of(True), [1, 2]))
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    document = json.loads(whole["made.json"])
    wrong = [
        ("made.json", b"{"), ("made.json", b"[]"), ("made.json", json.dumps({**document, "copies": [1]}).encode()),
        ("made.json", json.dumps({**document, "version": 99}).encode()), ("made.json", json.dumps({**document, "sources": [1, 2]}).encode()),
        ("0.npy", b"no array"), ("0.npy", whole["0.forms.npy"]), ("0.forms.npy", whole["0.npy"]),
    ]
    for name, content in wrong:
        (folder / name).write_bytes(content)
        with pytest.raises(DataError, match="cannot be read"):
            read_set(tmp_path, "some")
        (folder / name).write_bytes(whole[name])
    objects = np.array([{"a": 1}], dtype=object)
    np.save(folder / "0.npy", objects, allow_pickle=True)
    with pytest.raises(DataError, match="cannot be read"):
        read_set(tmp_path, "some")
    with pytest.raises(DataError, match="not in the folder"):
        read_set(tmp_path, "other")
    with pytest.raises(DataError, match="not in the folder"):
        read_set(None, "some")


@pytest.mark.parametrize("ragged", [False, True])
def test_rows_keep_their_places_and_made_ones_follow(ragged: bool) -> None:
    data = source_of(ragged)
    made = set_of(data, [3, 4], copies=2)
    view = MadeDataset(data, [made, set_of(data, [9], "more", words=["other words"])])
    assert len(view) == COUNT + 5 and [*view.ids()] == [*data.ids(), *made.ids(), "made:more/r9#1"]
    assert view.ids()[-1] == "made:more/r9#1" and view.ids()[39:41] == ["r39", "made:some/r3#1"]
    assert view.made_from().tolist() == [-1] * COUNT + [3, 3, 4, 4, 9]
    assert made_rows(view).tolist() == [40, 41, 42, 43, 44] and len(real_rows(view)) == COUNT
    rows = np.array([44, 2, 40, 9, 43])
    assert same(view.column("image", rows), [data.column("image")[row] if made_of is None else made_of for row, made_of in zip(
        [9, 2, 3, 9, 4], [None, None, made.values["image"][0], None, made.values["image"][3]], strict=True)])
    assert view.column("words", rows) == ["other words", "row number 2", "row number 3", "row number 9", "row number 4"]
    assert view.column("label", rows).tolist() == [1, 0, 1, 1, 0] and view.column("number", rows).tolist() == [9, 2, 3, 9, 4]
    for field in view.fields:
        whole, each = view.column(field.name), view.column(field.name, np.arange(len(view)))
        assert type(whole) is type(each) is type(data.column(field.name)) and same(whole, each), field.name


def test_made_rows_of_no_row_have_no_other_values() -> None:
    view = MadeDataset(source_of(), [MadeSet("w", ["", ""], np.array([1, 2]), {"words": ["one", "two"], "image": np.zeros((2, 6, 5, 3), np.uint8)})])
    assert view.made_from()[COUNT:].tolist() == [FREE, FREE] and view.ids()[-1] == "made:w/#2"
    assert view.column("words", np.array([40, 1])) == ["one", "row number 1"]
    assert view.column("label")[COUNT:].tolist() == [-1, -1] and np.isnan(view.column("number")[COUNT:]).all()


def test_what_a_run_wrote_is_not_trained_on_where_it_had_seen_what_is_judged_by(tmp_path: Path) -> None:
    data = source_of()
    first = divide(data, SplitChoice(folds=4), np.arange(COUNT), "label")
    seen = [data.ids()[int(row)] for row in first[Split.TRAIN]]
    write_set(tmp_path, MadeSet("w", ["", ""], np.array([1, 2]), {"words": ["one", "two"]}, {"how": "writing"}, seen))
    view = with_edits(MadeDataset(data, [read_set(tmp_path, "w")]), edits.tagged(edits.NO_EDITS, ["r1"], "odd"))
    for fold in range(4):
        divided = divide(view, SplitChoice(folds=4, fold=fold), np.arange(len(view)), "label")
        assert {40, 41}.issubset(divided[Split.TRAIN].tolist()) == (fold == 0)
        assert {40, 41}.isdisjoint([*divided[Split.VALIDATION].tolist(), *divided[Split.TEST].tolist()])


def test_sets_of_other_data_are_refused_and_rows_without_a_source_left_out() -> None:
    data = source_of()
    for values in (
        {"nothing": ["x"]}, {"words": np.zeros(1)}, {"image": np.zeros((1, 7, 5, 3), np.uint8)}, {"image": np.zeros((1, 6, 5, 3), np.float32)},
        {"sound": np.zeros((1, 30, 1), np.float32)}, {"number": ["one"]},
    ):
        with pytest.raises(DataError, match="made from other data"):
            MadeDataset(data, [set_of(data, [1], **values)])
    made = replace(set_of(data, [1, 2]), sources=["gone", "r2"])
    view = MadeDataset(data, [made])
    assert len(view) == COUNT + 1 and view.ids()[-1] == "made:some/r2#1" and [problem.kind for problem in view.problems] == ["made-orphans"]
    assert same(view.column("image", np.array([40])), made.values["image"][1:])


@pytest.mark.parametrize(
    "rule",
    [SplitChoice(), SplitChoice(folds=4, fold=2), SplitChoice(share=0.4), SplitChoice(group="prefix"), SplitChoice(time="number"),
     SplitChoice(time="number", folds=3)],
    ids=["plain", "folds", "share", "group", "time", "rolling"],
)
def test_made_rows_train_where_their_source_trains_and_change_nothing_else(rule: SplitChoice) -> None:
    data = source_of()
    data._ids = [f"s{row // 4}_{row}" for row in range(COUNT)]  # type: ignore[attr-defined]
    view = MadeDataset(data, [set_of(data, [*range(COUNT)], copies=2)])
    before = divide(data, rule, np.arange(COUNT), "label")
    after = divide(view, rule, np.arange(len(view)), "label")
    assert all(np.array_equal(before[split], after[split]) for split in (Split.VALIDATION, Split.TEST))
    real = after[Split.TRAIN][after[Split.TRAIN] < COUNT]
    made = view.made_from()[after[Split.TRAIN][after[Split.TRAIN] >= COUNT]]
    assert np.array_equal(real, before[Split.TRAIN]) and np.array_equal(np.unique(made), real) and len(made) == 2 * len(real)


def test_splits_of_the_source_stand() -> None:
    data = source_of()
    data._splits = np.array(["train"] * 30 + ["test"] * 10)  # type: ignore[attr-defined]
    view = MadeDataset(data, [set_of(data, [*range(COUNT)])])
    after = divide(view, SplitChoice(), np.arange(len(view)), "label")
    assert after[Split.TEST].tolist() == list(range(30, 40))
    assert set(view.made_from()[after[Split.TRAIN]].tolist()) <= {-1, *range(30)}


def test_what_people_change_about_a_row_holds_for_what_was_made_from_it() -> None:
    data = source_of()
    view = MadeDataset(data, [set_of(data, [*range(COUNT)])])
    plain = divide(view, SplitChoice(), np.arange(len(view)), "label")
    first, second, third, fourth = (int(row) for row in plain[Split.TRAIN][:4])
    now = edits.relabelled(edits.NO_EDITS, [f"r{first}"], "label", "c")
    now = edits.relabelled(now, [f"r{second}"], "label", "c")
    now = edits.relabelled(now, [f"made:some/r{second}#1"], "label", "a")
    now = edits.excluded(now, [f"r{third}"])
    now = edits.moved(edits.moved(now, [f"r{fourth}"], "validation"), [f"made:some/r{first}#1"], "test")
    changed = with_edits(view, now)
    labels = changed.column("label")
    assert changed.field("label").categories == ("a", "b", "c")
    assert (labels[first], labels[COUNT + first], labels[second], labels[COUNT + second]) == (2, 2, 2, 0)
    assert changed.column("label", np.array([COUNT + first])).tolist() == [2]
    left_out = changed.left_out()
    assert left_out is not None and left_out.tolist() == [third, COUNT + third]
    splits = prepare(changed, DataChoice(), ["number"], ["label"]).splits
    assert COUNT + fourth not in np.concatenate([*splits.values()]), "its source validates now"
    assert COUNT + first in splits[Split.TRAIN] and max(splits[Split.TEST].max(), splits[Split.VALIDATION].max()) < COUNT


def test_preprocessing_is_learned_from_real_rows_and_taking_rows_out_again_leaves_no_trace() -> None:
    data = source_of()
    loud = MadeSet("loud", [f"r{row}" for row in range(COUNT)], np.ones(COUNT, np.int64), {"number": np.full(COUNT, 1e6, np.float32)})
    view = MadeDataset(data, [loud])
    before, after = (prepare(item, DataChoice(), ["image", "number"], ["label"]) for item in (data, view))
    assert before.fitted["fields"] == after.fitted["fields"] and before.fitted["splits"]["train"] != after.fitted["splits"]["train"]
    for split in (Split.VALIDATION, Split.TEST):
        assert before.fitted["splits"][str(split)] == after.fitted["splits"][str(split)]
    assert after.count("train") == 2 * before.count("train")
    assert after.batch(after.rows("train")).values["number"].max() > 1000
    again = prepare(with_made(data, (), None), DataChoice(), ["image", "number"], ["label"])
    assert again.fitted == before.fitted


def test_a_limit_counts_real_rows() -> None:
    data = source_of()
    view = MadeDataset(data, [set_of(data, [*range(COUNT)])])
    limited = split_rows(view, DataChoice(limit=20), ["number"], ["label"])
    plain = split_rows(data, DataChoice(limit=20), ["number"], ["label"])
    assert len(limited[Split.TRAIN]) == 2 * len(plain[Split.TRAIN]) and sum(map(len, plain.values())) == 20
    prepared = prepare(view, DataChoice(limit=20), ["number"], ["label"])
    assert np.array_equal(prepared.splits[Split.TRAIN], limited[Split.TRAIN])
    assert [problem.kind for problem in prepared.problems] == ["made-idle"] and prepared.problems[0].message.startswith("26 of 40 ")
    made = MadeDataset(data, [set_of(data, plain[Split.TRAIN].tolist())])
    assert prepare(made, DataChoice(limit=20), ["number"], ["label"]).problems == ()


def test_streamed_batches_hold_made_rows_like_resident_ones() -> None:
    data = source_of()
    view = MadeDataset(data, [set_of(data, [*range(COUNT)], copies=2)])
    resident, streamed = (prepare(view, DataChoice(), ["image", "words"], ["label"], budget=budget) for budget in (10**9, 0))
    assert streamed.streams is not None and resident.streams is None
    rows = resident.rows("train")
    one, other = resident.batch(rows), streamed.batch(rows)
    assert all(np.array_equal(one.values[name], other.values[name]) for name in ("image", "words", "label"))


@pytest.mark.parametrize("name", FINDERS.names())
def test_made_rows_are_never_found_to_be_trouble(name: str) -> None:
    data = source_of()
    twins = MadeSet(
        "twins", [f"r{row}" for row in range(COUNT)] * 2, np.ones(2 * COUNT, np.int64),
        {"image": np.zeros((2 * COUNT, 6, 5, 3), np.uint8), "number": np.full(2 * COUNT, np.nan, np.float32), "words": [""] * 2 * COUNT},
    )
    view = MadeDataset(data, [twins])
    plain, more = (FINDERS[name].find(Look(item, divide(item, SplitChoice(), np.arange(len(item)), "label"))) for item in (data, view))
    assert [(problem.kind, problem.rows) for problem in more] == [(problem.kind, problem.rows) for problem in plain]


def test_data_opens_with_its_made_rows(tmp_path: Path) -> None:
    data = open_dataset("generated:shapes", params={"rows": 20})
    ids, images = data.ids(), data.column("image", np.array([2, 4]))
    write_set(tmp_path, MadeSet("kept", [ids[2], ids[4]], np.array([1, 1]), {"image": images[:, ::-1]}))
    view = open_dataset("generated:shapes", params={"rows": 20}, base=tmp_path, made=("kept",))
    assert len(view) == 22 and np.array_equal(view.column("image", np.array([20, 21])), images[:, ::-1])
    assert view.deciding(20) is None and view.deciding(2) is not None
    with pytest.raises(DataError, match="not in the folder"):
        open_dataset("generated:shapes", params={"rows": 20}, base=tmp_path, made=("other",))
