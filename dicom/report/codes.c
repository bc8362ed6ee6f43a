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

    [MEDTL_CONCEPT_NOT_ANALYSED] = {"not-analysed", "99MEDTL", "Not analysed"},
    [MEDTL_CONCEPT_ANALYSIS_FAILED] = {"failed", "99MEDTL", "Analysis failed"},
    [MEDTL_CONCEPT_REASON] = {"reason", "99MEDTL", "Reason for no result"},
    [MEDTL_CONCEPT_REMARK] = {"remark", "99MEDTL", "Remark on the image"},
    [MEDTL_CONCEPT_SUMMARY] = {"111017", "DCM", "CAD Processing and Findings Summary"},
    /* CID 6047 */
    [MEDTL_CONCEPT_ALL_WITHOUT_FINDINGS] = {"111241", "DCM",
                                            "All algorithms succeeded; without findings"},
    [MEDTL_CONCEPT_ALL_WITH_FINDINGS] = {"111242", "DCM",
                                         "All algorithms succeeded; with findings"},
    [MEDTL_CONCEPT_PARTLY_WITHOUT_FINDINGS] = {"111243", "DCM",
                                               "Not all algorithms succeeded; without findings"},
    [MEDTL_CONCEPT_PARTLY_WITH_FINDINGS] = {"111244", "DCM",
                                            "Not all algorithms succeeded; with findings"},
    [MEDTL_CONCEPT_NONE_SUCCEEDED] = {"111245", "DCM", "No algorithms succeeded; without findings"},

    [MEDTL_CONCEPT_ILLUSTRATION] = {"121200", "DCM", "Illustration of ROI"},
    [MEDTL_CONCEPT_REFERENCED_SEGMENT] = {"121191", "DCM", "Referenced Segment"},
    [MEDTL_CONCEPT_SEGMENTATION_FRAME] = {"121214", "DCM", "Referenced Segmentation Frame"},
    [MEDTL_CONCEPT_SEGMENTATION_SOURCE] = {"121233", "DCM", "Source image for segmentation"},

    [MEDTL_CONCEPT_DERIVED_MEASUREMENTS] = {"126011", "DCM", "Derived Imaging Measurements"},
    [MEDTL_CONCEPT_DERIVATION] = {"121401", "DCM", "Derivation"},
    [MEDTL_CONCEPT_MEAN] = {"373098007", "SCT", "Mean"},
    [MEDTL_CONCEPT_MAXIMUM] = {"56851009", "SCT", "Maximum"},

    [MEDTL_CONCEPT_CAD_REPORT] = {"111036", "DCM", "Mammography CAD Report"},
    [MEDTL_CONCEPT_RIGHT_BREAST] = {"73056007", "SCT", "Right breast"},
    [MEDTL_CONCEPT_LEFT_BREAST] = {"80248007", "SCT", "Left breast"},
    [MEDTL_CONCEPT_BOTH_BREASTS] = {"63762007", "SCT", "Both breasts"},
    [MEDTL_CONCEPT_STUDY_DATE] = {"111060", "DCM", "Study Date"},
    [MEDTL_CONCEPT_STUDY_TIME] = {"111061", "DCM", "Study Time"},
    [MEDTL_CONCEPT_CONTENT_DATE] = {"111018", "DCM", "Content Date"},
    [MEDTL_CONCEPT_CONTENT_TIME] = {"111019", "DCM", "Content Time"},
    [MEDTL_CONCEPT_IMPRESSION_DESCRIPTION] = {"111033", "DCM", "Impression Description"},
    [MEDTL_CONCEPT_INDIVIDUAL_IMPRESSION] = {"111034", "DCM",
                                             "Individual Impression/Recommendation"},
    [MEDTL_CONCEPT_RENDERING_INTENT] = {"111056", "DCM", "Rendering Intent"},
    [MEDTL_CONCEPT_PRESENTATION_REQUIRED] =
        {"111150", "DCM", "Presentation Required: Rendering device is expected to present"},
    [MEDTL_CONCEPT_NOT_FOR_PRESENTATION] =
        {"111152", "DCM", "Not for Presentation: Rendering device expected not to present"},
    [MEDTL_CONCEPT_SINGLE_IMAGE_FINDING] = {"111059", "DCM", "Single Image Finding"},
    [MEDTL_CONCEPT_SELECTED_REGION] = {"111099", "DCM", "Selected region"},
    [MEDTL_CONCEPT_SELECTED_REGION_DESCRIPTION] = {"111058", "DCM", "Selected Region Description"},
    [MEDTL_CONCEPT_CERTAINTY_OF_FINDING] = {"111012", "DCM", "Certainty of Finding"},
    [MEDTL_CONCEPT_CENTER] = {"111010", "DCM", "Center"},
    [MEDTL_CONCEPT_OUTLINE] = {"111041", "DCM", "Outline"},
    [MEDTL_CONCEPT_SUMMARY_OF_DETECTIONS] = {"111064", "DCM", "Summary of Detections"},
    [MEDTL_CONCEPT_SUMMARY_OF_ANALYSES] = {"111065", "DCM", "Summary of Analyses"},
    /* CID 6042 */
    [MEDTL_CONCEPT_SUCCEEDED] = {"111222", "DCM", "Succeeded"},
    [MEDTL_CONCEPT_PARTIALLY_SUCCEEDED] = {"111223", "DCM", "Partially Succeeded"},
    [MEDTL_CONCEPT_FAILED] = {"111224", "DCM", "Failed"},
    [MEDTL_CONCEPT_NOT_ATTEMPTED] = {"111225", "DCM", "Not Attempted"},
    [MEDTL_CONCEPT_SUCCESSFUL_DETECTIONS] = {"111063", "DCM", "Successful Detections"},
    [MEDTL_CONCEPT_FAILED_DETECTIONS] = {"111025", "DCM", "Failed Detections"},
    [MEDTL_CONCEPT_DETECTION_PERFORMED] = {"111022", "DCM", "Detection Performed"},
    [MEDTL_CONCEPT_SUCCESSFUL_ANALYSES] = {"111062", "DCM", "Successful Analyses"},
    [MEDTL_CONCEPT_FAILED_ANALYSES] = {"111024", "DCM", "Failed Analyses"},
    [MEDTL_CONCEPT_ANALYSIS_PERFORMED] = {"111004", "DCM", "Analysis Performed"},
    /* CID 6043 */
    [MEDTL_CONCEPT_OVERALL_IMPRESSION_ANALYSIS] = {"111234", "DCM",
                                                   "Overall Impression / Recommendation Analysis"},

    [MEDTL_CONCEPT_DIAGNOSTIC_IMAGING_REPORT] = {"18748-4", "LN", "Diagnostic Imaging Report"},
    [MEDTL_CONCEPT_PROCEDURE_DESCRIPTIONS] = {"121064", "DCM", "Current Procedure Descriptions"},
    [MEDTL_CONCEPT_PROCEDURE_DESCRIPTION] = {"121065", "DCM", "Procedure Description"},
    [MEDTL_CONCEPT_FINDINGS] = {"121070", "DCM", "Findings"},
    [MEDTL_CONCEPT_IMPRESSIONS] = {"121072", "DCM", "Impressions"},
    [MEDTL_CONCEPT_IMPRESSION] = {"121073", "DCM", "Impression"},
    [MEDTL_CONCEPT_REPORT_SUMMARY] = {"121111", "DCM", "Summary"},
    [MEDTL_CONCEPT_SOURCE_OF_MEASUREMENT] = {"121112", "DCM", "Source of Measurement"},

    [MEDTL_CONCEPT_PERCENT] = {"%", "UCUM", "Percent"},
    [MEDTL_CONCEPT_MILLIMETER] = {"mm", "UCUM", "millimeter"},
    [MEDTL_CONCEPT_PIXELS] = {"{pixels}", "UCUM", "pixels"},
};

