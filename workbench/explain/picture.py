"""Results as pictures for the command line and for reports; Pillow only."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from workbench.explain.results import AttentionMaps, Curve, Facts, FeatureMaps, HeatMap, Result, StateTrace, Table, TokenScores

_PAPER, _INK, _QUIET, _LINE, _DEAD = (255, 255, 255), (27, 31, 39), (102, 112, 133), (223, 227, 232), (198, 40, 40)
_FOR, _AGAINST, _MAGNITUDE = np.array([37, 99, 235.0]), np.array([198, 40, 40.0]), np.array([249, 115, 22.0])
_SERIES = ((37, 99, 235), (245, 158, 11), (16, 185, 129), (236, 72, 153), (139, 92, 246), (100, 116, 139))
_PAD, _TILE, _MOST_TILES, _ROWS_OF_TABLE = 16, 96, 256, 40
_FONTS = (
    "NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc", "msyh.ttc", "PingFang.ttc", "DejaVuSans.ttf",
)


def save_picture(result: Result, path: str | Path) -> Path:
    """Writes a result as PNG with its facts below, and returns the path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    render(result).save(path, "PNG")
    return path


def render(result: Result) -> Image.Image:
    """Returns a result as a picture with its facts below."""
    return _with_caption(_RENDERERS[type(result)](result), caption(result.facts))


def caption(facts: Facts) -> list[str]:
    """Returns the facts in two or three short lines."""
    first = [facts.method.replace("_", " ")]
    first += [f"target {facts.target}"] if facts.target else []
    first += [f"baseline {facts.baseline}"] if facts.baseline else []
    second = [] if facts.faithfulness is None else [f"faithful {facts.faithfulness:.2f} against random orderings"]
    second += [] if facts.residual is None else [f"residual {facts.residual:.2%}"]
    third = [f"{facts.passes} passes", f"{facts.seconds:.2f} s"]
    third += [f"model {facts.model_hash}", f"input {facts.input_hash}", f"seed {facts.seed}"]
    return [" · ".join(line) for line in (first, second, third) if line]


def signed_colours(values: np.ndarray, scale: float | None = None) -> np.ndarray:
    """Returns red-white-blue, white at zero, uint8 `(..., 3)`.

    Args:
        values: Any shape.
        scale: What gets the full colour; None takes the largest absolute value.
    """
    limit = scale if scale is not None else float(np.abs(values).max(initial=0))
    share = np.clip(values / limit if limit > 0 else np.zeros_like(values), -1, 1)[..., None]
    colour = np.where(share >= 0, _FOR, _AGAINST)
    return (255 + (colour - 255) * np.abs(share)).round().astype(np.uint8)


def magnitude_colours(values: np.ndarray, scale: float) -> np.ndarray:
    """Returns white to orange for values from 0 to `scale`, uint8 `(..., 3)`."""
    share = np.clip(values / scale if scale > 0 else np.zeros_like(values), 0, 1)[..., None]
    return (255 + (_MAGNITUDE - 255) * share).round().astype(np.uint8)


@lru_cache(maxsize=8)
def _font(size: int) -> Any:
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _with_caption(body: Image.Image, lines: list[str]) -> Image.Image:
    font, height = _font(13), 20
    width = max(body.width, *(math.ceil(font.getlength(line)) for line in lines)) + 2 * _PAD
    page = Image.new("RGB", (width, body.height + 3 * _PAD + height * len(lines)), _PAPER)
    page.paste(body, (_PAD, _PAD))
    draw = ImageDraw.Draw(page)
    for index, line in enumerate(lines):
        draw.text((_PAD, body.height + 2 * _PAD + index * height), line, _INK if index == 0 else _QUIET, font)
    return page


