"""Preparing: fitted on training rows alone, restored exactly, one row the same alone and in a batch."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from workbench.data.base import Field, FieldKind, Split
from workbench.data.memory import MemoryDataset
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.errors import DataError

SOURCES = [("sample:digits", "image"), ("generated:reviews", "text"), ("generated:shapes", "image")]


def mixed(rows: int = 60, **changes) -> MemoryDataset:
    generator = np.random.default_rng(3)
    columns = {
        "image": generator.integers(0, 256, (rows, 6, 5, 3), dtype=np.uint8),
        "text": [f"word{number % 7} again{number}" for number in range(rows)],
        "size": generator.normal(50, 9, rows).astype(np.float32),
        "label": np.arange(rows) % 3,
    }
    columns.update(changes)
    fields = [
        Field("image", FieldKind.IMAGE, channels=3, height=6, width=5), Field("text", FieldKind.TEXT),
        Field("size", FieldKind.NUMBER, unit="cm"), Field("label", FieldKind.CATEGORY, categories=("a", "b", "c")),
    ]
    return MemoryDataset(format="test", source="test", fields=fields, columns=columns, ids=[f"r{number}" for number in range(rows)])


@pytest.mark.parametrize(("source", "name"), SOURCES)
def test_batches_are_what_the_shapes_promise(source: str, name: str, choice) -> None:
    prepared = prepare(open_dataset(source, params={"rows": 200} if "generated" in source else {}), choice(), [name], ["label"])
    batch = prepared.batch(prepared.rows(Split.VALIDATION)[:9])
    for field, shape in prepared.shapes().items():
        value = batch.values[field]
        assert str(value.dtype) == f"torch.{shape.dtype}" and value.ndim == shape.rank and len(value) == 9
        for size, dim in zip(value.shape[1:], shape.dims[1:], strict=True):
            assert dim.constant in (None, size)
        assert (field in batch.lengths) == shape.ragged
    assert batch.rows.tolist() == prepared.rows("validation")[:9].tolist()


@pytest.mark.parametrize(("source", "name"), SOURCES)
def test_one_value_from_a_person_equals_its_row(source: str, name: str, choice) -> None:
    prepared = prepare(open_dataset(source, params={"rows": 200} if "generated" in source else {}), choice(), [name], ["label"])
    for row in (0, 17, 150):
        alone, batch = prepared.encode(prepared.raw(row)), prepared.batch([row])
        assert torch.equal(alone.values[name], batch.values[name]) and torch.equal(alone.values["label"], batch.values["label"])
        assert {key: value.tolist() for key, value in alone.lengths.items()} == {key: v.tolist() for key, v in batch.lengths.items()}


def test_only_training_rows_are_fitted(choice) -> None:
    plain = mixed()
    first = prepare(plain, choice(), ["image", "text", "size"], ["label"])
    held_out = np.concatenate([first.splits[Split.VALIDATION], first.splits[Split.TEST]])
    images, sizes, texts = plain.column("image").copy(), plain.column("size").copy(), list(plain.column("text"))
    images[held_out], sizes[held_out] = 255, 1e6
    for row in held_out:
        texts[row] = "unheard of 没听过"
    second = prepare(mixed(image=images, size=sizes, text=texts), choice(), ["image", "text", "size"], ["label"])
    assert first.fitted == second.fitted
    row = int(first.splits[Split.TRAIN][0])
    images[row] = 0
    assert prepare(mixed(image=images), choice(), ["image"], ["label"]).fitted["fields"]["image"] != first.fitted["fields"]["image"]


def test_the_training_split_is_standardised(choice) -> None:
    prepared = prepare(mixed(), choice(), ["image", "size"], ["label"])
    values = prepared.batch(prepared.rows("train")).values
    assert values["image"].mean((0, 2, 3)).abs().max() < 1e-5 and (values["image"].std((0, 2, 3)) - 1).abs().max() < 1e-2
    assert values["size"].mean().abs() < 1e-5 and (values["size"].std(correction=0) - 1).abs() < 1e-5


def test_fitted_state_restores_exactly_through_json(choice) -> None:
    dataset = mixed()
    first = prepare(dataset, choice(text={"vocabulary": 12}), ["image", "text", "size"], ["label"])
    state = json.loads(json.dumps(first.fitted, allow_nan=False))
    again = prepare(dataset, choice(), ["image", "text", "size"], ["label"], fitted=state)
    assert again.fitted == first.fitted and not again.problems
    rows = torch.arange(len(dataset))
    for name, value in first.batch(rows).values.items():
        assert torch.equal(value, again.batch(rows).values[name])


def test_data_that_changed_since_is_reported(choice) -> None:
    state = prepare(mixed(), choice(), ["image"], ["label"]).fitted
    assert [problem.kind for problem in prepare(mixed(70), choice(), ["image"], ["label"], fitted=state).problems] == ["changed"]


def test_classes_in_another_order_keep_their_numbers(choice) -> None:
    first = prepare(mixed(), choice(), ["size"], ["label"])
    turned = mixed(label=2 - np.arange(60) % 3)
    turned.fields = (*turned.fields[:3], Field("label", FieldKind.CATEGORY, categories=("c", "b", "a")))
    again = prepare(turned, choice(), ["size"], ["label"], fitted=first.fitted)
    rows = torch.arange(60)
    assert torch.equal(first.batch(rows).values["label"], again.batch(rows).values["label"])
    turned.fields = (*turned.fields[:3], Field("label", FieldKind.CATEGORY, categories=("c", "b", "new")))
    with pytest.raises(DataError, match="new is no class"):
        prepare(turned, choice(), ["size"], ["label"], fitted=first.fitted)


def test_a_limit_takes_an_even_part_and_keeps_row_numbers(choice) -> None:
    whole, part = (prepare(mixed(), choice(limit=limit), ["image"], ["label"]) for limit in (0, 30))
    rows = np.concatenate(list(part.splits.values()))
    assert len(rows) == 30 and np.bincount(rows % 3).tolist() == [10, 10, 10]
    assert part.bytes == whole.bytes // 2
    assert torch.equal(part.batch(rows).values["label"], torch.from_numpy(rows % 3))
    assert part.batch(rows).rows.tolist() == rows.tolist()
    raw = part.dataset.column("image", rows)
    assert torch.equal(part.preprocessors["image"].transform(raw), part.batch(rows).values["image"])


def test_rows_without_a_target_are_left_out_and_named(choice) -> None:
    labels = np.arange(60) % 3
    labels[[4, 9]] = -1
    prepared = prepare(mixed(label=labels), choice(), ["size"], ["label"])
    assert not {4, 9} & set(np.concatenate(list(prepared.splits.values())).tolist())
    assert prepared.problems[0].kind == "missing" and prepared.problems[0].rows == ("r4", "r9")


def test_a_missing_number_takes_the_mean(choice) -> None:
    sizes = np.linspace(1, 60, 60, dtype=np.float32)
    sizes[5] = np.nan
    assert prepare(mixed(size=sizes), choice(), ["size"], ["label"]).batch([5]).values["size"].item() == 0


@pytest.mark.parametrize("bad", [-2, 3, 10**6])
def test_a_label_out_of_range_is_refused(bad: int, choice) -> None:
    labels = np.arange(60) % 3
    labels[7] = bad
    with pytest.raises(DataError, match="out of range") as caught:
        prepare(mixed(label=labels), choice(), ["size"], ["label"])
    assert "0 to 2" in caught.value.hint


def test_one_class_a_missing_field_and_wrong_settings_are_refused(choice) -> None:
    with pytest.raises(DataError, match="one class"):
        prepare(mixed(label=np.zeros(60, np.int64)), choice(), ["size"], ["label"])
    with pytest.raises(DataError, match="no field called picture"):
        prepare(mixed(), choice(), ["picture"], ["label"])
    for settings in ({"height": -1}, {"colour": 1}, {"channels": 2}):
        with pytest.raises(DataError):
            prepare(mixed(), choice(image=settings), ["image"], ["label"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("image", np.zeros((3, 3))), ("image", np.zeros((3, 3, 4), np.uint8)), ("image", np.zeros((0, 3), np.uint8)), ("text", 5),
     ("size", "tall"), ("label", "z"), ("label", 3)],
)
def test_values_that_do_not_fit_are_refused(name: str, value, choice) -> None:
    prepared = prepare(mixed(), choice(), ["image", "text", "size"], ["label"])
    with pytest.raises(DataError) as caught:
        prepared.encode({name: value})
    assert caught.value.hint


def test_gathering_does_not_change_what_is_kept(choice) -> None:
    prepared = prepare(mixed(), choice(image={"height": 3}), ["image"], ["label"])
    before = prepared.stored["image"][0].clone()
    prepared.batch(torch.arange(60)).values["image"].add_(1)
    assert torch.equal(before, prepared.stored["image"][0])


def test_moving_to_a_device_leaves_the_original(choice) -> None:
    prepared = prepare(mixed(), choice(limit=30), ["image", "text"], ["label"])
    there = prepared.to("meta")
    assert there.device.type == "meta" and all(t.device.type == "meta" for tensors in there.stored.values() for t in tensors)
    assert all(t.device.type == "cpu" for tensors in prepared.stored.values() for t in tensors)


def test_numbers_decode_to_their_own_unit(choice) -> None:
    prepared = prepare(mixed(), choice(), ["image"], ["size"])
    values = prepared.batch(torch.arange(60)).values["size"]
    assert np.allclose(prepared.preprocessors["size"].decode(values).numpy(), prepared.dataset.column("size"), atol=1e-4)
    assert prepared.preprocessors["size"].display(1.5) == "1.5 cm"
