"""Tokenisers as the text of one file, tokenizer.json, that the tokenizers library reads anywhere. PAD is 0, UNK is 1."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.errors import DataError, Text

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from workbench.data.preprocessing.params import TextParams

PAD, UNK = 0, 1
PAD_TOKEN, UNK_TOKEN = "[PAD]", "[UNK]"
BEGIN_TOKEN, END_TOKEN = "[CLS]", "[SEP]"
_SURROGATE = re.compile("[\ud800-\udfff]")


def train(texts: Sequence[str], params: TextParams) -> str:
    """Makes the tokeniser that the parameters ask for and returns it as the text of a tokenizer.json.

    Args:
        texts: The texts of the training split.
        params: The kind and its settings.

    Raises:
        DataError: It was to be read from a file, and cannot.
    """
    from workbench.data.tokenizers import TOKENIZERS

    return TOKENIZERS[params.tokenizer].train([without_surrogates(text) for text in texts], params)


def load(text: str) -> Tokenizer:
    """Returns the tokeniser of a tokenizer.json, without padding.

    Raises:
        DataError: The text is none.
    """
    from tokenizers import Tokenizer

    try:
        json.loads(text)
        tokenizer = Tokenizer.from_str(text)
    # The library raises plain Exception for whatever it cannot read.
    except Exception as error:
        raise DataError(Text("The tokeniser cannot be read."), Text("{reason}.", reason=str(error)[:200])) from error
    tokenizer.no_padding()
    return tokenizer


def without_surrogates(text: str) -> str:
    """Returns a text in which halves of characters, which no encoding can write, are replaced one by one; places stay."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def kept_places(length: int, maximum: int) -> list[int]:
    """Returns which of `length` tokens stay where the middle is cut out: the first half of `maximum`, rounded up, and the last."""
    if length <= maximum:
        return list(range(length))
    last = maximum // 2
    return [*range(maximum - last), *range(length - last, length)]


def joint_of(text: str, tokenizer: str) -> str:
    """Returns how tokens are put together again: what stands between them, or the mark that pieces carry (see `data.joining`).

    Args:
        text: The tokeniser as the text of a tokenizer.json.
        tokenizer: Its catalogue name.
    """
    decoder = json.dumps(json.loads(text).get("decoder") or {})
    for name, joint in (("ByteLevel", "Ġ"), ("WordPiece", "##"), ("Metaspace", "▁"), ("▁", "▁"), ("\\u2581", "▁")):
        if name in decoder:
            return joint
    return "" if tokenizer == "character" else " "
