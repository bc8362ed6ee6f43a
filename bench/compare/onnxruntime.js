// ONNX Runtime's part of compare.sh: times one network.
//
//   node onnxruntime.js NODE_MODULES check
//   node onnxruntime.js NODE_MODULES time FOLDER NAME BATCHES THREADS SECONDS ROUNDS
//
// FOLDER holds NAME.onnx and NAME.input.npy, as pytorch.py exports them; BATCHES is a list such as 1,16.
// Prints the same JSON as pytorch.py, without training.
'use strict';
const fs = require('fs');
const path = require('path');

const SIDE = 224;
const IMAGE = 3 * SIDE * SIDE;

function load(modules) {
  try {
    const folder = path.join(modules, 'onnxruntime-node');
    const version = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;
    return { runtime: require(folder), version };
  } catch (error) {
    console.error(`onnxruntime: ${error.message.split('\n')[0]}`);
    process.exit(1);
  }
}

// The values of a .npy file of float32: its last bytes.
function readImage(file) {
  const bytes = fs.readFileSync(file);
  return new Float32Array(new Uint8Array(bytes.subarray(bytes.length - 4 * IMAGE)).buffer);
}

// MiB resident at most since the process began.
function peakMemory() {
  const line = fs.readFileSync('/proc/self/status', 'utf8').match(/^VmHWM:\s*(\d+)/m);
  return line === null ? 0 : Number(line[1]) / 1024;
}

function median(values) {
  const sorted = Array.from(values).sort((a, b) => a - b);
  return 0.5 * (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]);
}

function noise(count) {
  const values = new Float32Array(count);
  let seed = 1;
  for (let i = 0; i < count; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    values[i] = (seed >>> 8) / 8388608 - 1;
  }
  return values;
}

// Once to warm up, then until so many seconds or runs are over.
async function measured(run, batch, seconds, rounds) {
  const now = () => Number(process.hrtime.bigint()) / 1e6;
  const times = [];
  await run();
  const begin = now();
  while (times.length < rounds && (times.length === 0 || now() - begin < 1e3 * seconds)) {
    const start = now();
    await run();
    times.push(now() - start);
  }
  return {
    what: 'infer', batch, ms_per_image: median(times) / batch, best_ms_per_image: Math.min(...times) / batch,
    runs: times.length, peak_mib: Number(peakMemory().toFixed(1)),
  };
}

async function time(modules, folder, name, batches, threads, seconds, rounds) {
  const { runtime, version } = load(modules);
  const session = await runtime.InferenceSession.create(path.join(folder, `${name}.onnx`), {
    intraOpNumThreads: Number(threads), interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
  });
  const result = { program: `ONNX Runtime ${version}`, network: name, threads: Number(threads), inference: [], training: [] };
  const images = (values, batch) => ({ input: new runtime.Tensor('float32', values, [batch, 3, SIDE, SIDE]) });

  for (const batch of batches.split(',').filter(Boolean).map(Number)) {
    const input = images(noise(batch * IMAGE), batch);
    result.inference.push(await measured(() => session.run(input), batch, Number(seconds), Number(rounds)));
  }
  const said = await session.run(images(readImage(path.join(folder, `${name}.input.npy`)), 1));
  result.logits = Array.from(said.logits.data);
  console.log(JSON.stringify(result));
}

const [modules, action, ...rest] = process.argv.slice(2);
if (action === 'check') {
  console.log(`ONNX Runtime ${load(path.resolve(modules)).version}`);
} else if (action === 'time' && rest.length === 6) {
  time(path.resolve(modules), ...rest).catch((error) => {
    console.error(`onnxruntime: ${error.message}`);
    process.exit(1);
  });
} else {
  console.error('usage: node onnxruntime.js NODE_MODULES check | time FOLDER NAME BATCHES THREADS SECONDS ROUNDS');
  process.exit(2);
}
