"""Numbers from PyTorch that tests/unit/nn/test_torch_parity.c expects of our networks.

    python3 tests/support/make_torch_goldens.py > tests/unit/nn/torch_goldens.h
    python3 tests/support/make_torch_goldens.py --check

--check prints by how much PyTorch's own single precision differs in the gradients, for the given input and for the
worst of inputs that differ from it by a few roundings.

Needs PyTorch and torchvision (made with 1.13). Every weight and input comes from a hash of its tensor's name and
its index, which the C test repeats, so that no file of weights is needed. Everything is computed in double
precision: what differs from these numbers is our own rounding. Dropout is off.
"""
import math
import sys

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

MASK = 0xFFFFFFFF


def name_key(name):
    """FNV-1a."""
    key = 2166136261
    for byte in name.encode():
        key = ((key ^ byte) * 16777619) & MASK
    return key


def uniform(name, count):
    """Multiples of 2^-23 in [-1, 1): exact in single precision, so both sides start from equal numbers."""
    z = (torch.arange(count, dtype=torch.int64) * 0x9E3779B9 + name_key(name)) & MASK
    z = ((z ^ (z >> 16)) * 0x7FEB352D) & MASK
    z = ((z ^ (z >> 15)) * 0x846CA68B) & MASK
    z = z ^ (z >> 16)
    return (z >> 8).double() * 2.0 ** -23 - 1.0


def fill(model):
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if not tensor.is_floating_point():
                continue
            u = uniform(name, tensor.numel()).reshape(tensor.shape)
            if tensor.dim() > 1:
                # A power of two near sqrt(6 / fan in), so that no product has to be rounded.
                fan_in = tensor.numel() // tensor.shape[0]
                value = u * 2.0 ** math.floor(math.log2(math.sqrt(6.0 / fan_in)))
            elif name.endswith('running_var'):
                value = 1.0 + 0.5 * u
            elif name.endswith('.weight'):
                value = 1.0 + 0.25 * u
            else:
                value = 0.125 * u
            tensor.copy_(value.float().double())


