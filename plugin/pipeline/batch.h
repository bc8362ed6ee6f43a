/* Inside a run. The walk is: gather.c finds objects, group.c forms groups, analyse.c reads and classifies
 * their images, reports.c turns a complete group into a report. */
#ifndef MEDTL_PIPELINE_BATCH_H
#define MEDTL_PIPELINE_BATCH_H

#include "medtl/evidence.h"
#include "medtl/report.h"
#include "pipeline.h"

#include <pthread.h>
#include <stdatomic.h>

#define MEDTL_NONE ((size_t)-1)

/** One object: its record and, while it is needed, its header. */
typedef struct medtl_item {
    medtl_record record; /* its strings point to the members below */
    char *path, *reason;
    medtl_facts *facts;                /* NULL unless a task takes it */
    medtl_patient *patient;            /* likewise */
    uint32_t first_frame, frame_count; /* that are to be analysed */
    medtl_frame_result *frames;        /* of frame_count once analysed: medtl_frames_destroy() */
    float *probabilities;              /* of all frames */
    char study[MEDTL_UID_SIZE], series[MEDTL_UID_SIZE], sop[MEDTL_UID_SIZE];
    char sop_class[MEDTL_UID_SIZE], sop_class_name[MEDTL_UID_SIZE];
    char modality[MEDTL_CS_SIZE], view[MEDTL_CS_SIZE], laterality[MEDTL_CS_SIZE];
    char kind[MEDTL_CS_SIZE], view_modifiers[128]; /* as medtl_instance_value() has them */
    medtl_instance *instance;                      /* NULL: not read, or dropped */
    bool in_memory;       /* bytes given by the caller: they cannot be read again */
    bool decided;         /* has its outcome */
    bool listed;          /* decided without an analysis, and the report says so */
    bool earlier;         /* a report that medtl made before */
    medtl_reason why_not; /* of one that was not analysed */
    size_t task; /* index of the task that takes it, or whose report lists it; MEDTL_NONE: none */
    size_t
        next_copy; /* item with the same SOP Instance UID, or a duplicate; MEDTL_NONE: no other */
    size_t
        duplicate_of; /* item with the same exposure in the form that the task prefers; MEDTL_NONE: none */

    /* what explains the result, for the report: see medtl_item_set_outline() and its siblings */
    medtl_point *outline;
    size_t outline_count;
    medtl_evidence_object *evidence;
    size_t evidence_count;
    medtl_image_flag *flags;
    size_t flag_count;
} medtl_item;

/** One image to analyse: an item, its copies, and images of the same exposure that the task likes less. The first
 *  that can be read stands for all. */
typedef struct medtl_job {
    size_t first_item;
    size_t group;
    size_t analysed_item; /* MEDTL_NONE: none could be */
} medtl_job;

/** One of a group's reports. */
typedef struct medtl_group_report {
    bool is_listed; /* the record counts */
    medtl_report_record record;
    char *location, *reason;
    char sop[MEDTL_UID_SIZE];
} medtl_group_report;

/** The images of one study that one task takes, and those that its report lists without a result: what
 *  becomes one report for each profile. */
typedef struct medtl_group {
    size_t task;
    size_t first_job, job_count;
    size_t study_order; /* the study's first item: groups stand in the order of their studies */
    bool already_reported;
    atomic_size_t jobs_left;
    medtl_group_report reports[MEDTL_PROFILE_COUNT]; /* in the order of the profiles' bits */
} medtl_group;

struct medtl_batch {
    const medtl_pipeline *pipeline;
    medtl_batch_options options;
    bool has_run;
    atomic_bool cancelled;

    char **paths;
    size_t path_count, path_capacity;
    medtl_item **items;
    size_t item_count, item_capacity;
    size_t headers_kept, header_limit; /* of files; more are dropped and read again when needed */

