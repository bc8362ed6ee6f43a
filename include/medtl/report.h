/* From a plain result to DICOM Structured Reports. Implemented by dicom/report. */
#ifndef MEDTL_REPORT_H
#define MEDTL_REPORT_H

#include "medtl/config.h"
#include "medtl/error.h"
#include "medtl/image.h"
#include "medtl/study.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the result of one image -------------------------------------------------------------- */

typedef enum medtl_result_state {
    MEDTL_RESULT_ANALYSED = 0,
    MEDTL_RESULT_NOT_ANALYSED, /* belongs to the study, and was ruled out: `reason` says why */
    MEDTL_RESULT_FAILED        /* should have been analysed, and could not be: `reason` says why */
} medtl_result_state;

/** Why an image has no result. Each is a coded concept in the report (docs/REPORTS.md lists them). */
typedef enum medtl_reason {
    MEDTL_REASON_NONE = 0,
    MEDTL_REASON_OUT_OF_SCOPE, /* no task takes such an image                                  */
    MEDTL_REASON_DUPLICATE,    /* the same picture was analysed from another object            */
    MEDTL_REASON_QUALITY,      /* the picture cannot be used                                   */
    MEDTL_REASON_FORMAT,       /* the object is damaged, or says what cannot be                */
    MEDTL_REASON_UNSUPPORTED,  /* a kind of object or encoding that is not decoded             */
    MEDTL_REASON_UNREADABLE,   /* the object could not be read                                 */
    MEDTL_REASON_RESOURCES,    /* memory or time ran out                                       */
    MEDTL_REASON_OTHER
} medtl_reason;
enum { MEDTL_REASON_COUNT = 9 };

/** Whatever a reader should know of an analysed image before trusting its result. */
typedef struct medtl_image_flag {
    medtl_code
        code; /* e.g. (111235, DCM, "Unusable - Quality renders image unusable"), or a private one */
    const char *text; /* one line for people; no patient values. NULL: the code's meaning says it */
} medtl_image_flag;

typedef enum medtl_evidence_kind {
    MEDTL_EVIDENCE_PICTURE,      /* an image to look at: the heat map drawn over the source     */
    MEDTL_EVIDENCE_PRESENTATION, /* a presentation state that shows the source with its outline */
    MEDTL_EVIDENCE_SEGMENTATION  /* a segmentation of the salient region                        */
} medtl_evidence_kind;

/** An object that was made from an image to explain its result. In the image's study; the report refers to
 *  it and lists it as evidence, but does not make it. All strings are borrowed. */
typedef struct medtl_evidence_object {
    medtl_evidence_kind kind;
    const char *sop_class_uid, *sop_instance_uid, *series_instance_uid;
} medtl_evidence_object;

/** What a result's outline is of. */
typedef enum medtl_outline_kind {
    MEDTL_OUTLINE_SALIENT = 0, /* the region that weighed most (medtl_evidence_outline) */
    MEDTL_OUTLINE_BREAST,      /* the whole breast (medtl_normalise) */
    MEDTL_OUTLINE_LESION       /* the lesion as a whole (medtl_lesion_outline) */
} medtl_outline_kind;

/** What the pipeline found in one frame of one image. All that is zero or NULL is not said. */
typedef struct medtl_image_result {
    const medtl_instance *instance; /* borrowed */
    uint32_t frame;                 /* 0-based */
    const float *probabilities;     /* task->class_count values that sum to 1; borrowed; only where
                                       ANALYSED */
    medtl_geometry geometry;        /* the part of the image that was looked at */

    medtl_result_state state;
    medtl_reason reason;           /* NONE where ANALYSED */
    const char *reason_text;       /* one line for people; no patient values; borrowed */
    const medtl_image_flag *flags; /* borrowed */
    size_t flag_count;

    const medtl_point
        *outline;         /* a polygon (closed: the first point is not repeated), in pixels of the
                                   image; borrowed. NULL: the geometry's rectangle stands for it */
    size_t outline_count; /* at least 3 where there is one */
    medtl_outline_kind outline_kind;       /* what the outline is of */
    const medtl_evidence_object *evidence; /* borrowed */
    size_t evidence_count;
} medtl_image_result;

/* ---- several images of one exam ----------------------------------------------------------- */

/** The probability of the task's positive class in one breast, or in the exam. */
typedef struct medtl_exam_result {
    medtl_laterality side; /* of the breast; MEDTL_LATERALITY_BOTH: the exam as a whole */
    size_t views;          /* analysed images that it comes from, at least one */
    double mean, maximum;  /* 0 to 1 */
    bool above_threshold;  /* by the task's rule (task->exam) */
} medtl_exam_result;

enum { MEDTL_EXAM_RESULT_LIMIT = 3 };

/** Right breast, left breast, exam: those that there is a result for. A breast's mean and maximum are over
 *  its analysed views (Image Laterality R or L). The exam's mean is the larger of the breasts' means, since a
 *  finding in one breast must not vanish in the other's; its maximum is over all views. Images without a side
 *  come together as if they were a third breast, which is not listed by itself.
 *  @return How many were filled in: 0 where the task asks for none (task->exam) or nothing was analysed. */
