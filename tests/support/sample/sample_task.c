#include "sample_task.h"

/* Codes as in CID 6063 and CID 222 (mammography) and SNOMED CT (dermoscopy); see docs of the
 * product's own tasks. */
static const medtl_class cancer_or_not[SAMPLE_MAMMOGRAPHY_CLASSES] = {
    {.label = "no-cancer", .code = {"17621005", "SCT", "Normal"}},
    {.label = "cancer", .code = {"21594007", "SCT", "Malignant"}},
};

static const medtl_class lesions[SAMPLE_DERMOSCOPY_CLASSES] = {
    {"akiec",
     {"201101007", "SCT", "Actinic keratosis"},
     {"akiec", "99HAM10000", "Actinic keratosis or Bowen disease"}},
    {"bcc",
     {"254701007", "SCT", "Basal cell carcinoma of skin"},
     {"bcc", "99HAM10000", "Basal cell carcinoma"}},
    {"bkl",
     {"25499005", "SCT", "Seborrheic keratosis"},
     {"bkl", "99HAM10000", "Benign keratosis-like lesion"}},
    {"df", {"72079004", "SCT", "Dermatofibroma"}, {"df", "99HAM10000", "Dermatofibroma"}},
    {"mel", {"93655004", "SCT", "Malignant melanoma of skin"}, {"mel", "99HAM10000", "Melanoma"}},
    {"nv",
     {"400010006", "SCT", "Melanocytic nevus of skin"},
     {"nv", "99HAM10000", "Melanocytic nevus"}},
    {"vasc", {"95324001", "SCT", "Skin lesion"}, {"vasc", "99HAM10000", "Vascular lesion"}},
};

const medtl_task sample_mammography = {
    .name = "mammography",
    .title = "Cancer in a mammogram",
    .file = "mammography.xml",
    .normaliser = {.channels = 1,
                   .height = 320,
                   .width = 320,
                   .crop = MEDTL_CROP_BREAST,
                   .mean = {0.5f, 0.5f, 0.5f},
                   .sd = {0.25f, 0.25f, 0.25f}},
    .classes = cancer_or_not,
    .class_count = SAMPLE_MAMMOGRAPHY_CLASSES,
    .threshold = 0.25,
    .positive_class = 1,
    .finding_site = {"76752008", "SCT", "Breast"},
    .probability_concept = {"111047", "DCM", "Probability of cancer"},
    .procedure = {"363679005", "SCT", "Imaging procedure"},
    .library_modality = {"MG", "DCM", "Mammography"},
    .report_profile = "tid1500",
    .series_description = "Mammography classification",
    .series_number = 901,
    .disclaimer = "Supports a clinician, does not diagnose. For research use.",
    .digest = SAMPLE_DIGEST_A,
};

const medtl_task sample_dermoscopy = {
    .name = "dermoscopy",
    .title = "Kind of skin lesion",
    .file = "dermoscopy.xml",
    .normaliser = {.channels = 3,
                   .height = 160,
                   .width = 160,
                   .crop = MEDTL_CROP_CENTER,
                   .mean = {0.5f, 0.5f, 0.5f},
                   .sd = {0.25f, 0.25f, 0.25f}},
    .classes = lesions,
    .class_count = SAMPLE_DERMOSCOPY_CLASSES,
    .threshold = 0.5,
    .positive_class = -1,
    .finding_site = {"39937001", "SCT", "Skin"},
    .procedure = {"363679005", "SCT", "Imaging procedure"},
    .library_modality = {"XC", "DCM", "External-camera Photography"},
    .report_profile = "tid1500",
    .series_description = "Dermoscopy classification",
    .series_number = 902,
    .disclaimer = "Supports a clinician, does not diagnose. For research use.",
    .digest = SAMPLE_DIGEST_B,
};
