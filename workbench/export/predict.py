"""Predictions from a bundle alone: ONNX Runtime, numpy, Pillow and tokenizers; no torch, no project."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.joining import put_together
from workbench.data.tokenizing import kept_places, without_surrogates
from workbench.errors import ExportError
from workbench.export.given import TABLE_ENDINGS, category_number, existing, files_of, image_array, reason_of, steps_of, table_in, words_in
from workbench.export.session import open_session, run_session
from workbench.export.spec import MODEL_FILE, VERIFICATION_FILE, BundleSpec, InputSpec, OutputSpec, spec_from
from workbench.text import Text

ROWS_AT_ONCE = 64
UNK = 1
BEGIN = 0
"""Begins and ends a text that the model writes."""


class Bundle:
    """An exported model.

    Args:
        folder: The bundle's folder, or the path of its model.onnx.

    Attributes:
        provider: The short name of the provider that really ran last; "" before the first run.

    Raises:
        ExportError: There is no bundle, or it is damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        path = Path(folder).expanduser().absolute()
        self.folder = path.parent if path.is_file() else path
        if not self.model_path.is_file():
            raise ExportError(
                Text("{path} is not a bundle: it holds no {file}.", path=str(self.folder), file=MODEL_FILE),
                Text("Give the folder that an export has written."),
            )
        _refuse_changed(self.folder)
        self.provider = ""
        self._sessions: dict[tuple[str, bool], tuple[Any, str]] = {}
        self.spec: BundleSpec = spec_from(self.session("cpu").get_modelmeta().custom_metadata_map)

    @property
    def model_path(self) -> Path:
        """The ONNX file."""
        return self.folder / MODEL_FILE

    def session(self, provider: str = "cpu", *, allow_fallback: bool = False) -> Any:
        """Returns the ONNX Runtime session of a provider, opened once; `provider` then says what really runs.

        Raises:
            ExportError: The model is damaged, or the provider is missing and may not be replaced.
        """
        key = (provider, allow_fallback)
        if key not in self._sessions:
            self._sessions[key] = open_session(self.model_path, provider, allow_fallback=allow_fallback)
        session, self.provider = self._sessions[key]
        return session

    @cached_property
    def tokenizers(self) -> dict[str, Any]:
        """The tokenizer of every text input, by input name.

        Raises:
            ExportError: A file is missing or damaged.
        """
        return {spec.name: _tokenizer(self.folder / spec.tokenizer, spec) for spec in self.spec.inputs if spec.kind == "text"}

    def predict(
        self, raw: Any, provider: str = "cpu", allow_fallback: bool = False, *, skip_unreadable: bool = False,
    ) -> list[dict[str, Any]]:
        """Predicts.

        Args:
            raw: One value or a list of them: paths of images, folders of images and tables (csv, tsv, jsonl), arrays uint8 `(H, W)` or
                `(H, W, C)` (`(N, H, W, C)` for several), texts, numbers; or dicts by input or field name.
            provider: A short name (`cpu`, `cuda`, ...).
            allow_fallback: Whether the CPU may stand in for a missing provider.
            skip_unreadable: Whether the other rows are answered where some cannot be read; those have an `error` instead.

        Returns:
            One dict per row: `input`, and `label` and `scores`, or `value` and `unit`; by output name where there are several.

        Raises:
            ExportError: A value cannot be read (with `skip_unreadable`: none can), or the provider is missing.
        """
        session = self.session(provider, allow_fallback=allow_fallback)
        rows = self.rows(raw)
        encoded, errors = self._encoded_all(rows, skip_unreadable)
        found: list[dict[str, Any]] = []
        for block in _alike([values for values in encoded if values is not None]):
            found += self._written(session, block) if self._writes else self._answers(self._run(session, block), len(block))
        answers = iter(found)
        return [{"input": name, **(errors[place] if place in errors else next(answers))} for place, (name, _) in enumerate(rows)]

    def _encoded_all(
        self, rows: Sequence[tuple[str, Mapping[str, Any]]], skip_unreadable: bool,
    ) -> tuple[list[dict[str, np.ndarray] | None], dict[int, dict[str, Any]]]:
        """Returns the ONNX values of every row (None where it cannot be read), and by place what is wrong with those."""
        encoded: list[dict[str, np.ndarray] | None] = []
        errors: dict[int, dict[str, Any]] = {}
        for place, (_, values) in enumerate(rows):
            try:
                encoded.append(self._encoded(values))
            except ExportError as error:
                if not skip_unreadable or len(errors) + 1 == len(rows):
                    raise
                encoded.append(None)
                errors[place] = {"error": {"message": str(error.message), "hint": str(error.hint)}}
        return encoded, errors

    def rows(self, raw: Any) -> list[tuple[str, dict[str, Any]]]:
        """Returns every row that `raw` names: what it is called, and its raw values by input name."""
        stacked = isinstance(raw, np.ndarray) and raw.ndim == 4
        many: list[Any] = list(raw) if stacked or isinstance(raw, (list, tuple)) else [raw]
        return [row for value in many for row in self._rows_of(value)]

    def feed(self, raw: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
        """Returns the ONNX inputs of raw rows by input name; images must be of one size."""
        return self._feed([self._encoded(row) for row in raw])

    def _rows_of(self, value: Any) -> Iterable[tuple[str, dict[str, Any]]]:
        if isinstance(value, Mapping):
            return [(_shown(value), self._by_input(value))]
        first = self.spec.inputs[0]
        path = existing(value, images=first.kind == "image")
        if path is not None and path.is_dir():
            return [row for item in files_of(path, first.kind) for row in self._rows_of(item)]
        if path is not None and path.suffix.lower() in TABLE_ENDINGS:
            return [(f"{path}:{number}", self._by_input(row)) for number, row in enumerate(table_in(path), 1)]
        asked = [spec for spec in self.spec.inputs if not spec.decoder]
        if len(asked) > 1:
            raise ExportError(
                Text("This model needs {names}.", names=", ".join(spec.field for spec in asked)), Text("Give a table with these columns."),
            )
        first = asked[0] if asked else first
        if first.kind == "text" and path is not None:
            return [(str(path), {first.name: words_in(path)})]
        return [(_shown(value), {first.name: value})]

    def _by_input(self, row: Mapping[str, Any]) -> dict[str, Any]:
        from workbench.data.tables.columns import by_identifier

        values, named = {}, row
        if any(spec.name not in row and spec.field not in row for spec in self.spec.inputs):
            named = by_identifier(row, [spec.field for spec in self.spec.inputs])
        for spec in self.spec.inputs:
            key = next((key for key in (spec.name, spec.field) if key in named), None)
            if key is None and spec.decoder:
                continue
            if key is None:
                raise ExportError(
                    Text("There is no column {field}.", field=spec.field), Text("Columns found: {names}.", names=", ".join(map(str, row))),
                )
            values[spec.name] = named[key]
        return values

    def _encoded(self, row: Mapping[str, Any]) -> dict[str, np.ndarray]:
        nothing = np.zeros(0, np.int64)  # a text that the model writes may be left out: it begins from nothing
        return {spec.name: self._encoded_value(spec, row[spec.name]) if spec.name in row else nothing for spec in self.spec.inputs}

    def _encoded_value(self, spec: InputSpec, value: Any) -> np.ndarray:
        if spec.kind == "image":
            return image_array(value, spec.channels)
        if spec.kind == "text":
            if not isinstance(value, str):
                raise ExportError(Text("{field} must be a text.", field=spec.field), Text("Give some words."))
            ids = self.tokenizers[spec.name].encode(without_surrogates(value)).ids or [UNK]
            return np.asarray([ids[place] for place in kept_places(len(ids), spec.maximum_length)], np.int64)
        if spec.kind == "category":
            return np.asarray(category_number(spec, value), np.int64)
        if spec.kind in ("series", "audio"):
            return steps_of(spec, value)
        try:
            return np.asarray(value, np.float32).reshape(())
        except (TypeError, ValueError) as error:
            raise ExportError(
                Text("{value} is no number.", value=str(value)[:80]), Text("Write a number for {field}.", field=spec.field),
            ) from error

    @property
    def _writes(self) -> bool:
        """Whether the model writes a text, token by token."""
        return any(spec.decoder for spec in self.spec.inputs)

    def _run(self, session: Any, block: Sequence[Mapping[str, np.ndarray]]) -> Mapping[str, np.ndarray]:
        return run_session(session, _names(self.spec), self._feed(block))

    def _written(self, session: Any, block: Sequence[dict[str, np.ndarray]]) -> list[dict[str, Any]]:
        """Lets the model write on, row by row and always the likeliest token, until it ends the text or there is no more room."""
        spec = next(spec for spec in self.spec.inputs if spec.decoder)
        output = next(item for item in self.spec.outputs if item.target == spec.field)
        found: list[dict[str, Any]] = []
        for row in block:
            tokens = [BEGIN, *row[spec.name].tolist()]
            while len(tokens) <= spec.maximum_length:
                scores = self._run(session, [{**row, spec.name: np.asarray(tokens, np.int64)}])[output.tensors["logits"]]
                tokens.append(int(scores[0, -1].argmax()))
                if tokens[-1] == BEGIN:
                    break
            said = [output.labels[token] for token in tokens[1:] if token != BEGIN]
            found.append({"text": put_together(said, spec.joint), "tokens": said})
        return found

    def _feed(self, rows: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        feed: dict[str, np.ndarray] = {}
        for spec in self.spec.inputs:
            values = [row[spec.name] for row in rows]
            arrays = _padded(values) if spec.kind == "text" else _with_lengths(values) if spec.ragged else (np.stack(values),)
            feed.update(zip(spec.tensors, arrays, strict=True))
        return feed

    def _answers(self, tensors: Mapping[str, np.ndarray], rows: int) -> list[dict[str, Any]]:
        outputs = [(spec, [_decoded(spec, tensors, row) for row in range(rows)]) for spec in self.spec.outputs]
        if len(outputs) == 1:
            return outputs[0][1]
        return [{spec.name: decoded[row] for spec, decoded in outputs} for row in range(rows)]


def _refuse_changed(folder: Path) -> None:
    """Refuses a bundle whose files are not those that were verified; one without a record of them passes.

    Raises:
        ExportError: A file is missing, damaged or another one.
    """
    try:
        recorded = json.loads((folder / VERIFICATION_FILE).read_text("utf-8")).get("files", {})
        names = {str(name): str(digest) for name, digest in recorded.items()}
    except (OSError, ValueError, AttributeError):
        return
    for name, digest in names.items():
        path = folder / Path(name).name
        if not path.is_file() or digest_of(path) != digest:
            raise ExportError(
                Text("{path} is not the file that was verified: it is missing, damaged or has been changed.", path=str(path)),
                Text("Export the run again."),
            )


def digest_of(path: Path) -> str:
    """Returns the hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tokenizer(path: Path, spec: InputSpec) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(path.read_text("utf-8"))
    except Exception as error:  # the library raises plain Exception for whatever it cannot read
        raise ExportError(
            Text("The tokenizer {path} cannot be read: {reason}.", path=str(path), reason=reason_of(error)),
            Text("The bundle is incomplete or damaged; export the run again."),
        ) from error
    tokenizer.no_padding()
    if spec.truncation == "middle":
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(spec.maximum_length, direction=spec.truncation)
    return tokenizer


def _padded(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Returns ids and attention mask `(N, T)` int64, padded on the right."""
    longest = max(len(row) for row in rows)
    ids, mask = np.zeros((len(rows), longest), np.int64), np.zeros((len(rows), longest), np.int64)
    for index, row in enumerate(rows):
        ids[index, : len(row)], mask[index, : len(row)] = row, 1
    return ids, mask


def _with_lengths(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Returns series `(N, T, F)` or sounds `(N, T)`, float32, with zeros behind the shorter ones, and their lengths `(N,)` int64."""
    lengths = np.array([len(row) for row in rows], np.int64)
    values = np.zeros((len(rows), int(lengths.max()), *rows[0].shape[1:]), np.float32)
    for index, row in enumerate(rows):
        values[index, : len(row)] = row
    return values, lengths


def _alike(rows: Sequence[dict[str, np.ndarray]]) -> Iterable[list[dict[str, np.ndarray]]]:
    """Yields neighbouring rows whose images are of one size, in blocks."""
    block: list[dict[str, np.ndarray]] = []
    for row in rows:
        if block and (len(block) == ROWS_AT_ONCE or any(row[name].ndim == 3 and row[name].shape != block[0][name].shape for name in row)):
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _names(spec: BundleSpec) -> list[str]:
    return [name for output in spec.outputs for name in output.tensors.values()]


def _transcribed(spec: OutputSpec, best: np.ndarray) -> dict[str, Any]:
    """Returns the text of the likeliest path: repetitions count once, and 0 is silence."""
    heard = best[(best != BEGIN) & (np.diff(best, prepend=-1) != 0)]
    tokens = [spec.labels[int(token)] for token in heard]
    return {"text": put_together(tokens, spec.joint), "tokens": tokens}


def _decoded(spec: OutputSpec, tensors: Mapping[str, np.ndarray], row: int) -> dict[str, Any]:
    if spec.objective == "segmentation":
        mask = np.asarray(tensors[spec.tensors["logits"]][row]).argmax(0)
        shares = np.bincount(mask.ravel(), minlength=len(spec.labels)) / mask.size
        return {"label": spec.labels[int(shares.argmax())], "scores": dict(zip(spec.labels, shares.tolist(), strict=False)), "mask": mask.tolist()}
    if spec.objective == "ctc":
        return _transcribed(spec, np.asarray(tensors[spec.tensors["logits"]][row]).argmax(-1))
    if spec.objective == "reconstruction":
        return {"image": np.asarray(tensors[spec.tensors["value"]][row], np.float64).tolist()}
    if "probabilities" in spec.tensors:
        scores = np.asarray(tensors[spec.tensors["probabilities"]][row], np.float64).reshape(-1)
        labels = [*spec.labels, *(str(index) for index in range(len(spec.labels), len(scores)))]
        return {"label": labels[int(scores.argmax())], "scores": dict(zip(labels, scores.tolist(), strict=False))}
    values = np.asarray(tensors[spec.tensors["value"]][row], np.float64).reshape(-1)
    return {"value": float(values[0]) if len(values) == 1 else values.tolist(), "unit": spec.unit}


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return "array " + "×".join(str(size) for size in value.shape)
    return str(value) if not isinstance(value, Mapping) else json.dumps(dict(value), ensure_ascii=False, default=_shown)[:200]
