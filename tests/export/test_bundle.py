"""Bundles of every family: parity over odd shapes, twice in one process, all operator sets; what they say about themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from tests.explain.conftest import built, chain
from tests.export.conftest import FAMILIES, Made, make, mixed_dataset, project_of
from workbench.data.prepare import prepare
from workbench.errors import ExportError
from workbench.export.bundle import checked_target, publish, spec_of, temporary_beside, write_model
from workbench.export.onnx_file import write_onnx
from workbench.export.spec import KEY, spec_from
from workbench.export.verify import TOLERANCE, Case, Verification, compare, stored_verification, verify
from workbench.models.build import Model


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_agrees(family: str, made: dict[str, Made]) -> None:
    proof = made[family].verification
    assert proof.passed and proof.max_abs_difference <= TOLERANCE * max(1.0, proof.largest_output)
    names = {case.name for case in proof.cases}
    assert {"batch of 1", "batch of 2", "batch of 3", "batch of 7", "all validation rows"} <= names
    extra = {"digits": {"image of 17 by 11", "image of 4 by 7"}, "numbers": set()}
    assert extra.get(family, {"length 1", "no known token", "longer than the maximum"}) <= names
    whole = next(case for case in proof.cases if case.name == "all validation rows")
    assert whole.rows == len(made[family].prepared.splits["validation"])
    if family != "numbers":
        assert proof.metrics["torch"] == proof.metrics["onnx"]


@pytest.mark.parametrize(("family", "opset"), [("lstm", 18), ("transformer", 18), ("digits", 18), ("transformer", 23)])
def test_again_in_the_same_process_with_other_weights(family: str, opset: int, made: dict[str, Made], tmp_path: Path) -> None:
    second = make(family, tmp_path / "bundle", opset, seed=1)
    assert second.verification.passed and second.bundle.spec.opset == opset
    assert onnx.load(str(second.bundle.model_path)).opset_import[0].version == opset
    raw = made[family].prepared.dataset.column(FAMILIES[family][4][0], np.arange(3))
    first_scores, second_scores = (list(item.bundle.predict(list(raw))[0]["scores"].values()) for item in (made[family], second))
    assert not np.allclose(first_scores, second_scores, atol=1e-3)


@pytest.mark.parametrize("family", ["lstm", "transformer"])
@pytest.mark.parametrize(("rows", "longest"), [(1, 1), (1, 24), (5, 3), (33, 11)])
def test_free_batch_and_length(family: str, rows: int, longest: int, made: dict[str, Made]) -> None:
    random = np.random.default_rng(rows + longest)
    lengths = random.integers(1, longest + 1, rows)
    lengths[0] = longest
    ids = random.integers(2, 50, (rows, longest)).astype(np.int64)
    mask = (np.arange(longest) < lengths[:, None]).astype(np.int64)
    logits, probabilities = made[family].bundle.session().run(["logits", "probabilities"], {"input_ids": ids * mask, "attention_mask": mask})
    with torch.no_grad():
        values, valid = {"text": torch.from_numpy(ids * mask)}, {"text": torch.from_numpy(lengths)}
        expected = next(iter(made[family].model.call(values, valid).values()))
    np.testing.assert_allclose(logits, expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)
    alone = made[family].bundle.session().run(["logits"], {"input_ids": ids[-1:, : lengths[-1]], "attention_mask": mask[-1:, : lengths[-1]]})
    np.testing.assert_allclose(alone[0][0], logits[-1], atol=1e-5)


def test_images_of_many_sizes_are_compared_as_they_are(tmp_path: Path) -> None:
    size = {"channels": 1, "height": 10, "width": 14}
    graph = chain(("image_input", size), ("conv2d", {"filters": 3}), ("gelu", {}), ("flatten", {}), ("linear", {"units": 2}), ("output", {}))
    project = project_of(graph, "", "classification", "label", 20)
    project = replace(project, data=replace(project.data, preprocessing={"image": size}))
    prepared, model = prepare(mixed_dataset(), project.data, ["image"], ["label"]), built(graph).eval()
    proof = write_model(model, prepared, spec_of(model, prepared, project, 20), tmp_path)
    rows = prepared.splits["validation"]
    whole = next(case for case in proof.cases if case.name == "all validation rows")
    assert proof.passed and whole.rows == len(rows)
    with torch.no_grad():
        found = model(prepared.batch(rows).values["image"]).argmax(1)
    assert proof.metrics["onnx"] == pytest.approx(float((found == prepared.batch(rows).values["label"]).float().mean()))


def test_another_model_does_not_pass(made: dict[str, Made]) -> None:
    digits = made["digits"]
    other = Model(digits.model.plan).eval()
    proof, _ = compare(digits.bundle, other, digits.prepared)
    assert not proof.passed and "do not agree" in proof.sentence()


def test_one_wrong_prediction_is_enough_to_fail() -> None:
    good = Case("batch of 2", 2, 1e-7, 3.0, 2)
    assert good.passed and not replace(good, equal_predictions=1).passed and not replace(good, max_difference=4e-5).passed
    assert replace(good, max_difference=2.9e-5).passed
    assert not Verification(()).passed
    assert not Verification((good, replace(good, max_difference=float("inf")))).passed


@pytest.mark.parametrize("family", FAMILIES)
def test_verification_can_be_repeated_without_the_run(family: str, made: dict[str, Made]) -> None:
    again = verify(made[family].folder)
    assert again.passed and again.rows == 3 and again.provider == "cpu"
    assert stored_verification(made[family].folder).cases == made[family].verification.cases


def test_a_changed_bundle_fails_the_repeated_verification(made: dict[str, Made], tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    folder.mkdir()
    for item in made["digits"].folder.iterdir():
        (folder / item.name).write_bytes(item.read_bytes())
    model = onnx.load(str(folder / "model.onnx"))
    weights = next(item for item in model.graph.initializer if len(item.dims) == 2)
    values = onnx.numpy_helper.to_array(weights) + 0.01
    weights.CopyFrom(onnx.numpy_helper.from_array(values, weights.name))
    onnx.save(model, str(folder / "model.onnx"))
    with pytest.raises(ExportError, match="not the file that was verified"):
        verify(folder)
    record = json.loads((folder / "verification.json").read_text("utf-8"))
    del record["files"]
    (folder / "verification.json").write_text(json.dumps(record), "utf-8")
    assert not verify(folder).passed


def test_metadata_says_what_the_model_is(made: dict[str, Made]) -> None:
    model = onnx.load(str(made["digits"].bundle.model_path))
    onnx.checker.check_model(model)
    found = {item.key: item.value for item in model.metadata_props}
    spec = spec_from(found)
    assert found["name"] == spec.name == "Try it" and found["task"] == "classification" and found["author"] == "Ada"
    assert json.loads(found["labels"]) == list(spec.outputs[0].labels) == [str(digit) for digit in range(10)]
    assert spec.licence == found["licence"] != "" and spec.versions["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert spec.parameters == sum(item.numel() for item in made["digits"].model.parameters())
    image = next(item for item in model.graph.input if item.name == "image")
    dims = image.type.tensor_type.shape.dim
    assert image.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert [dim.dim_param for dim in dims[:3]] == ["batch", "height", "width"] and dims[3].dim_value == 1
    assert not (made["digits"].folder / "model.onnx.data").exists()


def test_text_bundles_bring_their_tokenizer(made: dict[str, Made]) -> None:
    from tokenizers import Tokenizer

    bundle, prepared = made["lstm"].bundle, made["lstm"].prepared
    tokenizer = Tokenizer.from_file(str(bundle.folder / "tokenizer.json"))
    texts = prepared.dataset.column("text", np.arange(20))
    for text in texts:
        assert bundle.feed([{"text": text}])["input_ids"][0].tolist() == prepared.preprocessors["text"].encode_one(text)[0].tolist()
    assert tokenizer.get_vocab_size() == bundle.spec.inputs[0].vocabulary


def test_the_model_card_tells_inputs_outputs_proof_and_origin(made: dict[str, Made]) -> None:
    card = (made["digits"].folder / "README.md").read_text("utf-8")
    for part in ("# Try it", "uint8 (N, H, W, 1)", "`logits`, `probabilities`", "Verified", "batch of 7", "accuracy/val", "Ada", "Licence"):
        assert part in card
    assert "EUR" in (made["numbers"].folder / "README.md").read_text("utf-8")
    assert "tokenizer.json" in (made["transformer"].folder / "README.md").read_text("utf-8")


def test_unknown_operator_sets_and_impossible_models_are_refused(made: dict[str, Made], tmp_path: Path) -> None:
    class Branching(torch.nn.Module):
        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            return inputs[0] if float(inputs[0].sum()) > 0 else -inputs[0]

    def write(opset: int) -> Any:
        axes, names = [{0: "batch"}], (["a"], ["b"])
        return write_onnx(Branching(), [torch.ones(2, 2)], axes, names, tmp_path / "m.onnx", opset=opset, metadata={})

    with pytest.raises(ExportError, match="operator set 7"):
        write(7)
    with pytest.raises(ExportError, match="cannot be written as ONNX"):
        write(20)
    assert not (tmp_path / "m.onnx").exists()


def test_a_bundle_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = checked_target(tmp_path / "new" / "bundle")
    with pytest.raises(ExportError, match="no space"), temporary_beside(target) as temporary:
        temporary.mkdir()
        (temporary / "model.onnx").write_bytes(b"half")
        raise OSError(28, "no space")
    assert list(target.parent.iterdir()) == []
    for content in (b"first", b"second"):
        with temporary_beside(target) as temporary:
            temporary.mkdir()
            (temporary / "model.onnx").write_bytes(content)
            publish(temporary, target)
        (target / "mine.txt").write_text("kept")
        assert [item.name for item in target.parent.iterdir()] == ["bundle"]
        assert (target / "model.onnx").read_bytes() == content
    assert (target / "mine.txt").read_text() == "kept"


def test_other_folders_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match="not a bundle"):
        checked_target(tmp_path)
    with pytest.raises(ExportError, match="not a bundle"):
        checked_target(tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_metadata_of_newer_or_foreign_models_is_refused() -> None:
    with pytest.raises(ExportError, match="does not say what it is"):
        spec_from({})
    with pytest.raises(ExportError, match="does not say what it is"):
        spec_from({KEY: "{broken"})
    with pytest.raises(ExportError, match="newer version"):
        spec_from({KEY: json.dumps({"schema_version": 99})})
