// Secondary Capture Image (PS3.3 A.8.1): the heat map over its image, for every viewer that shows pictures.
#include "object.h"
#include "shapes.h"

#include "core/base/c_locale.h"
#include "dicom/attributes.h"
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

/// Defined terms of Body Part Examined (PS3.16 annex L) of which there is one, each between spaces.
constexpr char unpaired[] =
    " "
    "ABDOMEN ABDOMENPELVIS AORTA BACK BLADDER BRAIN CEREBELLUM CERVIX CHEST CHESTABDOMEN "
    "CHESTABDPELVIS COCCYX COLON CSPINE CTSPINE DUODENUM ESOPHAGUS FACE GALLBLADDER HEAD "
    "HEADNECK HEART ILEUM JAW JEJUNUM LARYNX LIVER LSPINE LSSPINE MEDIASTINUM MOUTH NECK "
    "NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV NOSE PANCREAS PELVIS PENIS PHARYNX "
    "PROSTATE RECTUM SCALP SKULL SPINE SPLEEN SSPINE STERNUM STOMACH THYMUS THYROID "
    "TLSPINE TONGUE TRACHEA TSPINE URETHRA UTERUS VAGINA VULVA WHOLEBODY ";

bool is_unpaired(const std::string &body_part)
{
    return !body_part.empty() && body_part.find(' ') == std::string::npos &&
           std::string(unpaired).find(" " + body_part + " ") != std::string::npos;
}

// C.7.6.1 Image Laterality (type 3), C.7.3.1 Laterality (type 2C: of a paired structure without the other). Empty says "paired, side
// unknown": so it is for what may be paired, and wrong for what is not.
void write_side(DcmItem &object, DcmItem &image, medtl_laterality side)
{
    if (side == MEDTL_LATERALITY_LEFT || side == MEDTL_LATERALITY_RIGHT)
        put_text(object, DCM_ImageLaterality, side == MEDTL_LATERALITY_LEFT ? "L" : "R");
    else if (!is_unpaired(text_value(image, DCM_BodyPartExamined)))
        put_empty(object, DCM_Laterality);
}

// C.7.6.1 General Image, C.12.4 General Reference, C.8.6.2 SC Image.
void write_image(DcmItem &object, DcmItem &image, const medtl_evidence_request &request)
{
    put_text(object, DCM_ImageType, "DERIVED\\SECONDARY");
    put_text(object, DCM_ConversionType, "WSD"); // C.8.6.1: made by a workstation
    put_text(object, DCM_DerivationDescription, describe(request));
    write_source_image(add_item(object, DCM_SourceImageSequence), request);
    if (!copy_if_there(image, DCM_PatientOrientation, object))
        put_empty(object, DCM_PatientOrientation); // type 2C: no plane in patient space
    write_side(object, image, medtl_instance_facts(request.instance)->laterality);
    copy_if_there(image, DCM_BodyPartExamined, object);
    copy_if_there(image, DCM_BurnedInAnnotation, object); // the legend names nobody
    copy_if_there(image, DCM_RecognizableVisualFeatures, object);
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
