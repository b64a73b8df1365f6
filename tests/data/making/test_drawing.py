"""Draws of the augmentation as raw rows: of every kind, in their own form, by the code that training uses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.augmentation import AUGMENTATIONS
from workbench.data.base import Dataset, Field, FieldKind
from workbench.data.making.drawing import draw, keepable
from workbench.data.making.forms import AudioForm, Form, ImageForm, MaskForm, SeriesForm, TextForm, words_of
from workbench.data.making.sets import MadeSet
from workbench.data.making.view import MadeDataset
from workbench.data.memory import MemoryDataset
from workbench.data.open import open_dataset
from workbench.errors import DataError
from workbench.project.project import Choice

COUNT = 30
TRAINING = np.arange(20)


def dataset_of(ragged: bool = False) -> Dataset:
    """A field of every kind, of common or of differing sizes."""
    generator = np.random.default_rng(0)
    images: Any = generator.integers(0, 256, (COUNT, 12, 10, 3), dtype=np.uint8)
    masks = (images[..., 0] > 127).astype(np.uint8)
    series: Any = generator.normal(50, 10, (COUNT, 24, 2)).astype(np.float32)
    sounds: Any = np.clip(generator.normal(0, 0.2, (COUNT, 64)), -1, 1).astype(np.float32)
    if ragged:
        images, series, sounds = ([item[: 8 + row % 3] for row, item in enumerate(column)] for column in (images, series, sounds))
    common = not ragged
    fields = (
        Field("image", FieldKind.IMAGE, channels=3, height=12 * common, width=10 * common),
        Field("mask", FieldKind.MASK, categories=("a", "b"), height=12, width=10),
        Field("series", FieldKind.SERIES, length=24 * common, features=2), Field("sound", FieldKind.AUDIO, length=64 * common, rate=8000),
        Field("words", FieldKind.TEXT), Field("number", FieldKind.NUMBER), Field("label", FieldKind.CATEGORY, categories=("a", "b")),
    )
    columns = {
        "image": images, "mask": masks, "series": series, "sound": sounds,
        "words": [f"the row  of number {row}, and more of it." for row in range(COUNT)],
        "number": np.arange(COUNT, dtype=np.float32), "label": np.arange(COUNT) % 2,
    }
    return MemoryDataset(format="test", source="test", fields=fields, columns=columns, ids=[f"r{row}" for row in range(COUNT)])


def drawn(data: Dataset, field: str, *choices: Choice, targets: tuple[str, ...] = ("label",), copies: int = 2, seed: int = 3) -> MadeSet:
    rows = np.arange(0, 20, 2)
    return draw(data, rows, TRAINING, choices, [field], targets, copies=copies, seed=seed, name="some")


def choice(name: str, **params: Any) -> Choice:
    return Choice(name, {"probability": 1.0, **params} if name not in ("mixup", "cutmix") else params)


FIELD_OF = {FieldKind.IMAGE: "image", FieldKind.TEXT: "words", FieldKind.SERIES: "series", FieldKind.AUDIO: "sound"}
CASES = [
    (entry.name, FIELD_OF[kind]) for entry in AUGMENTATIONS for kind in entry.kinds
    if kind in FIELD_OF and not entry.mixes_rows and entry.name != "token_mask"
]


@pytest.mark.parametrize(("name", "field"), CASES, ids=[f"{name}-{field}" for name, field in CASES])
@pytest.mark.parametrize("ragged", [False, True], ids=["common", "differing"])
def test_every_augmentation_keeps_the_form_of_a_row_and_changes_it(name: str, field: str, ragged: bool) -> None:
    data = dataset_of(ragged)
    before = data.column(field, np.arange(COUNT))
    made = drawn(data, field, Choice(name))
    assert set(made.sources) <= {f"r{row}" for row in range(0, 20, 2)} and len(made) >= 10
    view = MadeDataset(data, [made])
    for source, value in zip(view.made_from()[COUNT:].tolist(), view.column(field)[COUNT:], strict=True):
        raw = before[source]
        assert type(value) is type(raw) and not np.array_equal(value, raw)
        if not isinstance(raw, str):
            assert value.shape == raw.shape and value.dtype == raw.dtype and np.isfinite(value).all()
    assert all(np.array_equal(one, other) for one, other in zip(before, data.column(field, np.arange(COUNT)), strict=True)), "the source stays"


def test_the_seed_alone_decides_and_copies_differ() -> None:
    data = dataset_of()
    one, same, other = (drawn(data, "image", Choice("affine"), seed=seed) for seed in (1, 1, 2))
    assert one.ids() == same.ids() and np.array_equal(one.values["image"], same.values["image"])
    assert not np.array_equal(one.values["image"], other.values["image"])
    assert one.ids()[:2] == ["made:some/r0#1", "made:some/r0#2"] and not np.array_equal(one.values["image"][0], one.values["image"][1])


def test_flips_are_exact() -> None:
    data = dataset_of()
    made = drawn(data, "image", choice("flip"), copies=1)
    assert np.array_equal(made.values["image"], data.column("image", np.arange(0, 20, 2))[:, :, ::-1])


def test_masks_move_along() -> None:
    data = dataset_of()
    made = drawn(data, "image", choice("flip"), targets=("mask",), copies=1)
    assert np.array_equal(made.values["mask"], data.column("mask", np.arange(0, 20, 2))[:, :, ::-1]) and made.values["mask"].dtype == np.uint8
    assert set(drawn(data, "image", choice("noise"), targets=("mask",)).values) == {"image"}


def test_draws_that_change_nothing_are_left_out() -> None:
    data = dataset_of()
    data._columns["image"][:] = 7  # type: ignore[attr-defined]
    data._columns["image"][4, :, :5] = 200  # type: ignore[attr-defined]
    made = drawn(data, "image", choice("flip"))
    assert made.sources == ["r4", "r4"]
    data._columns["image"][:] = 7  # type: ignore[attr-defined]
    with pytest.raises(DataError, match="No draw changed a row"):
        drawn(data, "image", choice("flip"))


def test_what_cannot_be_kept_says_why() -> None:
    data = dataset_of()
    kept, refused = keepable([Choice("flip"), Choice("mixup"), Choice("token_mask"), Choice("noise", {"active": False})])
    assert [item.name for item in kept] == ["flip"] and len(refused) == 2
    with pytest.raises(DataError, match="mixes two rows") as caught:
        drawn(data, "image", Choice("mixup"))
    assert caught.value.hint
    with pytest.raises(DataError, match="no augmentation to draw"):
        drawn(data, "image")
    with pytest.raises(DataError, match="numbers and categories alone"):
        drawn(data, "number", Choice("flip"))
    with pytest.raises(DataError, match="has nothing to vary"):
        drawn(data, "words", Choice("flip"))
    with pytest.raises(DataError, match="too many to keep"):
        drawn(data, "image", Choice("flip"), copies=10**6)


def test_a_text_that_is_learned_itself_is_varied_as_a_whole() -> None:
    made = drawn(dataset_of(), "words", choice("token_swap", share=0.5), targets=("words",), copies=1)
    assert sorted(made.values["words"][0].split()) == ["0,", "and", "it.", "more", "number", "of", "of", "row", "the"]


def test_rows_that_cannot_be_read_are_passed_over() -> None:
    class Damaged(MemoryDataset):
        def column(self, name: str, rows: np.ndarray | None = None) -> Any:
            from workbench.data.base import UnreadableRowsError

            if name == "image" and (rows is None or 4 in rows):
                raise UnreadableRowsError({4: "broken"})
            return super().column(name, rows)

    data = dataset_of()
    broken = Damaged(format="", source="", fields=data.fields, columns=data._columns, ids=data.ids())  # type: ignore[attr-defined]
    assert "r4" not in drawn(broken, "image", choice("flip")).sources


@given(st.text(alphabet="ab, \n\t。好", max_size=30))
def test_words_and_what_stands_between_make_the_text(text: str) -> None:
    words, gaps = words_of(text)
    assert len(gaps) == len(words) + 1
    assert gaps[0] + "".join(word + gap for word, gap in zip(words, gaps[1:], strict=True)) == text
    form = TextForm()
    tensor, lengths = form.tensor([text, "three plain words"])
    assert form.raw(tensor, lengths, [text, "three plain words"]) == [text if words else "", "three plain words"]


def test_texts_keep_what_stands_between_their_words() -> None:
    form = TextForm()
    places, lengths = torch.tensor([[3, 1, 0], [2, 1, 3]]), torch.tensor([2, 3])
    assert form.raw(places, lengths, ["one  two\nthree.", "一二三"]) == ["three.  one", "二一三"]


def test_every_form_goes_there_and_back() -> None:
    data = dataset_of()
    forms: dict[str, Form] = {
        "image": ImageForm(3), "mask": MaskForm(), "sound": AudioForm(8000), "series": SeriesForm(np.array([50.0, 49.0]), np.array([10.0, 9.0])),
    }
    for name, form in forms.items():
        raw = data.column(name, np.arange(5))
        back = form.raw(form.tensor(raw)[0], None, raw)
        np.testing.assert_allclose(np.stack(back), raw, rtol=1e-6)
        assert np.stack(back).dtype == raw.dtype
        assert name == "series" or np.array_equal(np.stack(back), raw)


@pytest.mark.parametrize(
    ("source", "field", "name"),
    [("shapes", "image", "affine"), ("road", "image", "flip"), ("tones", "sound", "time_shift"), ("waves", "series", "jitter"),
     ("reviews", "text", "token_swap")],
)
def test_generated_data_gains_rows(source: str, field: str, name: str) -> None:
    data = open_dataset(f"generated:{source}", params={"rows": 20})
    fields = [item.name for item in data.fields if item.kind in FIELD_OF]
    made = draw(data, np.arange(5), np.arange(15), [choice(name)], fields, [], copies=1, seed=0, name="more")
    view = MadeDataset(data, [made])
    assert len(view) == 20 + len(made) and len(made) >= 4
    assert all(len(view.column(item.name)) == len(view) for item in view.fields)