    medtl_job *jobs; /* those of a group lie together */
    size_t job_count;
    medtl_group *groups;
    size_t group_count;
    size_t *earlier; /* items that are earlier reports, by study */
    size_t earlier_count;
    const medtl_report_record **reports; /* of the groups that have one */
    size_t report_count;

    pthread_mutex_t events;       /* held while the caller's sink or progress function runs */
    size_t jobs_done, jobs_to_do; /* without those that are reported already */
};

/* ---- item.c --------------------------------------------------------------------------- */

/** Append an item; the path is copied. */
medtl_status medtl_batch_add_item(medtl_batch *batch, const char *path, medtl_item **out,
                                  medtl_error *err);
void medtl_item_destroy(medtl_item *item);

/** @param frames  With the outlines that they own; NULL is allowed. */
void medtl_frames_destroy(medtl_frame_result *frames, uint32_t count);

/** Copy what the record says of an instance. */
void medtl_item_describe(medtl_item *item, const medtl_instance *instance);

/** Settle what became of an item, once. The path at the beginning of a reason is taken off: the record
 *  names it already. Without memory for the reason the outcome still counts. */
void medtl_item_decide(medtl_item *item, medtl_outcome outcome, medtl_status status,
                       const char *reason);

/** See to it that the header is there; reads the file again if it was dropped. */
medtl_status medtl_item_open(const medtl_batch *batch, medtl_item *item, medtl_error *err);
void medtl_item_close(medtl_item *item);

/** Close it if it can be opened again and there are many. */
void medtl_item_close_if_many(medtl_batch *batch, medtl_item *item);

/** What explains an analysed item's result. All is copied; texts and codes as report.h wants them. */
medtl_status medtl_item_set_outline(medtl_item *item, const medtl_point *points, size_t count,
                                    medtl_error *err);
medtl_status medtl_item_add_evidence(medtl_item *item, const medtl_evidence_object *object,
                                     medtl_error *err);
medtl_status medtl_item_add_flag(medtl_item *item, const medtl_image_flag *flag, medtl_error *err);

/* ---- the steps ------------------------------------------------------------------------ */

/** Walk the paths and match every object that was found or added. */
medtl_status medtl_batch_gather(medtl_batch *batch, medtl_error *err);

/** Form jobs and groups from what was taken. */
medtl_status medtl_batch_group(medtl_batch *batch, medtl_error *err);

/** Of taken items, sorted by study and task: mark those whose exposure is there in the form that their task prefers
 *  (medtl_item.duplicate_of) and move the others together. @return how many others there are. In exposures.c. */
size_t medtl_batch_set_duplicates_apart(medtl_batch *batch, size_t *taken, size_t count);

/** Append each duplicate to the copies of what it duplicates. */
void medtl_batch_link_duplicates(medtl_batch *batch);

/** What is known of studies as a whole: which views are there, which are missing. In results_studies.c.
 *  @return a JSON array (json_t), NULL without memory. */
struct json_t *medtl_batch_studies_json(const medtl_batch *batch);

/** Ask the caller which groups are reported already, and settle those. */
medtl_status medtl_batch_skip_known(medtl_batch *batch, medtl_error *err);

/** Analyse all jobs; each group is reported when its last job is done. */
medtl_status medtl_batch_analyse(medtl_batch *batch, medtl_error *err);

/** Find where in its image an analysed item's result comes from, if its task asks for that, and hand what shows it to
 *  the sink. In explain.c. May be called by several threads.
 *  @param shown  The frame that speaks for the image; it is read again.
 *  @param input  Room for a normalised input of the task, overwritten. */
medtl_status medtl_batch_explain(medtl_batch *batch, medtl_item *item,
                                 const medtl_frame_result *shown, float *input, medtl_error *err);

/** Report a complete group, and let go of its headers. */
void medtl_batch_report_group(medtl_batch *batch, medtl_group *group);

void medtl_batch_say(medtl_batch *batch, medtl_phase phase, size_t done, size_t total,
                     const char *path);

#endif
