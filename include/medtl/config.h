/* What a site configures: tasks in XML. Implemented by config/ (the only user of libxml2). */
#ifndef MEDTL_CONFIG_H
#define MEDTL_CONFIG_H

#include "medtl/error.h"
#include "medtl/image.h"
#include "medtl/study.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One class of a task's model. */
typedef struct medtl_class {
    char label[65];          /* as in the model file */
    medtl_code code;         /* the standard concept reported as finding */
    medtl_code private_code; /* the data set's own label under a private scheme; empty: none */
} medtl_class;

/** The kinds of report that a task may ask for, as a set: one bit each. docs/REPORTS.md says which is for whom. */
typedef enum medtl_report_profile {
    MEDTL_PROFILE_TID1500 = 1, /* Comprehensive SR, TID 1500: what viewers show most widely   */
    MEDTL_PROFILE_AIR = 2,     /* the same content as Comprehensive 3D SR, after IHE AI Results */
    MEDTL_PROFILE_CAD = 4,     /* Mammography CAD SR, TID 4000: mammography workstations       */
    MEDTL_PROFILE_TEXT = 8     /* Basic Text SR, TID 2000: any viewer                          */
} medtl_report_profile;
enum { MEDTL_PROFILE_COUNT = 4 };

/** How the views of one breast come together (medtl_report_exam in report.h does it). */
typedef enum medtl_exam_rule {
    MEDTL_EXAM_NONE = 0, /* each image by itself */
    MEDTL_EXAM_MEAN,     /* both are reported; this one is compared to the operating point */
    MEDTL_EXAM_MAXIMUM
} medtl_exam_rule;

/** Which frames of an image with several are analysed. */
typedef enum medtl_frames {
    MEDTL_FRAMES_FIRST,
    MEDTL_FRAMES_MIDDLE, /* frame n / 2 (0-based) of n */
    MEDTL_FRAMES_ALL     /* each by itself; the most suspicious one speaks for the image */
} medtl_frames;

/** One of the views that make a study complete. */
typedef struct medtl_expected_view {
    medtl_laterality laterality; /* LEFT or RIGHT */
    char view[MEDTL_CS_SIZE];    /* "CC", "MLO" ... */
} medtl_expected_view;

/** What a task makes to show where in an image the network found its answer, as a set: one bit each. */
typedef enum medtl_show {
    MEDTL_SHOW_OUTLINE = 1,     /* the region of the image that the report draws */
    MEDTL_SHOW_PICTURE = 2,     /* a Secondary Capture with the heat map          */
    MEDTL_SHOW_SEGMENTATION = 4 /* a Segmentation of the region                   */
} medtl_show;

typedef struct medtl_evidence_rule {
    unsigned objects; /* of medtl_show; 0: none */
    bool always;      /* for every analysed image; else only for those with a finding */
    double level; /* share of the heat map's largest value that makes the region, 0.05 to 0.95 */
} medtl_evidence_rule;

/** A task: which images it takes, how they are normalised, which model reads them, and what the
 *  answer is called. Borrowed from its configuration; immutable. */