size_t medtl_report_exam(const medtl_task *task, const medtl_image_result *results, size_t count,
                         medtl_exam_result out[MEDTL_EXAM_RESULT_LIMIT]) MEDTL_NOEXCEPT;

/* ---- reports -------------------------------------------------------------------------------- */

/** One report: one study, one task, its images, one profile. Everything is borrowed. */
typedef struct medtl_report_request {
    const medtl_task *task;
    medtl_report_profile profile; /* 0: tid1500 */
    const char *model_name, *model_version, *model_sha256;
    const char *model_arithmetic; /* "int8", ...; NULL or "float32": not said */
    const char *software_version;
    const medtl_image_result *results; /* at least one; all of one study */
    size_t result_count;
    const medtl_instance *const
        *predecessors; /* earlier reports that this one takes the place of */
    size_t predecessor_count;
    const char
        *content_date_time; /* "YYYYMMDDHHMMSS" local time; NULL: from the images (see below) */
} medtl_report_request;

/** A finished report: a complete DICOM file in memory. */
typedef struct medtl_report {
    unsigned char *bytes; /* owned */
    size_t size;
    char sop_instance_uid[MEDTL_UID_SIZE];
    char series_instance_uid[MEDTL_UID_SIZE];
    char study_instance_uid[MEDTL_UID_SIZE];
} medtl_report;

/** Build a report (Explicit VR Little Endian) of the request's profile. docs/REPORTS.md says what stands in
 *  each.
 *
 *  The same request gives the same bytes. UIDs are name-based (UUID version 5 of RFC 4122, SHA-1, in a name
 *  space of medtl's, under 2.25). The instance's follows from the images with their frames (in whatever
 *  order), the model's digest, the task's digest, the software version and the profile; the series' from the
 *  study, the task's name, the model's digest and the profile. So a rerun replaces its report and never piles
 *  up. Content Date and Time, where none is given, are the latest that the images state (Acquisition, Content,
 *  Series or Study Date and Time, the first of them that an image has); 19000101 000000 where none states any.
 *
 *  Analysed images come first, in the request's order, then those without a result; of the latter, what is of
 *  another study or patient or has no Series Instance UID cannot be referred to and is left out.
 *  Patients are told apart by Patient ID and its issuer; by name and birth date where the IDs are empty, and
 *  together with the ID where only one image has an issuer.
 *
 *  Patient and study attributes are the first image's, byte for byte, in its character set; only a date,
 *  time, age, number or coded string that its value representation forbids ("00000000" as a birth date)
 *  is left out. Requests (orders) come from all images and are brought into that character set; what has no
 *  place in it is left empty. Texts of the task (labels, meanings, disclaimer) are written as ASCII, the part common to
 *  all character sets: other characters become '?'. Numeric values have two decimals (or, near zero,
 *  two significant digits), with the exact value beside them.
 *
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for images of several studies or patients, the same frame twice,
 *          probabilities that are none, a class without a code, or a date that is none; MEDTL_E_UNSUPPORTED
 *          for a profile that is not known, or that does not suit the task (cad without mammography);
 *          MEDTL_E_MEMORY; MEDTL_E_INTERNAL where DCMTK refuses an item.
 *  May be called by several threads (the content trees are built one at a time). */
medtl_status medtl_report_create(const medtl_report_request *request, medtl_report **out,
                                 medtl_error *err) MEDTL_NOEXCEPT;
void medtl_report_destroy(medtl_report *report) MEDTL_NOEXCEPT; /* NULL is allowed */

/** The SOP Instance UID that medtl_report_create() will give, without building the report: how a
 *  resumed run knows what is already there. Uses only task, profile, model_sha256, software_version and
 *  which frames of which images are in results. */
medtl_status medtl_report_uid(const medtl_report_request *request,
                              char sop_instance_uid[MEDTL_UID_SIZE],
                              medtl_error *err) MEDTL_NOEXCEPT;

/** "tid1500", "air", "cad", "text"; never NULL. */
const char *medtl_report_profile_name(medtl_report_profile profile) MEDTL_NOEXCEPT;

/** The class that an image is reported as: the task's positive class where its probability reaches the
 *  threshold, else the most probable of the others; the most probable of all where the task has no
 *  positive class. Of equal ones the first.
 *  @param probabilities  task->class_count values.
 *  @return Its index. */
size_t medtl_report_decision(const medtl_task *task, const float *probabilities) MEDTL_NOEXCEPT;

/** Is that a finding: does the positive class reach the threshold, or, without a positive class, the most
 *  probable one task->min_probability? */
bool medtl_report_is_finding(const medtl_task *task, const float *probabilities) MEDTL_NOEXCEPT;

/** Was this instance made by medtl from a result: a report, or an object that explains one?
 *  (Manufacturer, Manufacturer's Model Name and UID root.) */
bool medtl_report_is_ours(const medtl_instance *instance) MEDTL_NOEXCEPT;

/** Is `earlier` a report of ours that the requested one would take the place of: of the same study, kind of
 *  object and series number (a task has its own), under another UID, and not made later, that is, not itself
 *  naming the requested one as its predecessor? */
bool medtl_report_precedes(const medtl_instance *earlier,
                           const medtl_report_request *request) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
