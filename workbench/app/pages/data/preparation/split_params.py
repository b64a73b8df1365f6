"""The fields of the division of rows, of balance and of damaged rows as forms show them."""

from __future__ import annotations

from typing import Literal

from workbench.catalogue import Params, param

MOST_SHARE = 0.95
"""Validation and test together leave at least a twentieth to train on."""


class SplitParams(Params):
    """How rows are divided into training, validation and test."""

    validation: float = param(0.15, label="Validation", help="The share of the rows that judges the model while it trains.", ge=0.0, le=0.9)
    test: float = param(0.15, label="Test", help="The share of the rows that is looked at once, at the end.", ge=0.0, le=0.9)
    seed: int = param(7, label="Seed", help="The same seed gives the same division.", ge=0)
    stratify: str = param("", label="Divide evenly by", help="Every part gets its share of each class of this field.", choices=("",))
    group: str | None = param(
        None, label="Keep together by", help="Rows with equal values stay on one side: all pictures of one patient, all sentences of one speaker.",
        choices=(None, "folder", "prefix"),
    )
    time: str | None = param(
        None, label="Order by time", help="The earliest rows train, later ones validate, the latest test, as in real use.", choices=(None,),
    )
    use_given: bool = param(True, label="Keep the source's own", help="Splits that the source brings stand; a missing validation part comes out of "
                            "training.")
    share: float = param(1.0, label="Share to train on", help="Only this share of the training rows is trained on; the rest waits.", gt=0.0, le=1.0,
                         main=False)
    limit: int = param(0, label="Rows at most", help="Use only so many rows, divided like all; 0 uses every row.", unit="rows", ge=0, main=False)


class BalanceParams(Params):
    """What is done about rare classes and damaged rows."""

    balance: Literal["none", "weights", "oversample"] = param(
        "none", label="Rare classes", help="As they are; their errors weigh more; or they stand more often in an epoch.",
        choices=("none", "weights", "oversample"),
    )
    bad_rows: Literal["skip", "stop"] = param(
        "skip", label="Damaged rows", help="What a row that cannot be read does to training, where data is read while it trains.",
        choices=("skip", "stop"),
    )


class MadeParams(Params):
    """Which rows are made."""

    copies: int = param(1, label="Draws per row", help="How many rows are made of each training row.", ge=1, le=1000)
    rows: str = param("train", label="Of which rows", help="All training rows, or those with a tag or of a class alone.", choices=("train",))
