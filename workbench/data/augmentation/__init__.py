"""Ways to vary training rows: one class in one module each, found by listing. Batched torch code; validation and test are never varied."""

from __future__ import annotations

from workbench.catalogue import Catalogue
from workbench.data.augmentation.base import Augmentation

AUGMENTATIONS: Catalogue[Augmentation] = Catalogue(__name__, Augmentation, "augmentation")

__all__ = ["AUGMENTATIONS", "Augmentation"]
