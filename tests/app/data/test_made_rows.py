"""Made rows in the window: behind the others, with a tag of their own, and gone with the edit that brought them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.app.pages.data.filtering import Filter
from workbench.app.pages.data.rows import Rows
from workbench.app.session import Session
from workbench.data import edits
from workbench.data.edited import with_edits
from workbench.data.making.sets import MadeSet
from workbench.data.making.view import MadeDataset, made_rows
from workbench.data.open import open_dataset
from workbench.project.file import save
from workbench.project.making import make_rows
from workbench.project.new import new_project
from workbench.project.project import Choice


def test_made_rows_carry_a_tag() -> None:
    data = open_dataset("generated:shapes", params={"rows": 30})
    ids = data.ids()
    view = MadeDataset(data, [MadeSet("some", [ids[3], ids[8]], np.array([1, 1]), {"image": data.column("image", np.array([3, 8]))[:, ::-1]})])
    rows = Rows.of(view, None)
    assert rows.select(Filter(chosen=(("tag", 0),))).tolist() == [30, 31]
    assert rows.made_from(3) is None and rows.made_from(30) == 3 and rows.file_of(30) is None
    assert np.array_equal(rows.image(31), data.column("image", np.array([8]))[0][::-1])
    now = edits.tagged(edits.NO_EDITS, [f"made:some/{ids[3]}#1", ids[5]], "odd")
    tagged = Rows.of(with_edits(view, now), None, edits=now)
    assert tagged.edit_of(30).tags == ("odd",)
    found = {tuple(tagged.select(Filter(chosen=(("tag", number),))).tolist()) for number in range(2)}
    assert found == {(30, 31), (5, 30)}


def test_they_come_and_go_with_one_edit(session: Session, qtbot: Any, tmp_path: Path) -> None:
    project = new_project("digits-cnn", tmp_path / "here")
    project = replace(project, data=replace(project.data, limit=200))
    save(project, tmp_path / "here")
    session.open(tmp_path / "here")
    qtbot.waitUntil(lambda: session.prepared is not None, timeout=20_000)
    before = session.prepared.fitted
    making = make_rows(project, session.folder, session.dataset, augmentation=[Choice("affine")])
    session.edit("Make rows", making.project)
    qtbot.waitUntil(lambda: session.prepared is not None and session.prepared.fitted["splits"] != before["splits"], timeout=20_000)
    assert len(made_rows(session.dataset)) == making.rows == session.prepared.count("train") - before["splits"]["train"]["rows"]
    session.undo()
    qtbot.waitUntil(lambda: session.prepared is not None and session.prepared.fitted == before, timeout=20_000)
    assert not len(made_rows(session.dataset))
    session.redo()
    qtbot.waitUntil(lambda: session.prepared is not None and session.prepared.fitted != before, timeout=20_000)
    assert len(made_rows(session.dataset)) == making.rows
    session.save_as(tmp_path / "there")
    assert len(made_rows(open_dataset("sample:digits", base=tmp_path / "there", made=session.project.data.made))) == making.rows
