"""The pages of the window, named here and imported when first shown."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.app.pages.page import Page


@dataclass(frozen=True, slots=True)
class PageRow:
    """Where a page's class lives, and what its button says."""

    name: str
    label: str
    module: str
    class_name: str


PAGES: tuple[PageRow, ...] = (
    PageRow("data", "Data", "workbench.app.pages.data", "DataPage"),
    PageRow("build", "Build", "workbench.app.pages.build", "BuildPage"),
    PageRow("train", "Train", "workbench.app.pages.train", "TrainPage"),
    PageRow("inspect", "Inspect", "workbench.app.pages.inspect", "InspectPage"),
    PageRow("deploy", "Deploy", "workbench.app.pages.deploy", "DeployPage"),
)
WELCOME = PageRow("welcome", "Welcome", "workbench.app.pages.welcome", "WelcomePage")


def page_class(row: PageRow) -> type[Page]:
    """Imports and returns the class of a page."""
    return getattr(importlib.import_module(row.module), row.class_name)
