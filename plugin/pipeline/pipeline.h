/* The way of a study, shared by every face of medtl: files or bytes in, records and Structured
 * Reports out. The command line, the plugin's C ABI and the Orthanc plugin all drive this. */
#ifndef MEDTL_PIPELINE_H
#define MEDTL_PIPELINE_H

#include "medtl/config.h"
#include "medtl/error.h"
#include "medtl/image.h"
#include "medtl/model.h"
#include "medtl/reader.h"
#include "medtl/report.h"
#include "medtl/study.h"
#include "where.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what is loaded once ---------------------------------------------------------------- */

/** A configuration with its models, checked against each other. Immutable, so any number of
 *  batches in any number of threads may share it. */
typedef struct medtl_pipeline medtl_pipeline;

/** As medtl_config_load(), and the keywords of the rules are looked up in the data dictionary. Wants medtl_dicom_start().
 *  @return also MEDTL_E_CONFIG with "FILE:LINE: reason" for a keyword that is none. */
medtl_status medtl_pipeline_load_config(const char *const *paths, size_t count, medtl_config **out,
                                        medtl_error *err) MEDTL_NOEXCEPT;

/** Load tasks and models, and start DICOM (medtl_dicom_start).
 *  A model fits its task when the class labels are equal and in the same order, the normaliser's
 *  canonical text is equal, and the input has the normaliser's channels, height and width.
 *  @param config_paths  As medtl_config_load(): XML files or folders; count 0: the default tasks.
 *  @return MEDTL_OK; MEDTL_E_CONFIG ("FILE:LINE: reason", or a model that does not fit its task, or
 *          a missing data dictionary); MEDTL_E_IO, MEDTL_E_FORMAT, MEDTL_E_UNSUPPORTED for a model
 *          file; MEDTL_E_MEMORY. */
medtl_status medtl_pipeline_create(const char *const *config_paths, size_t count,
                                   medtl_pipeline **out, medtl_error *err) MEDTL_NOEXCEPT;
/** NULL is allowed. No batch of it may be left. */
void medtl_pipeline_destroy(medtl_pipeline *pipeline) MEDTL_NOEXCEPT;

/** How its batches read files: limits, isolation (see reader.h). Before the first batch; without it the default
 *  limits hold, and files are read in this process.
 *  @return as medtl_reader_create(). */
medtl_status medtl_pipeline_read_with(medtl_pipeline *pipeline, const medtl_reader_options *options,
                                      medtl_error *err) MEDTL_NOEXCEPT;
/** For those who read beside the pipeline. Borrowed; NULL: none was set, which every reader function takes. */
medtl_reader *medtl_pipeline_reader(const medtl_pipeline *pipeline) MEDTL_NOEXCEPT;

/** Borrowed from the pipeline, like all that follows here. */
const medtl_config *medtl_pipeline_config(const medtl_pipeline *pipeline) MEDTL_NOEXCEPT;
size_t medtl_pipeline_task_count(const medtl_pipeline *pipeline) MEDTL_NOEXCEPT;
/** @param index  0-based, below medtl_pipeline_task_count(); in the configuration's order. */
const medtl_task *medtl_pipeline_task(const medtl_pipeline *pipeline, size_t index) MEDTL_NOEXCEPT;
const medtl_model *medtl_pipeline_model(const medtl_pipeline *pipeline,
                                        size_t index) MEDTL_NOEXCEPT;
const medtl_model_info *medtl_pipeline_model_info(const medtl_pipeline *pipeline,
                                                  size_t index) MEDTL_NOEXCEPT;
/** What makes the heat maps of a task that asks for evidence (task->evidence); else NULL. */
medtl_explainer *medtl_pipeline_explainer(const medtl_pipeline *pipeline,
                                          size_t index) MEDTL_NOEXCEPT;

/** The version of medtl, "0.1.0". */
const char *medtl_pipeline_version(void) MEDTL_NOEXCEPT;

/** Does a model fit a task (see medtl_pipeline_create)?
 *  @return MEDTL_OK, or MEDTL_E_CONFIG with what differs. */
