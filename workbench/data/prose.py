"""Whether the texts of a field are meant to be read, or are names, codes and addresses that only tell rows apart."""

from __future__ import annotations

import re

import numpy as np

from workbench.data.base import Dataset, Field, FieldKind

_SAMPLED = 120
_ENOUGH_WORDS, _ENOUGH_WIDE = 6, 12
_NAMES = re.compile(
    r"(.*_)?(text|texts|review|reviews|comment|comments|message|sentence|sentences|content|description|body|question|answer|tweet|title|headline|"
    r"abstract|document|article|note|notes|summary|utterance|query|prompt|sms|mail|email_body|post|source|caption|transcript)(_\d+)?"
)
_WIDE_NAMES = re.compile(r".*(文本|内容|评论|标题|正文|描述|留言|句子|问题|摘要|短信)")


def is_prose(dataset: Dataset, field: Field) -> bool:
    """Whether a field holds texts of sentences: it is called so, or most of its texts have several words."""
    if field.kind != FieldKind.TEXT:
        return False
    if _NAMES.fullmatch(field.name.casefold()) or _WIDE_NAMES.match(str(field.label)):
        return True
    rows = np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), _SAMPLED)).astype(np.int64))
    texts = [text for text in dataset.column(field.name, rows) if text]
    enough = sum(len(text.split()) >= _ENOUGH_WORDS or sum("\u2e80" <= mark <= "\uffef" for mark in text) >= _ENOUGH_WIDE for text in texts)
    return 2 * enough > len(texts)
