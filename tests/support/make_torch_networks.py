"""What PyTorch says of whole networks, for tests/unit/nn/test_torch_networks.c.

    python3 tests/support/make_torch_networks.py > tests/unit/nn/torch_networks.txt
    python3 tests/support/make_torch_networks.py --all FILE.bin CASE... > FILE
    python3 tests/support/make_torch_networks.py --check [CASE...]

A CASE is ARCHITECTURE:WIDTH:CHANNELS:HEIGHT:WIDTH_PX:CLASSES:IMAGES:RAISE:INPUT; without any, the stored ones.
RAISE is added to every bias, so that few values of a deep network come near a ReLU's edge; INPUT numbers the
random input. --all also writes every value of every gradient as float64, in the order of the text's lines. --check
prints by how much PyTorch's own single precision differs, which is what a case must keep small to be a fair one:
for the given input, and for the worst of inputs that differ from it by a few roundings. Where that moves a
gradient, a value lies on a ReLU's edge, and no two correct implementations (or compilers) need agree: take another
INPUT, or a larger RAISE.

Needs PyTorch and torchvision (made with 1.13 and 0.14). Weights and inputs come from a hash of a tensor's name and
index, as in make_torch_goldens.py; all is computed in double precision; dropout is off.
"""
import math
import sys

import torch
import torchvision
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from make_torch_goldens import (Branches, SlimResNet, fill, make_input, name_key, roundings_away, uniform, unit,
                                worst_difference)

MOMENTUM, STEPS, AUXILIARY = 0.9, 5, 0.25
FIRST_STEP = 0.01  # share of the loss that the first step should take away


class Hybrid6(nn.Module):
    def __init__(self, w, channels, classes):
        super().__init__()
        self.stem1, self.stem2 = unit(channels, w, 3), unit(w, w, 5, 2)
        for i, (cin, cout, stride, width) in enumerate([(1, 1, 1, 5), (5, 2, 2, 8), (8, 2, 1, 16), (16, 4, 2, 17),
                                                        (17, 8, 1, 50), (50, 12, 2, 52)]):
            setattr(self, f'block{i + 1}', Branches(cin * w, cout * w, stride))
            setattr(self, f'norm{i + 1}', nn.BatchNorm2d(width * w))
        self.skip4, self.skip5 = unit(8 * w, w, 3, 2), unit(5 * w, w, 3, 4)
        self.skip6 = nn.ModuleList([unit(w, w, 3, 8), unit(5 * w, w, 3, 8), unit(8 * w, w, 3, 4), unit(17 * w, w, 3, 2)])
        self.fc1, self.fc2 = nn.Linear(52 * w, 1200), nn.Linear(1200, classes)

    def block(self, number, x, skips):
        parts = [branch(x) for branch in getattr(self, f'block{number}').branches] + skips
        return getattr(self, f'norm{number}')(torch.cat(parts, 1))

    def forward(self, x):
        q = self.stem2(self.stem1(x))
        b1 = self.block(1, q, [q])
        b2 = self.block(2, b1, [])
        b3 = self.block(3, b2, [b2])
        b4 = self.block(4, b3, [self.skip4(b2)])
        b5 = self.block(5, b4, [b4, self.skip5(b1)])
        b6 = self.block(6, b5, [skip(t) for skip, t in zip(self.skip6, (q, b1, b2, b4))])
        return self.fc2(self.fc1(b6.mean((2, 3))))


def small_stem(net, width, channels):
    net.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
    net.maxpool = nn.Identity()
    return net


class PlainShortcut(nn.Module):
    """He et al. 2015, option A: every second pixel, zeros for the channels that are new."""

    def __init__(self, missing):
        super().__init__()
        self.before, self.after = missing // 2, missing - missing // 2

    def forward(self, x):
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.before, self.after))


