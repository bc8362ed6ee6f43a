// usage: node run_onnx.js MODEL.onnx INPUT OUTPUT COUNT CHANNELS HEIGHT WIDTH
// Runs a model with ONNX Runtime on INPUT (little-endian floats, [COUNT][CHANNELS][HEIGHT][WIDTH]) and writes its only
// output to OUTPUT. The last image is run alone, the others before it in one batch: the file must leave the batch open.
// onnxruntime-node is found as node finds packages (NODE_PATH). Exits 77 where it is not installed.
"use strict";
const fs = require("fs");

let ort;
try {
  ort = require("onnxruntime-node");
} catch (error) {
  console.error("onnxruntime-node is not installed: " + error.message.split("\n")[0]);
  process.exit(77);
}

async function main(model, input, output, count, ...sizes) {
  const bytes = fs.readFileSync(input);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const image = values.length / count;
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const results = [];
  for (const [first, end] of [[0, count - 1], [count - 1, count]]) {
    const batch = new ort.Tensor("float32", values.slice(first * image, end * image), [end - first, ...sizes]);
    const result = (await session.run({ [session.inputNames[0]]: batch }))[session.outputNames[0]].data;
    results.push(Buffer.from(result.buffer, result.byteOffset, result.byteLength));
  }
  fs.writeFileSync(output, Buffer.concat(results));
}

const [model, input, output, ...sizes] = process.argv.slice(2);
main(model, input, output, ...sizes.map(Number)).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
