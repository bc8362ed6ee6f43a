/* The plugin's C ABI: how a PACS, a workstation or any other host uses libmedtl_plugin.so.
 *
 * The shared object exports one function, medtl_plugin_get(), which hands out a constant table of
 * functions. In short (examples/host.c is the whole of it in under 100 lines):
 *
 *     void *object = dlopen("libmedtl_plugin.so", RTLD_NOW | RTLD_LOCAL);
 *     medtl_plugin_get_function *get = (medtl_plugin_get_function *)dlsym(object, "medtl_plugin_get");
 *     const medtl_plugin_api *api = get(MEDTL_PLUGIN_ABI);     // NULL: another ABI
 *     api->create(NULL, &plugin, &err);                        // default tasks and models
 *     api->job_create(plugin, &job, &err);
 *     api->job_add_folder(job, "study/", &err);
 *     api->job_run(job, &err);                                 // or job_start() and job_wait()
 *     for (i = 0; i < api->report_count(job); i++) ...         // bytes of each finished report
 *     api->job_destroy(job);
 *     api->destroy(plugin);
 *
 * It supports a clinician; it does not diagnose.
 *
 * Versions. MEDTL_PLUGIN_ABI names the meaning of everything below. Within one ABI version
 *  - the table only grows at its end: a host built against a newer header asks with
 *    MEDTL_PLUGIN_HAS() before it calls a function that an older plugin may lack;
 *  - structs that the plugin hands out (task, item, report) are reached by pointer, one at a time,
 *    and only grow at their end; never index them as an array, never take their sizeof;
 *  - structs that the host hands in begin with their size, as the host's compiler knew it, so that
 *    a newer plugin sees which members are there (an older one refuses members that it does not
 *    know, unless they are zero);
 *  - medtl_error keeps its layout; new statuses, outcomes, states and levels get new numbers, so
 *    treat an unknown one as "something else", by the names that the table gives.
 * Anything else makes a new version; a plugin may serve several.
 *
 * Ownership. A pointer-to-pointer `out` is the host's to destroy; `const` pointers handed out are
 * borrowed, and each says until when. Strings are UTF-8 and never NULL ("" where there is nothing
 * to say), except paths, which are bytes as the system gives them.
 *
 * Threads. The table and a medtl_plugin may be used by any threads at the same time. A
 * medtl_plugin_job belongs to one thread at a time, except job_cancel(), job_state(),
 * job_progress() and job_wait(), which any thread may call at any time before job_destroy().
 *
 * Errors. A function that can fail returns a medtl_status; on failure it fills in the medtl_error
 * that the host provides (NULL is allowed) and leaves `*out` NULL. Every function may also return
 * MEDTL_E_ARGUMENT where this contract is broken (a NULL handle, a job that has already run) and
 * MEDTL_E_MEMORY. No exception, signal or exit ever leaves the plugin, and it prints nothing. DCMTK's
 * own log (oflog) belongs to the whole process, so the plugin leaves it as the host has it: unless the
 * host configures it, DCMTK's remarks on odd files go to standard error.
 *
 * Messages, log lines and results name files, tags, sizes and limits. They never hold a patient's
 * name, id, birth date or any other value that tells who the patient is. Files are named as the
 * host named them, so a host that keeps names in its paths gives names of its own to
 * job_add_memory(). The finished reports do carry the patient: they are DICOM objects.
 *
 * Of medtl/error.h a host uses the types only; its functions are not exported. */
#ifndef MEDTL_PLUGIN_H
#define MEDTL_PLUGIN_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The ABI that this header describes. */
#define MEDTL_PLUGIN_ABI 1u

/** Does the table at hand have this member? `if (MEDTL_PLUGIN_HAS(api, job_wait)) ...` */
#define MEDTL_PLUGIN_HAS(api, member)                                                              \
    ((api)->size >= offsetof(medtl_plugin_api, member) + sizeof((api)->member))

/** A configuration with its models, loaded once, and a worker thread for started jobs. */
typedef struct medtl_plugin medtl_plugin;

/** One run over some objects. */
typedef struct medtl_plugin_job medtl_plugin_job;

typedef enum medtl_plugin_level {
    MEDTL_PLUGIN_LOG_ERROR = 0, /* a job or a report failed                       */
    MEDTL_PLUGIN_LOG_WARNING,   /* one object failed, the job went on             */
    MEDTL_PLUGIN_LOG_INFO,      /* one line when loaded, and when a job has ended */
    MEDTL_PLUGIN_LOG_DEBUG      /* objects that were passed over, with the reason */
} medtl_plugin_level;

