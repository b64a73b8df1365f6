"""Texts in another language than nearly all others: told by their script, and in Latin letters by their most frequent words."""

from __future__ import annotations

import re
from collections import Counter

from workbench.data.base import DataProblem, Field, FieldKind
from workbench.data.findings.base import Finder, Look, called
from workbench.text import Text

_SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"), "ko": re.compile("[\uac00-\ud7af\u1100-\u11ff]"), "zh": re.compile("[\u3400-\u9fff]"),
    "ru": re.compile("[\u0400-\u04ff]"), "el": re.compile("[\u0370-\u03ff]"), "ar": re.compile("[\u0600-\u06ff]"),
    "he": re.compile("[\u0590-\u05ff]"), "hi": re.compile("[\u0900-\u097f]"), "th": re.compile("[\u0e00-\u0e7f]"),
}
_FREQUENT = {
    "en": "the of and to in is that it was for with as his he be are this not but have from they which you were their has been would what an",
    "de": "der die und das ist nicht ein eine ich mit sich den dem auf für von zu im es auch als wird sind wie noch bei aus hat aber oder wir",
    "fr": "la de le les des et est une que dans qui pour pas sur au avec il ce sont plus par je ne se mais nous vous ont cette elle été aux du",
    "es": "la no a de el los las que y en un una es por con para del se como más pero su al lo muy está fue son este también todo ya hay sin",
    "it": "la e a il che di è un una per non sono con del della le gli si da come anche ma più nel alla ho questo molto dei delle era ha",
    "pt": "a o de e que os um uma não para com é do da em no na por mais se ao como foi mas dos das muito seu sua são está também já",
    "nl": "de het een van en is dat niet te op zijn voor met ook aan er maar om dan bij nog wel naar heeft wordt uit als deze ik",
    "sv": "och att det som en är på inte av för med jag har den till ett om men så var han de kan vi mycket från när också",
    "pl": "w i na się nie z do jest że to o jak po ale za od co są przez dla tym tak jego być już tylko bardzo może oraz",
    "tr": "ve bir bu için çok da de ile ne daha olarak gibi ama var kadar sonra olan değil en ben o mi ki her şey iyi",
}
_LATIN = {language: frozenset(words.split()) for language, words in _FREQUENT.items()}
_WORD = re.compile(r"[^\W\d_]+")
_NAMES = {
    "ja": Text("Japanese"), "ko": Text("Korean"), "zh": Text("Chinese"), "ru": Text("Russian or another language in Cyrillic letters"),
    "el": Text("Greek"), "ar": Text("Arabic"), "he": Text("Hebrew"), "hi": Text("Hindi"), "th": Text("Thai"), "en": Text("English"),
    "de": Text("German"), "fr": Text("French"), "es": Text("Spanish"), "it": Text("Italian"), "pt": Text("Portuguese"), "nl": Text("Dutch"),
    "sv": Text("Swedish"), "pl": Text("Polish"), "tr": Text("Turkish"),
}
_LOOKED_AT = 400
_FEWEST_WORDS, _CLEARLY, _USUAL = 3, 1.5, 0.9
_MANY = 50


class Languages(Finder):
    """Texts in another language than at least nine tenths of the others."""

    name = "language"
    label = "Other languages"
    summary = "Texts in another language than nearly all others."
    aliases = ("language identification", "langid", "语言", "语种")
    thorough = True

    def find(self, look: Look) -> list[DataProblem]:
        fields = look.fields(FieldKind.TEXT)
        return [problem for field in fields for problem in look.kept(self.name, [field], lambda field=field: self._of(look, field))]

    def _of(self, look: Look, field: Field) -> list[DataProblem]:
        found = look.kept("languages", [field], lambda: [language_of(text) for text in look.values(field.name)])
        counts = Counter(language for language in found if language)
        if counts.total() < _MANY:
            return []
        usual, count = counts.most_common(1)[0]
        if count < _USUAL * counts.total() or count == counts.total():
            return []
        rows = look.usable[[bool(language) and language != usual for language in found]]
        other = next(language for language, _ in counts.most_common() if language != usual)
        return [DataProblem(
            self.name,
            Text("{count} texts in {field} are in another language than the usual {usual}, most of them in {other}.",
                 count=len(rows), field=called(field), usual=_NAMES[usual], other=_NAMES[other]),
            look.names(rows), Text("Of a language that hardly occurs a model learns nothing; its words only fill the vocabulary."),
        )]


def language_of(text: str) -> str:
    """Returns the language of a text as ISO 639-1 has it; "" where its beginning does not show it for certain.

    Cyrillic letters count as `ru`, Arabic ones as `ar`: which of their languages it is, is not told apart.
    """
    start = text[:_LOOKED_AT]
    if not start.isascii():
        letters = sum(map(str.isalpha, start))
        for language, script in _SCRIPTS.items():
            count = len(script.findall(start))
            if count and count >= (0.1 if language == "ja" else 0.5) * letters:
                return language
    words = _WORD.findall(start.lower())
    hits = sorted(((sum(word in known for word in words), language) for language, known in _LATIN.items()), reverse=True)
    (first, language), (second, _) = hits[:2]
    return language if first >= max(_FEWEST_WORDS, 0.12 * len(words)) and first >= _CLEARLY * second else ""


__all__ = ["Languages", "language_of"]
