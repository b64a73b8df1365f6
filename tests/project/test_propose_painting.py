"""Images that nothing is said about get an autoencoder, whatever their size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.cli.projects import check, new
from workbench.data.open import open_dataset
from workbench.project.propose_painting import propose_painting


@pytest.mark.parametrize("sizes", [[(8, 8)], [(10, 13)], [(300, 200)], [(5, 40), (9, 17)]], ids=str)
def test_images_without_classes_get_an_autoencoder(tmp_path: Path, sizes: list[tuple[int, int]]) -> None:
    (tmp_path / "in").mkdir()
    for number in range(12):
        Image.fromarray(np.full((*sizes[number % len(sizes)], 3), number, np.uint8)).save(tmp_path / "in" / f"{number}.png")
    assert new("auto", tmp_path / "project", str(tmp_path / "in")).status == 0
    answer = check(tmp_path / "project", [])
    assert answer.status == 0 and "painted" in {node["name"] for node in answer.document["nodes"]}


def test_other_data_gets_none() -> None:
    assert propose_painting(open_dataset("sample:digits")) is None and propose_painting(open_dataset("generated:reviews")) is None