def _enlarged(pixels: np.ndarray, side: int) -> Image.Image:
    """Returns an image enlarged by whole pixels to about `side`."""
    factor = max(1, side // max(pixels.shape[:2]))
    grey = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    image = Image.fromarray(np.ascontiguousarray(grey)).convert("RGB")
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def _heat_map(result: HeatMap) -> Image.Image:
    image, heat = _enlarged(result.image, 320), _enlarged(signed_colours(result.values), 320)
    both = Image.blend(image.convert("L").convert("RGB"), heat.resize(image.size, Image.Resampling.NEAREST), 0.65)
    page = Image.new("RGB", (image.width * 3 + 2 * _PAD, image.height), _PAPER)
    for index, part in enumerate((image, heat.resize(image.size, Image.Resampling.NEAREST), both)):
        page.paste(part, (index * (image.width + _PAD), 0))
    return page


def _tiles(tiles: list[Image.Image], columns: int, titles: list[str], marked: list[bool]) -> Image.Image:
    side, step = _TILE, _TILE + 22
    page = Image.new("RGB", (columns * (side + 8), max(1, math.ceil(len(tiles) / columns)) * step), _PAPER)
    draw = ImageDraw.Draw(page)
    for index, (tile, title, mark) in enumerate(zip(tiles, titles, marked, strict=True)):
        x, y = index % columns * (side + 8), index // columns * step
        page.paste(tile.resize((side, side), Image.Resampling.NEAREST), (x, y + 16))
        draw.rectangle((x, y + 16, x + side - 1, y + 15 + side), outline=_DEAD if mark else _LINE)
        draw.text((x, y), title, _DEAD if mark else _QUIET, _font(11))
    return page


def _feature_maps(result: FeatureMaps) -> Image.Image:
    maps = result.maps[:_MOST_TILES]
    scale = float(np.abs(maps).max(initial=0))
    tiles = [_enlarged(signed_colours(item, scale), _TILE) for item in maps]
    dead = [bool(item) for item in result.dead[:_MOST_TILES]]
    titles = [f"{index + 1} dead" if mark else str(index + 1) for index, mark in enumerate(dead)]
    return _tiles(tiles, min(8, max(1, len(tiles))), titles, dead)


def _attention_maps(result: AttentionMaps) -> Image.Image:
    """One row of tiles per layer, one column per head; square roots on one scale, so that weak links show."""
    scale = math.sqrt(max(float(maps.max(initial=0)) for maps in result.maps))
    rows = []
    for layer, (name, maps) in enumerate(zip(result.layers, result.maps, strict=True), 1):
        tiles = [_enlarged(magnitude_colours(np.sqrt(weights), scale), _TILE) for weights in maps]
        row = _tiles(tiles, len(tiles), [f"L{layer} H{head}" for head in range(1, len(tiles) + 1)], [False] * len(tiles))
        rows.append((row, f"L{layer}  {name}"))
    page = Image.new("RGB", (max(240, *(row.width for row, _ in rows)), sum(row.height for row, _ in rows) + 18 * len(rows)), _PAPER)
    draw, top = ImageDraw.Draw(page), sum(row.height for row, _ in rows)
    for index, (row, name) in enumerate(rows):
        page.paste(row, (0, sum(other.height for other, _ in rows[:index])))
        draw.text((0, top + 18 * index), name, _QUIET, _font(12))
    return page


def _state_trace(result: StateTrace) -> Image.Image:
    cell, label = 18, 96
    units = {name: trace[:, :32] for name, trace in result.traces.items()}
    steps = max(trace.shape[0] for trace in units.values())
    heights = [trace.shape[1] * 5 + 24 for trace in units.values()]
    page = Image.new("RGB", (label + steps * cell, sum(heights) + 72), _PAPER)
    draw, top = ImageDraw.Draw(page), 0
    for (name, trace), height in zip(units.items(), heights, strict=True):
        colours = Image.fromarray(np.ascontiguousarray(signed_colours(trace.T, max(1.0, float(np.abs(trace).max(initial=0))))))
        page.paste(colours.resize((trace.shape[0] * cell, trace.shape[1] * 5), Image.Resampling.NEAREST), (label, top))
        draw.text((0, top), name, _INK, _font(12))
        top += height
    for index, token in enumerate(result.tokens[:steps]):
        _upright(page, token, (label + index * cell, top))
    return page


def _upright(page: Image.Image, text: str, place: tuple[int, int]) -> None:
    font = _font(11)
    strip = Image.new("RGB", (72, 16), _PAPER)
    ImageDraw.Draw(strip).text((0, 1), text[:12], _QUIET, font)
    page.paste(strip.rotate(270, expand=True), place)


def _token_scores(result: TokenScores) -> Image.Image:
    font, height, most = _font(16), 34, 760
    boxes, x, y = [], 0, 0
    for token in result.tokens:
        width = math.ceil(font.getlength(token)) + 14
        x, y = (0, y + height) if x and x + width > most else (x, y)
        boxes.append((x, y, width))
        x += width + 4
    page = Image.new("RGB", (most, y + height), _PAPER)
    draw = ImageDraw.Draw(page)
    colours = signed_colours(np.asarray(result.values) * 0.75, float(np.abs(result.values).max(initial=0)))
    for (left, top, width), token, colour in zip(boxes, result.tokens, colours, strict=True):
        draw.rounded_rectangle((left, top, left + width, top + 28), 6, fill=tuple(int(part) for part in colour))
        draw.text((left + 7, top + 4), token, _INK, font)
    return page


def _curve(result: Curve) -> Image.Image:
    width, height = 640, 320
    page = Image.new("RGB", (width, height + 40), _PAPER)
    draw = ImageDraw.Draw(page)
    finite = np.concatenate([values[np.isfinite(values)] for values in result.series.values()] or [np.zeros(1)])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    left, right = float(np.min(result.x)), float(np.max(result.x))
    for index, (name, values) in enumerate(result.series.items()):
        across = (result.x - left) / ((right - left) or 1) * (width - 1)
        up = (1 - (values - low) / ((high - low) or 1)) * (height - 1)
        points = [(float(x), float(y)) for x, y in zip(across, up, strict=True) if np.isfinite(y)]
        draw.line(points, _SERIES[index % len(_SERIES)], 2)
        draw.text((8 + index * 120, height + 20), name, _SERIES[index % len(_SERIES)], _font(12))
    draw.rectangle((0, 0, width - 1, height), outline=_LINE)
    axes = f"{result.x_label}: {left:.3g} to {right:.3g} · {result.y_label}: {low:.3g} to {high:.3g}"
    draw.text((8, height + 4), axes, _QUIET, _font(12))
    return page


def _table(result: Table) -> Image.Image:
    columns = {name: [str(value) for value in values[:_ROWS_OF_TABLE]] for name, values in result.columns.items()}
    font = _font(13)
    widths = [math.ceil(max(font.getlength(text) for text in (name, *values))) + 24 for name, values in columns.items()]
    rows = max((len(values) for values in columns.values()), default=0)
    page = Image.new("RGB", (max(sum(widths), 1), (rows + 1) * 22), _PAPER)
    draw, left = ImageDraw.Draw(page), 0
    for (name, values), width in zip(columns.items(), widths, strict=True):
        for index, text in enumerate((name, *values)):
            draw.text((left, index * 22), text, _QUIET if index == 0 else _INK, font)
        left += width
    return page


_RENDERERS: dict[type, Callable[[Any], Image.Image]] = {
    HeatMap: _heat_map, FeatureMaps: _feature_maps, AttentionMaps: _attention_maps, StateTrace: _state_trace,
    TokenScores: _token_scores, Curve: _curve, Table: _table,
}
