"""`workbench check` says what a training and a prediction need."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from workbench.cli import app


def test_check_says_the_memory(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["new", "digits-cnn", str(tmp_path / "p")]).exit_code == 0
    plain = json.loads(runner.invoke(app, ["check", str(tmp_path / "p"), "--json"]).stdout)["memory"]
    assert plain["training_bytes"] > plain["predicting_bytes"] > 0
    setting = ["--set", f"train.batch_size={2 * plain['batch_size']}"]
    double = json.loads(runner.invoke(app, ["check", str(tmp_path / "p"), "--json", *setting]).stdout)["memory"]
    assert 1.5 < double["predicting_bytes"] / plain["predicting_bytes"] < 2
    assert "while training" in runner.invoke(app, ["check", str(tmp_path / "p")]).stdout
