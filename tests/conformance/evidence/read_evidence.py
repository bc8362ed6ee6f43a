"""usage: read_evidence.py FILE...   Looks at evidence objects (make_evidence.c) through pydicom.

The heat is exp(-d*d / 0.02) around (0.3, 0.4) of the image, and the region is cut at half of it: an ellipse with half-axes of
sqrt(0.02 ln 2) = 0.1177 of the image's sides, that is 4.35 % of its area."""
import sys

import numpy
import pydicom

NAMES = {"latin1": "Müller^Jürgen", "utf8": "王^小東", "japanese": "山田^太郎"}


def source_of(data):
    if data.Modality != "SEG":
        return data.SourceImageSequence[0]
    return data.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]


def segmentation_faults(data):
    rows, columns = data.Rows, data.Columns
    bits = numpy.unpackbits(numpy.frombuffer(data.PixelData, numpy.uint8), bitorder="little")
    mask = bits[: rows * columns].reshape(rows, columns)
    y, x = numpy.nonzero(mask)
    share = len(y) / (rows * columns)
    if not 0.035 < share < 0.052:
        yield f"the region is {share:.4f} of the image"
    if abs((x.mean() + 0.5) / columns - 0.3) > 0.02 or abs((y.mean() + 0.5) / rows - 0.4) > 0.02:
        yield "the region is elsewhere"
    named = data.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]
    if source_of(data).ReferencedSOPInstanceUID != named.ReferencedSOPInstanceUID:
        yield "two different source images"


def capture_faults(data):
    pixels = data.pixel_array
    if pixels.shape[2] != 3 or pixels.shape[0] <= 48:
        yield f"a picture of {pixels.shape}"
    hot, cold = pixels[19, 12].astype(int), pixels[46, 38].astype(int)
    if hot[0] < hot[2] + 30:
        yield f"the hot place is {hot}"
    if pixels[48:].max() < 255:
        yield "there is no legend"
    if "mammography" in str(data.filename) and abs(cold[0] - cold[2]) > 3:
        yield f"the cold place is {cold}"
    if data.Modality != "OT" or len(data.SourceImageSequence) != 1:
        yield "not one source image"


def faults(path):
    data = pydicom.dcmread(path)
    language = path.rsplit("-", 1)[1].removesuffix(".dcm")
    name = str(data.PatientName)
    if NAMES[language] not in name:
        yield f"the patient's name is not readable as {data.SpecificCharacterSet}"
    if "/frames-" in path and source_of(data).get("ReferencedFrameNumber") != 1:
        yield "the frame is not named"
    yield from segmentation_faults(data) if data.Modality == "SEG" else capture_faults(data)


bad = 0
for file in sys.argv[1:]:
    for fault in faults(file):
        print(f"{file}: {fault}")
        bad = 1
sys.exit(bad)
