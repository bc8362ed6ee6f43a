/* The queue of studies and the memory of what was seen: expected values are the headers' words. */
#include "queue.h"
#include "seen.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define STUDY_A "aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa"
#define STUDY_B "bbbbbbbb-bbbbbbbb-bbbbbbbb-bbbbbbbb-bbbbbbbb"
#define STUDY_C "cccccccc-cccccccc-cccccccc-cccccccc-cccccccc"

static medtl_queue *queue;

static void set_up(void) { cr_assert_eq(medtl_queue_create(2, &queue, NULL), MEDTL_OK); }
static void tear_down(void) { medtl_queue_destroy(queue); }

TestSuite(orthanc_queue, .init = set_up, .fini = tear_down, .timeout = 60);

Test(orthanc_queue, studies_are_taken_in_order)
{
    medtl_queue_job job;
    uint64_t a, b;

    cr_expect_eq(medtl_queue_push(queue, STUDY_A, true, &a), MEDTL_QUEUE_ACCEPTED);
    cr_expect_eq(medtl_queue_push(queue, STUDY_B, false, &b), MEDTL_QUEUE_ACCEPTED);
    cr_expect_eq(a, 1);
    cr_expect_eq(b, 2);
    cr_assert(medtl_queue_take(queue, &job));
    cr_expect_str_eq(job.study, STUDY_A);
    cr_expect(job.automatic);
    cr_expect_eq(job.state, MEDTL_JOB_RUNNING);
    medtl_queue_finish(queue, MEDTL_JOB_DONE, &(medtl_job_result){.analysed = 4});
    cr_assert(medtl_queue_take(queue, &job));
    cr_expect_str_eq(job.study, STUDY_B);
}

Test(orthanc_queue, a_waiting_study_waits_once)
{
    medtl_queue_job job;
    uint64_t first, again;

    medtl_queue_push(queue, STUDY_A, true, &first);
    cr_expect_eq(medtl_queue_push(queue, STUDY_A, false, &again), MEDTL_QUEUE_WAITS_ALREADY);
    cr_expect_eq(again, first);
    cr_assert(medtl_queue_take(queue, &job));
    cr_expect_not(job.automatic, "a person asked for it too");
    cr_expect_eq(medtl_queue_push(queue, STUDY_A, true, &again), MEDTL_QUEUE_ACCEPTED,
                 "images may have come since it was taken");
}

Test(orthanc_queue, a_full_queue_says_so)
{
    medtl_queue_summary summary;

    medtl_queue_push(queue, STUDY_A, true, NULL);
    medtl_queue_push(queue, STUDY_B, true, NULL);
    cr_expect_eq(medtl_queue_push(queue, STUDY_C, true, NULL), MEDTL_QUEUE_FULL);
    medtl_queue_summarise(queue, &summary);
    cr_expect_eq(summary.waiting, 2);
    cr_expect_eq(summary.capacity, 2);
    cr_expect_eq(summary.accepted, 2);
    cr_expect_eq(summary.refused, 1);
}

Test(orthanc_queue, a_job_is_found_in_every_state)
{
    const medtl_job_result failed = {.failed = 1, .message = "instances/x: broken"};
    medtl_queue_job job, found;
    uint64_t number;

    medtl_queue_push(queue, STUDY_A, true, &number);
    cr_assert(medtl_queue_find(queue, number, &found));
    cr_expect_eq(found.state, MEDTL_JOB_WAITING);
    medtl_queue_take(queue, &job);
    medtl_queue_progress(queue, 3, 4);
    cr_assert(medtl_queue_find(queue, number, &found));
    cr_expect_eq(found.state, MEDTL_JOB_RUNNING);
    cr_expect_eq(found.done, 3);
    cr_expect_eq(found.total, 4);
    medtl_queue_finish(queue, MEDTL_JOB_FAILED, &failed);
    cr_assert(medtl_queue_find(queue, number, &found));
    cr_expect_eq(found.state, MEDTL_JOB_FAILED);
    cr_expect_str_eq(found.result.message, "instances/x: broken");
    cr_expect_not(medtl_queue_find(queue, 0, &found));
    cr_expect_not(medtl_queue_find(queue, number + 1, &found));
    cr_expect_eq(medtl_queue_failures(queue, &found, 1), 1);
    cr_expect_eq(found.number, number);
}

