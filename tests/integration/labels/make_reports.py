#!/usr/bin/python3
"""Structured Reports as a clinician's workstation would write them, from the rows of PS3.16's templates, with pydicom.

usage: make_reports.py <LINES, each: KIND OUT.dcm SOP_INSTANCE_UID STUDY.dcm... [NAME=VALUE]...

Each KIND is a function below. STUDY.dcm are the images; NAME=VALUE change what a function takes.
"""
import sys

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian
import pydicom

COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"
CAD = "1.2.840.10008.5.1.4.1.1.88.50"


def code(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def item(kind, relationship, name, *children):
    made = Dataset()
    if relationship:
        made.RelationshipType = relationship
    made.ValueType = kind
    if name:
        made.ConceptNameCodeSequence = Sequence([code(*name)])
    if kind == "CONTAINER":
        made.ContinuityOfContent = "SEPARATE"
    if children:
        made.ContentSequence = Sequence(list(children))
    return made


def coded(relationship, name, value, *children):
    made = item("CODE", relationship, name, *children)
    made.ConceptCodeSequence = Sequence([code(*value)])
    return made


def text(relationship, name, value, *children):
    made = item("TEXT", relationship, name, *children)
    made.TextValue = value
    return made


def image(relationship, file, name=None):
    made = item("IMAGE", relationship, name)
    reference = Dataset()
    reference.ReferencedSOPClassUID = file.SOPClassUID
    reference.ReferencedSOPInstanceUID = file.SOPInstanceUID
    made.ReferencedSOPSequence = Sequence([reference])
    return made


def by_reference(relationship, *position):
    made = Dataset()
    made.RelationshipType = relationship
    made.ReferencedContentItemIdentifier = list(position)
    return made


FINDING = ("121071", "DCM", "Finding")
PERSON = coded("HAS OBS CONTEXT", ("121005", "DCM", "Observer Type"), ("121006", "DCM", "Person"))
OBSERVER = item("PNAME", "HAS OBS CONTEXT", ("121008", "DCM", "Person Observer Name"))
OBSERVER.PersonName = "Reader^Rita"
CODES = {
    "nv": ("400010006", "SCT", "Melanocytic nevus of skin"),
    "bcc": ("254701007", "SCT", "Basal cell carcinoma of skin"),
    "mel": ("93655004", "SCT", "Malignant melanoma of skin"),
    "mass": ("129788004", "SCT", "Mammographic breast mass"),
    "1": ("397140005", "SCT", "1 - Negative"),
    "4A": ("MA.II.A.5.4A", "BI", "4A - Low suspicion"),
}


def measurement_group(file, finding, options):
    """TID 1501: rows 2 and 3 (tracking), finding, row 9 (source)."""
    modifiers = []
    if options.get("absent"):
        modifiers.append(coded("HAS CONCEPT MOD", ("705057003", "SCT", "Presence"),
                               ("2667000", "SCT", "Absent")))
    return item(
        "CONTAINER", "CONTAINS", ("125007", "DCM", "Measurement Group"),
        text("HAS OBS CONTEXT", ("112039", "DCM", "Tracking Identifier"), "Rita's lesion"),
        coded("CONTAINS", FINDING, CODES[finding], *modifiers),
        image("CONTAINS", file, ("121112", "DCM", "Source of Measurement")))


def tid1500(files, options):
    """TID 1500: a measurement group for each image; findings=a,b in the images' order."""
    findings = options["findings"].split(",")
    groups = [measurement_group(f, name, options) for f, name in zip(files, findings) if name]
    return COMPREHENSIVE, ("126000", "DCM", "Imaging Measurement Report"), [
        PERSON, OBSERVER,
        item("CONTAINER", "CONTAINS", ("126010", "DCM", "Imaging Measurements"), *groups)]


def assessment(files, options):
    """TID 1500 with an assessment of the whole exam, or of one side of it."""
    side = {"left": ("7771000", "SCT", "Left"), "right": ("24028007", "SCT", "Right")}.get(options.get("side"))
    modifiers = [] if side is None else [
        coded("HAS CONCEPT MOD", ("272741003", "SCT", "Laterality"), side)]
    library = item("CONTAINER", "CONTAINS", ("111028", "DCM", "Image Library"),
                   item("CONTAINER", "CONTAINS", ("126200", "DCM", "Image Library Group"),
                        *[image("CONTAINS", f) for f in files]))
    return COMPREHENSIVE, ("126000", "DCM", "Imaging Measurement Report"), [
        PERSON, library,
        item("CONTAINER", "CONTAINS", ("C0034375", "UMLS", "Qualitative Evaluations"),
             coded("CONTAINS", ("111005", "DCM", "Assessment Category"), CODES[options["category"]], *modifiers))]


def cad(files, options):
    """TID 4000: an image library and a single image finding whose geometry refers to it (TID 4006, 4021)."""
    center = item("SCOORD", "HAS PROPERTIES", ("111010", "DCM", "Center"), by_reference("SELECTED FROM", 1, 1, 2))
    center.GraphicType, center.GraphicData = "POINT", [10.0, 10.0]
    return CAD, ("111036", "DCM", "Mammography CAD Report"), [
        item("CONTAINER", "CONTAINS", ("111028", "DCM", "Image Library"), *[image("CONTAINS", f) for f in files]),
        coded("CONTAINS", ("111017", "DCM", "CAD Processing and Findings Summary"),
              ("111242", "DCM", "All algorithms succeeded; with findings"),
              item("CONTAINER", "INFERRED FROM", ("111034", "DCM", "Individual Impression/Recommendation"),
                   coded("CONTAINS", ("111059", "DCM", "Single Image Finding"), CODES["mass"], center)))]


def words(files, options):
    """TID 2000: findings in words."""
    return COMPREHENSIVE, ("18748-4", "LN", "Diagnostic Imaging Report"), [
        PERSON,
        item("CONTAINER", "CONTAINS", ("121070", "DCM", "Findings"),
             text("CONTAINS", FINDING, options["text"],
                  image("INFERRED FROM", files[0], ("121112", "DCM", "Source of Measurement"))))]


def write(kind, path, uid, files, options):
    sop_class, title, content = globals()[kind](files, options)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    report = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate",
                    "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName", "SpecificCharacterSet"):
        if keyword in files[0]:
            setattr(report, keyword, files[0][keyword].value)
    report.SOPClassUID, report.SOPInstanceUID, report.SeriesInstanceUID = sop_class, uid, uid + ".1"
    report.Modality, report.SeriesNumber, report.InstanceNumber = "SR", 1, 1
    report.ContentDate, report.ContentTime = "20260102", "101112"
    report.Manufacturer = "Clinic"
    report.CompletionFlag = options.get("completion", "COMPLETE")
    report.VerificationFlag = "UNVERIFIED"
    report.ValueType, report.ContinuityOfContent = "CONTAINER", "SEPARATE"
    report.ConceptNameCodeSequence = Sequence([code(*title)])
    report.ContentSequence = Sequence(content)
    if "replaces" in options:
        study, series, old = Dataset(), Dataset(), Dataset()
        old.ReferencedSOPClassUID, old.ReferencedSOPInstanceUID = sop_class, options["replaces"]
        series.SeriesInstanceUID, series.ReferencedSOPSequence = uid + ".2", Sequence([old])
        study.StudyInstanceUID, study.ReferencedSeriesSequence = report.StudyInstanceUID, Sequence([series])
        report.PredecessorDocumentsSequence = Sequence([study])
    report.is_little_endian, report.is_implicit_VR = True, False
    report.save_as(path, write_like_original=False)


def main():
    for line in sys.stdin:
        kind, path, uid, *rest = line.split()
        files = [pydicom.dcmread(a, stop_before_pixels=True) for a in rest if "=" not in a]
        write(kind, path, uid, files, dict(a.split("=", 1) for a in rest if "=" in a))


if __name__ == "__main__":
    main()
