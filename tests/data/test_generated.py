"""Generated data: the same from the same seed, known answers, nothing that a single word gives away."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.data.formats.review_words import LANGUAGES
from workbench.data.formats.shapes import FORMS
from workbench.data.open import open_dataset


def reviews(**params):
    return open_dataset("generated:reviews", params=params)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_reviews_are_repeatable_balanced_and_distinct(language: str) -> None:
    first, again, longer, other = (
        reviews(language=language, rows=rows, seed=seed) for rows, seed in ((800, 1), (800, 1), (900, 1), (800, 2))
    )
    assert first.column("text") == again.column("text") and np.array_equal(first.column("label"), again.column("label"))
    assert first.column("text") != other.column("text") and len(set(first.column("text"))) == 800
    assert 0.45 < first.column("label").mean() < 0.55 and len(longer) == 900


def expected(language: str, words: list[str]) -> int:
    """Reads the verdict off the deciding words: the last judging word, turned round by a negation."""
    known = LANGUAGES[language]
    judging = [word for word in words if word in known.praise + known.blame]
    negations = {word for negation in known.negations for word in negation}
    assert len(judging) == 1, words
    return int((judging[0] in known.praise) is not bool(negations & set(words)))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_deciding_words_decide(language: str) -> None:
    dataset = reviews(language=language, rows=500)
    for row, (text, label) in enumerate(zip(dataset.column("text"), dataset.column("label"), strict=True)):
        spans = dataset.word_spans(row)
        assert "".join(text[start:end] for start, end in spans) == text.replace(" ", "")
        words = [text[slice(*spans[index])] for index in dataset.deciding(row)]
        assert expected(language, words) == label


def test_word_spans_match_the_word_tokeniser_in_english() -> None:
    from workbench.data.base import Field, FieldKind
    from workbench.data.preprocessing.params import TextParams
    from workbench.data.preprocessing.text import TextPreprocessor

    dataset = reviews(rows=100)
    fitted = TextPreprocessor.fit(Field("text", FieldKind.TEXT), dataset.column("text"), TextParams())
    for row, text in enumerate(dataset.column("text")):
        assert [(token.start, token.end) for token in fitted.tokens(text)] == dataset.word_spans(row)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_counting_words_is_not_enough(language: str) -> None:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    dataset = reviews(language=language, rows=3000)
    spans = [dataset.word_spans(row) for row in range(3000)]
    words = [" ".join(text[a:b] for a, b in place) for text, place in zip(dataset.column("text"), spans, strict=True)]
    counts = CountVectorizer(token_pattern=r"\S+").fit_transform(words)
    labels = dataset.column("label")
    score = LogisticRegression(max_iter=300).fit(counts[:2000], labels[:2000]).score(counts[2000:], labels[2000:])
    assert 0.5 < score < 0.85


def test_noise_turns_labels_round() -> None:
    clean, noisy = reviews(rows=4000), reviews(rows=4000, noise=0.2)
    assert clean.column("text") == noisy.column("text")
    assert 0.17 < (clean.column("label") != noisy.column("label")).mean() < 0.23


def test_ten_thousand_rows_are_made() -> None:
    for source in ("generated:reviews", "generated:shapes"):
        assert len(open_dataset(source, params={"rows": 10_000})) == 10_000


def test_shapes_are_repeatable_and_balanced() -> None:
    first, again = (open_dataset("generated:shapes", params={"rows": 200, "size": 24}) for _ in range(2))
    assert np.array_equal(first.column("image"), again.column("image"))
    assert np.bincount(first.column("label")).tolist() == [50] * 4 and first.field("label").categories == tuple(FORMS)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_deciding_pixels_are_the_bright_ones(channels: int) -> None:
    dataset = open_dataset("generated:shapes", params={"rows": 100, "noise": 0.0, "channels": channels})
    for row, image in enumerate(dataset.column("image")):
        mask = dataset.deciding(row)
        assert mask.shape == image.shape[:2] and 20 < mask.sum() < 0.35 * mask.size
        assert not mask[0].any() and not mask[:, -1].any()
        assert image[mask].min() > 150 > np.median(image[~mask])


def test_area_does_not_tell_the_shapes_apart() -> None:
    dataset = open_dataset("generated:shapes", params={"rows": 4000, "size": 48})
    areas = np.array([dataset.deciding(row).sum() for row in range(4000)])
    means = [areas[dataset.column("label") == number].mean() for number in range(4)]
    assert max(means) / min(means) < 1.06
