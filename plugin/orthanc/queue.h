/* Studies that wait to be classified: bounded, each study at most once, in memory. Knows no Orthanc
 * SDK. Every function may be called from any thread, and none waits, but medtl_queue_take(). */
#ifndef MEDTL_ORTHANC_QUEUE_H
#define MEDTL_ORTHANC_QUEUE_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
    MEDTL_STUDY_ID_SIZE = 45, /* Orthanc's: 40 hexadecimal digits in five groups */
    MEDTL_QUEUE_HISTORY = 256 /* ended jobs that are remembered */
};

typedef enum medtl_job_state {
    MEDTL_JOB_WAITING,
    MEDTL_JOB_RUNNING,
    MEDTL_JOB_DONE,     /* every image that a task takes is analysed and reported */
    MEDTL_JOB_FAILED,   /* the job, an image or a report failed                   */
    MEDTL_JOB_CANCELLED /* the server stopped                                     */
} medtl_job_state;

/** How a job went. Holds no patient values. */
typedef struct medtl_job_result {
    size_t objects, analysed, already_reported, not_taken, failed; /* instances of the study */
    size_t reports;                                                /* stored by this job */
    char message[MEDTL_MESSAGE_SIZE]; /* the first failure, or why there was nothing to do */
} medtl_job_result;

typedef struct medtl_queue_job {
    uint64_t number; /* from 1, in the order of arrival */
    char study[MEDTL_STUDY_ID_SIZE];
    bool automatic; /* asked for by a stable study, not by a person */
    medtl_job_state state;
    size_t done, total; /* images, while it runs */
    time_t arrived, ended;
    medtl_job_result result;
} medtl_queue_job;

typedef struct medtl_queue medtl_queue;

/** @param capacity  Studies that may wait, at least 1. */
medtl_status medtl_queue_create(size_t capacity, medtl_queue **out, medtl_error *err);
void medtl_queue_destroy(medtl_queue *queue); /* NULL is allowed; nobody may be in take() */

typedef enum medtl_queue_answer {
    MEDTL_QUEUE_ACCEPTED,
    MEDTL_QUEUE_WAITS_ALREADY, /* `number` is that of the job that waits */
    MEDTL_QUEUE_FULL,
    MEDTL_QUEUE_CLOSED
} medtl_queue_answer;

/** Ask for a study. A study under way may be asked for again: images may have come since.
 *  @param[out] number  Of the job, unless full or closed. May be NULL. */
medtl_queue_answer medtl_queue_push(medtl_queue *queue, const char *study, bool automatic,
                                    uint64_t *number);

/** Wait for a job and take it. One thread takes; it calls finish() before it takes again.
 *  @return false once the queue is closed. */
bool medtl_queue_take(medtl_queue *queue, medtl_queue_job *out);
void medtl_queue_progress(medtl_queue *queue, size_t done, size_t total);
void medtl_queue_finish(medtl_queue *queue, medtl_job_state state, const medtl_job_result *result);

/** Take no more jobs; those that wait become CANCELLED. */
void medtl_queue_close(medtl_queue *queue);

/** A copy of a job that waits, runs, or is among the last MEDTL_QUEUE_HISTORY ended ones. */
bool medtl_queue_find(medtl_queue *queue, uint64_t number, medtl_queue_job *out);

/** Numbers since the start, for the status. */
typedef struct medtl_queue_summary {
    size_t waiting, capacity;
    uint64_t running;                                    /* the number of the job, or 0 */
    uint64_t accepted, refused, done, failed, cancelled; /* jobs */
    medtl_job_result totals;                             /* summed over ended jobs; no message */
} medtl_queue_summary;
void medtl_queue_summarise(medtl_queue *queue, medtl_queue_summary *out);

/** The last failed jobs, newest first. @return How many were copied, at most `room`. */
size_t medtl_queue_failures(medtl_queue *queue, medtl_queue_job *out, size_t room);

/** "Waiting", "Running", "Done", "Failed", "Cancelled". */
const char *medtl_job_state_name(medtl_job_state state);

#endif
