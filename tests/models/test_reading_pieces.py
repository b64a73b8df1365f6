"""Small classes with the pieces that people write most beside plain layers: the drawing's model computes what they compute."""

from __future__ import annotations

import pytest
import torch

from tests.models.foreign import Foreign
from tests.models.test_reading_classes import listed, original, values
from tests.models.test_reading_known import HEAD
from workbench.models.build import build
from workbench.models.reading import load_foreign, read_source

IMAGE, VECTOR, SEQUENCE = ((2, 3, 32, 32),), ((2, 10),), ((2, 8, 8),)


def written(init: str, forward: str, arguments: str = "x") -> str:
    """Returns a class with these lines."""
    constructor, body = ("".join(f"        {line}\n" for line in text.splitlines()) for text in (init, forward))
    return (
        f"class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{constructor}\n    def forward(self, {arguments}):\n{body}"
    )


PIECES = {
    "where": Foreign(
        written(
            "self.a = nn.Linear(10, 6)",
            "x = self.a(x)\nreturn torch.where(x > 0, x, 0.1 * x)",
        ),
        VECTOR,
    ),
    "where-scalar": Foreign(
        written(
            "self.a = nn.Linear(10, 6)",
            "x = self.a(x)\nreturn torch.where(x > 0, x, torch.zeros_like(x))",
        ),
        VECTOR,
    ),
    "chunk-gate": Foreign(
        written(
            "self.a = nn.Linear(10, 12)\nself.b = nn.Linear(6, 3)",
            "a, b = self.a(x).chunk(2, dim=-1)\nreturn self.b(a * torch.sigmoid(b))",
        ),
        VECTOR,
    ),
    "chunk-image": Foreign(
        written(
            "self.a = nn.Conv2d(3, 8, 3, padding=1)",
            "a, b = torch.chunk(self.a(x), 2, dim=1)\nreturn a * torch.sigmoid(b)",
        ),
        IMAGE,
    ),
    "split": Foreign(
        written(
            "self.a = nn.Linear(10, 12)",
            "a, b, c = torch.split(self.a(x), 4, dim=1)\nreturn a + b * c",
        ),
        VECTOR,
    ),
    "split-sizes": Foreign(
        written(
            "self.a = nn.Linear(10, 12)",
            "a, b = self.a(x).split([4, 8], dim=-1)\nreturn torch.cat([b, a], 1)",
        ),
        VECTOR,
    ),
    "shuffle-split": Foreign(
        written(
            "self.a = nn.Conv2d(3, 8, 1)\nself.b = nn.Conv2d(4, 4, 3, padding=1)",
            "x = self.a(x)\nx1, x2 = x.chunk(2, dim=1)\nout = torch.cat((x1, self.b(x2)), dim=1)\n"
            "b, c, h, w = out.shape\nout = out.view(b, 2, c // 2, h, w).transpose(1, 2).contiguous().view(b, c, h, w)\nreturn out",
        ),
        IMAGE,
    ),
    "param-exp": Foreign(
        written(
            "self.a = nn.Linear(10, 6)\nself.s = nn.Parameter(torch.zeros(6))",
            "return self.a(x) * torch.exp(self.s)",
        ),
        VECTOR,
    ),
    "param-scalar": Foreign(
        written(
            "self.a = nn.Linear(10, 6)\nself.alpha = nn.Parameter(torch.tensor(0.5))",
            "return self.alpha * self.a(x)",
        ),
        VECTOR,
    ),
    "param-zeros1": Foreign(
        written(
            "self.a = nn.Linear(10, 10)\nself.gamma = nn.Parameter(torch.zeros(1))",
            "return self.gamma * self.a(x) + x",
        ),
        VECTOR,
    ),
    "rnn-init": Foreign(
        written(
            "self.rnn = nn.GRU(8, 6, batch_first=True)\nself.init = nn.Linear(8, 6)",
            "h0 = torch.tanh(self.init(x[:, 0]))\ny, h = self.rnn(x, h0.unsqueeze(0))\nreturn y",
        ),
        SEQUENCE,
    ),
    "lstm-init": Foreign(
        written(
            "self.rnn = nn.LSTM(8, 6, batch_first=True)\nself.h = nn.Linear(8, 6)\nself.c = nn.Linear(8, 6)",
            "m = x.mean(1)\ny, (h, c) = self.rnn(x, (self.h(m).unsqueeze(0), self.c(m).unsqueeze(0)))\nreturn (y, h[-1])",
        ),
        SEQUENCE,
    ),
    "enc-dec-rnn": Foreign(
        written(
            "self.e = nn.GRU(8, 6, batch_first=True)\nself.d = nn.GRU(5, 6, batch_first=True)\nself.o = nn.Linear(6, 4)",
            "_, h = self.e(x)\ny, _ = self.d(y, h)\nreturn self.o(y)",
            "x, y",
        ),
        ((2, 16, 8), (2, 16, 5)),
    ),
    "embed-seq2seq": Foreign(
        written(
            "self.se = nn.Embedding(20, 8)\nself.te = nn.Embedding(20, 8)\n"
            "self.e = nn.LSTM(8, 6, batch_first=True)\nself.d = nn.LSTM(8, 6, batch_first=True)\nself.o = nn.Linear(6, 20)",
            "_, (h, c) = self.e(self.se(src))\ny, _ = self.d(self.te(trg), (h, c))\nreturn self.o(y)",
            "src, trg",
        ),
        ((2, 7), (2, 5)), 20,
    ),
    "list-layers": Foreign(
        written(
            "self.layers = nn.ModuleList([nn.Linear(10, 10), nn.ReLU(), nn.Linear(10, 4)])",
            "for l in self.layers:\n    x = l(x)\nreturn x",
        ),
        VECTOR,
    ),
    "list-linears": Foreign(
        written(
            "self.layers = nn.ModuleList([nn.Linear(10, 10) for _ in range(3)])\nself.out = nn.Linear(10, 2)",
            "for i, l in enumerate(self.layers):\n    x = F.relu(l(x)) if i < len(self.layers) - 1 else l(x)\nreturn self.out(x)",
        ),
        VECTOR,
    ),
    "mha-cross": Foreign(
        written(
            "self.e = nn.Embedding(20, 8)\nself.f = nn.Embedding(20, 8)\nself.m = nn.MultiheadAttention(8, 2, batch_first=True)",
            "q, k = (self.e(a), self.f(b))\ny, w = self.m(q, k, k, need_weights=False)\nreturn y",
            "a, b",
        ),
        ((2, 5), (2, 9)), 20,
    ),
    "mha-kv": Foreign(
        written(
            "self.e = nn.Embedding(20, 8)\nself.p = nn.Linear(8, 8)\nself.m = nn.MultiheadAttention(8, 2, batch_first=True)",
            "q = self.e(a)\ny, w = self.m(self.p(q), q, q)\nreturn y",
            "a",
        ),
        ((2, 5),), 20,
    ),
    "decoder": Foreign(
        written(
            "self.e = nn.Embedding(20, 8)\nself.f = nn.Embedding(20, 8)\n"
            "self.d = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), 2)\nself.o = nn.Linear(8, 20)",
            "t = self.e(a)\nmask = nn.Transformer.generate_square_subsequent_mask(a.size(1))\nreturn self.o(self.d(t, self.f(b), tgt_mask=mask))",
            "a, b",
        ),
        ((2, 5), (2, 9)), 20,
    ),
    "sqrt-dmodel": Foreign(
        written(
            "self.e = nn.Embedding(20, 8)\nself.d = 8",
            "return self.e(a) * math.sqrt(self.d)",
            "a",
        ),
        ((2, 5),), 20,
    ),
    "rmsnorm": Foreign(
        written(
            "self.w = nn.Parameter(torch.ones(8))\nself.l = nn.Linear(8, 8)",
            "x = self.l(x)\nx = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-06)\nreturn x * self.w",
        ),
        SEQUENCE,
    ),
    "clamp": Foreign(
        written(
            "self.a = nn.Linear(10, 6)",
            "return torch.clamp(self.a(x), min=0, max=6)",
        ),
        VECTOR,
    ),
    "masked-mul": Foreign(
        written(
            "self.a = nn.Linear(10, 6)",
            "x = self.a(x)\nreturn x * (x > 0).float()",
        ),
        VECTOR,
    ),
    "global-pool": Foreign(
        written(
            "self.a = nn.Conv2d(3, 8, 3)\nself.f = nn.Linear(8, 2)",
            "x = self.a(x)\nx = x.mean([2, 3])\nreturn self.f(x)",
        ),
        IMAGE,
    ),
    "normalize": Foreign(
        written(
            "self.f = nn.Linear(10, 4)",
            "return F.normalize(self.f(x), dim=1)",
        ),
        VECTOR,
    ),
    "abs-diff": Foreign(
        written(
            "self.f = nn.Linear(10, 4)",
            "return torch.abs(self.f(a) - self.f(b))",
            "a, b",
        ),
        ((2, 10), (2, 10)),
    ),
    "vae": Foreign(
        written(
            "self.e = nn.Linear(10, 8)\nself.mu = nn.Linear(8, 3)\nself.lv = nn.Linear(8, 3)\nself.d = nn.Linear(3, 10)",
            "h = F.relu(self.e(x))\nmu, lv = (self.mu(h), self.lv(h))\nstd = torch.exp(0.5 * lv)\nz = mu + std * 0.5\nreturn (self.d(z), mu, lv)",
        ),
        VECTOR,
    ),
    "unflatten": Foreign(
        written(
            "self.f = nn.Linear(10, 32)\nself.u = nn.Unflatten(1, (8, 2, 2))\nself.c = nn.ConvTranspose2d(8, 3, 2, stride=2)",
            "return self.c(self.u(self.f(x)))",
        ),
        VECTOR,
    ),
    "attn-pool": Foreign(
        written(
            "self.l = nn.LSTM(8, 6, batch_first=True)\nself.a = nn.Linear(6, 1)\nself.f = nn.Linear(6, 2)",
            "h, _ = self.l(x)\nw = torch.softmax(self.a(h), dim=1)\nc = torch.sum(w * h, dim=1)\nreturn self.f(c)",
        ),
        SEQUENCE,
    ),
    "attn-bmm": Foreign(
        written(
            "self.l = nn.LSTM(8, 6, batch_first=True)\nself.a = nn.Linear(6, 1)\nself.f = nn.Linear(6, 2)",
            "h, _ = self.l(x)\nw = torch.softmax(self.a(h).squeeze(-1), dim=1)\nc = torch.bmm(w.unsqueeze(1), h).squeeze(1)\nreturn self.f(c)",
        ),
        SEQUENCE,
    ),
    "bi-cat": Foreign(
        written(
            "self.l = nn.LSTM(8, 6, batch_first=True, bidirectional=True)\nself.f = nn.Linear(12, 2)",
            "o, (h, c) = self.l(x)\nreturn self.f(torch.cat((h[-2], h[-1]), dim=1))",
        ),
        SEQUENCE,
    ),
    "bi-halves": Foreign(
        written(
            "self.l = nn.LSTM(8, 6, batch_first=True, bidirectional=True)\nself.f = nn.Linear(12, 2)",
            "o, (h, c) = self.l(x)\nreturn self.f(torch.cat((o[:, -1, :6], o[:, 0, 6:]), dim=1))",
        ),
        SEQUENCE,
    ),
    "sum-list": Foreign(
        written("self.a = nn.ModuleList([nn.Linear(10, 4) for _ in range(3)])", "return sum(l(x) for l in self.a)"),
        VECTOR,
    ),
    "attention-over-an-image": Foreign(
        written(
            "self.q = nn.Conv2d(3, 2, 1)\nself.k = nn.Conv2d(3, 2, 1)\nself.v = nn.Conv2d(3, 3, 1)\nself.gamma = nn.Parameter(torch.zeros(1))",
            "B, C, W, H = x.size()\nq = self.q(x).view(B, -1, W * H).permute(0, 2, 1)\nk = self.k(x).view(B, -1, W * H)\n"
            "a = F.softmax(torch.bmm(q, k), dim=-1)\nv = self.v(x).view(B, -1, W * H)\n"
            "o = torch.bmm(v, a.permute(0, 2, 1)).view(B, C, W, H)\nreturn self.gamma * o + x",
        ),
        IMAGE,
    ),
    "cbam": Foreign(
        written(
            "self.f = nn.Sequential(nn.Conv2d(3, 2, 1, bias=False), nn.ReLU(), nn.Conv2d(2, 3, 1, bias=False))\n"
            "self.c = nn.Conv2d(2, 1, 7, padding=3, bias=False)",
            "a = torch.sigmoid(self.f(F.adaptive_avg_pool2d(x, 1)) + self.f(F.adaptive_max_pool2d(x, 1)))\nx = x * a\n"
            "s = torch.cat([torch.mean(x, dim=1, keepdim=True), torch.max(x, dim=1, keepdim=True)[0]], dim=1)\nreturn x * torch.sigmoid(self.c(s))",
        ),
        IMAGE,
    ),
    "crnn": Foreign(
        written(
            "self.c = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))\n"
            "self.l = nn.LSTM(64, 6, bidirectional=True)\nself.f = nn.Linear(12, 5)",
            "x = self.c(x)\nb, c, h, w = x.size()\nx = x.permute(3, 0, 1, 2).reshape(w, b, c * h)\n"
            "x, _ = self.l(x)\nx = self.f(x)\nreturn x.permute(1, 0, 2)",
        ),
        ((2, 3, 16, 16),),
    ),
}