/* DICOM's codes for why a procedure step ended early (PS3.16 annex D), where one says it; else ours. */
static const medtl_code reasons[MEDTL_REASON_COUNT] = {
    [MEDTL_REASON_NONE] = {"110513", "DCM", "Discontinued for unspecified reason"},
    [MEDTL_REASON_OUT_OF_SCOPE] = {"out-of-scope", "99MEDTL", "No task takes such an image"},
    [MEDTL_REASON_DUPLICATE] = {"duplicate", "99MEDTL", "Analysed from another object"},
    [MEDTL_REASON_QUALITY] = {"110531", "DCM", "Insufficient quality for interpretation"},
    [MEDTL_REASON_FORMAT] = {"110521", "DCM", "Objects incorrectly formatted"},
    [MEDTL_REASON_UNSUPPORTED] = {"110522", "DCM", "Object Types not supported"},
    [MEDTL_REASON_UNREADABLE] = {"110524", "DCM", "Media Failure"},
    [MEDTL_REASON_RESOURCES] = {"110527", "DCM", "Resource inadequate"},
    [MEDTL_REASON_OTHER] = {"110513", "DCM", "Discontinued for unspecified reason"},
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

const medtl_code *medtl_reason_code(medtl_reason reason)
{
    const bool known = (int)reason >= 0 && (int)reason < MEDTL_REASON_COUNT;

    return &reasons[known ? reason : MEDTL_REASON_OTHER];
}

const medtl_code *medtl_breast_code(medtl_laterality laterality)
{
    switch (laterality) {
    case MEDTL_LATERALITY_LEFT:
        return &concepts[MEDTL_CONCEPT_LEFT_BREAST];
    case MEDTL_LATERALITY_RIGHT:
        return &concepts[MEDTL_CONCEPT_RIGHT_BREAST];
    case MEDTL_LATERALITY_BOTH:
        return &concepts[MEDTL_CONCEPT_BOTH_BREASTS];
    case MEDTL_LATERALITY_NONE:
        break;
    }
    return NULL;
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
