// Segmentation (PS3.3 A.51): the salient region as pixels of the source image. DCMTK's dcmseg library is not used: it writes
// its own idea of the patient's character set, and asks for a frame of reference that mammograms and photographs do not have.
#include "object.h"
#include "shapes.h"

#include "core/base/c_locale.h"
#include "dicom/instance_internal.h"
#include "dicom/report/equipment.h"

#include <vector>

namespace medtl_dicom
{
namespace
{

// C.7.6.1 General Image, C.8.20.1 Segmentation Image, C.12.1 (content identification, Table 10-12).
void write_image(DcmItem &object, DcmItem &image, const medtl_instance &source)
{
    const medtl_facts &facts = source.facts;

    put_text(object, DCM_ImageType, "DERIVED\\PRIMARY");
    put_text(object, DCM_BurnedInAnnotation, "NO"); // C.7.6.1: a region shows none of the pixels
    put_text(object, DCM_ContentLabel, "SALIENT_REGION");
    put_text(object, DCM_ContentDescription, "Where the result comes from, not a finding");
    put_empty(object, DCM_ContentCreatorName);
    put_text(object, DCM_SegmentationType, "BINARY");
    write_lossy(object, image, source, true); // C.8.20.2: type 1
    put_number(object, DCM_SamplesPerPixel, 1);
    put_text(object, DCM_PhotometricInterpretation, "MONOCHROME2");
    put_number(object, DCM_Rows, static_cast<Uint16>(facts.rows));
    put_number(object, DCM_Columns, static_cast<Uint16>(facts.columns));
    put_number(object, DCM_BitsAllocated, 1);
    put_number(object, DCM_BitsStored, 1);
    put_number(object, DCM_HighBit, 0);
    put_number(object, DCM_PixelRepresentation, 0);
    put_text(object, DCM_NumberOfFrames, "1");
}

// C.8.20.2: what the one segment is. No code says "salient"; "Selected region" claims no more than is so.
void write_segment(DcmItem &object, const medtl_evidence_request &request)
{
    static const Uint16 orange[3] = {46000, 45000, 49000}; // CIELab as C.10.7.1.1 packs it
    const std::string algorithm = std::string("Grad-CAM of ") +
                                  (request.model_name != nullptr ? request.model_name : "a model");
    const medtl_class &named = request.task->classes[request.class_index];
    const std::string label = std::string("Salient for ") + named.label;
    DcmItem &segment = add_item(object, DCM_SegmentSequence);

    put_number(segment, DCM_SegmentNumber, 1);
    put_text(segment, DCM_SegmentLabel, long_string(label.c_str()));
    put_text(segment, DCM_SegmentAlgorithmType, "AUTOMATIC");
    put_text(segment, DCM_SegmentAlgorithmName, long_string(algorithm.c_str()));
    add_code(segment, DCM_SegmentedPropertyCategoryCodeSequence, "309825002", "SCT",
             "Spatial and Relational Concept"); // CID 7150
    add_code(segment, DCM_SegmentedPropertyTypeCodeSequence, "111099", "DCM", "Selected region");
    require(segment.putAndInsertUint16Array(DCM_RecommendedDisplayCIELabValue, orange, 3),
            MEDTL_E_INTERNAL, "cannot write a segment's colour");
}

// C.7.6.17 Multi-frame Dimension: one frame, indexed by its segment.
void write_dimension(DcmItem &object, const std::string &sop_instance_uid)
{
    const std::string organisation = evidence_part_uid(sop_instance_uid, "dimension");
    DcmItem &index = add_item(object, DCM_DimensionIndexSequence);

    put_text(add_item(object, DCM_DimensionOrganizationSequence), DCM_DimensionOrganizationUID,
             organisation);
    put_text(index, DCM_DimensionOrganizationUID, organisation);
    require(index.putAndInsertTagKey(DCM_DimensionIndexPointer, DCM_ReferencedSegmentNumber),
            MEDTL_E_INTERNAL, "cannot write a dimension");
    require(index.putAndInsertTagKey(DCM_FunctionalGroupPointer, DCM_SegmentIdentificationSequence),
            MEDTL_E_INTERNAL, "cannot write a dimension");
}

// C.7.4.1 Frame of Reference, with the plane in it. The image's own where it has one; else one of this object's alone, whose
// axes are the image's. Viewers look for a plane before they draw.
void write_plane(DcmItem &object, DcmItem &image, const medtl_facts &facts, DcmItem &shared,
                 DcmItem &frame, const std::string &sop_instance_uid)
{
    DcmItem &measures = add_item(shared, DCM_PixelMeasuresSequence);
    char spacing[40];

    if (!copy_if_there(image, DCM_FrameOfReferenceUID, object))
        put_text(object, DCM_FrameOfReferenceUID,
                 evidence_part_uid(sop_instance_uid, "frame of reference"));
    put_empty(object, DCM_PositionReferenceIndicator);
    medtl_snprintf(spacing, sizeof spacing, "%.9g\\%.9g",
                   facts.has_pixel_spacing ? facts.pixel_spacing_mm[0] : 1.0,
                   facts.has_pixel_spacing ? facts.pixel_spacing_mm[1] : 1.0);
    put_text(measures, DCM_PixelSpacing, spacing);
    put_text(measures, DCM_SliceThickness, "1");
    put_text(add_item(shared, DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient,
             "1\\0\\0\\0\\1\\0");
    put_text(add_item(frame, DCM_PlanePositionSequence), DCM_ImagePositionPatient, "0\\0\\0");
}

// C.7.6.16 Multi-frame Functional Groups.
void write_groups(DcmItem &object, DcmItem &image, const medtl_evidence_request &request,
                  const std::string &sop_instance_uid)
{
    const medtl_facts &facts = *medtl_instance_facts(request.instance);
    DcmItem &shared = add_item(object, DCM_SharedFunctionalGroupsSequence);
    DcmItem &frame = add_item(object, DCM_PerFrameFunctionalGroupsSequence);
    DcmItem &content = add_item(frame, DCM_FrameContentSequence);
    DcmItem &derivation = add_item(frame, DCM_DerivationImageSequence);

    require(content.putAndInsertUint32(DCM_DimensionIndexValues, 1), MEDTL_E_INTERNAL,
            "cannot write a frame's dimension");
    put_number(add_item(frame, DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber, 1);
    add_code(derivation, DCM_DerivationCodeSequence, "113076", "DCM", "Segmentation");
    write_source_image(add_item(derivation, DCM_SourceImageSequence), request);
    write_plane(object, image, facts, shared, frame, sop_instance_uid);
}

// C.12.4.2 Common Instance Reference.
void write_reference(DcmItem &object, const medtl_facts &facts)
{
    DcmItem &series = add_item(object, DCM_ReferencedSeriesSequence);
    DcmItem &instance = add_item(series, DCM_ReferencedInstanceSequence);

    put_text(series, DCM_SeriesInstanceUID, facts.series_instance_uid);
    put_text(instance, DCM_ReferencedSOPClassUID, facts.sop_class_uid);
    put_text(instance, DCM_ReferencedSOPInstanceUID, facts.sop_instance_uid);
}

void write_pixels(DcmItem &object, const medtl_evidence_request &request)
{
    const medtl_facts &facts = *medtl_instance_facts(request.instance);
    const size_t bytes = (static_cast<size_t>(facts.rows) * facts.columns + 7) / 8;
    std::vector<unsigned char> bits(bytes + bytes % 2); // of even length: PS3.5 section 8.2
    medtl_error error = {};

    if (medtl_polygon_fill(request.outline, request.outline_count, facts.rows, facts.columns,
                           bits.data(), &error) != MEDTL_OK)
        fail(error.status, "%s", error.message);
    require(object.putAndInsertUint8Array(DCM_PixelData, bits.data(),
                                          static_cast<unsigned long>(bits.size())),
            MEDTL_E_MEMORY, "cannot write a segmentation's pixels");
}

void write_segmentation(DcmItem &object, DcmItem &image, const medtl_evidence_request &request,
                        const std::string &sop_instance_uid)
{
    const medtl_facts &facts = *medtl_instance_facts(request.instance);

    require(request.outline != nullptr && request.outline_count >= 3, MEDTL_E_ARGUMENT,
            "a segmentation needs an outline");
    require(facts.rows <= 65535 && facts.columns <= 65535, MEDTL_E_ARGUMENT,
            "a segmentation has at most 65535 rows and columns");
    write_image(object, image, *request.instance);
    write_segment(object, request);
    write_dimension(object, sop_instance_uid);
    write_groups(object, image, request, sop_instance_uid);
    write_reference(object, facts);
    write_pixels(object, request);
}

} // namespace

const evidence_type segmentation = {
    MEDTL_EVIDENCE_SEGMENTATION,
    "segmentation",
    UID_SegmentationStorage,
    "SEG",
    "salient region",
    2,
    true, // OHIF 3.13 shows only the first of a series, and then no report
    write_segmentation};

} // namespace medtl_dicom
