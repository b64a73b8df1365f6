"""Turns wiki markup into the text that people read. Linear in the length of a page, whatever stands in it."""

from __future__ import annotations

import html
import re

_HIDDEN = re.compile(
    r"<(ref|math|gallery|timeline|syntaxhighlight|source|score|chem|code|pre|imagemap)\b[^<>]*(?<!/)>(?:(?!</?\1\b).)*</\1\s*>", re.S | re.I
)
_TABLE = re.compile(r"\{\|(?:(?!\{\||\|\}).)*\|\}", re.S)
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}")
_FILE = re.compile(
    r"\[\[\s*(?:file|image|category|media|datei|bild|kategorie|fichier|catégorie|archivo|categoría|文件|图像|图片|分类|檔案|圖像|分類)\s*:"
    r"[^\[\]]*\]\]", re.I,
)
_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]")
_OUTSIDE = re.compile(r"\[(?:https?:|ftp:|//)[^\s\[\]]*[ \t]*([^\[\]\n]*)\]")
_HEADING = re.compile(r"^(={1,6})[ \t]*(.*?)[ \t]*\1[ \t]*$", re.M)
_MARKS = re.compile(r"'{2,5}|^[*#:;]+[ \t]*|^-{4,}|__[A-Z]+__|<[^<>\n]{1,2000}>", re.M)
_LINES = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")
_DEEPEST = 12


def plain_text(markup: str) -> str:
    """Returns a page without templates, tables, references, files and tags; links become what they are called."""
    text = _HIDDEN.sub("", _without_comments(markup))
    text = _until_stable(_TABLE, _until_stable(_TEMPLATE, text))
    text = _until_stable(_TEMPLATE, text)
    for _ in range(3):
        text = _LINK.sub(r"\1", _FILE.sub("", text))
    text = _HEADING.sub(r"\2", _OUTSIDE.sub(r"\1", text))
    text = html.unescape(_MARKS.sub("", text)).replace("\u00a0", " ")
    return _LINES.sub("\n\n", text).strip()


def _until_stable(pattern: re.Pattern[str], text: str) -> str:
    for _ in range(_DEEPEST):
        text, count = pattern.subn("", text)
        if not count:
            break
    return text


def _without_comments(text: str) -> str:
    parts, place = list[str](), 0
    while (start := text.find("<!--", place)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        parts.append(text[place:start])
        place = end + 3
    return "".join([*parts, text[place:]])