/** Receives one line without line end. Called from whatever thread the event happens on, from
 *  several at a time if jobs run side by side. `message` is borrowed for the call. Must not call
 *  back into the plugin. */
typedef void (*medtl_plugin_log)(void *context, medtl_plugin_level level, const char *message);

/** Bits of medtl_plugin_options.flags. */
enum {
    /** Parse and decode in child processes (medtl-decode, installed beside): an object that crashes a decoder or takes
     *  too long is lost with its reason, the host and the other objects are not. The host's signal handlers stay as
     *  they are; the children are ended with the plugin. */
    MEDTL_PLUGIN_ISOLATE = 1
};

/** What a plugin is made from. Members that are zero take their defaults. */
typedef struct medtl_plugin_options {
    uint32_t size;    /* sizeof(medtl_plugin_options): see "Versions" above */
    uint32_t threads; /* in one job, the one it runs on included; 0: as many as processors */
    const char *const *tasks; /* task files (XML), or folders of them, read in this order */
    size_t task_count;        /* 0: the default tasks, in the data folder: $MEDTL_DATA_DIR, else
                                  share/medtl of the place where the plugin is installed */
    medtl_plugin_log log;     /* NULL: no log */
    void *log_context;
    medtl_plugin_level log_level; /* the least important level that is logged; 0: errors only */
    uint32_t flags;               /* MEDTL_PLUGIN_ISOLATE */
    uint32_t decode_timeout_ms;   /* for one header or frame with MEDTL_PLUGIN_ISOLATE; 0: 60 s */
    uint32_t reserved;            /* 0 */
} medtl_plugin_options;

/** A task that is loaded. Borrowed: valid until the plugin and its jobs are destroyed. */
typedef struct medtl_plugin_task {
    const char *name;          /* "dermoscopy" */
    const char *title;         /* one line for people */
    const char *const *labels; /* class_count labels, in the order of the probabilities */
    size_t class_count;
    int32_t
        positive_class; /* the class whose probability is held against the threshold; -1: none */
    double threshold;   /* 0 to 1; meaningless without a positive class */
    const char *digest; /* SHA-256 of the task, 64 lower-case hex digits */
    const char *model_name, *model_version;
    const char *model_sha256; /* of the model file, 64 lower-case hex digits */
} medtl_plugin_task;

/** Where a job stands. It only moves downwards. */
typedef enum medtl_plugin_state {
    MEDTL_PLUGIN_JOB_NEW = 0, /* takes objects                                       */
    MEDTL_PLUGIN_JOB_QUEUED,  /* started, waiting for the worker thread              */
    MEDTL_PLUGIN_JOB_RUNNING,
    MEDTL_PLUGIN_JOB_ENDED /* has results; job_result() says how it went          */
} medtl_plugin_state;

/** What became of one object. Every object added to a job, or found in its folders, gets one. */
typedef enum medtl_plugin_outcome {
    MEDTL_PLUGIN_ANALYSED = 0,     /* has probabilities                                          */
    MEDTL_PLUGIN_ALREADY_REPORTED, /* the host knows the report that this job would make         */
    MEDTL_PLUGIN_NOT_TAKEN,        /* DICOM, but ruled out: no task takes it, a report of ours   */
    MEDTL_PLUGIN_FAILED,           /* should have been analysed, and could not be                */
    MEDTL_PLUGIN_IGNORED,          /* not DICOM, or a DICOMDIR                                   */
    MEDTL_PLUGIN_CANCELLED         /* the job was stopped before its turn                        */
} medtl_plugin_outcome;

/** One object of an ended job. Borrowed: valid until the job is destroyed. */
typedef struct medtl_plugin_item {
    const char *name; /* its path, or the name it was added under */
    medtl_plugin_outcome outcome;
    medtl_status status; /* MEDTL_OK unless FAILED, IGNORED or CANCELLED */
    const char *reason;  /* one line; "" where ANALYSED */
    const char *study_instance_uid, *series_instance_uid, *sop_instance_uid, *sop_class_uid;
    const char *modality, *view, *laterality; /* "MG", "CC", "L" */
    const char *task;                         /* name of the task that took it; "" for none */
    uint32_t frame;                           /* 0-based: the frame that was analysed */
    int32_t predicted_class;   /* 0-based: the one that the report names; -1 unless ANALYSED */
    bool above_threshold;      /* of the task's positive class; false where it has none */
    size_t class_count;        /* 0 unless ANALYSED */
    const char *const *labels; /* class_count; NULL unless ANALYSED */
    const float
        *probabilities; /* class_count values that sum to 1, calibrated; NULL unless ANALYSED */
} medtl_plugin_item;