@pytest.mark.parametrize("name", PIECES)
def test_equal_outputs(name: str) -> None:
    foreign = PIECES[name]
    reading = read_source(HEAD + foreign.source)
    assert not [problem.message for problem in reading.problems if problem.severity == "error"]
    theirs, model = original(foreign, HEAD), build(reading.graph).eval()
    moved = load_foreign(model, theirs.state_dict(), reading.names, reading.zeros)
    assert not moved.left and not moved.missing
    with torch.no_grad():
        wanted, reached = (listed(each(*values(foreign, foreign.shapes))) for each in (theirs, model))
    assert len(wanted) == len(reached)
    for one, other in zip(wanted, reached, strict=True):
        assert one.shape == other.shape
        assert torch.allclose(one, other, atol=1e-5), (one - other).abs().max()


@pytest.mark.parametrize(
    ("forward", "shape", "what"),
    [
        ("y, _ = self.rnn(x)\nreturn self.fc(y.contiguous().view(-1, 6))", (16, 4), "joins all positions"),
        ("y, _ = self.rnn(x)\nreturn self.fc(y).transpose(0, 1)", (8, 2, 4), "rows on a later axis"),
    ],
)
def test_results_whose_rows_are_not_first_are_drawn_rows_first(forward: str, shape: tuple[int, ...], what: str) -> None:
    foreign = Foreign(written("self.rnn = nn.LSTM(8, 6, batch_first=True)\nself.fc = nn.Linear(6, 4)", forward), SEQUENCE)
    reading = read_source(HEAD + foreign.source)
    assert [what in problem.message for problem in reading.problems if problem.kind == "source.rows"] == [True]
    theirs, model = original(foreign, HEAD), build(reading.graph).eval()
    load_foreign(model, theirs.state_dict(), reading.names)
    wanted, reached = (each(*values(foreign, foreign.shapes)) for each in (theirs, model))
    assert wanted.shape == shape and reached.shape == (2, 8, 4)
    assert torch.allclose(wanted if len(shape) == 2 else wanted.transpose(0, 1), reached.flatten(0, 1) if len(shape) == 2 else reached, atol=1e-6)


def test_one_number_per_row_keeps_its_axis() -> None:
    reading = read_source(HEAD + written("self.a = nn.Linear(10, 1)", "return torch.sigmoid(self.a(x)).squeeze(-1)"))
    assert not [problem for problem in reading.problems if problem.severity == "error"]
    assert build(reading.graph).eval()(torch.zeros(3, 1, 1, 10)).shape == (3, 1)


def test_layers_that_begin_with_a_state_each_are_no_wire() -> None:
    text = written(
        "self.e = nn.GRU(8, 6, 2, batch_first=True)\nself.d = nn.GRU(8, 6, 2, batch_first=True)",
        "_, h = self.e(x)\nreturn self.d(x, h)[0]",
    )
    problems = [problem for problem in read_source(HEAD + text).problems if problem.severity == "error"]
    assert [problem.message.split(" ")[2] for problem in problems] == ["nn.GRU"]
