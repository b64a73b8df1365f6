"""Made-up views from a car: a road with its lines, by day and by night; the steering angle and the class of every pixel are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.text import Text

REST, ROAD, LANE = range(3)
_CHUNK = 1024
_HORIZON, _SHARE, _SEEN_M = 0.36, 0.85, 45.0
_NEAREST_M, _CAMERA_M, _HALF_ROAD_M, _LINE_M, _DASH_M, _EDGE_M = 4.0, 1.2, 3.0, 0.3, 6.0, 0.5
_AHEAD_M, _WHEELBASE_M = 12.0, 2.7


class RoadParams(Params):
    """How many views, how large, in which light."""

    rows: int = param(2000, label="Rows", help="How many views.", unit="rows", ge=10, le=200_000, log=True)
    height: int = param(32, label="Height", help="Rows of pixels.", unit="px", ge=16, le=256)
    width: int = param(48, label="Width", help="Columns of pixels.", unit="px", ge=16, le=256)
    noise: float = param(0.03, label="Noise", help="Deviation of the pixel noise, as a share of the full range.", ge=0.0, le=1.0)
    night: float = param(0.3, label="Nights", help="The share of views by night.", ge=0.0, le=1.0)
    seed: int = param(7, label="Seed", help="The same seed makes the same views.", ge=0, le=2**31 - 1)


class RoadDataset(MemoryDataset):
    """Generated views that know which pixels show the road."""

    def deciding(self, row: int, field: str = "") -> np.ndarray:
        """Returns the pixels of road and lines, bool `(H, W)`: where they lie says the steering angle."""
        return self._columns["mask"][row] != REST


class Road(Format):
    """Generated views of a road from a car."""

    name = "road"
    label = "Generated road"
    category = "generator"
    summary = "Made-up views from a car, day and night, straight and in curves, with the right steering angle and the class of every pixel."
    aliases = ("driving", "steering", "lane", "segmentation", "autonomous", "道路", "驾驶", "车道", "分割")
    Params = RoadParams

    def open(self, source: str, params: Any) -> Dataset:
        size = (params.height, params.width)
        images, masks = np.empty((params.rows, *size, 3), np.uint8), np.empty((params.rows, *size), np.uint8)
        steering, dark = np.empty(params.rows, np.float32), np.empty(params.rows, np.int64)
        for start in range(0, params.rows, _CHUNK):
            part = slice(start, min(start + _CHUNK, params.rows))
            generator = np.random.default_rng((params.seed, start))
            trips = _trips(generator, part.stop - part.start, params.night)
            masks[part] = _masks(trips, *size)
            images[part] = _painted(generator, trips, masks[part], params.noise)
            steering[part], dark[part] = trips.steering, trips.night
        fields = (
            Field("image", FieldKind.IMAGE, Text("View"), channels=3, height=params.height, width=params.width),
            Field("steering", FieldKind.NUMBER, Text("Steering"), unit="°"),
            Field("mask", FieldKind.MASK, Text("Road and lines"), height=params.height, width=params.width, categories=("rest", "road", "lane")),
            Field("light", FieldKind.CATEGORY, Text("Light"), categories=("day", "night")),
        )
        return RoadDataset(
            format=self.name, source=source or "generated:road", fields=fields, ids=NumberedIds(("road", params.rows)),
            columns={"image": images, "steering": steering, "mask": masks, "light": dark}, licence="CC0 1.0 (generated)",
        )


@dataclass(frozen=True, slots=True)
class Trips:
    """Where the car stands, one number per view.

    Attributes:
        offset: Metres right of the middle of the road.
        heading: Radians that the road turns away to the right, at the car.
        curve: Curvature of the road, 1/m, positive to the right.
        begin: Metres to the beginning of the next dash.
        night: 1 by night, else 0.
    """

    offset: np.ndarray
    heading: np.ndarray
    curve: np.ndarray
    begin: np.ndarray
    night: np.ndarray

    def middle(self, ahead: Any) -> np.ndarray:
        """Returns how many metres to the right the middle of the road lies, so many metres ahead."""
        return self.heading * ahead + self.curve * ahead**2 / 2 - self.offset

    @property
    def steering(self) -> np.ndarray:
        """The angle in degrees, right positive, that leads to the middle of the road 12 m ahead (pure pursuit, Coulter 1992)."""
        return np.degrees(np.arctan(2 * _WHEELBASE_M * self.middle(_AHEAD_M) / _AHEAD_M**2))


def _trips(generator: np.random.Generator, count: int, night: float) -> Trips:
    curve = np.where(generator.random(count) < 0.4, 0.0, generator.uniform(-0.03, 0.03, count))
    return Trips(
        generator.uniform(-1.2, 1.2, count), generator.uniform(-0.12, 0.12, count), curve, generator.uniform(0, 2 * _DASH_M, count),
        (generator.random(count) < night).astype(np.int64),
    )


def _masks(trips: Trips, height: int, width: int) -> np.ndarray:
    """Returns the class of every pixel, uint8 `(n, height, width)`, in perspective on flat ground."""
    down = (np.arange(height, dtype=np.float32) + np.float32(0.5)) / height
    ahead = _NEAREST_M * (1 - _HORIZON) / np.maximum(down - _HORIZON, 1e-3)
    per_metre = width * _SHARE / (2 * _HALF_ROAD_M) * _NEAREST_M / ahead
    by_trip = Trips(*(getattr(trips, name)[:, None].astype(np.float32) for name in Trips.__slots__))
    columns = np.arange(width, dtype=np.float32) + np.float32(0.5 - width / 2)
    across = columns[None, None, :] / per_metre[None, :, None] - by_trip.middle(ahead)[:, :, None]
    ground = (down > _HORIZON + 0.5 / height)[None, :, None]
    thick = np.maximum(_LINE_M, 1 / per_metre)[None, :, None] / 2
    dashed = ((ahead - by_trip.begin) % (2 * _DASH_M) < _DASH_M)[:, :, None]
    line = (np.abs(np.abs(across) - (_HALF_ROAD_M - _EDGE_M)) <= thick) | ((np.abs(across) <= thick) & dashed)
    masks = (ground & (np.abs(across) <= _HALF_ROAD_M)).astype(np.uint8)
    masks[line & ground & (ahead < _SEEN_M)[None, :, None]] = LANE
    return masks


def _painted(generator: np.random.Generator, trips: Trips, masks: np.ndarray, noise: float) -> np.ndarray:
    """Returns pictures of these masks, uint8 `(n, H, W, 3)`: sky, fields, tar and paint, and by night only what the lamps reach."""
    count, height, _ = masks.shape
    shade = generator.uniform(0.85, 1.15, (count, 1, 1, 1)).astype(np.float32)
    colours = np.array([[0.32, 0.5, 0.24], [0.38, 0.38, 0.4], [0.93, 0.92, 0.86]], np.float32)
    light = colours[masks] * shade
    above = np.arange(height) < _HORIZON * height
    light[:, above] = np.array([0.55, 0.72, 0.92], np.float32) * shade
    lamp = (np.clip((np.arange(height) / height - _HORIZON) / (1 - _HORIZON), 0, 1) ** 0.7 * 0.55 + 0.06).astype(np.float32)
    light *= np.where(trips.night[:, None] == 1, lamp, np.float32(1))[:, :, None, None]
    light += generator.standard_normal(light.shape, dtype=np.float32) * np.float32(noise)
    return np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8)