medtl_status medtl_pipeline_check_model(const medtl_task *task, const medtl_model_info *model,
                                        medtl_error *err) MEDTL_NOEXCEPT;

/** Read a frame as a task wants it: decoded, and in sRGB where the task asks for ICC profiles to be applied.
 *  @param frame  0-based. @return As medtl_image_read(). */
medtl_status medtl_pipeline_read_image(const medtl_task *task, const medtl_instance *instance,
                                       uint32_t frame, medtl_image **out,
                                       medtl_error *err) MEDTL_NOEXCEPT;

/** Which frames of an image with `frames` of them a task looks at. @param[out] count  At least 1.
 *  @return the first, 0-based. */
uint32_t medtl_pipeline_frames(const medtl_task *task, uint32_t frames,
                               uint32_t *count) MEDTL_NOEXCEPT;

/** Are these 1 to 64 digits and dots, as PS3.5 section 9.1 wants a UID (leading zeros let pass)? Then it
 *  is also safe as a file name. */
bool medtl_uid_is_valid(const char *uid) MEDTL_NOEXCEPT;

/** Is an object the business of a run, though no task takes it: an image of a task's modality, which the report
 *  says so of, or an earlier report of medtl's? A host that keeps other objects to itself spares memory. */
bool medtl_pipeline_wants(const medtl_pipeline *pipeline,
                          const medtl_instance *instance) MEDTL_NOEXCEPT;

/* ---- one run ---------------------------------------------------------------------------- */

/** One run over some objects. Used by one thread at a time; only medtl_batch_cancel() may be
 *  called from another (or from a signal handler) while it runs. */
typedef struct medtl_batch medtl_batch;

/** What became of one object. Every object that was added or found gets exactly one. */
typedef enum medtl_outcome {
    MEDTL_OUTCOME_ANALYSED,         /* has probabilities, and is in a report unless that failed */
    MEDTL_OUTCOME_ALREADY_REPORTED, /* the caller knows the report that this run would make     */
    MEDTL_OUTCOME_NOT_TAKEN,        /* DICOM, but ruled out: no task, our own report, no image,
                                       or a copy of an object that was analysed                 */
    MEDTL_OUTCOME_FAILED,           /* should have been analysed, and could not be              */
    MEDTL_OUTCOME_IGNORED,          /* not DICOM, or a DICOMDIR                                 */
    MEDTL_OUTCOME_CANCELLED         /* the run was stopped before its turn                      */
} medtl_outcome;
enum { MEDTL_OUTCOME_COUNT = 6 };

/** A short, stable, machine-readable name: "analysed", "already-reported", "not-taken", "failed",
 *  "ignored", "cancelled". Never NULL. */
const char *medtl_outcome_name(medtl_outcome outcome) MEDTL_NOEXCEPT;

/** What was found in one frame. */
typedef struct medtl_frame_result {
    uint32_t frame;             /* 0-based */
    const float *probabilities; /* task->class_count values that sum to 1 */
    int predicted_class;        /* medtl_report_decision */
    bool above_threshold;       /* of the task's positive class; false where it has none */
    medtl_geometry geometry;    /* the part of the frame that was looked at */
    const medtl_point *whole;   /* outline of the breast (medtl_normalise) or the lesion
                                   (medtl_lesion_outline); NULL: none was looked for, or found */
    size_t whole_count;
    medtl_outline_kind whole_kind;
} medtl_frame_result;

/** One object after the run. Borrowed from its batch; strings are UTF-8 except `path` (bytes as
 *  the system gave them), never NULL, "" where unknown. */
