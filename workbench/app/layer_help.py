"""The help page of a layer: picture, formula, words, ports, parameters, shapes and costs, as Markdown with pictures beside it."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from workbench.app import language
from workbench.app.language import say, tr
from workbench.catalogue import Params
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Layer
from workbench.layers.guide import Example, growth_of, page_example, rule_of, steps_of, words_of

LAYER_MARK = "layer:"
FIGURE, FORMULA, PLAY = "figure:main", "figure:formula", "figure:play"
_LIMITS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def layer_of(topic: str) -> Layer | None:
    """Returns the layer that a topic such as `layer:conv2d` is about; None for any other topic."""
    return LAYERS.get(topic.removeprefix(LAYER_MARK)) if topic.startswith(LAYER_MARK) else None


def index_text() -> str:
    """Returns the list of all layers by family, each with a link to its page."""
    parts, family = [f"# {tr('Layers')}", tr("Every layer has a page: what it does, when to use it, its formula, shapes and costs.")], ""
    for layer in sorted(LAYERS, key=lambda entry: (str(entry.family), entry.label)):
        if str(layer.family) != family:
            family = str(layer.family)
            parts.append(f"## {say(family).capitalize()}")
        parts.append(f"**{_link(layer)}**: {say(layer.summary)}")
    return "\n\n".join(parts) + "\n"


def search_text(layer: Layer) -> str:
    """Returns what a search in the help looks through for a layer: title, names, summary and words."""
    return f"# {say(layer.label)}\n{layer.name} {' '.join(layer.aliases)} {say(layer.summary)}\n{words_of(layer.name, language.language())}"


def page_text(layer: Layer, raw: Mapping[str, Any] | None = None, *, moving: bool = False) -> str:
    """Returns the page of a layer as Markdown.

    Args:
        layer: Any layer.
        raw: The parameters of a node, where the page is about one; the picture then shows them.
        moving: Whether its picture moves now.
    """
    example = page_example(layer)
    parts = [f"# {say(layer.label)}", f"[{tr('Layers')}](layers.md) · *{say(str(layer.family))}* · `{layer.name}`", say(layer.summary)]
    parts += [f"[![{_spoken(say(layer.summary))}]({FIGURE})]({PLAY})"] if layer.figure is not None else []
    parts += [_motion_line(moving)] if steps_of(layer, raw) > 1 else []
    parts += [f"![{_spoken(layer.formula)}]({FORMULA})"] if layer.formula else []
    parts += [words_of(layer.name, language.language())]
    parts += _ports(layer) + _parameters(layer.Params) + _vocabulary(layer)
    if example is not None:
        parts += _shapes(layer, example) + _costs(example) + _growth(layer, example)
    return "\n\n".join(part for part in [*parts, *_neighbours(layer)] if part) + "\n"


def _spoken(text: str) -> str:
    return text.replace("[", "(").replace("]", ")")


def _motion_line(moving: bool) -> str:
    return f"[{tr('❚❚ Pause') if moving else tr('▶ Play')}]({PLAY})"


def _link(layer: Layer) -> str:
    return f"[{say(layer.label)}]({LAYER_MARK}{layer.name})"


def _ports(layer: Layer) -> list[str]:
    lines = []
    for word, ports in ((tr("in"), layer.inputs), (tr("out"), layer.outputs)):
        for port in ports:
            marks = [tr("optional")] if port.optional else []
            marks += [tr("several wires, in order")] if port.variadic else []
            about = "; ".join([*marks, say(port.help)] if port.help else marks)
            lines.append(f"- {word} `{port.name}`{f': {about}' if about else ''}")
    return [f"## {tr('Ports')}", "\n".join(lines)] if lines else []


def _vocabulary(layer: Layer) -> list[str]:
    rows = [f"| `{written}` | {_cell(say(about))} |" for written, about in layer.vocabulary()]
    head = f"| {tr('How to write it')} | {tr('Does')} |\n| --- | --- |"
    return [f"## {tr('What may be written')}", "\n".join([head, *rows])] if rows else []


def _parameters(params: type[Params]) -> list[str]:
    rows = [f"| {say(info.title)} | {_range(info)} | {_default(info)} | {_cell(say(info.description or ''))} |"
            for info in params.model_fields.values() if info.title]
    if not rows:
        return []
    head = f"| {tr('Parameter')} | {tr('Range')} | {tr('Default')} | {tr('Meaning')} |\n| --- | --- | --- | --- |"
    return [f"## {tr('Parameters')}", "\n".join([head, *rows])]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(info: Any) -> str:
    value = info.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return "–" if value in ("", None) or repr(value) == "PydanticUndefined" else _cell(f"{value}")


def _range(info: Any) -> str:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    choices = extra.get("choices") or []
    unit = say(str(extra.get("unit") or ""))
    bounds = [f"{sign} {getattr(limit, key):,}" for limit in info.metadata for key, sign in _LIMITS.items() if hasattr(limit, key)]
    told = ", ".join(map(str, choices)) or ", ".join(bounds) or "–"
    return _cell(f"{told} {unit}".strip())


def _shapes(layer: Layer, example: Example) -> list[str]:
    rule = rule_of(layer, example)
    lines = [_shape_table(example)]
    if rule is not None:
        lines = [_shape_table(rule), tr("With numbers:"), *lines]
    return [f"## {tr('Shape')}", *lines]


def _shape_table(example: Example) -> str:
    rows = [f"- {word} `{port}`: {_named(shape)}" for word, shapes in ((tr("in"), example.inputs), (tr("out"), example.outputs))
            for port, shape in shapes.items()]
    return "\n".join(rows)


def _named(shape: Shape) -> str:
    return " × ".join(f"{tr(str(axis))} **{dim}**" for axis, dim in zip(shape.axes, shape.dims, strict=True))


def _costs(example: Example) -> list[str]:
    cost = example.cost
    terms = [f"`{name}` {' × '.join(map(str, sizes))} = {prod(sizes):,}" for name, sizes in example.weights.items()]
    listed = "; ".join(terms[:6]) + ("; …" if len(terms) > 6 else "")
    numbers = sum(shape.elements_per_row(20) for shape in example.outputs.values())
    lines = [f"- {tr('Parameters')}: **{cost.parameters:,}**" + (f" ({listed})" if listed else "")]
    each = tr("{numbers} output numbers × {macs} each", numbers=f"{numbers:,}", macs=f"{cost.macs // numbers:,}") if numbers and (
        cost.macs and cost.macs % numbers == 0) else ""
    lines.append(f"- {tr('MACs')}: **{cost.macs:,}**" + (f" ({each})" if each else ""))
    lines.append(f"- {tr('Kept for the backward pass')}: **{example.kept:,}** " + tr("numbers a row"))
    return [f"## {tr('Cost')}", tr("Of the example above, for one row:"), "\n".join(lines)]


def _growth(layer: Layer, example: Example) -> list[str]:
    """Returns the rule of the costs: what twice an axis multiplies them by; what stays as it is has a 1."""
    grown = [growth for growth in growth_of(layer, example) if (growth.parameters, growth.macs, growth.kept) != (1, 1, 1)]
    rows = [
        f"| {' · '.join(map(tr, growth.axes))} | × {growth.parameters:.3g} | × {growth.macs:.3g} | × {growth.kept:.3g} |" for growth in grown
    ]
    head = f"| {tr('Twice the')} | {tr('Parameters')} | {tr('MACs')} | {tr('Kept')} |\n| --- | --- | --- | --- |"
    return ["\n".join([head, *rows])] if rows else []


def _neighbours(layer: Layer) -> list[str]:
    def links(names: tuple[str, ...]) -> str:
        return ", ".join(_link(entry) for name in names if (entry := LAYERS.get(name)) is not None)

    before = tuple(entry.name for entry in LAYERS if layer.name in getattr(entry, "usually_next", ()))[:6]
    rows = [
        (tr("Often comes after"), links(before)), (tr("Often comes next"), links(tuple(getattr(layer, "usually_next", ())))),
        (tr("See also"), links(layer.related)), (tr("Source"), layer.paper), (tr("Other names"), ", ".join(layer.aliases)),
    ]
    return [f"## {tr('Around it')}", "\n".join(f"- {word}: {told}" for word, told in rows if told)]
