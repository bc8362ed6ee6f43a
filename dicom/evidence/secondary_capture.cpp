// Secondary Capture Image (PS3.3 A.8.1): the heat map over its image, for every viewer that shows pictures.
#include "object.h"
#include "shapes.h"

#include "core/base/c_locale.h"
#include "dicom/instance_internal.h"

namespace medtl_dicom
{
namespace
{

// A picture that frees itself.
struct owned_picture : medtl_picture {
    owned_picture() : medtl_picture{nullptr, 0, 0} {}
    owned_picture(const owned_picture &) = delete;
    owned_picture &operator=(const owned_picture &) = delete;
    ~owned_picture() { medtl_picture_clear(this); }
};

std::string describe(const medtl_evidence_request &request)
{
    char text[160];

    medtl_snprintf(text, sizeof text,
                   "Grad-CAM heat map over the reduced source image; white line: %.0f %% of its "
                   "largest value. For display only, not for measuring.",
                   100.0 * request.level);
    return text;
}

// C.7.6.1 General Image, C.12.4 General Reference, C.8.6.2 SC Image.
void write_image(DcmItem &object, DcmItem &image, const medtl_evidence_request &request)
{
    const medtl_laterality side = medtl_instance_facts(request.instance)->laterality;

    put_text(object, DCM_ImageType, "DERIVED\\SECONDARY");
    put_text(object, DCM_ConversionType, "WSD"); // C.8.6.1: made by a workstation
    put_text(object, DCM_DerivationDescription, describe(request));
    write_source_image(add_item(object, DCM_SourceImageSequence), request);
    if (!copy_if_there(image, DCM_PatientOrientation, object))
        put_empty(object, DCM_PatientOrientation); // type 2C: no plane in patient space
    if (side == MEDTL_LATERALITY_LEFT || side == MEDTL_LATERALITY_RIGHT)
        put_text(object, DCM_ImageLaterality, side == MEDTL_LATERALITY_LEFT ? "L" : "R");
    else
        put_empty(object, DCM_Laterality); // type 2C without the other
    copy_if_there(image, DCM_BodyPartExamined, object);
    copy_if_there(image, DCM_BurnedInAnnotation, object); // the legend names nobody
    write_lossy(object, image, *request.instance, false); // C.7.6.1: type 3
}

// C.7.6.3 Image Pixel.
void write_pixels(DcmItem &object, const medtl_picture &picture)
{
    const size_t size = 3 * static_cast<size_t>(picture.height) * picture.width;

    put_number(object, DCM_SamplesPerPixel, 3);
    put_text(object, DCM_PhotometricInterpretation, "RGB");
    put_number(object, DCM_PlanarConfiguration, 0);
    put_number(object, DCM_Rows, static_cast<Uint16>(picture.height));
    put_number(object, DCM_Columns, static_cast<Uint16>(picture.width));
    put_number(object, DCM_BitsAllocated, 8);
    put_number(object, DCM_BitsStored, 8);
    put_number(object, DCM_HighBit, 7);
    put_number(object, DCM_PixelRepresentation, 0);
    require(object.putAndInsertUint8Array(DCM_PixelData, picture.pixels,
                                          static_cast<unsigned long>(size)),
            MEDTL_E_MEMORY, "cannot write a picture's pixels");
}

void write_secondary_capture(DcmItem &object, DcmItem &image, const medtl_evidence_request &request,
                             const std::string &)
{
    const medtl_facts &facts = *medtl_instance_facts(request.instance);
    owned_picture drawn;
    medtl_error error = {};

    require(request.picture != nullptr && request.picture->pixels != nullptr, MEDTL_E_ARGUMENT,
            "a Secondary Capture needs a picture of the image");
    if (medtl_overlay_draw(&request, facts.rows, facts.columns, &drawn, &error) != MEDTL_OK)
        fail(error.status, "%s", error.message);
    require(drawn.height <= 65535 && drawn.width <= 65535, MEDTL_E_ARGUMENT,
            "a Secondary Capture has at most 65535 rows and columns");
    write_image(object, image, request);
    write_pixels(object, drawn);
}

} // namespace

const evidence_type secondary_capture = {
    MEDTL_EVIDENCE_PICTURE,
    "picture",
    UID_SecondaryCaptureImageStorage,
    "OT", // not the source's: no task shall take it for an image
    "heat map",
    1,
    false,
    write_secondary_capture};

} // namespace medtl_dicom