Test(orthanc_queue, long_histories_forget_the_oldest)
{
    medtl_queue_job job;
    medtl_queue_summary summary;

    for (int i = 0; i < MEDTL_QUEUE_HISTORY + 1; i++) {
        medtl_queue_push(queue, STUDY_A, true, NULL);
        medtl_queue_take(queue, &job);
        medtl_queue_finish(queue, MEDTL_JOB_DONE, &(medtl_job_result){.reports = 1});
    }
    cr_expect_not(medtl_queue_find(queue, 1, &job));
    cr_expect(medtl_queue_find(queue, 2, &job));
    medtl_queue_summarise(queue, &summary);
    cr_expect_eq(summary.done, MEDTL_QUEUE_HISTORY + 1);
    cr_expect_eq(summary.totals.reports, MEDTL_QUEUE_HISTORY + 1);
}

static void *take_one(void *context)
{
    medtl_queue_job job;

    *(bool *)context = medtl_queue_take(queue, &job);
    return NULL;
}

Test(orthanc_queue, closing_wakes_who_waits_and_cancels_what_waits)
{
    pthread_t taker;
    bool taken = true;
    medtl_queue_job job;
    uint64_t number;

    pthread_create(&taker, NULL, take_one, &taken);
    usleep(20000); /* let it wait; the outcome does not depend on it */
    medtl_queue_close(queue);
    pthread_join(taker, NULL);
    cr_expect_not(taken);
    cr_expect_eq(medtl_queue_push(queue, STUDY_A, true, NULL), MEDTL_QUEUE_CLOSED);
    medtl_queue_destroy(queue);

    set_up();
    medtl_queue_push(queue, STUDY_B, true, &number);
    medtl_queue_close(queue);
    cr_expect_not(medtl_queue_take(queue, &job));
    cr_assert(medtl_queue_find(queue, number, &job));
    cr_expect_eq(job.state, MEDTL_JOB_CANCELLED);
}

Test(orthanc_seen, order_does_not_count_and_contents_do)
{
    static medtl_seen seen;
    medtl_id_list list = {0}, shuffled = {0};

    medtl_id_list_add(&list, STUDY_A, NULL);
    medtl_id_list_add(&list, STUDY_B, NULL);
    medtl_id_list_add(&shuffled, STUDY_B, NULL);
    medtl_id_list_add(&shuffled, STUDY_A, NULL);
    cr_expect_not(medtl_seen_same(&seen, STUDY_C, &list), "never seen");
    medtl_seen_remember(&seen, STUDY_C, &list);
    cr_expect(medtl_seen_same(&seen, STUDY_C, &shuffled));
    cr_expect_not(medtl_seen_same(&seen, STUDY_A, &shuffled));
    medtl_id_list_add(&shuffled, STUDY_C, NULL);
    cr_expect_not(medtl_seen_same(&seen, STUDY_C, &shuffled), "an image came");
    medtl_id_list_clear(&list);
    medtl_id_list_clear(&shuffled);
}

Test(orthanc_seen, many_studies_forget_the_oldest)
{
    static medtl_seen seen;
    medtl_id_list none = {0};
    char study[MEDTL_STUDY_ID_SIZE];

    for (int i = 0; i <= MEDTL_SEEN_STUDIES; i++) {
        (void)snprintf(study, sizeof study, "%d", i);
        medtl_seen_remember(&seen, study, &none);
    }
    cr_expect_not(medtl_seen_same(&seen, "0", &none));
    cr_expect(medtl_seen_same(&seen, "1", &none));
    cr_expect(medtl_seen_same(&seen, study, &none));
}
