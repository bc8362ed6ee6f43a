"""PyTorch's part of compare.sh: exports the networks for everybody, and times one of them.

    python3 pytorch.py check
    python3 pytorch.py export FOLDER NAME CLASSES
    python3 pytorch.py time FOLDER NAME CLASSES --batch 1,16 --train 16 --threads 2 --seconds 1 --rounds 50

"export" writes into FOLDER: NAME.safetensors and NAME.onnx (the same weights, seed 0; the batch is free),
NAME.input.npy (an image) and NAME.logits.json (what the network says of it in double precision).
"time" prints JSON: see measured() below.
"""
import argparse
import json
import pathlib
import statistics
import sys
import time

try:
    import numpy
    import torch

    import subjects
except ImportError as missing:
    sys.exit(f'pytorch: {missing}; Debian: apt-get install python3-torch python3-torchvision')


def export(folder, name, classes):
    network, image = subjects.settle(subjects.create(name, classes)), subjects.test_image()
    subjects.write_safetensors(folder / f'{name}.safetensors', network.state_dict())
    numpy.save(folder / f'{name}.input.npy', image.numpy())
    free = {0: 'images'}
    torch.onnx.export(network, image, str(folder / f'{name}.onnx'), opset_version=13, input_names=['input'],
                      output_names=['logits'], dynamic_axes={'input': free, 'logits': free})
    with torch.no_grad():
        exact = network.double()(image.double())
    (folder / f'{name}.logits.json').write_text(json.dumps(exact.flatten().tolist()))


def peak_memory():
    """MiB resident at most since the process began."""
    for line in open('/proc/self/status'):
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) / 1024
    return 0.0


def measured(run, what, batch, options):
    """Once to warm up, then until so many seconds or runs are over."""
    run()
    times, begin = [], time.perf_counter()
    while len(times) < options.rounds and (not times or time.perf_counter() - begin < options.seconds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return {'what': what, 'batch': batch, 'ms_per_image': 1e3 * statistics.median(times) / batch,
            'best_ms_per_image': 1e3 * min(times) / batch, 'runs': len(times), 'peak_mib': round(peak_memory(), 1)}


def time_inference(network, batch, options):
    images = torch.randn(batch, 3, subjects.SIDE, subjects.SIDE)
    with torch.inference_mode():
        return measured(lambda: network(images), 'infer', batch, options)


def time_training(network, batch, classes, options):
    images, labels = torch.randn(batch, 3, subjects.SIDE, subjects.SIDE), torch.arange(batch) % classes
    network.train()

    def step():
        network.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(network(images), labels).backward()

    return measured(step, 'train', batch, options)


def time_network(options):
    torch.set_num_threads(options.threads)
    network = subjects.load(options.name, options.classes, options.folder / f'{options.name}.safetensors')
    result = {'program': f'PyTorch {torch.__version__}', 'network': options.name, 'threads': options.threads}
    result['inference'] = [time_inference(network, batch, options) for batch in options.batch]
    with torch.inference_mode():
        image = torch.from_numpy(numpy.load(options.folder / f'{options.name}.input.npy'))
        result['logits'] = network(image).flatten().tolist()
    result['training'] = [time_training(network, options.train, options.classes, options)] if options.train else []
    return result


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('action', choices=['check', 'export', 'time'])
    parser.add_argument('folder', type=pathlib.Path, nargs='?')
    parser.add_argument('name', nargs='?')
    parser.add_argument('classes', type=int, nargs='?')
    parser.add_argument('--batch', type=lambda text: [int(n) for n in text.split(',') if n], default=[1])
    parser.add_argument('--train', type=int, default=0)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--seconds', type=float, default=1.0)
    parser.add_argument('--rounds', type=int, default=50)
    return parser.parse_args()


def main():
    options = arguments()
    if options.action == 'check':
        print(f'PyTorch {torch.__version__}')
    elif options.classes is None:
        sys.exit('pytorch: FOLDER NAME CLASSES, please (see --help)')
    elif options.action == 'export':
        export(options.folder, options.name, options.classes)
    else:
        print(json.dumps(time_network(options)))


if __name__ == '__main__':
    main()