typedef struct medtl_record {
    const char *path; /* or the name given for bytes in memory */
    medtl_outcome outcome;
    medtl_status status; /* MEDTL_OK unless FAILED, IGNORED or CANCELLED */
    const char *reason;  /* one line; "" where there is nothing to explain */
    const char *study_instance_uid, *series_instance_uid, *sop_instance_uid, *sop_class_uid;
    const char *sop_class;                    /* name in the Standard's dictionary */
    const char *modality, *view, *laterality; /* "MG", "CC", "L" */
    const medtl_task *task;                   /* that took the image; NULL: none */
    const float *probabilities; /* task->class_count values that sum to 1; NULL unless ANALYSED */
    int predicted_class;  /* what the report names (medtl_report_decision); -1 unless ANALYSED */
    bool above_threshold; /* of the task's positive class; false where it has none */
    uint32_t
        frame; /* 0-based: the frame that was analysed; of several, the one whose positive class
                       (without one: whose predicted class) is most probable, and this record is its */
    medtl_geometry geometry;          /* the part of the frame that was looked at */
    const medtl_frame_result *frames; /* all frames that were analysed, in order; NULL: none */
    size_t frame_count;
    const medtl_facts *facts; /* NULL unless a task takes the object */
    const char *duplicate_of; /* path of the object with the same exposure that was analysed in its
                                 place; "": it is none */
    const medtl_evidence_object *evidence; /* what was made to explain the result */
    size_t evidence_count;
} medtl_record;

/** A finished report: one study, one task, one of the task's profiles; or an object that explains the result of one
 *  image and that a report will refer to. Borrowed for the time of the sink's call. */
typedef struct medtl_batch_report {
    bool is_evidence;       /* an object that explains; image_count is 1 */
    const char *image_path; /* of an object that explains: the image's; else NULL */
    const medtl_task *task;
    const char *profile; /* "tid1500" */
    const char *study_instance_uid, *series_instance_uid, *sop_instance_uid;
    const unsigned char *bytes; /* a complete DICOM file */
    size_t size;
    size_t image_count; /* analysed ones */
} medtl_batch_report;

enum { MEDTL_LOCATION_SIZE = 4096 };

/** Receives each report as soon as its study is complete, and before it the objects that it refers to, each as soon as
 *  its image is analysed (a run that stops may leave those without their report; the next run replaces them). Called from a worker thread, never two
 *  calls at a time, in no particular order of studies.
 *  @param[out] location  May be filled with where the report went (path, URL), for the record.
 *  @return MEDTL_OK; MEDTL_E_CANCELLED stops the run; MEDTL_E_UNSUPPORTED for an object that explains refuses that
 *          one: the report is made without it, and the caller has to say so. Any other status marks the report, or the
 *          image that is explained, as failed (err says why), and the run goes on. */
typedef medtl_status (*medtl_batch_sink)(void *context, const medtl_batch_report *report,
                                         char location[MEDTL_LOCATION_SIZE], medtl_error *err);

/** Asked before a study is analysed: is the report that this run would make already there?
 *  Then the images of that study and task are not analysed again. Called from the thread of
 *  medtl_batch_run(). */
typedef bool (*medtl_batch_known)(void *context, const char *study_instance_uid,
                                  const char *sop_instance_uid);

/** Asked when a study is reported: which files may be earlier reports of it? Hands each to `give`; what is none
 *  of medtl's, or not of this study, does no harm. New reports name those that they take the place of. Reports
 *  among the objects of the run need not be named again. Called like the sink. */
typedef void (*medtl_batch_give)(void *taker, const char *path);
typedef void (*medtl_batch_earlier)(void *context, const char *study_instance_uid,
                                    medtl_batch_give give, void *taker);

typedef enum medtl_phase { MEDTL_PHASE_SCAN, MEDTL_PHASE_ANALYSE } medtl_phase;

typedef struct medtl_progress {
    medtl_phase phase;
    size_t done;      /* files seen (scan), images finished (analyse) */
    size_t total;     /* images to analyse; 0 while scanning: not known yet */
    const char *path; /* the latest; borrowed for the call */
} medtl_progress;

/** Called after each step, from any of the run's threads, never two calls at a time. */
typedef void (*medtl_batch_progress)(void *context, const medtl_progress *progress);

/** Everything may be zero. */
typedef struct medtl_batch_options {
    size_t threads; /* worker threads, the calling one included; 0: as many as processors */
    const medtl_where
        *where; /* NULL: every file; files that do not fit are NOT_TAKEN. Objects in memory were
                                 chosen by the caller and are not asked */
    const char *content_date_time; /* "YYYYMMDDHHMMSS" for the reports; NULL: from the images */
    medtl_batch_sink sink;         /* NULL: reports are not built */
    medtl_batch_known known;
    medtl_batch_earlier earlier;
    medtl_batch_progress progress;
    void *sink_context, *known_context, *earlier_context, *progress_context;
} medtl_batch_options;

