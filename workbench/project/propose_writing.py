"""Draws networks that write, for data without classes or numbers: texts that go on, texts that become other texts, sounds that are written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from workbench.data.base import Dataset, Field, FieldKind
from workbench.graph import edit
from workbench.graph.graph import PortRef
from workbench.project.feeding import fields_of_kind
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch

_WIDTH, _PIECE = 64, 33
_MANY_ROWS = 5000


def propose_writing(dataset: Dataset, target: Field | None = None) -> Project | None:
    """Returns a project for data that has only texts, or sounds and texts; None where it has neither.

    Args:
        dataset: The opened data.
        target: The text to learn to write, where somebody said so.
    """
    texts = [target] if target is not None and target.kind == FieldKind.TEXT else []
    others = [field for field in fields_of_kind(dataset, FieldKind.TEXT) if field not in texts and field.type != "id"]
    sounds = fields_of_kind(dataset, FieldKind.AUDIO)
    if sounds and (texts or others):
        return _transcriber(sounds[0], (texts or others)[0], len(dataset))
    if texts and others:
        return _translator(others[0], texts[0], len(dataset))
    if len(others) > 1:
        return _translator(others[0], others[1], len(dataset))
    return _continuer((texts or others)[0], len(dataset)) if texts or others else None


def _recipe(rate: float, epochs: int, batch_size: int) -> Recipe:
    optimizer = Choice("adamw", MappingProxyType({"learning_rate": rate}))
    return Recipe(optimizer, epochs=epochs, batch_size=batch_size, clip_norm=1.0)


def _continuer(field: Field, rows: int) -> Project:
    """A small GPT: learns to go on writing."""
    sketch = Sketch()
    sketch.add("text_input", field.name, field=field.name, vocabulary=2000, maximum_length=_PIECE, decoder=True)
    sketch.chain(("embedding", {"width": _WIDTH}), ("positional_encoding", {"kind": "learned", "maximum_length": _PIECE}))
    sketch.chain(("transformer_decoder", {"layers": 2, "heads": 4, "feed_forward": 2 * _WIDTH, "dropout": 0.05}))
    sketch.add("linear", "vocabulary", units=2000)
    sketch.add("output", "next")
    recipe = _recipe(0.003, 12 if rows < _MANY_ROWS else 5, 32)
    return Project(graph=sketch.laid_out(), objectives=(ObjectiveChoice("next_token", "next", field.name),), recipe=recipe)


def _translator(source: Field, target: Field, rows: int) -> Project:
    """Encoder and decoder: one reads a text, the other writes the other text (arXiv 1706.03762)."""
    sketch, names = Sketch(), {"source": source.name, "target": target.name}
    block: dict[str, Any] = {"layers": 2, "heads": 4, "feed_forward": 2 * _WIDTH, "dropout": 0.1}
    sketch.add("text_input", names["source"], field=source.name, vocabulary=2000, maximum_length=_PIECE, symbol="S")
    read = sketch.chain(("embedding", {"width": _WIDTH}), "positional_encoding", ("transformer_encoder", block))
    sketch.end = None
    sketch.add("text_input", names["target"], field=target.name, vocabulary=2000, maximum_length=_PIECE, decoder=True)
    sketch.chain(("embedding", {"width": _WIDTH}), "positional_encoding")
    sketch.add("transformer_decoder", "write", **block)
    sketch.graph = sketch.wired(read, PortRef("write", "memory"))
    sketch.add("linear", "vocabulary", units=2000)
    sketch.add("output", "written")
    recipe = _recipe(0.002, 20 if rows < _MANY_ROWS else 8, 64)
    return Project(graph=sketch.laid_out(), objectives=(ObjectiveChoice("sequence", "written", target.name),), recipe=recipe)


def own_lengths(fields: Iterable[Field]) -> DataChoice:
    """Returns a choice that lets sounds of unequal length keep their own."""
    kept = {field.name: MappingProxyType({"own": True}) for field in fields if field.kind == FieldKind.AUDIO and not field.length}
    return DataChoice(preprocessing=MappingProxyType(kept))


def _transcriber(sound: Field, text: Field, rows: int) -> Project:
    """Hears the loudness of pitches and writes down what was said (connectionist temporal classification)."""
    from workbench.project.starters import STARTERS

    starter = STARTERS["tones-crnn"].make()
    heard = next(node for node in starter.graph if node.layer == "audio_input")
    graph = edit.set_params(starter.graph, heard.id, field=sound.name)
    objectives = tuple(replace(objective, target=text.name) for objective in starter.objectives)
    recipe = replace(starter.recipe, epochs=30 if rows < _MANY_ROWS else 10)
    return replace(starter, graph=graph, objectives=objectives, data=own_lengths([sound]), recipe=recipe)
