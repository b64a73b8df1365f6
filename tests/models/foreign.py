"""Classes as people write them, for the reader: name -> source, the shapes of what forward is given, and how many numbers ids go up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Foreign:
    """One class.

    Attributes:
        source: Its text.
        shapes: The sizes of each input, batch included.
        ids: The first id that does not exist; 0 for real numbers.
        ours: The sizes that the drawing's inputs take, where they differ.
        more: What forward is given besides, which the drawing does not need.
    """

    source: str
    shapes: tuple[tuple[int, ...], ...]
    ids: int = 0
    ours: tuple[tuple[int, ...], ...] = ()
    more: tuple[Any, ...] = ()


HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"

LENET = '''
class LeNet(nn.Module):
    def __init__(self, classes=10):
        super(LeNet, self).__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)
'''

MNIST = '''
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = self.conv1(x)
        x = F.relu(x)
        x = self.conv2(x)
        x = F.relu(x)
        x = F.max_pool2d(x, 2)
        x = self.dropout1(x)
        x = torch.flatten(x, 1)
        x = self.fc1(x)
        x = F.relu(x)
        x = self.dropout2(x)
        x = self.fc2(x)
        return x
'''

VGG = '''
cfg = [16, "M", 32, 32, "M"]

def make_layers(cfg, batch_norm=True):
    layers = []
    in_channels = 3
    for v in cfg:
        if v == "M":
            layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
        else:
            conv2d = nn.Conv2d(in_channels, v, kernel_size=3, padding=1)
            if batch_norm:
                layers += [conv2d, nn.BatchNorm2d(v), nn.ReLU(inplace=True)]
            else:
                layers += [conv2d, nn.ReLU(inplace=True)]
            in_channels = v
    return nn.Sequential(*layers)

class VGG(nn.Module):
    def __init__(self, num_classes: int = 10, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = make_layers(cfg)
        self.classifier = nn.Sequential(
            nn.Linear(32 * 8 * 8, 64),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(64, num_classes),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x)
        x = torch.flatten(x, 1)
        return self.classifier(x)
'''

RESNET = '''
def conv3x3(in_planes, out_planes, stride=1):
    """3x3 convolution with padding"""
    return nn.Conv2d(in_planes, out_planes, kernel_size=3, stride=stride, padding=1, bias=False)

class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        self.conv1 = conv3x3(in_planes, planes, stride)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != self.expansion * planes:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_planes, self.expansion * planes, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(self.expansion * planes),
            )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)

class ResNet(nn.Module):
    def __init__(self, block=BasicBlock, num_blocks=[2, 1, 1], num_classes=10):
        super().__init__()
        self.in_planes = 8
        self.conv1 = conv3x3(3, 8)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = self._make_layer(block, 8, num_blocks[0], stride=1)
        self.layer2 = self._make_layer(block, 16, num_blocks[1], stride=2)
        self.layer3 = self._make_layer(block, 32, num_blocks[2], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(32 * block.expansion, num_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight)

    def _make_layer(self, block, planes, num_blocks, stride):
        strides = [stride] + [1] * (num_blocks - 1)
        layers = []
        for stride in strides:
            layers.append(block(self.in_planes, planes, stride))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        x = self.avgpool(x)
        x = x.view(x.size(0), -1)
        return self.fc(x)
'''

BILSTM = '''
class Classifier(nn.Module):
    def __init__(self, vocab_size=50, embedding_dim=16, hidden_dim=12, n_layers=2):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=0)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim, num_layers=n_layers, bidirectional=True, batch_first=True, dropout=0.2)
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(hidden_dim * 2, 2)

    def forward(self, text):
        embedded = self.dropout(self.embedding(text))
        output, (hidden, cell) = self.lstm(embedded)
        hidden = self.dropout(torch.cat((hidden[-2, :, :], hidden[-1, :, :]), dim=1))
        return self.fc(hidden)
'''

LSTM_LAST = '''
class SentimentRNN(nn.Module):
    def __init__(self):
        super(SentimentRNN, self).__init__()
        self.hidden_dim = 10
        self.embed = nn.Embedding(30, 8)
        self.rnn = nn.LSTM(8, self.hidden_dim, batch_first=True)
        self.out = nn.Linear(self.hidden_dim, 3)

    def forward(self, x):
        h0 = torch.zeros(1, x.size(0), self.hidden_dim).to(x.device)
        c0 = torch.zeros(1, x.size(0), self.hidden_dim).to(x.device)
        out, _ = self.rnn(self.embed(x), (h0, c0))
        return self.out(out[:, -1, :])
'''

LSTM_HN = '''
class LastState(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(30, 8)
        self.rnn = nn.LSTM(8, 10, 2, batch_first=True)
        self.out = nn.Linear(10, 3)

    def forward(self, x):
        _, (h_n, c_n) = self.rnn(self.embed(x))
        return self.out(h_n[-1])
'''

LSTM_TIME_FIRST = '''
class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(30, 8)
        self.rnn = nn.LSTM(8, 10)
        self.out = nn.Linear(10, 3)

    def forward(self, x):
        x = self.embed(x).permute(1, 0, 2)
        out, _ = self.rnn(x)
        return self.out(out[-1])
'''

GRU = '''
class GRUNet(nn.Module):
    def __init__(self, vocab=40, width=8, units=6):
        super().__init__()
        self.emb = nn.Embedding(vocab, width)
        self.gru = nn.GRU(input_size=width, hidden_size=units, batch_first=True)
        self.fc = nn.Linear(units, 4)

    def forward(self, x):
        x = self.emb(x)
        _, h = self.gru(x)
        return self.fc(h.squeeze(0))
'''

IMAGE_RNN = '''
class RowReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        # x: (N, 1, 8, 8)
        x = x.squeeze(1)
        out, _ = self.lstm(x)
        return self.fc(out.mean(dim=1))
'''

TEXT_TRANSFORMER = '''
class TextTransformer(nn.Module):
    def __init__(self, vocab=50, d_model=16, nhead=4, num_layers=2):
        super().__init__()
        self.embedding = nn.Embedding(vocab, d_model)
        encoder_layer = nn.TransformerEncoderLayer(d_model, nhead, dim_feedforward=32, batch_first=True)
        self.encoder = nn.TransformerEncoder(encoder_layer, num_layers=num_layers)
        self.head = nn.Linear(d_model, 2)

    def forward(self, tokens):
        x = self.embedding(tokens)
        x = self.encoder(x)
        return self.head(x.mean(dim=1))
'''

PRE_NORM = '''
class PreNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(50, 16)
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, 0.0, activation="gelu", batch_first=True, norm_first=True)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 2)

    def forward(self, tokens):
        x = self.norm(self.layer(self.embedding(tokens)))
        return self.head(x.max(dim=1)[0])
'''

VIT = '''
class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)

    def forward(self, x):
        out, _ = self.attn(x, x, x, need_weights=False)
        return out

class Block(nn.Module):
    def __init__(self, dim, heads, mlp_ratio=2.0):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(dim, int(dim * mlp_ratio)), nn.GELU(), nn.Linear(int(dim * mlp_ratio), dim))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x

class ViT(nn.Module):
    def __init__(self, image_size=16, patch_size=4, dim=24, depth=2, heads=3, classes=10):
        super().__init__()
        self.patch_embed = nn.Conv2d(3, dim, kernel_size=patch_size, stride=patch_size)
        num_patches = (image_size // patch_size) ** 2
        self.pos_embed = nn.Parameter(torch.randn(1, num_patches, dim) * 0.02)
        self.blocks = nn.ModuleList([Block(dim, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, x):  # (B, 3, 16, 16)
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = x + self.pos_embed
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return self.head(x.mean(dim=1))
'''

AUTOENCODER = '''
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(),
            nn.Linear(28 * 28, 64), nn.ReLU(),
            nn.Linear(64, 12),
        )
        self.decoder = nn.Sequential(
            nn.Linear(12, 64), nn.ReLU(),
            nn.Linear(64, 28 * 28), nn.Sigmoid(),
        )

    def forward(self, x):
        z = self.encoder(x)
        return self.decoder(z), z
'''

UNET = '''
class DoubleConv(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(inplace=True),
            nn.Conv2d(b, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.net(x)

class DenseNetLike(nn.Module):
    def __init__(self):
        super().__init__()
        self.inc = DoubleConv(1, 4)
        self.mid = DoubleConv(4, 8)
        self.out = DoubleConv(12, 4)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        a = self.inc(x)
        b = self.mid(a)
        c = torch.cat([a, b], dim=1)
        return self.head(self.out(c))
'''

SIAMESE = '''
class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 6))
        self.head = nn.Linear(12, 2)

    def forward(self, left, right):
        a, b = self.encoder(left), self.encoder(right)
        return self.head(torch.cat((a, b), 1))
'''

SIAMESE_CLASS = '''
class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.fc = nn.Linear(4, 6)

    def forward(self, x):
        x = torch.tanh(self.conv(x))
        return self.fc(x.mean([2, 3]))

class TwoTowers(nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = Tower()
        self.head = nn.Linear(6, 2)

    def forward(self, left, right):
        return self.head(self.tower(left) + self.tower(right))
'''

FUNCTIONAL = '''
class OnlyFunctions(nn.Module):
    def forward(self, x):  # (N, 3, 12, 12)
        x = F.avg_pool2d(x, 3, stride=2)
        x = torch.relu(x) + torch.sigmoid(x)
        x = F.adaptive_avg_pool2d(x, 1)
        return F.softmax(x.flatten(1), dim=1)
'''

CONV_BN_RELU = '''
def conv_bn_relu(i, o, **kwargs):
    return nn.Sequential(nn.Conv2d(i, o, bias=False, **kwargs), nn.BatchNorm2d(o), nn.ReLU(inplace=True))

class Small(nn.Module):
    WIDTHS = (8, 16)

    def __init__(self):
        super().__init__()
        a, b = self.WIDTHS
        self.stem = conv_bn_relu(3, a, kernel_size=3, stride=2, padding=1)
        self.body = conv_bn_relu(a, b, kernel_size=(3, 5), padding=(1, 2))
        self.pool = nn.AdaptiveMaxPool2d(1)
        self.fc = nn.Linear(b, 5)

    def forward(self, x):
        x = self.body(self.stem(x))
        return self.fc(self.pool(x).squeeze(-1).squeeze(-1))
'''

ORDERED = '''
from collections import OrderedDict

class Ordered(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(OrderedDict([
            ("conv0", nn.Conv2d(1, 4, kernel_size=7, stride=2, padding=3, bias=False)),
            ("norm0", nn.BatchNorm2d(4)),
            ("relu0", nn.ReLU(inplace=True)),
            ("pool0", nn.MaxPool2d(kernel_size=3, stride=2, padding=1)),
        ]))
        self.features.add_module("conv1", nn.Conv2d(4, 6, 1))
        self.classifier = nn.Linear(6, 3)

    def forward(self, x):
        out = F.relu(self.features(x), inplace=True)
        out = F.adaptive_avg_pool2d(out, (1, 1))
        out = torch.flatten(out, 1)
        return self.classifier(out)
'''

MODULE_DICT = '''
class Named(nn.Module):
    def __init__(self, sizes=(20, 12, 4)):
        super().__init__()
        self.layers = nn.ModuleDict()
        for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
            self.layers[f"fc{i}"] = nn.Linear(a, b)
        self.act = {"relu": nn.ReLU(), "tanh": nn.Tanh()}["tanh"]

    def forward(self, x):
        x = x.flatten(1)
        for i in range(len(self.layers)):
            x = self.layers[f"fc{i}"](x)
            if i < len(self.layers) - 1:
                x = self.act(x)
        return x
'''

MLP = '''
class MLP(nn.Module):
    """Takes (N, 1, 10, 10)."""

    def __init__(self, hidden=(32, 16), activation=nn.GELU):
        super().__init__()
        sizes = [100, *hidden, 3]
        layers = []
        for i in range(len(sizes) - 1):
            layers.append(nn.Linear(sizes[i], sizes[i + 1]))
            if i + 2 < len(sizes):
                layers.append(activation())
        self.net = nn.Sequential(*layers)

    def forward(self, x):
        return self.net(x.reshape(-1, 100))
'''

INHERITED = '''
class Base(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3, padding="same")
        self.pool = nn.MaxPool2d(2)

    def embed(self, x):
        return self.pool(torch.relu(self.conv(x)))

    def forward(self, x):
        return self.head(self.embed(x))

class Child(Base):
    def __init__(self):
        super().__init__(6)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(6 * 7 * 7, 2))
'''

TWO_HEADS = '''
class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.SiLU())
        self.a = nn.Linear(4, 2)
        self.b = nn.Linear(4, 1)

    def forward(self, x):
        x = self.body(x).mean((2, 3))
        return {"kind": self.a(x), "score": torch.sigmoid(self.b(x))}
'''

INPLACE = '''
class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        a = self.conv(x)
        b = self.relu(a)
        return a + b + x.new_zeros(1)
'''

LEARNED_POSITIONS = '''
class Gpt(nn.Module):
    def __init__(self, vocab=40, block_size=12, n_embd=16, n_head=2):
        super().__init__()
        self.tok = nn.Embedding(vocab, n_embd)
        self.pos = nn.Embedding(block_size, n_embd)
        self.attn = nn.MultiheadAttention(n_embd, n_head, batch_first=True)
        self.ln = nn.LayerNorm(n_embd)
        self.head = nn.Linear(n_embd, vocab, bias=False)

    def forward(self, idx):
        B, T = idx.shape
        x = self.tok(idx) + self.pos(torch.arange(T, device=idx.device))
        mask = torch.triu(torch.ones(T, T, dtype=torch.bool), diagonal=1)
        h = self.ln(x)
        h, _ = self.attn(h, h, h, attn_mask=mask)
        x = x + h
        return self.head(x)
'''

UNET_DOWN_UP = '''
class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1 = nn.Conv2d(1, 4, 3, padding=1)
        self.d2 = nn.Conv2d(4, 8, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.u1 = nn.Conv2d(8, 4, 3, padding=1)
        self.out = nn.Conv2d(4, 1, 1)
    def forward(self, x):
        a = F.relu(self.d1(x))
        b = F.relu(self.d2(self.pool(a)))
        u = self.up(b)
        return self.out(F.relu(self.u1(torch.cat([u, a], dim=1))))
'''

UPSAMPLED = '''
class Up(nn.Module):
    def __init__(self):
        super().__init__()
        self.d = nn.Conv2d(1, 4, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
    def forward(self, x):
        return F.interpolate(self.up(self.d(x)), scale_factor=2, mode="bilinear", align_corners=False)
'''

ALEXNET = '''
class Alex(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 11, 4, 2), nn.ReLU(True), nn.MaxPool2d(3, 2),
            nn.Conv2d(8, 16, 5, padding=2), nn.ReLU(True), nn.MaxPool2d(3, 2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.c = nn.Sequential(nn.Dropout(), nn.Linear(16*6*6, 10))
    def forward(self, x):  # (N, 3, 63, 63)
        x = self.features(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        return self.c(x)
'''

COLOUR, GREY = ((2, 3, 32, 32),), ((2, 1, 28, 28),)
CLASSES: dict[str, Foreign] = {
    "lenet": Foreign(LENET, ((2, 1, 32, 32),)),
    "mnist": Foreign(MNIST, GREY),
    "vgg": Foreign(VGG, COLOUR),
    "resnet": Foreign(RESNET, COLOUR),
    "bilstm": Foreign(BILSTM, ((2, 9),), 50),
    "lstm-last": Foreign(LSTM_LAST, ((2, 9),), 30),
    "lstm-state": Foreign(LSTM_HN, ((2, 9),), 30),
    "lstm-time-first": Foreign(LSTM_TIME_FIRST, ((2, 9),), 30),
    "gru": Foreign(GRU, ((2, 9),), 40),
    "image-rnn": Foreign(IMAGE_RNN, ((2, 1, 8, 8),)),
    "transformer": Foreign(TEXT_TRANSFORMER, ((2, 9),), 50),
    "pre-norm": Foreign(PRE_NORM, ((2, 9),), 50),
    "vit": Foreign(VIT, ((2, 3, 16, 16),)),
    "autoencoder": Foreign(AUTOENCODER, GREY),
    "unet": Foreign(UNET, GREY),
    "siamese": Foreign(SIAMESE, GREY * 2),
    "siamese-class": Foreign(SIAMESE_CLASS, GREY * 2),
    "functional": Foreign(FUNCTIONAL, ((2, 3, 12, 12),)),
    "conv-bn-relu": Foreign(CONV_BN_RELU, COLOUR),
    "ordered": Foreign(ORDERED, GREY),
    "module-dict": Foreign(MODULE_DICT, ((2, 1, 1, 20),), ours=((2, 20),)),
    "mlp": Foreign(MLP, ((2, 1, 10, 10),)),
    "inherited": Foreign(INHERITED, ((2, 1, 14, 14),)),
    "two-heads": Foreign(TWO_HEADS, GREY),
    "in-place": Foreign(INPLACE, ((2, 1, 28, 28),)),
    "unet-down-up": Foreign(UNET_DOWN_UP, GREY),
    "upsampled": Foreign(UPSAMPLED, GREY),
    "alexnet": Foreign(ALEXNET, ((2, 3, 63, 63),), ours=((2, 3, 63, 63),)),
    "learned-positions": Foreign(LEARNED_POSITIONS, ((2, 9),), 40),
}
