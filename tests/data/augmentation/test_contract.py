"""What every augmentation promises."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
import torch
from torch import Tensor

from workbench.data.augmentation import AUGMENTATIONS
from workbench.data.augmentation.augmenter import Augmenter, preview
from workbench.data.augmentation.base import Augmentation, Chance, Subject
from workbench.data.augmentation.mixing import Mixing
from workbench.data.augmentation.policies import OPERATIONS
from workbench.data.base import FieldKind
from workbench.data.open import open_dataset
from workbench.data.prepare import Prepared, prepare
from workbench.errors import DataError
from workbench.project.project import Choice, DataChoice

NAMES = AUGMENTATIONS.names()
ROWS = 32
CASES = [(name, kind) for name in NAMES for kind in AUGMENTATIONS[name].kinds if kind != FieldKind.NUMBER]


def some(kind: FieldKind) -> tuple[Tensor, Tensor | None, Subject]:
    """Model-ready values of a kind, their lengths, and what is known of them."""
    torch.manual_seed(3)
    if kind == FieldKind.IMAGE:
        seen = torch.rand(ROWS, 3, 12, 10) * 0.8 + 0.1
        subject = Subject(kind, (-1.0, -2.0, -0.5), (2.0, 4.0, 3.0))
        return seen * torch.tensor(subject.scale).view(1, 3, 1, 1) + torch.tensor(subject.black).view(1, 3, 1, 1), None, subject
    if kind == FieldKind.TEXT:
        lengths = torch.randint(1, 13, (ROWS,))
        return torch.randint(2, 90, (ROWS, 12)) * (torch.arange(12) < lengths[:, None]), lengths, Subject(kind)
    if kind == FieldKind.AUDIO:
        return torch.rand(ROWS, 64) * 1.6 - 0.8, None, Subject(kind, rate=8000)
    return torch.randn(ROWS, 20, 3), None, Subject(kind)


def applied(name: str, kind: FieldKind, seed: int = 5, **raw: Any) -> tuple[Tensor, Tensor | None]:
    values, lengths, subject = some(kind)
    params = AUGMENTATIONS[name].parse({"probability": 1.0, **raw})
    return AUGMENTATIONS[name].apply(values, lengths, params, Chance(seed, ROWS, values.device), subject)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_form_and_type_stay(name: str, kind: FieldKind) -> None:
    values, lengths, _ = some(kind)
    new, valid = applied(name, kind)
    assert new.shape == values.shape and new.dtype == values.dtype and (valid is None) == (lengths is None)
    assert torch.isfinite(new.float()).all()
    if valid is not None:
        assert bool((valid >= 1).all()) and not new[torch.arange(12) >= valid[:, None]].any(), "padding stays padding"


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_it_changes_something_by_the_seed_alone(name: str, kind: FieldKind) -> None:
    values = some(kind)[0]
    strong: dict[str, Any] = {"share": 0.5} if "share" in AUGMENTATIONS[name].Params.model_fields else {}
    first, again, other = applied(name, kind, **strong)[0], applied(name, kind, **strong)[0], applied(name, kind, seed=6, **strong)[0]
    assert torch.equal(first, again) and not torch.equal(first, values)
    assert name in ("flip", "token_swap") or not torch.equal(first, other)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_without_probability_nothing_changes(name: str, kind: FieldKind) -> None:
    values, lengths, _ = some(kind)
    new, valid = applied(name, kind, probability=0.0)
    assert torch.equal(new, values) or torch.allclose(new.float(), values.float(), atol=1e-5)
    assert valid is None or torch.equal(valid, lengths)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_what_came_in_is_not_touched(name: str, kind: FieldKind) -> None:
    values, lengths, subject = some(kind)
    before = values.clone()
    AUGMENTATIONS[name].apply(values, lengths, AUGMENTATIONS[name].parse({"probability": 1.0}), Chance(1, ROWS, values.device), subject)
    assert torch.equal(values, before)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_torchs_own_generator_is_left_alone(name: str, kind: FieldKind) -> None:
    values, lengths, subject = some(kind)
    state = torch.random.get_rng_state()
    AUGMENTATIONS[name].apply(values, lengths, AUGMENTATIONS[name].parse({}), Chance(1, ROWS, values.device), subject)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("name", [name for name, kind in CASES if kind == FieldKind.IMAGE])
def test_images_stay_between_black_and_white(name: str) -> None:
    new, subject = applied(name, FieldKind.IMAGE)[0], some(FieldKind.IMAGE)[2]
    seen = (new - torch.tensor(subject.black).view(1, 3, 1, 1)) / torch.tensor(subject.scale).view(1, 3, 1, 1)
    assert seen.min() > -0.01 and seen.max() < 1.01


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_has_words_and_a_chinese_name(name: str) -> None:
    entry = AUGMENTATIONS[name]
    assert entry.summary.endswith(".") and entry.kinds and any("\u4e00" <= letter <= "\u9fff" for alias in entry.aliases for letter in alias)


def data(source: str, inputs: list[str], targets: list[str], **params: Any) -> Prepared:
    return prepare(open_dataset(source, params=params), DataChoice(source), inputs, targets)


@pytest.fixture(scope="module")
def digits() -> Prepared:
    return data("sample:digits", ["image"], ["label"])


def choice(name: str, **params: Any) -> Choice:
    return Choice(name, MappingProxyType(params))


def test_a_flip_is_a_mirror(digits: Prepared) -> None:
    batch = digits.batch(digits.rows("train")[:50])
    varied = Augmenter([choice("flip", probability=1.0)], digits, 7)(batch, 0).values["image"]
    assert torch.equal(varied, batch.values["image"].flip(3))


def test_a_whole_pixel_shift_moves_pixels_and_fills_with_black(digits: Prepared) -> None:
    batch = digits.batch(digits.rows("train")[:200])
    old, new = batch.values["image"], Augmenter([choice("crop", pixels=1)], digits, 7)(batch, 0).values["image"]
    black = float((0 - digits.preprocessors["image"].mean[0]) / digits.preprocessors["image"].deviation[0])  # type: ignore[attr-defined]
    padded = torch.nn.functional.pad(old, (1, 1, 1, 1), value=black)
    shifts = [padded[:, :, 1 + down : 9 + down, 1 + right : 9 + right] for down in (-1, 0, 1) for right in (-1, 0, 1)]
    matches = torch.stack([torch.isclose(new, shifted, atol=1e-5).flatten(1).all(1) for shifted in shifts])
    assert bool(matches.any(0).all()) and int(matches.any(1).sum()) == 9


def test_an_affine_change_of_nothing_is_nothing(digits: Prepared) -> None:
    batch = digits.batch(digits.rows("train")[:20])
    still = Augmenter([choice("affine", degrees=0.0, shift=0.0, scale=0.0, shear=0.0, probability=1.0)], digits, 7)(batch, 0)
    assert torch.allclose(still.values["image"], batch.values["image"], atol=1e-4)


def test_a_turn_by_ninety_degrees_is_one() -> None:
    from workbench.data.augmentation.moving import affine_matrix, sampled

    images, ones = torch.rand(4, 1, 9, 9), torch.ones(4)
    matrix = affine_matrix(9, 9, ones * torch.pi / 2, torch.zeros(4, 2), ones, ones * 0)
    turned = sampled(matrix, torch.ones(4, dtype=torch.bool), 9, 9, Subject(FieldKind.IMAGE))(images, False)
    assert any(torch.allclose(turned, torch.rot90(images, times, (2, 3)), atol=1e-4) for times in (1, 3))


def test_masks_move_with_their_images() -> None:
    roads = data("generated:road", ["image"], ["mask"], rows=40)
    batch = roads.batch(roads.rows("train")[:16])
    varied = Augmenter([choice("flip", probability=1.0), choice("affine", probability=1.0)], roads, 7)(batch, 3)
    mask, flipped = batch.values["mask"], Augmenter([choice("flip", probability=1.0)], roads, 7)(batch, 3).values["mask"]
    assert torch.equal(flipped, mask.flip(2))
    assert varied.values["mask"].dtype == mask.dtype and set(varied.values["mask"].unique().tolist()) <= {0, *mask.unique().tolist()}
    assert not torch.equal(varied.values["mask"], flipped)


def test_mixup_mixes_values_and_says_how(digits: Prepared) -> None:
    batch = digits.batch(digits.rows("train")[:32])
    augmenter = Augmenter([choice("mixup", probability=1.0, alpha=1.0)], digits, 7)
    shares = [augmenter(batch, step) for step in range(20)]
    assert all(0.5 <= one.share <= 1.0 for one in shares) and len({round(one.share, 6) for one in shares}) == 20
    one = shares[0]
    expected = batch.values["image"] * one.share + batch.values["image"][one.partner] * (1 - one.share)
    assert torch.allclose(one.values["image"], expected) and torch.equal(one.values["label"], batch.values["label"])


def test_cutmix_says_the_area_that_was_kept(digits: Prepared) -> None:
    batch = digits.batch(digits.rows("train")[:32])
    one = Augmenter([choice("cutmix", probability=1.0, alpha=1.0)], digits, 7)(batch, 1)
    same = (one.values["image"] == batch.values["image"]).float()
    assert float(same.mean()) >= one.share - 1e-6 and one.share * 64 == pytest.approx(round(one.share * 64))


def test_the_mean_share_of_beta_is_that_of_the_distribution() -> None:
    entry: Mixing = AUGMENTATIONS["mixup"]  # type: ignore[assignment]
    params: Any = entry.parse({"probability": 1.0, "alpha": 0.3})
    drawn = [entry.draw(params, Chance(seed, 2, torch.device("cpu")))[1] for seed in range(1500)]
    real = torch.distributions.Beta(0.3, 0.3).sample((20000,))  # type: ignore[no-untyped-call]
    assert sum(drawn) / len(drawn) == pytest.approx(float(torch.maximum(real, 1 - real).mean()), abs=0.01)


def test_chance_differs_from_step_to_step_and_row_to_row(digits: Prepared) -> None:
    augmenter = Augmenter([choice("affine", probability=1.0)], digits, 7)
    same = digits.batch([5] * 8)
    first, second = augmenter(same, 0).values["image"], augmenter(same, 1).values["image"]
    assert not torch.equal(first, second) and len({row.numpy().tobytes() for row in first}) == 8


def test_tokens_that_are_hidden_are_unknown() -> None:
    values, lengths, _ = some(FieldKind.TEXT)
    new = applied("token_mask", FieldKind.TEXT, share=0.5)[0]
    real = torch.arange(12) < lengths[:, None]  # type: ignore[index]
    changed = new != values
    assert bool((new[changed] == 1).all()) and not changed[~real].any() and 0.3 < float(changed[real].float().mean()) < 0.7


def test_tokens_that_are_left_out_keep_the_order() -> None:
    values, lengths, _ = some(FieldKind.TEXT)
    new, valid = applied("token_dropout", FieldKind.TEXT, share=0.4)
    for row in range(ROWS):
        old, kept = values[row, : int(lengths[row])].tolist(), new[row, : int(valid[row])].tolist()  # type: ignore[index]
        rest = iter(old)
        assert all(token in rest for token in kept)


def test_a_field_that_is_not_there_is_named(digits: Prepared) -> None:
    with pytest.raises(DataError, match="nothing to vary"):
        Augmenter([choice("flip", field="picture")], digits, 7)
    with pytest.raises(DataError, match="nothing to vary"):
        Augmenter([choice("token_mask")], digits, 7)


def test_a_written_text_is_not_varied_unless_named() -> None:
    dates = data("generated:dates", ["text", "iso"], ["iso"], rows=60)
    batch = dates.batch(dates.rows("train")[:8])
    varied = Augmenter([choice("token_mask", probability=1.0, share=0.9)], dates, 7)(batch, 0)
    assert torch.equal(varied.values["iso"], batch.values["iso"]) and not torch.equal(varied.values["text"], batch.values["text"])


def test_a_preview_is_what_training_shows(digits: Prepared) -> None:
    row = int(digits.rows("train")[3])
    draws = preview(digits, row, [choice("affine", probability=1.0)], draws=4, seed=1)
    assert len(draws) == 4 and len({draw.values["image"].numpy().tobytes() for draw in draws}) == 4
    assert all(draw.rows.tolist() == [row] for draw in draws)
    again = preview(digits, row, [choice("affine", probability=1.0)], draws=4, seed=1)
    assert torch.equal(draws[2].values["image"], again[2].values["image"])


def test_every_operation_of_the_policies_keeps_images() -> None:
    images = torch.rand(6, 3, 9, 9)
    for operation in OPERATIONS:
        for strength in (-1.0, -0.3, 0.0, 0.7, 1.0):
            new = operation(images, torch.full((6,), strength))
            assert new.shape == images.shape and torch.isfinite(new).all()


def test_entries_are_augmentations() -> None:
    assert len(NAMES) >= 18 and all(isinstance(AUGMENTATIONS[name], Augmentation) for name in NAMES)


def test_one_that_is_switched_off_varies_nothing_and_leaves_the_chance_of_the_others() -> None:
    import torch

    from workbench.data.augmentation.augmenter import Augmenter
    from workbench.data.open import open_dataset
    from workbench.data.prepare import prepare
    from workbench.project.project import Choice, DataChoice

    prepared = prepare(open_dataset("sample:digits"), DataChoice("sample:digits", limit=80), ["image"], ["label"])
    batch = prepared.batch(prepared.rows("train")[:16])
    crop, noise = Choice("crop"), Choice("noise", {"probability": 1.0})
    off = crop.with_params(active=False)
    alone = Augmenter([off, noise], prepared, 7)(batch, 3).values["image"] - batch.values["image"]
    both = Augmenter([crop.with_params(pixels=1, probability=0.0), noise], prepared, 7)(batch, 3).values["image"] - batch.values["image"]
    assert torch.equal(alone, both) and float(alone.abs().sum()) > 0
    assert Augmenter([off], prepared, 7)(batch, 0).values["image"] is batch.values["image"]


def test_the_list_for_some_data_holds_exactly_what_can_be_bound() -> None:
    from workbench.data.augmentation import AUGMENTATIONS
    from workbench.data.augmentation.augmenter import Augmenter, fitting
    from workbench.data.open import open_dataset
    from workbench.data.prepare import prepare
    from workbench.errors import DataError
    from workbench.project.project import Choice, DataChoice

    for source, inputs in (("sample:digits", ["image"]), ("generated:reviews", ["text"]), ("generated:waves", ["series"])):
        prepared = prepare(open_dataset(source), DataChoice(source, limit=60), inputs, ["label"])
        kinds = {name: item.kind for name, item in prepared.preprocessors.items()}
        offered = {entry.name for entry in fitting(kinds, prepared.inputs, prepared.targets)}
        for entry in AUGMENTATIONS:
            try:
                Augmenter([Choice(entry.name)], prepared, 1)
            except DataError:
                assert entry.name not in offered
            else:
                assert entry.name in offered
