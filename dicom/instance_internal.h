// What the other parts of dicom/ may know of an instance beside its public facts.
#ifndef MEDTL_DICOM_INSTANCE_INTERNAL_H
#define MEDTL_DICOM_INSTANCE_INTERNAL_H

#include "bridge_internal.h"
#include "descriptor.h"

#include "medtl/study.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace medtl_dicom
{
struct reader_core;
}

/// Immutable after reading. Holds no DCMTK object: DCMTK's lists keep a cursor, so that even reading
/// from one is not safe for two threads. isolate/transfer.cpp hands it from process to process.
struct medtl_instance {
    medtl_facts facts = {};
    std::string path;                  ///< or the name given for bytes in memory
    std::vector<unsigned char> memory; ///< the whole file where it was given in memory
    medtl_dicom::descriptor sealed;    ///< instead of `memory`: see medtl_dicom::sealed_copy()
    bool in_memory = false;
    std::shared_ptr<const medtl_dicom::reader_core> reader; ///< none: the defaults, in this process
    std::map<std::string, std::string> values;              ///< by keyword; UTF-8
    std::vector<unsigned char>
        report_header; ///< see medtl_dicom::report_header(); as encoded in the file,
    bool explicit_vr = true, big_endian = false; ///< in this encoding
};

namespace medtl_dicom
{

/// The attributes of the instance that a report on it repeats or describes, as a fresh dataset in the
/// instance's own character set: Specific Character Set and Timezone Offset; the Patient, Clinical Trial
/// Subject, General Study and Patient Study modules; Request Attributes Sequence; and what an Image
/// Library entry says of an image (SOP and series identity, modality, dates and times, Patient Orientation,
/// laterality, anatomy, view, spacing, Frame of Reference, equipment). No pixel data, no private elements.
/// Absent where the image has none: a writer adds empty type 2 attributes itself.
/// May be called by several threads for one instance. Throws failure.
std::unique_ptr<DcmDataset> report_header(const medtl_instance &instance);

/// Copy into `report` what of `header` (from report_header()) identifies patient and study: the part that a
/// report in the same study must repeat unchanged, Specific Character Set included. Throws failure.
void copy_patient_and_study(DcmItem &header, DcmItem &report);

} // namespace medtl_dicom

#endif
