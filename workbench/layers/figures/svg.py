"""Pictures as SVG text that follows the reader's light or dark ground."""

from __future__ import annotations

from math import atan2, cos, pi, sin
from xml.sax.saxutils import escape

from workbench.layers.figures.picture import Box, Item, Label, Path, Picture, Tone, width_of

LIGHT = {
    Tone.TEXT: "#1B1F27", Tone.QUIET: "#5D6878", Tone.FAINT: "#98A2B3", Tone.LINE: "#DFE3E8", Tone.GROUND: "#FFFFFF", Tone.ON: "#FFFFFF",
    Tone.BLUE: "#2563EB", Tone.AMBER: "#F59E0B", Tone.GREEN: "#10B981", Tone.PINK: "#EC4899", Tone.VIOLET: "#8B5CF6", Tone.SLATE: "#64748B",
}
DARK = {
    **LIGHT, Tone.TEXT: "#E6E9EF", Tone.QUIET: "#98A2B3", Tone.FAINT: "#667085", Tone.LINE: "#2E3440", Tone.GROUND: "#1A1D24", Tone.ON: "#0B1220",
    Tone.BLUE: "#6C9CFF",
}
HEAD_PX, HEAD_HALF = 6.0, 0.42


def arrow_head(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Returns the triangle at the end of a path."""
    (x, y), (before_x, before_y) = points[-1], points[-2]
    angle = atan2(y - before_y, x - before_x) + pi
    return (x, y), *((x + HEAD_PX * cos(angle + turn), y + HEAD_PX * sin(angle + turn)) for turn in (HEAD_HALF, -HEAD_HALF))


def to_svg(picture: Picture, *, title: str = "", scale: float = 1.5) -> str:
    """Returns a picture as an SVG document.

    Args:
        picture: In the language wanted.
        title: What it shows, for those who listen.
        scale: Pixels per unit.
    """
    def tones(table: dict[Tone, str]) -> str:
        return "".join(f"--{tone}:{colour};" for tone, colour in table.items())

    style = (
        f"svg{{{tones(LIGHT)}font-family:Inter,system-ui,'Noto Sans CJK SC',sans-serif}}"
        f"@media(prefers-color-scheme:dark){{svg{{{tones(DARK)}}}}}.s{{font-family:'STIX Two Text','Times New Roman',serif}}"
    )
    body = "\n".join(_item(item) for item in picture.items)
    size = f'width="{picture.width * scale:g}" height="{picture.height * scale:g}" viewBox="0 0 {picture.width:g} {picture.height:g}"'
    named = f"<title>{escape(title)}</title>" if title else ""
    ground = '<rect width="100%" height="100%" rx="6" fill="var(--ground)"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{named}<style>{style}</style>\n{ground}\n{body}\n</svg>\n'


def _item(item: Item) -> str:
    if isinstance(item, Box):
        place = f'x="{item.x:.1f}" y="{item.y:.1f}" width="{item.width:.1f}" height="{item.height:.1f}" rx="{item.radius:g}"'
        return f"<rect {place} {_paint(item.fill, item.strength, item.stroke, item.line, item.dashed)}/>"
    return _label(item) if isinstance(item, Label) else _path(item)


def _paint(fill: Tone | None, strength: float, stroke: Tone | None, line: float, dashed: bool) -> str:
    parts = [f'fill="var(--{fill})" fill-opacity="{strength:.2f}"' if fill else 'fill="none"']
    parts += [f'stroke="var(--{stroke})" stroke-width="{line:.2g}"'] if stroke else []
    return " ".join([*parts, 'stroke-dasharray="4 3"'] if dashed else parts)


def _path(path: Path) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in path.points)
    shape = "polygon" if path.fill else "polyline"
    text = f'<{shape} points="{points}" stroke-linejoin="round" {_paint(path.fill, path.strength, path.stroke, path.line, path.dashed)}/>'
    if path.arrow:
        head = " ".join(f"{x:.1f},{y:.1f}" for x, y in arrow_head(path.points))
        text += f'<polygon points="{head}" fill="var(--{path.stroke})"/>'
    return text


def _label(label: Label) -> str:
    turned = f' transform="rotate(-90 {label.x:.1f} {label.y:.1f})"' if label.turned else ""
    style = (' font-style="italic"' if label.italic else "") + (' font-weight="600"' if label.bold else "")
    most = f' textLength="{width_of(label.text, label.size):.1f}" lengthAdjust="spacingAndGlyphs"' if label.serif else ""
    kind = ' class="s"' if label.serif else ""
    place = f'x="{label.x:.1f}" y="{label.y + 0.35 * label.size:.1f}" font-size="{label.size:.3g}" text-anchor="{label.align}"'
    return f'<text {place} fill="var(--{label.tone})"{kind}{style}{turned}{most}>{escape(label.text)}</text>'
