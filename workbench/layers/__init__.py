"""The catalogue of layers. One module may hold a few close relatives; every class is one entry."""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.layers.base import Layer

LAYERS: Catalogue[Layer] = Catalogue("workbench.layers", Layer, "layer")
