/* usage: node parse_reports.js FILE...   As parse_reports.py, with dcmjs. */
"use strict";
const fs = require("fs");
const dcmjs = require("dcmjs");

const list = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

function read(path) {
  const bytes = fs.readFileSync(path);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  // dcmjs knows no code extensions (several character sets): such names are garbled, the rest is read all the same.
  const message = dcmjs.data.DicomMessage.readFile(buffer, { ignoreErrors: true });
  return dcmjs.data.DicomMetaDictionary.naturalizeDataset(message.dict);
}

function* content(item) {
  yield item;
  for (const child of list(item.ContentSequence)) yield* content(child);
}

function faults(report) {
  const referenced = new Set();
  const evidence = [];
  for (const item of content(report))
    if (item.ValueType === "IMAGE")
      for (const ref of list(item.ReferencedSOPSequence)) {
        referenced.add(ref.ReferencedSOPInstanceUID);
        for (const state of list(ref.ReferencedSOPSequence)) referenced.add(state.ReferencedSOPInstanceUID);
      }
  for (const study of list(report.CurrentRequestedProcedureEvidenceSequence))
    for (const series of list(study.ReferencedSeriesSequence))
      for (const ref of list(series.ReferencedSOPSequence)) evidence.push(ref.ReferencedSOPInstanceUID);

  const found = [];
  if (report.Modality !== "SR") found.push("Modality is not SR");
  if (evidence.length !== new Set(evidence).size) found.push("an image is evidence more than once");
  if (evidence.length !== referenced.size || !evidence.every((uid) => referenced.has(uid)))
    found.push("evidence and references differ");
  return found;
}

for (const path of process.argv.slice(2)) {
  try {
    for (const fault of faults(read(path))) console.log(`${path}: parser: Error: ${fault}`);
  } catch (reason) {
    console.log(`${path}: parser: Error: ${reason}`);
  }
}
console.log(`dcmjs: ${process.argv.length - 2} reports parsed`);
