"""A made-up table: points on intertwined spirals, beside columns that say nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.text import Text

DECIDING = ("x", "y")


class SpiralsParams(Params):
    """How many points, on how many arms."""

    rows: int = param(3000, label="Rows", help="How many points.", unit="rows", ge=10, le=1_000_000, log=True)
    arms: int = param(3, label="Arms", help="How many spirals, each a class of its own.", unit="arms", ge=2, le=8)
    turns: float = param(1.0, label="Turns", help="How often each spiral goes round; more is harder.", unit="turns", ge=0.25, le=4.0)
    distractors: int = param(3, label="Idle columns", help="Columns that say nothing about the class.", unit="columns", ge=0, le=50)
    noise: float = param(0.03, label="Noise", help="How far points lie off their spiral, as a share of its radius.", ge=0.0, le=1.0)
    seed: int = param(7, label="Seed", help="The same seed makes the same points.", ge=0, le=2**31 - 1)


class SpiralsDataset(MemoryDataset):
    """Generated points that know which columns decide."""

    def deciding(self, row: int, field: str = "") -> tuple[str, ...]:
        """Returns the names of the columns that decide."""
        return DECIDING


class Spirals(Format):
    """Generated points on spirals."""

    name = "spirals"
    label = "Generated spirals"
    category = "generator"
    summary = "A made-up table of points on intertwined spirals: x and y together say which one, the other columns say nothing."
    aliases = ("two spirals", "table", "tabular", "playground", "螺旋", "表格")
    Params = SpiralsParams

    def open(self, source: str, params: Any) -> Dataset:
        generator = np.random.default_rng(params.seed)
        arms = generator.permutation(np.arange(params.rows) % params.arms)
        along = np.sqrt(generator.uniform(0.02, 1, params.rows))
        angle = 2 * np.pi * (params.turns * along + arms / params.arms)
        points = along * np.stack((np.cos(angle), np.sin(angle))) + generator.normal(0, params.noise, (2, params.rows))
        idle = generator.normal(0, 1, (params.distractors, params.rows))
        names = (*DECIDING, *(f"idle{number}" for number in range(1, params.distractors + 1)))
        columns: dict[str, Any] = {name: values.astype(np.float32) for name, values in zip(names, (*points, *idle), strict=True)}
        fields = (
            *(Field(name, FieldKind.NUMBER) for name in names),
            Field("label", FieldKind.CATEGORY, Text("Arm"), categories=tuple(f"arm {number}" for number in range(1, params.arms + 1))),
        )
        return SpiralsDataset(
            format=self.name, source=source or "generated:spirals", fields=fields, ids=NumberedIds(("spirals", params.rows)),
            columns={**columns, "label": arms.astype(np.int64)}, licence="CC0 1.0 (generated)",
        )
