"""usage: parse_reports.py FILE...

Reads Structured Reports with pydicom: each must decode in its character set, and its evidence must list exactly the
images that the content refers to, each once. Prints "FILE: parser: Error: ..." for what does not hold.
"""
import sys

import pydicom


def content(item):
    yield item
    for child in item.get("ContentSequence", []):
        yield from content(child)


def referenced(report):
    images = [ref for item in content(report) if item.get("ValueType") == "IMAGE" for ref in item.ReferencedSOPSequence]
    states = [state for image in images for state in image.get("ReferencedSOPSequence", [])]
    return {ref.ReferencedSOPInstanceUID for ref in images + states}


def evidence(report):
    return [ref.ReferencedSOPInstanceUID for study in report.CurrentRequestedProcedureEvidenceSequence
            for series in study.ReferencedSeriesSequence for ref in series.ReferencedSOPSequence]


def faults(path):
    report = pydicom.dcmread(path)
    report.decode()
    listed = evidence(report)
    name = str(report.PatientName)
    if "\ufffd" in name or "\x1b" in name:
        yield "the patient's name does not decode"
    if len(listed) != len(set(listed)):
        yield "an image is evidence more than once"
    if set(listed) != referenced(report):
        yield "evidence and references differ"
    if report.file_meta.FileMetaInformationVersion != b"\x00\x01":
        yield "file meta information version is not 00 01"
    for item in content(report):
        if item.get("ValueType") == "NUM" and len(str(item.MeasuredValueSequence[0].NumericValue)) > 16:
            yield "a numeric value is longer than 16 characters"


def main(paths):
    for path in paths:
        try:
            for fault in faults(path):
                print(f"{path}: parser: Error: {fault}")
        except Exception as reason:  # whatever a parser stumbles over is a fault of the report
            print(f"{path}: parser: Error: {type(reason).__name__}: {reason}")
    print(f"pydicom {pydicom.__version__}: {len(paths)} reports parsed")


main(sys.argv[1:])
