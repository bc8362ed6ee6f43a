"""What PyTorch says of Grad-CAM, for tests/unit/nn/test_grad_cam.c.

    python3 tests/support/make_torch_grad_cam.py > tests/unit/nn/torch_grad_cam.h

A hook keeps a module's output and its gradient by one class's logit; the map is the sum of the channels, weighted by
their mean gradients, before it is cut at zero (Selvaraju et al. 2017, equations 1 and 2). Weights and inputs are those of
make_torch_networks.py, in double precision, in evaluation mode. Needs PyTorch and torchvision (made with 1.13 and 0.14).
"""
import torch

from make_torch_networks import prepare

# architecture case, our name of the layer, PyTorch's module, class
CASES = [
    ('resnet18_cifar:8:3:24:32:5:1', '', 'layer4', 2),
    ('resnet18_cifar:8:3:24:32:5:1', 'layer4', 'layer4', 2),
    ('resnet18_cifar:8:3:24:32:5:1', 'layer3', 'layer3', 4),
    ('resnet18_cifar:16:3:24:32:5:1', 'layer2.1', 'layer2.1', 0),
    ('resnet18_cifar:16:3:24:32:5:1', 'layer3.0.conv2', 'layer3.0.conv2', 0),
    ('resnet20:8:1:24:32:10:1', '', 'layer3', 7),
    ('hybrid6:2:3:40:48:4:1', '', 'norm6', 1),
    ('hybrid6:2:3:40:48:4:1', 'norm3', 'norm3', 0),
    ('densenet121:4:1:65:64:3:1', 'features.denseblock3', 'features.denseblock3', 2),
    ('mobilenet_v2:8:3:64:72:4:1', '', 'features.18', 3),
    ('inception_v3:2:3:139:150:3:1', '', 'Mixed_7c', 1),
    ('inception_v3:2:3:139:150:3:1', 'Mixed_6e', 'Mixed_6e', 1),
    ('vit_tiny:24:3:48:32:3:1', '', 'blocks.11.norm1', 0),
    ('vit_tiny:24:3:48:32:3:1', 'blocks.7', 'blocks.7', 1),
]


def cam(case, module, index):
    model, x, _ = prepare(case, torch.float64)
    kept = []
    dict(model.named_modules())[module].register_forward_hook(lambda m, i, o: kept.append(o.clone()) or kept[0])
    logits = model.eval()(x)
    gradient, = torch.autograd.grad(logits[0, index], kept[0])
    activation, gradient = kept[0].detach()[0], gradient[0]
    if case.startswith('vit'):  # tokens, the class token first
        _, _, _, height, width, _, _ = case.split(':')
        activation, gradient = (t[1:].T.reshape(-1, int(height) // 16, int(width) // 16) for t in (activation, gradient))
    return (gradient.mean((1, 2), keepdim=True) * activation).sum(0)


def main():
    print('/* Made by tests/support/make_torch_grad_cam.py with PyTorch', torch.__version__.split('a')[0].rstrip('.') + '. */')
    print('#ifndef MEDTL_TEST_TORCH_GRAD_CAM_H\n#define MEDTL_TEST_TORCH_GRAD_CAM_H\n')
    print('#include <stdint.h>\n')
    maps = [cam(case, module, index) for case, _, module, index in CASES]
    most = max(m.numel() for m in maps)
    print(f'enum {{ GRAD_CAM_MOST = {most} }};\n')
    print('typedef struct grad_cam_golden {\n    char architecture[32];\n    uint32_t width, channels, height, width_px, classes;')
    print('    char layer[32];\n    uint32_t class_index, map_height, map_width;\n    double map[GRAD_CAM_MOST];\n} grad_cam_golden;\n')
    print('static const grad_cam_golden grad_cam_goldens[] = {')
    for (case, layer, _, index), m in zip(CASES, maps):
        name, *numbers = case.split(':')
        values = ', '.join(f'{float(v):.7g}' for v in m.flatten())
        print(f'    {{"{name}", {", ".join(numbers[:5])}, "{layer}", {index}, {m.shape[0]}, {m.shape[1]}, {{{values}}}}},')
    print('};\n\n#endif')


if __name__ == '__main__':
    main()
