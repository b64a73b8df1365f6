"""The catalogue of layers. One module may hold a few close relatives; every class is one entry."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.catalogue import Catalogue
from workbench.layers.base import Layer
from workbench.text import Text


def _own(catalogue: Catalogue[Layer]) -> Iterable[Layer]:
    from workbench.layers.own import OWN

    return OWN.load(catalogue)


def _why_absent(name: str) -> Text | None:
    from workbench.layers.own import OWN

    return OWN.why_absent(name)


LAYERS: Catalogue[Layer] = Catalogue("workbench.layers", Layer, "layer", _own, _why_absent)
"""What the program brings and, beside it, what the user has made and trusts (`workbench.layers.own`)."""


def reload_own() -> None:
    """Reads the user's own layers anew. Models that were built keep what they were built of."""
    LAYERS.set_own(_own(LAYERS))
