/* Code values and meanings are those of PS3.16 (annex D for scheme DCM) and of SNOMED CT, UCUM and
 * UMLS as the templates of PS3.16 cite them. */
#include "codes.h"

#include <string.h>

static const medtl_code concepts[MEDTL_CONCEPT_COUNT] = {
    [MEDTL_CONCEPT_IMAGING_MEASUREMENT_REPORT] = {"126000", "DCM", "Imaging Measurement Report"},
    [MEDTL_CONCEPT_IMAGE_LIBRARY] = {"111028", "DCM", "Image Library"},
    [MEDTL_CONCEPT_IMAGE_LIBRARY_GROUP] = {"126200", "DCM", "Image Library Group"},
    [MEDTL_CONCEPT_IMAGING_MEASUREMENTS] = {"126010", "DCM", "Imaging Measurements"},
    [MEDTL_CONCEPT_MEASUREMENT_GROUP] = {"125007", "DCM", "Measurement Group"},
    [MEDTL_CONCEPT_QUALITATIVE_EVALUATIONS] = {"C0034375", "UMLS", "Qualitative Evaluations"},

    [MEDTL_CONCEPT_LANGUAGE] = {"121049", "DCM", "Language of Content Item and Descendants"},
    [MEDTL_CONCEPT_ENGLISH] = {"en-US", "RFC5646", "English (United States)"},
    [MEDTL_CONCEPT_OBSERVER_TYPE] = {"121005", "DCM", "Observer Type"},
    [MEDTL_CONCEPT_DEVICE] = {"121007", "DCM", "Device"},
    [MEDTL_CONCEPT_DEVICE_UID] = {"121012", "DCM", "Device Observer UID"},
    [MEDTL_CONCEPT_DEVICE_NAME] = {"121013", "DCM", "Device Observer Name"},
    [MEDTL_CONCEPT_DEVICE_MANUFACTURER] = {"121014", "DCM", "Device Observer Manufacturer"},
    [MEDTL_CONCEPT_DEVICE_MODEL] = {"121015", "DCM", "Device Observer Model Name"},
    [MEDTL_CONCEPT_DEVICE_SERIAL] = {"121016", "DCM", "Device Observer Serial Number"},
    [MEDTL_CONCEPT_PROCEDURE_REPORTED] = {"121058", "DCM", "Procedure reported"},
    [MEDTL_CONCEPT_IMAGING_PROCEDURE] = {"363679005", "SCT", "Imaging procedure"},
    [MEDTL_CONCEPT_PROCESSING_EQUIPMENT] = {"109102", "DCM", "Processing Equipment"},

    [MEDTL_CONCEPT_ALGORITHM_NAME] = {"111001", "DCM", "Algorithm Name"},
    [MEDTL_CONCEPT_ALGORITHM_VERSION] = {"111003", "DCM", "Algorithm Version"},
    [MEDTL_CONCEPT_ALGORITHM_PARAMETERS] = {"111002", "DCM", "Algorithm Parameters"},
    [MEDTL_CONCEPT_ALGORITHM_FAMILY] = {"111000", "DCM", "Algorithm Family"},
    [MEDTL_CONCEPT_ARTIFICIAL_INTELLIGENCE] = {"123110", "DCM", "Artificial Intelligence"},

    [MEDTL_CONCEPT_ORIGINAL_SOURCE] = {"111040", "DCM", "Original Source"},
    [MEDTL_CONCEPT_MODALITY] = {"121139", "DCM", "Modality"},
    [MEDTL_CONCEPT_IMAGE_LATERALITY] = {"111027", "DCM", "Image Laterality"},
    [MEDTL_CONCEPT_IMAGE_VIEW] = {"111031", "DCM", "Image View"},
    [MEDTL_CONCEPT_PATIENT_ORIENTATION_ROW] = {"111044", "DCM", "Patient Orientation Row"},
    [MEDTL_CONCEPT_PATIENT_ORIENTATION_COLUMN] = {"111043", "DCM", "Patient Orientation Column"},
    [MEDTL_CONCEPT_HORIZONTAL_PIXEL_SPACING] = {"111026", "DCM", "Horizontal Pixel Spacing"},
    [MEDTL_CONCEPT_VERTICAL_PIXEL_SPACING] = {"111066", "DCM", "Vertical Pixel Spacing"},
    [MEDTL_CONCEPT_PIXEL_DATA_ROWS] = {"110910", "DCM", "Pixel Data Rows"},
    [MEDTL_CONCEPT_PIXEL_DATA_COLUMNS] = {"110911", "DCM", "Pixel Data Columns"},

    [MEDTL_CONCEPT_TRACKING_IDENTIFIER] = {"112039", "DCM", "Tracking Identifier"},
    [MEDTL_CONCEPT_TRACKING_UID] = {"112040", "DCM", "Tracking Unique Identifier"},
    [MEDTL_CONCEPT_FINDING] = {"121071", "DCM", "Finding"},
    [MEDTL_CONCEPT_FINDING_SITE] = {"363698007", "SCT", "Finding Site"},
    [MEDTL_CONCEPT_LATERALITY] = {"272741003", "SCT", "Laterality"},
    [MEDTL_CONCEPT_LEFT] = {"7771000", "SCT", "Left"},
    [MEDTL_CONCEPT_RIGHT] = {"24028007", "SCT", "Right"},
    [MEDTL_CONCEPT_BILATERAL] = {"51440002", "SCT", "Right and left"},
    [MEDTL_CONCEPT_IMAGE_REGION] = {"111030", "DCM", "Image Region"},
    [MEDTL_CONCEPT_COMMENT] = {"121106", "DCM", "Comment"},

    [MEDTL_CONCEPT_PERCENT] = {"%", "UCUM", "Percent"},
    [MEDTL_CONCEPT_MILLIMETER] = {"mm", "UCUM", "millimeter"},
    [MEDTL_CONCEPT_PIXELS] = {"{pixels}", "UCUM", "pixels"},
};

