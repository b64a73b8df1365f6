"""`workbench make`: made, listed, trained on, taken out again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.fixture
def digits(command: Command, tmp_path: Path) -> Path:
    assert command("new", "digits-cnn", "digits").status == 0
    return tmp_path / "digits"


def test_make_list_train_and_remove(command: Command, digits: Path) -> None:
    assert command("make", digits, "--json").document["sets"] == []
    made = command("make", digits, "--copies", 2, "--rows", "3", "--augment", "affine", "--name", "threes", "--json").document
    assert made["name"] == "threes" and made["made"] == ["threes"] and made["left_out"] == []
    assert 50 < made["sources"] < 200 and 0.9 * made["wanted"] < made["rows"] <= made["wanted"] == 2 * made["sources"]
    assert "made-1" in command("make", digits, "--copies", 1, "--rows", "7", "--augment", "noise").out
    assert [(item["name"], item["used"], item["how"]) for item in command("make", digits, "--json").document["sets"]] == [
        ("made-1", True, "augmentation"), ("threes", True, "augmentation"),
    ]
    assert "trained on" in command("make", digits).out
    described = command("data", digits, "--json").document
    removed = command("make", digits, "--remove", "made-1", "--json").document
    assert removed == {"project": str(digits), "removed": "made-1", "deleted": True, "made": ["threes"]}
    assert described["rows"] - command("data", digits, "--json").document["rows"] > 50
    trained = command("train", digits, "--set", "train.epochs=1", "--set", "train.device=cpu", "--json").document
    assert trained["state"] == "finished"
    removed = command("make", digits, "--remove", "threes", "--json").document
    assert removed["deleted"] is False and removed["made"] == []
    assert (digits / "made" / "threes").is_dir() and not (digits / "made" / "made-1").exists()
    assert command("eval", digits, "--json").status == 0, "the run finds its rows"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--copies", 1), "no augmentation"), (("--copies", 1, "--augment", "mixup"), "mixes two rows"),
        (("--copies", 1, "--augment", "flip", "--rows", "test"), "training rows alone"), (("--name", "a"), "How many rows"),
        (("--remove", "nothing"), "no made rows called"), (("--copies", 1, "--augment", "nonsense"), "nonsense"),
        (("--copies", 1, "--augment", "jitter"), "nothing to vary"), (("--copies", 1, "--from", "{here}"), "no runs yet"),
    ],
)
def test_what_cannot_be_made(command: Command, digits: Path, arguments: tuple[object, ...], message: str) -> None:
    said = command("make", digits, *(digits if item == "{here}" else item for item in arguments), "--json")
    assert said.status == 1 and message in said.document["error"]["message"] and said.document["error"]["hint"]
    assert not (digits / "made").exists()
