// What the objects of dicom/evidence have in common: the modules around the pixels.
#ifndef MEDTL_EVIDENCE_OBJECT_H
#define MEDTL_EVIDENCE_OBJECT_H

#include "medtl/evidence.h"

#include "dicom/bridge_internal.h"

#include <string>

namespace medtl_dicom
{

/// A kind of object.
struct evidence_type {
    medtl_evidence_kind kind;
    const char *name; ///< for UIDs
    const char *sop_class_uid, *modality;
    const char *series_title; ///< after the task's series description
    unsigned series_offset;   ///< of the series number behind the report's: 9101 gives 91011, 91012
    bool series_of_its_own;   ///< one object a series
    void (*write)(DcmItem &object, DcmItem &image, const medtl_evidence_request &request,
                  const std::string &sop_instance_uid); ///< the modules of its own
};

/// The request's UIDs for a kind.
std::string evidence_uid(const evidence_type &type, const medtl_evidence_request &request);
std::string evidence_series_uid(const evidence_type &type, const medtl_evidence_request &request);

/// A UID of something inside an object.
std::string evidence_part_uid(const std::string &sop_instance_uid, const char *part);

/// Patient, Study, Series, Equipment and SOP Common modules.
/// @param image  report_header() of the image.
void write_common(DcmItem &object, DcmItem &image, const evidence_type &type,
                  const medtl_evidence_request &request, const std::string &sop_instance_uid);

/// An item of Source Image Sequence (C.12.4.1) that refers to the request's image and frame.
void write_source_image(DcmItem &item, const medtl_evidence_request &request);

/// Lossy Image Compression, and its ratio and method: what is made from a lossy image is "01" (PS3.3 C.7.6.1.1.5). (lossy.cpp)
/// @param required  The object must state it (type 1); else it states what the image states, or what its syntax proves.
void write_lossy(DcmItem &object, DcmItem &image, const medtl_instance &instance, bool required);

/// Secondary Capture and Segmentation (a file each).
extern const evidence_type secondary_capture, segmentation;

// ---- small writers: all throw a failure where DCMTK refuses ----

void put_text(DcmItem &item, const DcmTagKey &tag, const std::string &value);
void put_number(DcmItem &item, const DcmTagKey &tag, Uint16 value);
/// Whatever is there already stays.
void put_empty(DcmItem &item, const DcmTagKey &tag);
/// Append an item. @return it, borrowed.
DcmItem &add_item(DcmItem &item, const DcmTagKey &sequence);
/// Append a coded item; the texts are ASCII.
void add_code(DcmItem &item, const DcmTagKey &sequence, const char *value, const char *scheme,
              const char *meaning);
/// As it is in `from`; nothing where it is not there or empty. @return whether it was there.
bool copy_if_there(DcmItem &from, const DcmTagKey &tag, DcmItem &to);

} // namespace medtl_dicom

#endif
