"""Two steps of pretraining by PyTorch, which tests/unit/pretrain/test_learner.c expects of ours.

    python3 tests/support/make_pretrain_goldens.py > tests/unit/pretrain/pretrain_goldens.h

Needs PyTorch and torchvision (made with 1.13). Everything is in double precision; weights and inputs follow the
formulas of make_torch_goldens.py. Both views of a batch go through the network as one batch; the losses are
written down from their papers and differentiated by autograd; BYOL's target follows by its running average.
"""
import copy

import torch
from torch import nn
from torch.nn import functional as F

from make_torch_goldens import SlimResNet, BasicBlock, SmallHybrid2, fill, numbers, three, uniform

HIDDEN, EMBEDDING, IMAGES, STEPS, RATE, TAU = 12, 6, 5, 2, 2.0 ** -7, 0.75
CASES = [('byol', 'hybrid2'), ('vicreg', 'hybrid2'), ('simclr', 'hybrid2'), ('barlow', 'hybrid2'),
         ('labels', 'hybrid2'), ('byol', 'resnet18')]
SHAPES = {'hybrid2': (4, 3, 24, 20), 'resnet18': (4, 1, 64, 48)}


def projector(inputs, hidden_layers):
    layers = []
    for _ in range(hidden_layers):
        layers += [nn.Linear(inputs, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU()]
        inputs = HIDDEN
    return nn.Sequential(*layers, nn.Linear(inputs, EMBEDDING))


def trunk(architecture, width, channels):
    if architecture == 'hybrid2':
        model = SmallHybrid2(width, channels, 2)
        model.fc2, features = nn.Identity(), 200
    else:
        model = SlimResNet(BasicBlock, [2, 2, 2, 2], width, channels, 2)
        features = model.fc.in_features
        model.fc = nn.Identity()
    return model, features


class Pretext(nn.Module):
    def __init__(self, method, architecture, width, channels, predictor):
        super().__init__()
        self.trunk, features = trunk(architecture, width, channels)
        self.predictor = nn.Identity()
        if method == 'labels':
            self.pretext = nn.Linear(features, 3)
            self.last = self.pretext
        else:
            self.projector = projector(features, 2 if method in ('vicreg', 'barlow') else 1)
            self.last = self.projector
            if predictor:
                self.predictor = projector(EMBEDDING, 1)

    def forward(self, x):
        return self.predictor(self.last(self.trunk(x)))

    def named(self):
        """Parameters and statistics by the names that they have with us: of the trunk without a prefix."""
        return {name[6:] if name.startswith('trunk.') else name: value for name, value in self.state_dict().items()
                if not name.startswith('last.') and value.is_floating_point()}


class ByOurNames:
    """What fill() of make_torch_goldens.py looks at."""

    def __init__(self, model):
        self.model = model

    def state_dict(self):
        return self.model.named()


def simclr(a, b):
    z = F.normalize(torch.cat([a, b]), dim=1)
    s = (z @ z.T / 0.5).masked_fill(torch.eye(len(z), dtype=torch.bool), -torch.inf)
    return F.cross_entropy(s, torch.arange(len(z)).roll(len(a)))


def vicreg(a, b):
    def within(z):
        c = torch.cov(z.T)
        return (25 * F.relu(1 - torch.sqrt(z.var(0) + 1e-4)).mean()
                + ((c - torch.diag(torch.diag(c))) ** 2).sum() / z.shape[1])

    return 25 * ((a - b) ** 2).sum(1).mean() + within(a) + within(b)


def barlow(a, b):
    c = F.batch_norm(a, None, None, training=True).T @ F.batch_norm(b, None, None, training=True) / len(a)
    on = torch.diagonal(c)
    return ((on - 1) ** 2).sum() + .005 * ((c ** 2).sum() - (on ** 2).sum())


def byol(predicted, target):
    (p1, p2), (z1, z2) = predicted.chunk(2), target.detach().chunk(2)
    return (2 - 2 * F.cosine_similarity(p1, z2)).mean() / 2 + (2 - 2 * F.cosine_similarity(p2, z1)).mean() / 2


def run(index, method, architecture):
    width, channels, height, pixels = SHAPES[architecture]
    views = 1 if method == 'labels' else 2
    model = Pretext(method, architecture, width, channels, method == 'byol').double().train()
    fill(ByOurNames(model))
    target = None
    if method == 'byol':
        target = copy.deepcopy(model)
        target.predictor = nn.Identity()
    optimiser = torch.optim.SGD([p for p in model.parameters()], RATE, momentum=0.5)
    inputs = uniform('input', STEPS * views * IMAGES * channels * height * pixels)
    losses = []
    for x in inputs.reshape(STEPS, views * IMAGES, channels, height, pixels):
        out = model(x)
        if method == 'byol':
            loss = byol(out, target(x))
        elif method == 'labels':
            loss = F.cross_entropy(out, torch.arange(IMAGES) % 3, label_smoothing=0.125)
        else:
            loss = globals()[method](*out.chunk(2))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss)
        if target is not None:
            online = dict(model.named_parameters())
            with torch.no_grad():
                for name, value in target.named_parameters():
                    value.copy_(TAU * value + (1 - TAU) * online[name])
    for what, network in (('trained', model), ('target', target)):
        print(f'static const struct pretrain_tensor pretrain_{what}_{index}[] = {{')
        for name, value in (network.named() if network is not None else {}).items():
            print(f'    {{"{name}", {numbers([value.norm()])}, {{{numbers(three(value))}}}}},')
        print('    {NULL, 0, {0, 0, 0}},\n};')
    return (f'    {{"{method}", "{architecture}", {width}, {channels}, {height}, {pixels}, '
            f'{{{numbers(losses)}}},\n     pretrain_trained_{index}, pretrain_target_{index}}},')


def main():
    print('/* Made by tests/support/make_pretrain_goldens.py with PyTorch',
          torch.__version__.split('a')[0].rstrip('.') + '; do not edit. */')
    print(f'''/* clang-format off */
#ifndef MEDTL_TEST_PRETRAIN_GOLDENS_H
#define MEDTL_TEST_PRETRAIN_GOLDENS_H

#include <stddef.h>

enum {{ GOLDEN_HIDDEN = {HIDDEN}, GOLDEN_EMBEDDING = {EMBEDDING}, GOLDEN_IMAGES = {IMAGES}, GOLDEN_STEPS = {STEPS} }};
static const double golden_rate = {RATE}, golden_momentum = 0.5, golden_tau = {TAU};

/* The Euclidean norm of a tensor after the last step, and its first, middle and last value. */
struct pretrain_tensor {{
    const char *name; /* NULL: the end */
    double norm, values[3];
}};

struct pretrain_case {{
    const char *method, *architecture;
    unsigned width, channels, height, width_px;
    double losses[GOLDEN_STEPS];
    const struct pretrain_tensor *trained, *target;
}};
''')
    rows = [run(i, *case) for i, case in enumerate(CASES)]
    print('static const struct pretrain_case pretrain_cases[] = {')
    print('\n'.join(rows))
    print('};\n\n#endif')


if __name__ == '__main__':
    main()