/* CID 29 Acquisition Modality: those that a mammogram, a photograph or a radiograph can have. Not
 * (DMS, DCM, "Dermoscopy"): it joined the group after the edition that validators hold, so it is
 * listed as the task says. */
static const struct {
    medtl_code code;
    bool projection;
} modalities[] = {
    {{"MG", "DCM", "Mammography"}, true},
    {{"CR", "DCM", "Computed Radiography"}, true},
    {{"DX", "DCM", "Digital Radiography"}, true},
    {{"RG", "DCM", "Radiographic imaging"}, true},
    {{"XC", "DCM", "External-camera Photography"}, false},
    {{"GM", "DCM", "General Microscopy"}, false},
    {{"ES", "DCM", "Endoscopy"}, false},
    {{"US", "DCM", "Ultrasound"}, false},
};
enum { MODALITY_COUNT = sizeof modalities / sizeof modalities[0] };

const medtl_code *medtl_concept_code(medtl_concept concept_id) { return &concepts[concept_id]; }

const medtl_code *medtl_modality_code(const char *modality)
{
    for (size_t i = 0; i < MODALITY_COUNT; i++)
        if (strcmp(modalities[i].code.value, modality) == 0)
            return &modalities[i].code;
    return NULL;
}

bool medtl_modality_is_projection(const char *modality)
{
    for (size_t i = 0; i < MODALITY_COUNT; i++)
        if (strcmp(modalities[i].code.value, modality) == 0)
            return modalities[i].projection;
    return false;
}

const medtl_code *medtl_laterality_code(medtl_laterality laterality)
{
    switch (laterality) {
    case MEDTL_LATERALITY_LEFT:
        return &concepts[MEDTL_CONCEPT_LEFT];
    case MEDTL_LATERALITY_RIGHT:
        return &concepts[MEDTL_CONCEPT_RIGHT];
    case MEDTL_LATERALITY_BOTH:
        return &concepts[MEDTL_CONCEPT_BILATERAL];
    case MEDTL_LATERALITY_NONE:
        break;
    }
    return NULL;
}
