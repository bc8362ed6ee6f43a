"""medtl, PyTorch and ONNX Runtime on the same networks, threads and weights, in one run.

Exports the networks from PyTorch (seed 0; kept in --folder for the next time), then goes round: in each round every
network runs once in each program, a process of its own for a few seconds, so that what else the machine does meets
all three. Prints one table of medians over the rounds, and how far the logits of one image are from PyTorch's
in double precision. bench/README.md says how to read it.
"""
import argparse
import json
import math
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NETWORKS = {'hybrid2': (2, 16), 'hybrid6': (4, 8), 'resnet18': (1000, 16), 'resnet50': (1000, 16),
            'densenet121': (1000, 16)}  # classes; images of a training step
EXPORTS = ('safetensors', 'onnx', 'input.npy', 'logits.json')
RUNTIME = 'onnxruntime-node@1.30.0'
MEDTL, PYTORCH, ONNX = 'medtl', 'PyTorch', 'ONNX Runtime'
MOST_ERROR, MOST_SPREAD = 1e-4, 0.15
EXIT_DISAGREE, EXIT_USAGE, EXIT_FAILED = 1, 2, 3


def say(text):
    print(f'compare: {text}', file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog='bench/compare.sh', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--networks', default=','.join(NETWORKS), metavar='LIST', help='default: %(default)s')
    parser.add_argument('--batch', default='1,16', metavar='LIST', help='images of an inference (default: %(default)s)')
    parser.add_argument('--no-training', action='store_true', help='inference alone')
    parser.add_argument('--rounds', type=int, default=5, metavar='N', help='default: %(default)s')
    parser.add_argument('--seconds', type=float, default=1.0, metavar='S',
                        help='of each measurement in a round, after a run that warms up (default: %(default)s)')
    parser.add_argument('--threads', type=int, default=2, metavar='N', help='default: %(default)s')
    parser.add_argument('--kernels', metavar='LIST', default='',
                        help="force medtl's: avx512, avx2 or portable; with several, medtl runs with each, and the "
                             'first is compared with the peers')
    parser.add_argument('--without', default='', metavar='LIST', help='leave out: pytorch, onnx')
    parser.add_argument('--json', type=pathlib.Path, metavar='FILE', help='write all figures there, too')
    parser.add_argument('--build', type=pathlib.Path, default=ROOT / 'build', metavar='DIR',
                        help='where medtl was built (default: build)')
    parser.add_argument('--folder', type=pathlib.Path, metavar='DIR',
                        help='for the exported networks, 1.2 GB (default: compare in the build folder)')
    parser.add_argument('--install', action='store_true',
                        help=f'where ONNX Runtime is missing, get it: npm install --ignore-scripts {RUNTIME} '
                             'in $MEDTL_ONNX_RUNTIME or else in --folder')
    options = parser.parse_args()
    options.networks = options.networks.split(',')
    options.without = options.without.split(',')
    options.kernels = options.kernels.split(',')
    options.folder = options.folder or options.build / 'compare'
    for name in options.networks:
        if name not in NETWORKS:
            parser.error(f'no network {name}; there are {", ".join(NETWORKS)}')
    if not all(n.isdigit() and 1 <= int(n) <= 1024 for n in options.batch.split(',')):
        parser.error(f'--batch {options.batch}: numbers of images, please')
    if options.rounds < 1 or options.threads < 1 or not options.seconds > 0:
        parser.error('--rounds, --threads and --seconds begin at 1')
    return options


class Program:
    """One of the three: what it is called, and the command that times a network."""

    def __init__(self, name, version, command):
        self.name, self.version, self.command = name, version, command
        self.is_peer = not name.startswith(MEDTL)


def run(command):
    """@return standard output, or None; why not was said."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return done.stdout
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    say(lines[-1] if lines else f'{command[0]}: exit status {done.returncode}')
    return None


def measure_peak(options, kernels):
    """What bench_networks says of the multiply-add units, or None."""
    said = run([options.build / 'bin' / 'bench_networks', '--peak', '--threads', options.threads, '--json',
                *(['--kernels', kernels] if kernels else [])])
    return json.loads(said) if said else None


def find_medtl(options, kernels, name):
    bench = options.build / 'bin' / 'bench_networks'
    if not os.access(bench, os.X_OK):
        sys.exit(f'compare: no {bench}; build it: cmake --preset release && cmake --build --preset release '
                 '--target bench_networks')

    def command(network):
        classes, train = NETWORKS[network]
        words = [bench, '--network', network, '--classes', classes, '--batch', options.batch, '--threads',
                 options.threads, '--seconds', options.seconds, '--rounds', 1000, '--json']
        if exported(options, network):
            words += ['--weights', options.folder / f'{network}.safetensors', '--logits', '--input',
                      options.folder / f'{network}.input.npy']
        return words + (['--kernels', kernels] if kernels else []) + ([] if options.no_training else ['--train', train])

    peak = measure_peak(options, kernels)
    if peak is None:
        sys.exit(EXIT_FAILED)
    return Program(name, f'{name}: kernels {peak["kernels"]}', command)


def find_pytorch(options):
    script = HERE / 'pytorch.py'
    version = run([sys.executable, '-B', script, 'check'])

    def command(name):
        classes, train = NETWORKS[name]
        return [sys.executable, '-B', script, 'time', options.folder, name, classes, '--batch', options.batch, '--train',
                0 if options.no_training else train, '--threads', options.threads, '--seconds', options.seconds,
                '--rounds', 1000]

    return Program(PYTORCH, version.strip(), command) if version else None


def node_modules(options):
    """Where ONNX Runtime lies: $MEDTL_ONNX_RUNTIME (a node_modules, or the folder that has one), or beside."""
    for folder in (os.environ.get('MEDTL_ONNX_RUNTIME'), options.folder, HERE):
        if not folder:
            continue
        for modules in (pathlib.Path(folder), pathlib.Path(folder) / 'node_modules'):
            if (modules / 'onnxruntime-node' / 'package.json').is_file():
                return modules
    return None


def install_runtime(options):
    folder = pathlib.Path(os.environ.get('MEDTL_ONNX_RUNTIME') or options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    say(f'npm install --ignore-scripts {RUNTIME} in {folder}')
    return run(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, RUNTIME])


def find_onnx(options):
    if shutil.which('node') is None:
        say('ONNX Runtime is left out: no node; Debian: apt-get install nodejs npm')
        return None
    if node_modules(options) is None and options.install and shutil.which('npm'):
        install_runtime(options)
    modules = node_modules(options)
    if modules is None:
        say(f'ONNX Runtime is left out: no npm package {RUNTIME} in $MEDTL_ONNX_RUNTIME or {options.folder}; '
            '--install gets it')
        return None
    version = run(['node', HERE / 'onnxruntime.js', modules, 'check'])

    def command(name):
        return ['node', HERE / 'onnxruntime.js', modules, 'time', options.folder, name, options.batch, options.threads,
                options.seconds, 1000]

    return Program(ONNX, version.strip(), command) if version else None


def exported(options, name):
    return all((options.folder / f'{name}.{end}').is_file() for end in EXPORTS)


def export(options, pytorch):
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.networks:
        if exported(options, name):
            continue
        if pytorch is None:
            say(f'{name}: not exported, as PyTorch is missing: medtl runs it with random weights, alone')
            continue
        say(f'exporting {name}')
        (options.folder / f'{name}.logits.json').unlink(missing_ok=True)  # written last
        run([sys.executable, '-B', HERE / 'pytorch.py', 'export', options.folder, name, NETWORKS[name][0]])


def find_programs(options):
    programs = [find_medtl(options, kernels, f'medtl {kernels}' if i > 0 else MEDTL)
                for i, kernels in enumerate(options.kernels)]
    if {'pytorch', 'onnx'} <= set(options.without):
        return programs
    pytorch = find_pytorch(options)
    if pytorch is None:
        say('PyTorch is left out')
    export(options, pytorch)
    if pytorch and 'pytorch' not in options.without:
        programs.append(pytorch)
    if 'onnx' not in options.without:
        programs.append(find_onnx(options))
    return [p for p in programs if p]


class Figures:
    """What was measured: [network, what, batch, program] -> a value for each round."""

    def __init__(self):
        self.milliseconds, self.memory, self.logits, self.work = {}, {}, {}, {}
        self.peaks = []

    def take(self, name, program, result):
        for one in result['inference'] + result['training']:
            key = name, one['what'], one['batch'], program
            self.milliseconds.setdefault(key, []).append(one['ms_per_image'])
            self.memory.setdefault(key, []).append(one['peak_mib'])
        if 'logits' in result:
            self.logits[name, program] = result['logits']
        if 'multiply_adds' in result:
            self.work[name] = {'infer': result['multiply_adds'], 'train': result['training_multiply_adds']}

    def median(self, table, key):
        return statistics.median(table[key]) if key in table else None

    def spread(self, key):
        values = self.milliseconds[key]
        return (max(values) - min(values)) / statistics.median(values)


def go_round(options, programs):
    figures, failed = Figures(), set()
    for number in range(options.rounds):
        figures.peaks.append((measure_peak(options, options.kernels[0]) or {'peak_gflops': 0.0})['peak_gflops'])
        for name in options.networks:
            shift = number % len(programs)  # nobody is always first
            for program in programs[shift:] + programs[:shift]:
                if (name, program.name) in failed or (program.is_peer and not exported(options, name)):
                    continue
                say(f'round {number + 1} of {options.rounds}: {name}, {program.name}')
                said = run(program.command(name))
                if said is None:
                    failed.add((name, program.name))
                else:
                    figures.take(name, program.name, json.loads(said))
    return figures


def measurements(options):
    kinds = [('infer', int(n)) for n in options.batch.split(',')]
    for name in options.networks:
        yield from ((name, what, batch) for what, batch in kinds)
        if not options.no_training:
            yield name, 'train', NETWORKS[name][1]


def rows(options, figures, programs):
    peak = max(figures.peaks)
    for name, what, batch in measurements(options):
        row = {'network': name, 'what': what, 'batch': batch, 'ms_per_image': {}, 'peak_mib': {}, 'rounds': {}}
        for program in programs:
            key = name, what, batch, program.name
            if key in figures.milliseconds:
                row['ms_per_image'][program.name] = figures.median(figures.milliseconds, key)
                row['peak_mib'][program.name] = figures.median(figures.memory, key)
                row['rounds'][program.name] = figures.milliseconds[key]
        ours = row['ms_per_image'].get(MEDTL)
        peers = [ms for program, ms in row['ms_per_image'].items() if not program.startswith(MEDTL)]
        row['ratio'] = min(peers) / ours if ours and peers else None
        work = figures.work.get(name, {}).get(what)
        row['share_of_peak'] = 2e-6 * work / ours / peak if ours and work and peak else None
        yield row


def cell(value, form):
    return format(value, form) if value is not None else '-'


def print_table(table, programs):
    names = [p.name for p in programs]
    print(f'{"":12} {"":9} |' + ''.join(f'{n:>13}' for n in names) + ' | best peer    of FMA |' +
          ''.join(f'{n:>13}' for n in names))
    print(f'{"network":12} {"what":9} |' + ''.join(f'{"ms/image":>13}' for _ in names) + ' |   to ours      peak |' +
          ''.join(f'{"peak MiB":>13}' for _ in names))
    for row in table:
        print(f'{row["network"]:12} {row["what"]:5} {row["batch"]:3} |' +
              ''.join(f'{cell(row["ms_per_image"].get(n), ".2f"):>13}' for n in names) +
              f' | {cell(row["ratio"], ".2f"):>9} {cell(row["share_of_peak"], ".0%"):>9} |' +
              ''.join(f'{cell(row["peak_mib"].get(n), ".0f"):>13}' for n in names))


def kind_of(row):
    return row['what'] if row['what'] == 'train' else f'{row["what"]} {row["batch"]}'


def print_means(table, programs):
    for kind in dict.fromkeys(kind_of(row) for row in table):
        ratios = [row['ratio'] for row in table if row['ratio'] and kind_of(row) == kind]
        if ratios:
            print(f'geometric mean of best peer to ours, {kind}: {statistics.geometric_mean(ratios):.2f} '
                  f'over {len(ratios)} network(s)')
        for other in [p.name for p in programs[1:] if not p.is_peer]:
            times = [row['ms_per_image'] for row in table if kind_of(row) == kind]
            slower = [t[other] / t[MEDTL] for t in times if other in t and MEDTL in t]
            if slower:
                print(f'{other} to {MEDTL}, {kind}: {statistics.geometric_mean(slower):.2f}, at most {max(slower):.2f}')


def logit_errors(options, figures, programs):
    """The largest difference from PyTorch in double precision, by the largest logit: {network: {program: error}}."""
    errors = {}
    for name in options.networks:
        if not exported(options, name):
            continue
        exact = json.loads((options.folder / f'{name}.logits.json').read_text())
        for program in programs:
            got = figures.logits.get((name, program.name))
            if got is not None:
                worst = max(abs(a - b) for a, b in zip(got, exact)) if len(got) == len(exact) else math.inf
                errors.setdefault(name, {})[program.name] = worst / max(map(abs, exact))
    return errors


def print_errors(errors):
    if not errors:
        print('no logits were compared: PyTorch did not export the networks')
        return True
    print('largest error of a logit, by the largest logit, against PyTorch in double precision:')
    for name, found in errors.items():
        print(f'  {name:12} ' + ', '.join(f'{program} {error:.1e}' for program, error in found.items()))
    worst = max((e if e == e else math.inf for found in errors.values() for e in found.values()), default=math.inf)
    print(f'  the programs {"agree" if worst <= MOST_ERROR else "DO NOT AGREE"}: '
          f'largest {worst:.1e}, allowed {MOST_ERROR:.0e}')
    return worst <= MOST_ERROR


def print_spread(figures):
    spreads = {key: figures.spread(key) for key in figures.milliseconds}
    if not spreads or len(figures.peaks) < 2:
        return
    key = max(spreads, key=spreads.get)
    wild = sum(s > MOST_SPREAD for s in spreads.values())
    print(f'spread over the rounds (largest less smallest, by the median): largest {spreads[key]:.0%} '
          f'({key[0]}, {key[1]} {key[2]}, {key[3]}); {wild} of {len(spreads)} above {MOST_SPREAD:.0%}'
          + ('; THE MACHINE WAS BUSY, measure again' if 4 * wild > len(spreads) else ''))


def machine():
    try:
        lines = open('/proc/cpuinfo').read().splitlines()
        return next(line.split(':', 1)[1].strip() for line in lines if line.startswith('model name'))
    except (OSError, StopIteration):
        return platform.machine()


def main():
    options = arguments()
    load = os.getloadavg()[0]
    programs = find_programs(options)
    figures = go_round(options, programs)
    table = list(rows(options, figures, programs))
    errors = logit_errors(options, figures, programs)

    print(f'machine: {machine()}, {os.cpu_count()} processors, load {load:.2f} before; {options.threads} threads, '
          f'{options.rounds} round(s)')
    print('; '.join(p.version for p in programs) + f'; multiply-add peak {max(figures.peaks):.0f} GFLOP/s')
    print_table(table, programs)
    print_means(table, programs)
    agree = print_errors(errors)
    print_spread(figures)
    if load > 0.5:
        print(f'something else was running before (load {load:.2f}): on a quiet machine these figures would differ')
    if options.json:
        options.json.write_text(json.dumps({
            'machine': machine(), 'processors': os.cpu_count(), 'threads': options.threads, 'rounds': options.rounds,
            'programs': [p.version for p in programs], 'peak_gflops': figures.peaks, 'results': table,
            'logit_errors': errors}, indent=1) + '\n')
    if not figures.milliseconds:
        return EXIT_FAILED
    return 0 if agree else EXIT_DISAGREE


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