def unit(channels_in, channels, kernel, stride=1):
    return nn.Sequential(nn.Conv2d(channels_in, channels, kernel, stride=stride, padding=kernel // 2),
                         nn.BatchNorm2d(channels), nn.ReLU())


class Branches(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.branches = nn.ModuleList(unit(channels_in, channels, 2 * i + 1, stride) for i in range(4))


class SmallHybrid2(nn.Module):
    def __init__(self, width, channels, classes):
        super().__init__()
        self.stem1 = unit(channels, width, 3)
        self.stem2 = unit(width, width, 5, 2)
        self.block1 = Branches(width, width, 1)
        self.norm1 = nn.BatchNorm2d(5 * width)
        self.block2 = Branches(5 * width, 2 * width, 2)
        self.skip2 = unit(width, width, 3, 2)
        self.norm2 = nn.BatchNorm2d(9 * width)
        self.fc1 = nn.Linear(9 * width, 200)
        self.fc2 = nn.Linear(200, classes)

    def forward(self, x):
        stem = self.stem2(self.stem1(x))
        x = self.norm1(torch.cat([b(stem) for b in self.block1.branches] + [stem], dim=1))
        x = self.norm2(torch.cat([b(x) for b in self.block2.branches] + [self.skip2(stem)], dim=1))
        return self.fc2(self.fc1(x.mean(dim=(2, 3))))


class SlimResNet(ResNet):
    """torchvision's network with another base width than 64."""

    def __init__(self, block, depths, width, channels, classes):
        nn.Module.__init__(self)
        self._norm_layer, self.groups, self.base_width, self.dilation = nn.BatchNorm2d, 1, 64, 1
        self.inplanes = width
        self.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        for i, depth in enumerate(depths):
            setattr(self, f'layer{i + 1}', self._make_layer(block, width << i, depth, stride=1 if i == 0 else 2))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear((width << 3) * block.expansion, classes)


def make(architecture, width, channels, classes):
    if architecture == 'hybrid2':
        return SmallHybrid2(width, channels, classes)
    depths = {'resnet18': [2, 2, 2, 2], 'resnet34': [3, 4, 6, 3]}[architecture]
    return SlimResNet(BasicBlock, depths, width, channels, classes)


# architecture, width, channels, height, width in pixels, classes, images, number of the input. In each, PyTorch's own
# single precision gives these gradients to 2e-4 of their norm, also for inputs a few roundings away: where a ReLU sits within
# rounding of zero, as in many a deep network on so small a batch, no two correct implementations agree.
CASES = [
    ('hybrid2', 4, 3, 24, 20, 3, 3, 7),
    ('hybrid2', 6, 1, 17, 23, 2, 2, 0),
    ('resnet18', 8, 3, 64, 48, 5, 3, 17),
    ('resnet34', 4, 1, 40, 56, 2, 4, 5),
]


def make_input(number, *shape):
    """An input of that shape; it has a name of its own, as weights have."""
    return uniform(f'input {number}', math.prod(shape)).reshape(shape)


def roundings_away(count=40):
    """Functions that move every value of a tensor by some roundings of single precision, at random."""
    def one(seed):
        noise = torch.Generator().manual_seed(seed)
        return lambda x: x * (1 + 1e-6 * torch.randn(x.shape, generator=noise, dtype=x.dtype))
    return [one(seed) for seed in range(count)]


def worst_difference(gradients, expected):
    """Of any value, in norms of its tensor, and the tensor's name."""
    largest = max(float(g.norm()) for g in expected.values())
    return max((float((gradients[name].double() - g).abs().max() / max(float(g.norm()), 1e-3 * largest)), name)
               for name, g in expected.items())


def numbers(values):
    return ', '.join(f'{float(v):.9g}' for v in values)


def three(tensor):
    flat = tensor.reshape(-1)
    return [flat[0], flat[len(flat) // 2], flat[-1]]


def prepare(case):
    architecture, width, channels, height, pixels, classes, images, number = case
    model = make(architecture, width, channels, classes).double()
    fill(model)
    return model, make_input(number, images, channels, height, pixels), torch.arange(images) % classes


def gradients_of(case, dtype, change=None):
    model, x, labels = prepare(case)
    x = x if change is None else change(x)
    nn.functional.cross_entropy(model.to(dtype).train()(x.to(dtype)), labels).backward()
    return {name: p.grad for name, p in model.named_parameters()}


def check(case):
    expected = gradients_of(case, torch.float64)
    off, name = worst_difference(gradients_of(case, torch.float32), expected)
    near, where = max(worst_difference(gradients_of(case, torch.float32, change), expected) for change in roundings_away())
    print(*case, f'gradient {off:.1e} ({name})', f'inputs nearby {near:.1e} ({where})', flush=True)


def emit(index, case):
    architecture, width, channels, height, pixels, classes, images, number = case
    model, x, labels = prepare(case)
    with torch.no_grad():
        evaluated = model.eval()(x)
    trained = model.train()(x)
    loss = nn.functional.cross_entropy(trained, labels)
    loss.backward()
    print(f'static const struct golden_tensor golden_tensors_{index}[] = {{')
    for name, parameter in model.named_parameters():
        print(f'    {{"{name}", {numbers([parameter.grad.norm()])}, {{{numbers(three(parameter.grad))}}}}},')
    print('};')
    print(f'static const struct golden_tensor golden_statistics_{index}[] = {{')
    for name, buffer in model.named_buffers():
        if buffer.is_floating_point():
            print(f'    {{"{name}", {numbers([buffer.norm()])}, {{{numbers(three(buffer))}}}}},')
    print('};')
    print(f'static const double golden_evaluated_{index}[] = {{{numbers(evaluated.reshape(-1))}}};')
    print(f'static const double golden_trained_{index}[] = {{{numbers(trained.detach().reshape(-1))}}};\n')
    return (f'    {{"{architecture}", {width}, {channels}, {height}, {pixels}, {classes}, {images}, {number}, {float(loss):.9g},\n'
            f'     golden_evaluated_{index}, golden_trained_{index},\n'
            f'     golden_tensors_{index}, sizeof golden_tensors_{index} / sizeof golden_tensors_{index}[0],\n'
            f'     golden_statistics_{index}, sizeof golden_statistics_{index} / sizeof golden_statistics_{index}[0]}},')


def main(arguments):
    if arguments == ['--check']:
        for case in CASES:
            check(case)
        return
    print('/* Made by tests/support/make_torch_goldens.py with PyTorch', torch.__version__.split('a')[0].rstrip('.') + '; do not edit. */')
    print('''/* clang-format off */
#ifndef MEDTL_TEST_TORCH_GOLDENS_H
#define MEDTL_TEST_TORCH_GOLDENS_H

#include <stddef.h>

/* The Euclidean norm of a tensor, and its first, middle and last value. */
struct golden_tensor {
    const char *name;
    double norm, values[3];
};

/* One network, one batch: logits in evaluation and in training mode, cross-entropy of label n mod classes,
 * its gradients, and the running statistics after the pass. */
struct golden_case {
    const char *architecture;
    unsigned width, channels, height, width_px, classes, images, input;
    double loss;
    const double *evaluated, *trained;
    const struct golden_tensor *gradients;
    size_t gradient_count;
    const struct golden_tensor *statistics;
    size_t statistic_count;
};
''')
    rows = [emit(i, case) for i, case in enumerate(CASES)]
    print('static const struct golden_case golden_cases[] = {')
    print('\n'.join(rows))
    print('};\n\n#endif')


if __name__ == '__main__':
    main(sys.argv[1:])
