#!/usr/bin/env python3
"""References for losses and optimisers, from PyTorch in float64:

    python3 tests/support/make_train_goldens.py > tests/unit/train/train_goldens.h

The inputs follow formulas that the tests repeat (value() below); all are exact in float. Losses that PyTorch
has as a module are that module; the others are written down from their papers and differentiated by autograd.
"""
import textwrap

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
N, K = 5, 4      # a batch of logits
ROWS, SIZE = 6, 4  # a batch of embeddings
STEPS, VALUES = 5, 6


def value(seed, index):
    """A multiple of 1/16 in [-2, 2)."""
    return ((index * 37 + seed * 23 + index * index * 5) % 64 - 32) / 16


def tensor(seed, *shape):
    count = 1
    for s in shape:
        count *= s
    return torch.tensor([value(seed, i) for i in range(count)]).reshape(shape)


def numbers(values):
    return textwrap.fill("{" + ", ".join(f"{v:.10g}" for v in values) + "}", 110, subsequent_indent="      ")


def show(name, loss, *gradients):
    print(f"    {{\"{name}\", {loss.item():.10g},\n     {numbers(torch.cat([g.flatten() for g in gradients]))}}},")


hard = F.one_hot(torch.tensor([0, 2, 1, 3, 3]), K).double()
soft = torch.tensor([[.75, .25, 0, 0], [0, .5, .5, 0], [1, 0, 0, 0], [.125, .125, .25, .5], [0, 0, 0, 1]])
weights = torch.tensor([.5, 2, 1.25, 1])


def smoothed(target, smoothing):
    return (1 - smoothing) * target + smoothing / K


def cross_entropy(z, target, w, smoothing, gamma):
    if (target == hard).all():
        return F.cross_entropy(z, target.argmax(1), weight=w, label_smoothing=smoothing)
    ww = torch.ones(K) if w is None else w
    return -(ww * smoothed(target, smoothing) * F.log_softmax(z, 1)).sum() / (ww * target).sum()


def focal(z, target, w, smoothing, gamma):
    ww = torch.ones(K) if w is None else w
    log_p = F.log_softmax(z, 1)
    terms = ww * smoothed(target, smoothing) * (1 - log_p.exp()) ** gamma * -log_p
    return terms.sum() / (ww * target).sum()


def binary(z, target, w, smoothing, gamma):
    return F.binary_cross_entropy_with_logits(z, smoothed(target, smoothing), weight=w)


def classification():
    print("static const struct loss_golden {\n    int kind; /* medtl_loss_kind */\n"
          "    int soft, weighted;\n    double smoothing, gamma, loss, gradient[20];\n} loss_goldens[] = {")
    for kind, function in enumerate([cross_entropy, focal, binary]):
        for is_soft, weighted, smoothing, gamma in [(0, 0, 0, 2), (0, 1, 0, 2), (0, 1, .125, 1), (1, 0, .25, .5),
                                                    (1, 1, 0, 3)]:
            z = tensor(1, N, K).requires_grad_()
            loss = function(z, soft if is_soft else hard, weights if weighted else None, smoothing, gamma)
            loss.backward()
            print(f"    {{{kind}, {is_soft}, {weighted}, {smoothing}, {gamma}, {loss.item():.10g},\n"
                  f"     {numbers(z.grad.flatten())}}},")
    print("};\n")


def cosine(a, b):
    return -F.cosine_similarity(a, b, dim=1).mean()


def nt_xent(a, b, temperature=.5):
    z = F.normalize(torch.cat([a, b]), dim=1)
    s = (z @ z.T / temperature).masked_fill(torch.eye(2 * ROWS, dtype=torch.bool), -torch.inf)
    return F.cross_entropy(s, torch.arange(2 * ROWS).roll(ROWS))


def vicreg(a, b):
    def variance(z):
        return F.relu(1.5 - torch.sqrt(z.var(0) + 1e-4)).mean()

    def covariance(z):
        c = torch.cov(z.T)
        return ((c - torch.diag(torch.diag(c))) ** 2).sum() / SIZE

    return (25 * ((a - b) ** 2).sum(1).mean() + 20 * (variance(a) + variance(b))
            + 2 * (covariance(a) + covariance(b)))


def barlow(a, b):
    c = F.batch_norm(a, None, None, training=True).T @ F.batch_norm(b, None, None, training=True) / ROWS
    on = torch.diagonal(c)
    return ((on - 1) ** 2).sum() + .005 * ((c ** 2).sum() - (on ** 2).sum())


def self_supervised():
    print("/* The gradient of the first view, then of the second. */\nstatic const struct self_golden {\n"
          "    const char *name;\n    double loss, gradient[48];\n} self_goldens[] = {")
    for function in [cosine, nt_xent, vicreg, barlow]:
        a, b = tensor(2, ROWS, SIZE).requires_grad_(), tensor(3, ROWS, SIZE).requires_grad_()
        loss = function(a, b)
        loss.backward()
        show(function.__name__, loss, a.grad, b.grad)
    print("};\n")


def lars(w, trust, momentum, decay):
    """You, Gitman & Ginsburg 2017, algorithm 1, literally."""
    v = torch.zeros_like(w)
    while True:
        gradient, rate = yield
        local = trust * w.norm() / (gradient.norm() + decay * w.norm())
        v = momentum * v + rate * local * (gradient + decay * w)
        w -= v


def optimisers():
    print("/* Values after each of five steps of a weight, with decay and without. */\n"
          "static const struct optimizer_golden {\n    int kind; /* medtl_optimizer_kind */\n    double decay, "
          "values[5][6];\n} optimizer_goldens[] = {")
    make = [lambda p, d: torch.optim.SGD(p, 1, momentum=.9, nesterov=True, weight_decay=d),
            lambda p, d: torch.optim.AdamW(p, 1, betas=(.9, .99), eps=1e-6, weight_decay=d),
            lambda p, d: torch.optim.Adam(p, 1, betas=(.9, .99), eps=1e-6, weight_decay=d),
            None,
            lambda p, d: torch.optim.SGD(p, 1, momentum=.9, weight_decay=d)]
    for kind in range(5):
        for decay in [.125, 0]:
            w = tensor(4, VALUES)
            optimiser, rows = (make[kind]([w], decay), []) if make[kind] else (lars(w, .25, .9, decay), [])
            if make[kind] is None:
                next(optimiser)
            for step in range(STEPS):
                rate = (.125, .0625, .25, .125, .03125)[step]
                w.grad = tensor(5 + step, VALUES)
                if make[kind] is None:
                    optimiser.send((w.grad, rate))
                else:
                    optimiser.param_groups[0]["lr"] = rate
                    optimiser.step()
                rows.append(numbers(w))
            print(f"    {{{kind}, {decay},\n     {{" + ",\n      ".join(rows) + "}},")
    print("};\n")


print("/* Made by tests/support/make_train_goldens.py with PyTorch " + torch.__version__.split("+")[0] + ", float64; do not edit. */\n"
      "/* clang-format off */\n"
      "#ifndef MEDTL_TEST_TRAIN_GOLDENS_H\n#define MEDTL_TEST_TRAIN_GOLDENS_H\n")
classification()
self_supervised()
optimisers()
print("#endif")
