"""What a person may set on the preprocessing of each kind of field. Imports without torch."""

from __future__ import annotations

from typing import Literal

from workbench.catalogue import Params, param
from workbench.data.base import FieldKind


class ImageParams(Params):
    """How images become model-ready."""

    height: int = param(
        0, label="Height", help="Every image is resized to this height; 0 keeps the data's own.", unit="px", ge=0, le=2048,
    )
    width: int = param(
        0, label="Width", help="Every image is resized to this width; 0 keeps the data's own.", unit="px", ge=0, le=2048,
    )
    channels: Literal[0, 1, 3] = param(
        0, label="Channels", help="1 makes grey, 3 makes colour, 0 keeps what the data has.", choices=(0, 1, 3),
    )
    normalise: bool = param(
        True, label="Normalise", help="Shift and scale each channel to mean 0 and deviation 1 over the training split.",
    )


class TextParams(Params):
    """How texts become token numbers."""

    tokenizer: Literal["word", "character", "whitespace", "bpe", "byte_bpe", "wordpiece", "unigram", "file"] = param(
        "word", label="Tokeniser",
        help="Cut texts into words, characters, learned pieces of words (BPE, WordPiece, Unigram), or as a tokeniser in a file does.",
        choices=("word", "character", "whitespace", "bpe", "byte_bpe", "wordpiece", "unigram", "file"),
    )
    vocabulary: int = param(
        2000, label="Vocabulary", help="At most this many different tokens, counted with PAD and UNK.", unit="tokens",
        ge=4, le=200_000, log=True,
    )
    maximum_length: int = param(
        64, label="Maximum length", help="Longer texts are cut after this many tokens.", unit="tokens", ge=1, le=8192, log=True,
    )
    minimum_count: int = param(
        1, label="Minimum count", help="Tokens seen less often in the training split become UNK.", unit="times",
        ge=1, le=1000, main=False,
    )
    lowercase: bool = param(True, label="Lower case", help="Great and great become the same token.", main=False)
    truncation: Literal["right", "left", "middle"] = param(
        "right", label="Cut at", help="Where texts that are too long lose tokens: at their end, at their start, or in the middle.",
        choices=("right", "left", "middle"), main=False,
    )
    ends: bool = param(False, label="Mark both ends", help="A token [CLS] before and a token [SEP] after every text.", main=False)
    special: str = param(
        "", label="Own tokens", help="Tokens kept whole wherever they stand, with spaces between them, such as <user> <sep>.", main=False,
        max_length=4000,
    )
    file: str = param(
        "", label="Tokeniser file", help="For tokenisers from a file: tokenizer.json, vocab.txt, or vocab.json beside merges.txt.", main=False,
    )


class CategoryParams(Params):
    """Categories need no settings: names become numbers in the order of the field."""


class NumberParams(Params):
    """How numbers become model-ready."""

    standardise: bool = param(
        True, label="Standardise", help="Shift and scale to mean 0 and deviation 1 over the training split.",
    )


class SeriesParams(Params):
    """How series become model-ready."""

    standardise: bool = param(
        True, label="Standardise", help="Shift and scale to mean 0 and deviation 1 over the training split.",
    )
    length: int = param(
        0, label="Length", help="Every series is cut, or filled up with its mean, to this many steps; 0 keeps each as long as it is.", unit="steps",
        ge=0, le=1_000_000,
    )


class AudioParams(Params):
    """How sounds become model-ready. Samples between -1 and 1 stay as they are."""

    seconds: float = param(
        0.0, label="Seconds", help="Every sound is cut, or filled up with silence, to this length; 0: to the longest one, at most 30 seconds.",
        unit="s", ge=0, le=3600,
    )
    own: bool = param(
        False, label="Own lengths",
        help="Every sound keeps its length, up to 30 seconds, and what stands behind shorter ones in a batch does not count.",
    )


class MaskParams(Params):
    """How masks become model-ready. Every pixel is a class and stays one: none are blended."""

    height: int = param(
        0, label="Height", help="Every mask is resized to this height; 0 follows its image.", unit="px", ge=0, le=2048, main=False,
    )
    width: int = param(
        0, label="Width", help="Every mask is resized to this width; 0 follows its image.", unit="px", ge=0, le=2048, main=False,
    )


PARAMS: dict[FieldKind, type[Params]] = {
    FieldKind.IMAGE: ImageParams, FieldKind.TEXT: TextParams, FieldKind.CATEGORY: CategoryParams, FieldKind.NUMBER: NumberParams,
    FieldKind.SERIES: SeriesParams, FieldKind.AUDIO: AudioParams, FieldKind.MASK: MaskParams,
}
