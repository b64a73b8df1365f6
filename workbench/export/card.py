"""The model card of a bundle: README.md for whoever receives it."""

from __future__ import annotations

from workbench.export.spec import MODEL_FILE, TOKENIZER_FILE, BundleSpec, InputSpec, OutputSpec
from workbench.export.verify import Verification


def model_card(spec: BundleSpec, verification: Verification) -> str:
    """Returns the model card as Markdown."""
    sections = [
        f"# {spec.name or 'Model'}\n\n{_what(spec)}",
        "## Inputs\n\n" + "\n".join(_input_line(item) for item in spec.inputs),
        "## Outputs\n\n" + "\n".join(_output_line(item) for item in spec.outputs),
        _scores(spec), _verified(verification), _use(spec), _origin(spec),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _what(spec: BundleSpec) -> str:
    return f"An ONNX model for {spec.task or 'inference'} with {spec.parameters:,} parameters. Preprocessing is part of `{MODEL_FILE}`."


def _input_line(item: InputSpec) -> str:
    if item.kind == "image":
        return (
            f"- `{item.tensors[0]}`: uint8 (N, H, W, {item.channels}), images of any size; "
            f"the graph resizes them to {item.height} by {item.width} and normalises them."
        )
    if item.kind == "text":
        return (
            f"- `{item.tensors[0]}`, `{item.tensors[1]}`: int64 (N, T), token ids from `{item.tokenizer or TOKENIZER_FILE}` padded on "
            f"the right with 0, and 1 for every real token; at most {item.maximum_length} tokens."
        )
    if item.kind == "category":
        return f"- `{item.tensors[0]}`: int64 (N,), the number of the category in this order: {', '.join(item.labels[:50])}."
    if item.ragged:
        return (
            f"- `{item.tensors[0]}`: float32 (N, T, {item.features}), {item.features} numbers at each step, zeros behind a shorter row, at most "
            f"{item.length} steps; `{item.tensors[1]}`: int64 (N,), the steps of every row."
        )
    if item.kind == "series":
        return f"- `{item.tensors[0]}`: float32 (N, {item.length}, {item.features}), {item.features} numbers at each of {item.length} steps."
    if item.kind == "audio":
        return f"- `{item.tensors[0]}`: float32 (N, {item.length}), samples between -1 and 1, {item.rate} per second."
    return f"- `{item.tensors[0]}`: float32 (N,){', in ' + item.unit if item.unit else ''}."


def _output_line(item: OutputSpec) -> str:
    names = ", ".join(f"`{name}`" for name in item.tensors.values())
    if item.objective == "classification":
        return f"- {names}: float32 (N, {len(item.labels)}), classes in this order: {', '.join(item.labels[:50])}."
    if item.objective == "segmentation":
        return f"- {names}: float32 (N, {len(item.labels)}, H, W), for every pixel the classes in this order: {', '.join(item.labels[:50])}."
    if item.objective == "reconstruction":
        return f"- {names}: float32 (N, C, H, W), an image with values between 0 (black) and 1 (white)."
    if item.class_axis == -1 and "logits" in item.tensors:
        said = "after every token the scores of the one that comes next; token 0 begins and ends a text"
        return f"- {names}: float32 (N, T, {len(item.labels)}), {said}."
    return f"- {names}: float32{', in ' + item.unit if item.unit else ''}."


def _scores(spec: BundleSpec) -> str:
    if not spec.metrics:
        return ""
    rows = "\n".join(f"| {name} | {value:.4g} |" for name, value in sorted(spec.metrics.items()))
    return f"## Scores of the run\n\n| metric | value |\n| --- | --- |\n{rows}"


def _verified(verification: Verification) -> str:
    verdicts = [(case, "agrees" if case.passed else "differs") for case in verification.cases]
    rows = "\n".join(f"| {case.name} | {case.rows} | {case.max_difference:.1e} | {verdict} |" for case, verdict in verdicts)
    return f"## Verification\n\n{verification.sentence()}\n\n| case | rows | largest difference | |\n| --- | --- | --- | --- |\n{rows}"


def _use(spec: BundleSpec) -> str:
    example = "picture.png" if spec.inputs and spec.inputs[0].kind == "image" else '"some text"'
    other = "Or with any ONNX runtime; labels, units and input forms stand in the model's metadata."
    return f"## Use\n\n```\nworkbench predict . {example}\n```\n\n{other}"


def _origin(spec: BundleSpec) -> str:
    lines = [f"- Licence: {spec.licence}" if spec.licence else "", f"- Author: {spec.author}" if spec.author else ""]
    lines += [f"- Run: {spec.run}" if spec.run else "", f"- ONNX operator set: {spec.opset}"]
    lines += [f"- {name} {version}" for name, version in sorted(spec.versions.items())]
    return "## Origin\n\n" + "\n".join(line for line in lines if line)
