"""Exports networks of torchvision to ONNX, with an input and PyTorch's output for it: what test_onnx_networks reads.

  python3 make_onnx_networks.py FOLDER [NAME...]
Then: MEDTL_NETWORKS=FOLDER build/tests/test_onnx_networks

For each it writes NAME.onnx (opset 13, random weights of seed 0, evaluation mode, any batch), NAME.input.npy and
NAME.output.npy (float32, one image). Needs python3-torch, python3-torchvision, python3-onnx. A network that this torchvision or
this exporter does not have is named and left out.
"""
import sys
import numpy
import torch
import torchvision

SIDES = {
    'resnet18': 224, 'resnet50': 224, 'densenet121': 224, 'mobilenet_v2': 224, 'mobilenet_v3_small': 224,
    'inception_v3': 299, 'googlenet': 224, 'efficientnet_b0': 224, 'shufflenet_v2_x1_0': 224, 'squeezenet1_1': 224,
    'regnet_y_400mf': 224, 'mnasnet1_0': 224, 'alexnet': 224, 'vit_b_16': 224, 'convnext_tiny': 224,
}


def export(folder, name):
    options = {'init_weights': True} if name in ('inception_v3', 'googlenet') else {}
    torch.manual_seed(0)
    network = getattr(torchvision.models, name)(**options).eval()
    for p in network.parameters():  # a head of zeros (vit_b_16) would hide every error before it
        if p.dim() > 1 and not p.any():
            torch.nn.init.normal_(p, std=0.02)
    x = torch.randn(1, 3, SIDES[name], SIDES[name], generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        y = network(x)
    torch.onnx.export(network, x, f'{folder}/{name}.onnx', input_names=['x'], output_names=['y'],
                      dynamic_axes={'x': {0: 'n'}, 'y': {0: 'n'}}, opset_version=13)
    numpy.save(f'{folder}/{name}.input.npy', x.numpy())
    numpy.save(f'{folder}/{name}.output.npy', y.numpy())


if len(sys.argv) < 2:
    sys.exit(__doc__)
for name in sys.argv[2:] or SIDES:
    try:
        export(sys.argv[1], name)
        print(name)
    except (AttributeError, RuntimeError, torch.onnx.errors.OnnxExporterError) as failure:
        print(f'{name}: left out: {str(failure).splitlines()[0]}')