/** One report of an ended job: one study, one task. After the reports come the objects that explain their images, where a
 *  task asks for evidence (docs/TASKS.md): complete DICOM files for the same study, which the reports refer to; a host
 *  stores them alike. Borrowed: valid until the job is destroyed.
 *  UIDs are derived from the images, the model and the task, so that the same input gives the
 *  same UIDs: storing a report twice replaces it. */
typedef struct medtl_plugin_report {
    medtl_status status; /* MEDTL_OK; else the report could not be made, and reason says why */
    const char *reason;
    const unsigned char *bytes; /* a complete DICOM file (Part 10); NULL unless made by this job */
    size_t size;                /* in bytes */
    const char *study_instance_uid, *series_instance_uid, *sop_instance_uid;
    const char *task;
    size_t image_count; /* images that it reports on */
    bool already_there; /* the host's known-report callback has it; not made again */
} medtl_plugin_report;

/** Tells how far a job is. Called from any of the job's threads, never two calls at a time.
 *  May call job_cancel() on the job, nothing else.
 *  @param total  Images to analyse; 0 while files are still being looked for, and `done` then
 *                counts the files seen. */
typedef void (*medtl_plugin_progress)(void *context, size_t done, size_t total);

/** Does the host already have the report with this SOP Instance UID? Then the images of that study
 *  are not analysed again. Called from the thread that runs the job. Must not call back. */
typedef bool (*medtl_plugin_known)(void *context, const char *study_instance_uid,
                                   const char *sop_instance_uid);

