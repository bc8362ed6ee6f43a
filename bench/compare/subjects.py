"""The five networks, and how PyTorch hands them to the other programs.

hybrid2 and hybrid6 are those of tests/support, which the tests compare with ours; the others are torchvision's.
"""
import json
import math
import pathlib
import struct
import sys

import numpy
import torch
import torchvision

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tests' / 'support'))
from make_torch_goldens import SmallHybrid2  # noqa: E402
from make_torch_networks import Hybrid6  # noqa: E402

WIDTH, SIDE = 32, 224


def create(name, classes):
    torch.manual_seed(0)
    if name == 'hybrid2':
        return SmallHybrid2(WIDTH, 3, classes)
    if name == 'hybrid6':
        return Hybrid6(WIDTH, 3, classes)
    return getattr(torchvision.models, name)(num_classes=classes)


def settle(network):
    """Let batch norms take the statistics of a few images. With those of a new network (mean 0, variance 1)
    activations fade from layer to layer, and the logits of every image are the last layer's bias."""
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    usual = [m.momentum for m in norms]
    images = torch.randn(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    for m in norms:
        m.momentum = 1.0
    with torch.no_grad():
        network.train()(images)
    for m, momentum in zip(norms, usual):
        m.momentum = momentum
    return network.eval()


def test_image():
    return torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def load(name, classes, path):
    network = create(name, classes)
    state = network.state_dict()
    with torch.no_grad():
        for key, values in read_safetensors(path):
            state[key].copy_(torch.from_numpy(values))
    return network.eval()


def write_safetensors(path, state):
    """Eight bytes of length, a JSON header, the values: safetensors as its authors describe it."""
    tensors = {key: t.detach().contiguous().float().numpy() for key, t in state.items() if t.is_floating_point()}
    header, end = {}, 0
    for key, values in tensors.items():
        header[key] = {'dtype': 'F32', 'shape': list(values.shape), 'data_offsets': [end, end + values.nbytes]}
        end += values.nbytes
    text = json.dumps(header).encode()
    text = text.ljust((len(text) + 7) // 8 * 8)
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)))
        file.write(text)
        for values in tensors.values():
            file.write(values.astype('<f4').tobytes())


def read_safetensors(path):
    """One tensor at a time, so that a second copy of the weights does not count as PyTorch's memory."""
    with open(path, 'rb') as file:
        start = 8 + struct.unpack('<Q', file.read(8))[0]
        header = json.loads(file.read(start - 8))
        for key, tensor in header.items():
            file.seek(start + tensor['data_offsets'][0])
            yield key, numpy.fromfile(file, '<f4', math.prod(tensor['shape'])).reshape(tensor['shape'])
