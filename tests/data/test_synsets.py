"""The lists beside ImageNet in their other forms, and MATLAB files as scipy writes them, whole and damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data.matlab import read_matlab
from workbench.data.synsets import given_labels, words_of
from workbench.errors import DataError

savemat = pytest.importorskip("scipy.io").savemat
FIRST, SECOND, THIRD = "n01440764", "n01443537", "n02084071"
NAMES = [f"val/ILSVRC2012_val_{number:08}.JPEG" for number in (1, 2, 3)]
FILES = [name[4:] for name in NAMES]


def test_numbers_from_nought_count_a_list_or_the_folders(tmp_path: Path) -> None:
    (tmp_path / "val.txt").write_text("".join(f"{file} {number}\n" for file, number in zip(FILES, (2, 0, 1), strict=True)), "utf-8")
    wanted = dict(zip(FILES, (THIRD, FIRST, SECOND), strict=True))
    assert given_labels(tmp_path, NAMES, [THIRD, FIRST, SECOND]) == (wanted, [])
    assert given_labels(tmp_path, NAMES, [FIRST, SECOND])[0] == {}
    (tmp_path / "synsets.txt").write_text(f"{SECOND}\n{FIRST}\n{THIRD}\n", "utf-8")
    assert given_labels(tmp_path, NAMES, [])[0] == dict(zip(FILES, (THIRD, SECOND, FIRST), strict=True))
    (tmp_path / "val.txt").write_text(f"{FILES[0]} {'9' * 5000}\n{FILES[1]} -1\n{FILES[2]} {SECOND}\n", "utf-8")
    assert given_labels(tmp_path, NAMES, [])[0] == {FILES[2]: SECOND}


def test_one_synset_per_image_in_turn(tmp_path: Path) -> None:
    (tmp_path / "imagenet_2012_validation_synset_labels.txt").write_text(f"{SECOND}\n{THIRD}\n", "utf-8")
    assert given_labels(tmp_path, [*NAMES, f"train/{FIRST}/a.png"], [FIRST]) == ({FILES[0]: SECOND, FILES[1]: THIRD}, [])


def test_a_truth_without_an_order_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "ILSVRC2012_validation_ground_truth.txt").write_text("1\n2\n3\n", "utf-8")
    labels, (problem,) = given_labels(tmp_path, NAMES, [FIRST, SECOND, THIRD])
    assert labels == {} and "which number is which class" in problem.message and "map_clsloc.txt" in problem.reason
    (tmp_path / "map_clsloc.txt").write_text(f"{THIRD} 1 big_dog\n{FIRST} 2 tench\n", "utf-8")
    assert given_labels(tmp_path, NAMES, [])[0] == {FILES[0]: THIRD, FILES[1]: FIRST}
    assert words_of(tmp_path) == {THIRD: "big dog", FIRST: "tench"}


@pytest.mark.parametrize("packed", [False, True])
def test_what_scipy_wrote_is_read(tmp_path: Path, packed: bool) -> None:
    structs = np.zeros((2, 1), dtype=[("a", "O"), ("b", "O")])
    structs[0, 0], structs[1, 0] = (1, "one"), (np.array([2.5, 3.5]), "zwei é 二")
    values = {"s": structs, "x": np.arange(6, dtype=np.int16), "t": "text", "c": np.array([1, "b"], dtype=object)}
    savemat(tmp_path / "a.mat", values, do_compression=packed)
    found = read_matlab(tmp_path / "a.mat")
    assert [row["b"] for row in found["s"]] == ["one", "zwei é 二"] and found["s"][1]["a"].tolist() == [2.5, 3.5]
    assert found["x"].tolist() == list(range(6)) and found["t"] == "text" and found["c"][1] == "b"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_end_in_a_value_or_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "a.mat"
    if not path.exists():
        structs = np.zeros((3, 1), dtype=[("WNID", "O"), ("words", "O")])
        structs[:, 0] = [(FIRST, "fish")] * 3
        savemat(path, {"synsets": structs})
    whole = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(128, len(whole) - 1), min_size=1, max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    (tmp_path / "b.mat").write_bytes(bytes(whole[: data.draw(st.integers(100, len(whole)))]))
    try:
        assert isinstance(read_matlab(tmp_path / "b.mat"), dict)
    except DataError as error:
        assert error.message.endswith(".") and error.hint


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    import struct
    import zlib

    packed = zlib.compress(bytes(80 << 20))
    (tmp_path / "a.mat").write_bytes(b" " * 124 + b"\0\1IM" + struct.pack("<II", 15, len(packed)) + packed)
    with pytest.raises(DataError, match="too large"):
        read_matlab(tmp_path / "a.mat")