/** The functions. Constant, and valid as long as the shared object is loaded. */
typedef struct medtl_plugin_api {
    uint32_t abi;        /* MEDTL_PLUGIN_ABI */
    uint32_t size;       /* of this table in bytes, as the plugin knows it */
    const char *version; /* of medtl, "0.1.0" */

    /* ---- names --------------------------------------------------------------------------- */

    /** Short, stable, machine-readable: "ok", "io", "format" ... Never NULL, any number. */
    const char *(*status_name)(medtl_status status);
    /** "analysed", "already-reported", "not-taken", "failed", "ignored", "cancelled". */
    const char *(*outcome_name)(medtl_plugin_outcome outcome);

    /* ---- plugin -------------------------------------------------------------------------- */

    /** Load tasks and models and check them against each other. Several plugins may live side by
     *  side. DCMTK's process-wide state (its dictionary, codecs and log) is left alone.
     *  @param options  Copied; NULL: all defaults.
     *  @param[out] out  For destroy().
     *  @return MEDTL_OK; MEDTL_E_CONFIG ("FILE:LINE: reason", a model that does not fit its task, a
     *          missing DICOM data dictionary); MEDTL_E_IO, MEDTL_E_FORMAT or MEDTL_E_UNSUPPORTED for
     *          a model file. */
    medtl_status (*create)(const medtl_plugin_options *options, medtl_plugin **out,
                           medtl_error *err);
    /** Cancels started jobs, waits for the worker thread and releases the plugin. Jobs that are
     *  left keep their results and are still destroyed by the host. NULL is allowed. Not from a
     *  callback. */
    void (*destroy)(medtl_plugin *plugin);

    /** Tasks in the order in which they are asked whether they take an image. */
    size_t (*task_count)(const medtl_plugin *plugin);
    /** @param index  0-based. @return NULL beyond the last one. */
    const medtl_plugin_task *(*task)(const medtl_plugin *plugin, size_t index);

    /* ---- a job: fill it, run it ---------------------------------------------------------- */

    /** @param[out] out  For job_destroy(). */
    medtl_status (*job_create)(medtl_plugin *plugin, medtl_plugin_job **out, medtl_error *err);
    /** Cancels the job if it was started, waits for its end and releases it with its results. NULL
     *  is allowed. Not while another thread is in job_run() or job_wait() of it, nor from a callback. */
    void (*job_destroy)(medtl_plugin_job *job);

    /** Add a file, or a DICOMDIR whose files are then looked at. The path is copied; whether it can
     *  be read shows when the job runs, as the outcome of its item. */
    medtl_status (*job_add_file)(medtl_plugin_job *job, const char *path, medtl_error *err);
    /** Add all files of a folder and of the folders inside. @return Also MEDTL_E_IO where `path` is
     *  not a folder. */
    medtl_status (*job_add_folder)(medtl_plugin_job *job, const char *path, medtl_error *err);
    /** Add a complete DICOM file (Part 10) in memory. The bytes are copied.
     *  @param name  Stands for the path in items and messages; give no patient values. */
    medtl_status (*job_add_memory)(medtl_plugin_job *job, const void *bytes, size_t size,
                                   const char *name, medtl_error *err);
    /** NULL: none. Before the job runs. */
    medtl_status (*job_set_progress)(medtl_plugin_job *job, medtl_plugin_progress progress,
                                     void *context, medtl_error *err);
    /** NULL: none. Before the job runs. */
    medtl_status (*job_set_known)(medtl_plugin_job *job, medtl_plugin_known known, void *context,
                                  medtl_error *err);

    /** Run on the calling thread (and threads - 1 helpers) and return when all is done. Jobs of one
     *  plugin may run side by side. Once per job.
     *  @return MEDTL_OK also where single objects failed: look at the items. MEDTL_E_CANCELLED after
     *          job_cancel(), with an item for each object all the same. */
    medtl_status (*job_run)(medtl_plugin_job *job, medtl_error *err);
    /** Hand the job to the plugin's worker thread and return at once. Started jobs run one after
     *  the other, in the order in which they were started. Once per job.
     *  @return MEDTL_OK, or MEDTL_E_MEMORY where no thread can be had. */
    medtl_status (*job_start)(medtl_plugin_job *job, medtl_error *err);
    /** Wait for the end of a started job.
     *  @param milliseconds  At most this long; negative: until it has ended.
     *  @return The state on return; MEDTL_PLUGIN_JOB_NEW at once for a job that was not started. */
    medtl_plugin_state (*job_wait)(medtl_plugin_job *job, int64_t milliseconds);
    medtl_plugin_state (*job_state)(const medtl_plugin_job *job);
    /** The numbers that the progress callback gets, without a callback. NULL is allowed for either. */
    void (*job_progress)(const medtl_plugin_job *job, size_t *done, size_t *total);
    /** Stop soon: images under way are finished, a study that is not complete is not reported. A
     *  job cancelled before it runs ends as soon as it runs. Returns at once. */
    void (*job_cancel)(medtl_plugin_job *job);

    /* ---- results of an ended job: empty before ------------------------------------------- */

    /** How the run ended: what job_run() returned, and the slip that it filled in.
     *  @return MEDTL_E_ARGUMENT where the job has not ended. */
    medtl_status (*job_result)(const medtl_plugin_job *job, medtl_error *err);

    /** Objects: bytes in memory first, then files in the order added, folders sorted by name. */
    size_t (*item_count)(const medtl_plugin_job *job);
    /** @param index  0-based. @return NULL beyond the last one. */
    const medtl_plugin_item *(*item)(const medtl_plugin_job *job, size_t index);

    size_t (*report_count)(const medtl_plugin_job *job);
    /** @param index  0-based. @return NULL beyond the last one. */
    const medtl_plugin_report *(*report)(const medtl_plugin_job *job, size_t index);

    /** All of it as JSON, as `dcm-medtl classify --json` writes it (docs/RESULT_JSON.md). Borrowed:
     *  valid until the job is destroyed; "" before the end. */
    const char *(*json)(const medtl_plugin_job *job);

    /* ---- newer than the rest of ABI 1: ask with MEDTL_PLUGIN_HAS() ------------------------ */

    /** Which of the task's profiles a report is: "tid1500", "air", "cad", "text" (docs/REPORTS.md); "" for an object
     *  that explains an image.
     *  @param index  0-based, as for report(). @return NULL beyond the last one. */
    const char *(*report_profile)(const medtl_plugin_job *job, size_t index);
} medtl_plugin_api;

/** The one exported function: the table for an ABI version.
 *  @param abi  MEDTL_PLUGIN_ABI of the header that the host is built against.
 *  @return NULL where this plugin does not speak that version. Always the same pointer; any thread. */
MEDTL_EXPORT const medtl_plugin_api *medtl_plugin_get(uint32_t abi) MEDTL_NOEXCEPT;

/** For dlsym(). */
typedef const medtl_plugin_api *medtl_plugin_get_function(uint32_t abi);

#ifdef __cplusplus
}
#endif
#endif