class ResNet20(nn.Module):
    def __init__(self, width, channels, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        for i in range(3):
            blocks = [BasicBlock(width << i, width << i) for _ in range(3)]
            if i > 0:
                blocks[0] = BasicBlock(width << (i - 1), width << i, 2, PlainShortcut(width << (i - 1)))
            setattr(self, f'layer{i + 1}', nn.Sequential(*blocks))
        self.linear = nn.Linear(width << 2, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


def densenet121(width, channels, classes):
    net = torchvision.models.DenseNet(width, (6, 12, 24, 16), 2 * width, num_classes=classes)
    net.features.conv0 = nn.Conv2d(channels, 2 * width, 7, 2, 3, bias=False)
    return net


class Pair(nn.Module):
    """DenseNet-121 and ResNet-101, their pooled features concatenated before one linear layer."""

    def __init__(self, width, channels, classes):
        super().__init__()
        self.features = densenet121(width // 2, channels, classes).features
        resnet = SlimResNet(Bottleneck, [3, 4, 23, 3], width, channels, classes)
        for name in ('conv1', 'bn1', 'maxpool', 'layer1', 'layer2', 'layer3', 'layer4'):
            setattr(self, name, getattr(resnet, name))
        self.head = nn.Linear(32 * (width // 2) + 32 * width, classes)

    def forward(self, x):
        dense = torch.relu(self.features(x)).mean((2, 3))
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))
        return self.head(torch.cat([dense, x], 1))


def mobilenet_v2(width, channels, classes):
    net = torchvision.models.MobileNetV2(classes, width / 32)
    net.features[0][0] = nn.Conv2d(channels, net.features[0][0].out_channels, 3, 2, 1, bias=False)
    return net


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        images, tokens, width = x.shape
        qkv = self.qkv(x).reshape(images, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        weights = (q @ k.transpose(-2, -1) * (width // self.heads) ** -0.5).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(images, tokens, width))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width, eps=1e-6), Attention(width, heads)
        self.norm2, self.mlp = nn.LayerNorm(width, eps=1e-6), nn.Module()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp.fc2(nn.functional.gelu(self.mlp.fc1(self.norm2(x))))


class Encoder(nn.Module):
    """timm's vit_tiny_patch16_224 (`first` cuts patches), and the same over vectors that are there already."""

    def __init__(self, first, tokens, width, blocks, classes):
        super().__init__()
        if isinstance(first, nn.Conv2d):
            self.patch_embed = nn.Module()
            self.patch_embed.proj = first
        else:
            self.embed = first
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + tokens, width))
        self.blocks = nn.Sequential(*(EncoderBlock(width, width // 64 if width % 64 == 0 else 1) for _ in range(blocks)))
        self.norm, self.head = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, classes)

    def forward(self, x):
        if hasattr(self, 'patch_embed'):
            x = self.patch_embed.proj(x).flatten(2).transpose(1, 2)
        else:
            x = self.embed(x.flatten(2).transpose(1, 2))
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


def vit_tiny(width, channels, classes, height, pixels):
    patches = nn.Conv2d(channels, width, 16, 16)
    return Encoder(patches, (height // 16) * (pixels // 16), width, 12, classes)


def fusion(width, channels, classes, height, pixels):
    return Encoder(nn.Linear(channels, width), height * pixels, width, 2, classes)


def inception_v3(width, channels, classes):
    module = torchvision.models.inception
    published = module.BasicConv2d

    class Scaled(published):
        def __init__(self, cin, cout, **options):
            cin = channels if cin == 3 else -(-cin * width // 32)
            super().__init__(cin, -(-cout * width // 32), **options)

    module.BasicConv2d = Scaled  # the blocks look it up when they are made
    net = torchvision.models.Inception3(classes, init_weights=False)
    module.BasicConv2d = published
    net.fc = nn.Linear(2048 * width // 32, classes)
    net.AuxLogits.fc = nn.Linear(768 * width // 32, classes)
    return net


MAKERS = {
    'hybrid6': Hybrid6,
    'resnet50': lambda w, c, n: SlimResNet(Bottleneck, [3, 4, 6, 3], w, c, n),
    'resnet101': lambda w, c, n: SlimResNet(Bottleneck, [3, 4, 23, 3], w, c, n),
    'resnet18_cifar': lambda w, c, n: small_stem(SlimResNet(BasicBlock, [2, 2, 2, 2], w, c, n), w, c),
    'resnet20': ResNet20,
    'densenet121': densenet121,
    'densenet121_resnet101': Pair,
    'inception_v3': inception_v3,
    'vit_tiny': vit_tiny,
    'fusion': fusion,
    'mobilenet_v2': mobilenet_v2,
}

CASES = [
    'hybrid6:2:3:40:48:4:4:1:7',
    'resnet50:4:1:65:67:2:6:2:17',
    'resnet101:4:1:80:80:2:12:2:21',
    'resnet18_cifar:8:3:24:32:5:3:0:0',
    'resnet20:8:1:24:32:10:4:0:0',
    'densenet121:4:1:65:64:3:4:2:16',
    'densenet121_resnet101:4:1:65:64:3:4:2:19',
    'mobilenet_v2:8:3:64:72:4:4:2:29',
    'inception_v3:2:3:299:300:3:3:4:5',
    'vit_tiny:24:3:48:32:3:3:0:0',
    'vit_tiny:128:1:32:32:2:2:0:0',
    'fusion:32:20:1:4:3:5:0:0',
]


def prepare(case, dtype):
    architecture, *sizes = case.split(':')
    width, channels, height, pixels, classes, images, raised, number = map(int, sizes)
    size = (height, pixels) if architecture in ('vit_tiny', 'fusion') else ()
    model = MAKERS[architecture](width, channels, classes, *size).double()
    fill(model)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith('bn3.weight'):  # or the noise of a hundred layers drowns the gradients
                p *= 0.25
            if name.endswith('.bias'):
                p += raised
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    x = make_input(number, images, channels, height, pixels)
    return model.to(dtype), x.to(dtype), torch.arange(images) % classes


def loss_of(outputs, labels):
    if isinstance(outputs, tuple):  # inception_v3's auxiliary logits
        return loss_of(outputs[0], labels) + AUXILIARY * loss_of(outputs[1], labels)
    return nn.functional.cross_entropy(outputs, labels)


def run(case, dtype=torch.float64):
    """Everything that is compared, as {line: tensor}."""
    model, x, labels = prepare(case, dtype)
    result = {'rate': None}
    with torch.no_grad():
        result['evaluated'] = model.eval()(x)
    model.train()
    optimiser = torch.optim.SGD(model.parameters(), 1.0, MOMENTUM)
    losses = []
    for step in range(STEPS):
        optimiser.zero_grad()
        outputs = model(x)
        loss = loss_of(outputs, labels)
        loss.backward()
        losses.append(loss.detach())
        if step == 0:
            both = outputs if isinstance(outputs, tuple) else (outputs,)
            result['trained'] = torch.cat(both, 1).detach()
            gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
            rate = FIRST_STEP * float(loss) / sum(float(g.norm()) ** 2 for g in gradients.values())
            optimiser.param_groups[0]['lr'] = 2.0 ** math.floor(math.log2(rate))
            result['rate'] = torch.tensor([optimiser.param_groups[0]['lr']])
        optimiser.step()
    result['losses'] = torch.stack(losses)
    with torch.no_grad():
        result['after'] = model.eval()(x)
    return result, gradients


def projection(name, tensor):
    return (tensor.double().flatten() * uniform(name + '.direction', tensor.numel())).sum()


def emit(case, values):
    result, gradients = run(case)
    print('case', case.replace(':', ' '))
    for line, tensor in result.items():
        print(line, ' '.join(f'{float(v):.7g}' for v in tensor.flatten()))
    for name, g in gradients.items():
        print(f'{name_key(name):08x} {float(g.norm()):.6g} {float(projection(name, g)):.6g}')
        if values is not None:
            values.write(g.detach().double().contiguous().numpy().tobytes())
    print('end')


def gradients_of(case, dtype, change=None):
    model, x, labels = prepare(case, torch.float64)
    x = x if change is None else change(x)
    loss_of(model.to(dtype).train()(x.to(dtype)), labels).backward()
    return {name: p.grad for name, p in model.named_parameters()}


def check(case):
    result, gradients = run(case)
    single, single_gradients = run(case, torch.float32)
    worst = {k: float((single[k].double() - v).abs().max() / v.abs().max()) for k, v in result.items()}
    off, name = worst_difference(single_gradients, gradients)
    near, where = max(worst_difference(gradients_of(case, torch.float32, change), gradients)
                      for change in roundings_away())
    print(case, ' '.join(f'{k} {v:.1e}' for k, v in worst.items()), f'gradient {off:.1e} ({name})',
          f'inputs nearby {near:.1e} ({where})', flush=True)


def main(arguments):
    if arguments[:1] == ['--check']:
        for case in arguments[1:] or CASES:
            check(case)
        return
    values = open(arguments[1], 'wb') if arguments[:1] == ['--all'] else None
    cases = arguments[2:] if values is not None else arguments
    print('# Made by tests/support/make_torch_networks.py with PyTorch', torch.__version__.split('a')[0].rstrip('.'))
    print(f'# SGD with the given rate and momentum {MOMENTUM:g} for {STEPS} steps')
    for case in cases or CASES:
        emit(case, values)


if __name__ == '__main__':
    main(sys.argv[1:])