typedef struct medtl_task {
    const char *name;       /* "dermoscopy", unique in a configuration; [a-z0-9-]+ */
    const char *title;      /* for people, one line */
    const char *file;       /* the XML file it came from */
    const char *model_path; /* resolved, absolute */
    medtl_frames frames;
    medtl_intent
        preferred_intent;   /* of one exposure stored For Presentation and For Processing, which
                                      is analysed; UNKNOWN: both */
    bool apply_icc_profile; /* colours become sRGB before anything else */
    const medtl_expected_view *expected_views; /* what a complete study has; may be none */
    size_t expected_view_count;
    medtl_normaliser normaliser;
    const medtl_class *classes;
    size_t class_count;
    double threshold;   /* operating point on `positive_class`'s probability, 0 to 1 */
    int positive_class; /* index of the class the threshold is for; -1: none (most probable wins) */
    medtl_code finding_site; /* e.g. (76752008, SCT, "Breast") */
    medtl_code
        probability_concept; /* name of the positive class's NUM item, e.g. (111047, DCM, "Probability of
                                       cancer"); the others are named after their class (docs/REPORTS.md) */
    medtl_code procedure;        /* Procedure reported */
    medtl_code library_modality; /* for the image library, CID 29: (MG, DCM, "Mammography") */
    const char *report_profile;  /* as the task says: "tid1500", "tid1500 cad" */
    unsigned report_profiles;    /* the same as a set of medtl_report_profile; 0: tid1500 */
    uint32_t top_k;              /* so many classes are listed at most; 0: all */
    double
        min_probability; /* less probable classes are not listed (the positive one always is); without
                               a positive class also the operating point: where no class reaches it,
                               there is no finding */
    medtl_exam_rule exam; /* NONE in a task without a positive class */
    bool
        outlines_lesion; /* where no heat map says more, the report outlines the lesion, not the breast */
    const char *series_description;
    uint32_t series_number;
    const char *disclaimer; /* "Supports a clinician, does not diagnose ..." */
    medtl_evidence_rule evidence;
    const char *digest; /* SHA-256 hex of the task's canonical XML (C14N), by content: white space
                                between elements and comments do not count */
} medtl_task;

typedef struct medtl_config medtl_config;

/** Load and validate tasks. Each file is checked against the schema that is part of the library.
 *  @param paths  XML files or folders of them (*.xml, sorted); count 0: the default tasks in the
 *                data folder (medtl_config_data_folder).
 *  @return MEDTL_OK; MEDTL_E_CONFIG with "FILE:LINE: reason" for the first fault; MEDTL_E_IO. */
medtl_status medtl_config_load(const char *const *paths, size_t count, medtl_config **out,
                               medtl_error *err);
void medtl_config_destroy(medtl_config *config); /* NULL is allowed */

size_t medtl_config_task_count(const medtl_config *config);
const medtl_task *medtl_config_task(const medtl_config *config, size_t index);
const medtl_task *medtl_config_find_task(const medtl_config *config,
                                         const char *name); /* or NULL */

/** DICOM keywords that the rules of all tasks look at; hand them to medtl_scan(). Borrowed. */
const char *const *medtl_config_keywords(const medtl_config *config, size_t *count);

/** Where a keyword stands first. Whether the data dictionary has it is not known here (medtl_pipeline_load_config).
 *  @param index      0-based, below the count of medtl_config_keywords().
 *  @param[out] line  1-based.
 *  @return the task's file; borrowed. */
const char *medtl_config_keyword_place(const medtl_config *config, size_t index, long *line);

/** The value of an attribute of the image in question, or NULL (as medtl_instance_value). */
typedef const char *(*medtl_attribute_lookup)(const void *context, const char *keyword);

/** Does a task take an image? Fills `reason` with why or why not ("Modality is not one of MG,
 *  CR"): names of attributes and what the rule asks for, never the image's own values, except those of
 *  SOP class, modality, view, view-modifier, kind, laterality and intent. */
bool medtl_task_accepts(const medtl_task *task, medtl_attribute_lookup lookup, const void *context,
                        char *reason, size_t reason_size);

/** The first task, in the order of the configuration, that takes the image; NULL with a reason
 *  that covers all of them where none does. */
const medtl_task *medtl_config_match(const medtl_config *config, medtl_attribute_lookup lookup,
                                     const void *context, char *reason, size_t reason_size);

/** The folder with tasks/, models/ and schema/: $MEDTL_DATA_DIR, else ../share/medtl beside the
 *  loaded library or program, else the installation's.
 *  @return MEDTL_OK, or MEDTL_E_CONFIG naming the places that were tried. */
medtl_status medtl_config_data_folder(char *out, size_t size, medtl_error *err);

#ifdef __cplusplus
}
#endif
#endif
