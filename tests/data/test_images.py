"""Images: one resize for all, decoded from every ordinary file, damaged ones listed."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workbench.data.base import Field, FieldKind, Split, UnreadableRowsError
from workbench.data.decode import MAX_PIXELS, decode
from workbench.data.open import open_dataset, questions
from workbench.data.prepare import prepare
from workbench.data.preprocessing.image import ImagePreprocessor, natural_size
from workbench.data.preprocessing.params import ImageParams
from workbench.data.preprocessing.resize import conformed, conformed_all
from workbench.errors import DataError

RNG = np.random.default_rng(0)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]), st.integers(1, 24), st.integers(2, 24))
def test_resize_equals_antialiased_interpolation(height: int, width: int, channels: int, new_height: int, new_width: int) -> None:
    images = np.random.default_rng(height * 41 + width).integers(0, 256, (2, height, width, channels), dtype=np.uint8)
    ours = conformed(images, channels, new_height, new_width)
    planes = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    theirs = F.interpolate(planes, size=(new_height, new_width), mode="bilinear", antialias=True, align_corners=False)
    assert torch.allclose(ours.float(), theirs, atol=1e-3)
    assert ours.dtype == (torch.uint8 if (height, width) == (new_height, new_width) else torch.float32)


def test_a_width_of_one_averages_along_the_right_axis() -> None:
    column = np.array([10, 20, 40], np.uint8).reshape(1, 3, 1, 1)
    assert conformed(column, 1, 2, 1).flatten().tolist() == conformed(column.transpose(0, 2, 1, 3), 1, 1, 2).flatten().tolist()
    assert conformed(column, 1, 6, 1).flatten().tolist() == [10, 12.5, 17.5, 25, 35, 40]
    wide = conformed(np.repeat(column, 3, axis=2), 3, 6, 1)[0, 1].flatten().tolist()
    assert wide == pytest.approx([10, 12.5, 17.5, 25, 35, 40], abs=1e-4)


def test_grey_is_luma_and_colour_is_three_times_grey() -> None:
    red = np.zeros((1, 2, 2, 3), np.uint8)
    red[..., 0] = 200
    assert conformed(red, 1, 2, 2).flatten().tolist() == pytest.approx([59.8] * 4, abs=1e-4)
    assert conformed(red[..., :1], 3, 2, 2).float().mean((0, 2, 3)).tolist() == [200, 200, 200]


def test_mixed_sizes_equal_one_by_one() -> None:
    images = [RNG.integers(0, 256, (side, side + 3, 3), dtype=np.uint8) for side in (5, 8, 8, 20)]
    together = conformed_all(images, 3, 8, 11)
    assert together.dtype == torch.float32
    for image, row in zip(images, together, strict=True):
        assert torch.equal(conformed(image[None], 3, 8, 11)[0].float(), row)


def test_normalising_is_the_plain_formula() -> None:
    column = RNG.integers(0, 256, (20, 6, 7, 3), dtype=np.uint8)
    fitted = ImagePreprocessor.fit(Field("image", FieldKind.IMAGE, channels=3, height=6, width=7), column, ImageParams())
    assert np.allclose(fitted.mean, column.mean((0, 1, 2)) / 255, atol=1e-7)
    assert np.allclose(fitted.deviation, column.std((0, 1, 2)) / 255, atol=1e-6)
    plain = (column / 255 - np.array(fitted.mean)) / np.array(fitted.deviation)
    assert np.allclose(fitted.transform(column).permute(0, 2, 3, 1).numpy(), plain, atol=2e-6)


def test_a_constant_image_has_no_infinite_scale() -> None:
    column = np.full((4, 5, 5, 1), 9, np.uint8)
    fitted = ImagePreprocessor.fit(Field("image", FieldKind.IMAGE, channels=1, height=5, width=5), column, ImageParams())
    assert fitted.deviation == (1.0,) and torch.isfinite(fitted.transform(column)).all()


def test_natural_size_is_the_common_or_the_median() -> None:
    assert natural_size(Field("i", FieldKind.IMAGE, height=9, width=11), None) == (9, 11)
    images = [np.zeros((side, 500, 1), np.uint8) for side in (20, 31, 90)]
    assert natural_size(Field("i", FieldKind.IMAGE), images) == (32, 128)


def save(path: Path, image: Image.Image, **options) -> Path:
    image.save(path, **options)
    return path


GREY = RNG.integers(0, 256, (9, 7), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (9, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp", "gif"])
def test_lossless_files_come_back_bit_by_bit(tmp_path: Path, suffix: str) -> None:
    options = {"lossless": True, "exact": True} if suffix == "webp" else {}
    grey = decode(save(tmp_path / f"g.{suffix}", Image.fromarray(GREY), **options))
    assert np.array_equal(grey, np.repeat(GREY[..., None], grey.shape[2], 2)) and (suffix == "webp" or grey.shape[2] == 1)
    if suffix != "gif":
        assert np.array_equal(decode(save(tmp_path / f"c.{suffix}", Image.fromarray(COLOUR), **options)), COLOUR)


def test_every_mode_becomes_grey_or_colour_bytes(tmp_path: Path) -> None:
    colour = Image.fromarray(COLOUR)
    cases = {
        "cmyk.jpg": colour.convert("CMYK"), "palette.png": colour.quantize(16), "bits.png": Image.fromarray(GREY).convert("1"),
        "alpha.png": colour.convert("RGBA"), "grey-alpha.png": Image.fromarray(GREY).convert("LA"), "y.jpg": colour.convert("YCbCr"),
    }
    shapes = {name: decode(save(tmp_path / name, image)) for name, image in cases.items()}
    assert all(image.dtype == np.uint8 and image.shape[:2] == (9, 7) for image in shapes.values())
    assert {name for name, image in shapes.items() if image.shape[2] == 1} == {"bits.png", "grey-alpha.png"}
    assert np.array_equal(shapes["alpha.png"], COLOUR)


def test_transparency_lies_on_white_and_sixteen_bits_become_eight(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (3, 2), (10, 20, 30, 0))
    assert np.all(decode(save(tmp_path / "clear.png", clear)) == 255)
    wide = np.array([[0, 257, 65535], [32768, 256 * 255, 128]], dtype=np.uint16)
    assert decode(save(tmp_path / "wide.png", Image.fromarray(wide)))[..., 0].tolist() == [[0, 1, 255], [128, 254, 0]]


def test_exif_rotation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = decode(save(tmp_path / "turned.png", Image.fromarray(COLOUR), exif=exif))
    assert np.array_equal(turned, np.rot90(COLOUR, -1))


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((4, 4), value, np.uint8)) for value in (10, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert np.all(decode(tmp_path / "a.gif") == 10)


def bomb(side: int = 60000) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def test_hostile_and_damaged_files_are_refused(tmp_path: Path) -> None:
    good = save(tmp_path / "good.jpg", Image.fromarray(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8))).read_bytes()
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"
    fits = b"SIMPLE  =                    T" + b" " * 5000
    cases = {
        "bomb.png": bomb(), "edge.png": bomb(int(MAX_PIXELS**0.5) + 1), "cut.jpg": good[: len(good) // 2], "zero.png": b"",
        "text.png": b"hello", "eps.png": eps, "fits.png": fits, "pickle.png": b"\x80\x04\x95\x10", "psd.png": b"8BPS\0\x01" + b"\0" * 60,
    }
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError) as caught:
            decode(tmp_path / name)
        assert name in caught.value.message and caught.value.message.endswith("."), name


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    save(tmp_path / "right.png", Image.fromarray(GREY)).rename(tmp_path / "wrong.jpg")
    assert np.array_equal(decode(tmp_path / "wrong.jpg")[..., 0], GREY)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_flipped_bytes_decode_or_are_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "flip.png"
    Image.fromarray(COLOUR).save(path)
    broken = bytearray(path.read_bytes())
    broken[data.draw(st.integers(0, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(broken))
    try:
        image = decode(path)
    except DataError:
        return
    assert image.dtype == np.uint8 and image.ndim == 3


def test_a_folder_of_images_round_trips(image_folder: Path, choice) -> None:
    dataset = open_dataset(str(image_folder))
    assert dataset.format == "image_folder" and len(dataset) == 24 and dataset.field("label").categories == ("cat", "dog")
    assert (dataset.field("image").height, dataset.field("image").width, dataset.field("image").channels) == (10, 12, 1)
    for row, name in enumerate(dataset.ids()):
        assert np.array_equal(dataset.column("image", np.array([row]))[0][..., 0], np.asarray(Image.open(image_folder / name)))
    assert prepare(dataset, choice(), ["image"], ["label"]).count(Split.TRAIN) == 16


def test_unreadable_images_among_good_ones_are_listed(image_folder: Path) -> None:
    (image_folder / "cat" / "00.png").write_bytes(b"no image")
    cut = (image_folder / "dog" / "01.png").read_bytes()[:60]
    (image_folder / "dog" / "01.png").write_bytes(cut)
    (image_folder / "notes.txt").write_text("x", encoding="utf-8")
    (image_folder / "cat" / "._00.png").write_bytes(b"mac")
    dataset = open_dataset(str(image_folder))
    assert len(dataset) == 22 and [problem.rows for problem in dataset.problems] == [("cat/00.png",), ("dog/01.png",)]
    assert all(problem.kind == "unreadable" and problem.message for problem in dataset.problems)


def test_given_split_folders_stand(image_folder: Path, choice) -> None:
    for name in ("train", "Val", "test"):
        (image_folder.parent / "divided" / name).mkdir(parents=True)
    for kind in ("cat", "dog"):
        for number, path in enumerate(sorted((image_folder / kind).iterdir())):
            target = image_folder.parent / "divided" / ("train", "train", "Val", "test")[number % 4] / kind
            target.mkdir(exist_ok=True)
            path.rename(target / path.name)
    dataset = open_dataset(str(image_folder.parent / "divided"))
    assert dataset.field("label").categories == ("cat", "dog")
    prepared = prepare(dataset, choice(), ["image"], ["label"])
    assert {str(split): len(rows) for split, rows in prepared.splits.items()} == {"train": 12, "validation": 6, "test": 6}


def test_mixed_sizes_and_colours_are_brought_together(image_folder: Path, choice) -> None:
    Image.fromarray(RNG.integers(0, 256, (40, 30, 3), dtype=np.uint8)).save(image_folder / "dog" / "big.png")
    dataset = open_dataset(str(image_folder))
    assert dataset.field("image").height == 0 and dataset.field("image").channels == 3
    assert isinstance(dataset.column("image"), list) and {image.shape[2] for image in dataset.column("image")} == {3}
    prepared = prepare(dataset, choice(image={"height": 8, "width": 8}), ["image"], ["label"])
    assert prepared.batch(torch.arange(25)).values["image"].shape == (25, 3, 8, 8)


def test_images_beyond_the_cache_are_decoded_again(image_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = open_dataset(str(image_folder)).column("image")
    monkeypatch.setattr("workbench.data.image_files.CACHE_BYTES", 300)
    assert np.array_equal(open_dataset(str(image_folder)).column("image"), kept)


def test_images_outside_of_class_folders_are_left_out_and_listed(image_folder: Path) -> None:
    Image.fromarray(GREY).save(image_folder / "stray.png")
    dataset = open_dataset(str(image_folder))
    assert dataset.field("label").categories == ("cat", "dog") and len(dataset) == 24
    assert [(problem.kind, problem.rows) for problem in dataset.problems] == [("no-class", ("stray.png",))]
    with pytest.raises(DataError, match="in no class folders"):
        open_dataset(str(image_folder / "cat"), params={"classes": "folder"})


def test_images_without_classes_open_without_them(image_folder: Path, choice) -> None:
    dataset = open_dataset(str(image_folder / "cat"))
    assert [field.name for field in dataset.fields] == ["image"] and len(dataset) == 12 and "Nothing says" in dataset.problems[0].message
    assert not open_dataset(str(image_folder / "cat"), params={"classes": "none"}).problems
    assert prepare(dataset, choice(), ["image"], ["image"]).batch([0]).values["image"].shape == (1, 1, 10, 12)
    (image_folder / "dog").rename(image_folder / "train")
    (image_folder / "cat").rename(image_folder / "test")
    dataset = open_dataset(str(image_folder))
    assert len(dataset.fields) == 1 and dataset.given_splits().tolist() == ["test"] * 12 + ["train"] * 12


@pytest.mark.parametrize(("names", "classes"), [
    (["cat.0", "cat.1", "dog.0", "dog.1"], ("cat", "dog")), (["猫_01", "猫_02", "狗_01", "狗_02"], ("狗", "猫")),
    (["train/beagle (1)", "train/beagle (2)", "train/pug-3", "train/pug-4"], ("beagle", "pug")),
    (["IMG_0001", "IMG_0002", "DSC0001", "DSC0002"], ()), (["a1", "a2", "a3"], ()), (["a1", "a2", "b1"], ()), (["1", "2", "3"], ()),
    (["images/x", "images/y"], ()),
])
def test_names_may_say_the_class(tmp_path: Path, names: list[str], classes: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(GREY).save(tmp_path / f"{name}.png")
    asked = questions(str(tmp_path))
    dataset = open_dataset(str(tmp_path))
    assert tuple(name for field in dataset.fields for name in field.categories) == classes and len(dataset) == len(names)
    assert [question.param for question in asked] == (["classes"] if classes else [])
    if classes:
        assert "before the number" in dataset.problems[0].message
        assert len(open_dataset(str(tmp_path), params={"classes": "none"}).fields) == 1
    else:
        with pytest.raises(DataError, match="do not say their classes"):
            open_dataset(str(tmp_path), params={"classes": "name"})


def test_wrapping_folders_are_no_part_of_the_class(image_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "download" / "set").mkdir(parents=True)
    image_folder.rename(tmp_path / "download" / "set" / "train")
    dataset = open_dataset(str(tmp_path))
    assert dataset.field("label").categories == ("cat", "dog") and dataset.ids()[0] == "download/set/train/cat/00.png"
    assert set(dataset.given_splits()) == {"train"}


def test_folders_called_by_numbers_are_sorted_as_numbers(tmp_path: Path) -> None:
    for name in ("10", "9", "b", "1"):
        (tmp_path / name).mkdir()
        Image.fromarray(GREY).save(tmp_path / name / "a.png")
    assert open_dataset(str(tmp_path)).field("label").categories == ("1", "9", "10", "b")


def test_folders_that_cannot_be_learned_from_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    with pytest.raises(DataError, match="no images"):
        open_dataset(str(tmp_path), "image_folder")
    (tmp_path / "one" / "a.png").write_bytes(b"x")
    with pytest.raises(DataError, match="None of the 1 images"):
        open_dataset(str(tmp_path))
    Image.fromarray(GREY).save(tmp_path / "one" / "b.png")
    with pytest.raises(DataError, match="of one class, one"):
        open_dataset(str(tmp_path))


def test_normalising_equals_the_formula_in_any_layout_bit_by_bit() -> None:
    for side, count in ((5, 3), (64, 40), (3, 0)):
        pixels = torch.from_numpy(np.random.default_rng(side).integers(0, 256, (count, side, side + 2, 3), dtype=np.uint8)).permute(0, 3, 1, 2)
        fitted = ImagePreprocessor(Field("image", FieldKind.IMAGE), 3, side, side + 2, (0.1, 0.2, 0.3), (0.3, 0.4, 0.5))
        plain = fitted.normalised(pixels.contiguous())
        assert torch.equal(fitted.normalised(pixels), plain) and (not count or fitted.normalised(pixels).stride() == pixels.stride())
        expected = (pixels.double() / 255 - torch.tensor(fitted.mean).view(1, 3, 1, 1)) / torch.tensor(fitted.deviation).view(1, 3, 1, 1)
        assert torch.allclose(plain.double(), expected, atol=1e-5)


def test_masks_in_a_folder_are_not_taken_for_a_class(tmp_path: Path) -> None:
    for number in range(4):
        for name in (f"images/{number}.png", f"masks/{number}_mask.png"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            Image.fromarray(GREY % 2 * 255).save(tmp_path / name)
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "masked_images" and dataset.field("mask").categories == ("0", "255") and not dataset.problems
    assert np.array_equal(dataset.column("mask"), dataset.column("image")[..., 0] // 255)
    assert open_dataset(str(tmp_path), params={"classes": ["rest", "road"]}).field("mask").categories == ("rest", "road")
    Image.fromarray(GREY).save(tmp_path / "masks" / "0_mask.jpg")
    (tmp_path / "masks" / "0_mask.png").unlink()
    assert open_dataset(str(tmp_path)).field("mask").categories == ("0", "255")
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(tmp_path / "masks" / "1_mask.png")
    with pytest.raises(UnreadableRowsError, match="as large as its image"):
        open_dataset(str(tmp_path)).column("mask")
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(tmp_path / "images" / "1.png")
    with pytest.raises(DataError, match="differ in size"):
        open_dataset(str(tmp_path))
    (tmp_path / "masks").rename(tmp_path / "cats")
    assert open_dataset(str(tmp_path)).field("label").categories == ("cats", "images")