medtl_status medtl_batch_create(const medtl_pipeline *pipeline, medtl_batch **out,
                                medtl_error *err) MEDTL_NOEXCEPT;
void medtl_batch_destroy(medtl_batch *batch) MEDTL_NOEXCEPT; /* NULL is allowed */

/** Add a file, a folder or a DICOMDIR; looked at when the batch runs. The path is copied. */
medtl_status medtl_batch_add_path(medtl_batch *batch, const char *path,
                                  medtl_error *err) MEDTL_NOEXCEPT;

/** Add a complete DICOM file in memory. The bytes are copied, and dropped once analysed. An object
 *  that cannot be read is no error here: it gets its record.
 *  @param name  Stands for the path in records and messages; no patient values. */
medtl_status medtl_batch_add_memory(medtl_batch *batch, const void *bytes, size_t size,
                                    const char *name, medtl_error *err) MEDTL_NOEXCEPT;

/** Read, match, analyse and report. Once per batch. Probabilities and reports have the same bits
 *  whatever the thread count and the time of day.
 *  Images are decoded and dropped one by one: memory grows with the number of objects, not with
 *  their pixels.
 *  @param options  NULL: all defaults.
 *  @return MEDTL_OK also where single objects failed (look at the records);
 *          MEDTL_E_CANCELLED after a cancel, with complete records; MEDTL_E_ARGUMENT for a second
 *          run; MEDTL_E_MEMORY. */
medtl_status medtl_batch_run(medtl_batch *batch, const medtl_batch_options *options,
                             medtl_error *err) MEDTL_NOEXCEPT;

/** Stop soon: images under way are finished, the others become CANCELLED, a study that is not
 *  complete is not reported. Any thread, and signal handlers. */
void medtl_batch_cancel(medtl_batch *batch) MEDTL_NOEXCEPT;

/* ---- results, after the run ------------------------------------------------------------- */

/** Records: bytes in memory first, then files in the order of the scan (paths as added, folders
 *  sorted by name). */
size_t medtl_batch_record_count(const medtl_batch *batch) MEDTL_NOEXCEPT;
const medtl_record *medtl_batch_record(const medtl_batch *batch, size_t index) MEDTL_NOEXCEPT;
size_t medtl_batch_outcome_count(const medtl_batch *batch, medtl_outcome outcome) MEDTL_NOEXCEPT;

/** What became of one report. Borrowed from the batch. A study and task has one for each profile of the task,
 *  also where nothing could be analysed: where an image failed, or where no task takes an image of the task's
 *  modality. */
typedef struct medtl_report_record {
    const medtl_task *task;
    const char *profile;
    const char *study_instance_uid;
    const char *sop_instance_uid; /* "" where it could not be built */
    const char *location;         /* as the sink said; "" where it said nothing */
    size_t image_count;           /* analysed ones; before an analysis, those to analyse */
    size_t failed_count;          /* that should have been analysed, and could not be */
    size_t ruled_out_count;       /* that no task takes, and that the report says so of */
    medtl_exam_result exam[MEDTL_EXAM_RESULT_LIMIT];
    size_t exam_count;
    bool already_there;  /* known to the caller, so not made again */
    medtl_status status; /* MEDTL_OK: handed to the sink, or already there */
    const char *reason;
} medtl_report_record;

/** Reports in the order in which their studies were found. */
size_t medtl_batch_report_count(const medtl_batch *batch) MEDTL_NOEXCEPT;
const medtl_report_record *medtl_batch_report_at(const medtl_batch *batch,
                                                 size_t index) MEDTL_NOEXCEPT;

/** All results as JSON (docs/RESULT_JSON.md describes it): tasks and models, a summary, reports, and
 *  each object with its outcome. UTF-8; a path that is not UTF-8 has its other bytes as "%XX".
 *  @param[out] text  Owned by the caller (free). */
medtl_status medtl_batch_json(const medtl_batch *batch, char **text,
                              medtl_error *err) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
