/* A request over sample images, and its report read back. */
#ifndef REPORT_FIXTURE_H
#define REPORT_FIXTURE_H

#include "medtl/report.h"
#include "sample_image.h"
#include "sample_task.h"
#include "sr_reader.h"

enum { FIXTURE_MOST_RESULTS = 8 };

typedef struct report_fixture {
    medtl_task task; /* a copy: change what the test is about */
    medtl_instance *instances[FIXTURE_MOST_RESULTS];
    size_t instance_count;
    medtl_image_result results[FIXTURE_MOST_RESULTS];
    medtl_report_request request;
    medtl_report *report;
    sr_report *content; /* the report, read back */
} report_fixture;

/** A request for `images` single-frame images of a kind, with probabilities of the kind:
 * mammography 0.7 and 0.3, dermoscopy 0.04 0.08 0.035 0.02 0.612 0.201 0.012. Fails the test when
 * the images cannot be made. */
void fixture_set_up(report_fixture *fixture, sample_kind kind, unsigned images);
/** The same over samples of the test's own. */
void fixture_set_up_samples(report_fixture *fixture, const sample_image *samples, unsigned count);
/** Make the report and read it back. Fails the test when either fails. May be called again. */
void fixture_make(report_fixture *fixture);
void fixture_tear_down(report_fixture *fixture);

/** The nth (0-based) item whose concept has this value and scheme. @return NULL: there are fewer.
 */
const sr_item *fixture_item(const report_fixture *fixture, const char *value, const char *scheme,
                            size_t n);
/** The nth child of an item. @return NULL: it has fewer. */
const sr_item *fixture_child(const report_fixture *fixture, const sr_item *parent, size_t n);
/** The first child of an item with this concept. */
const sr_item *fixture_child_named(const report_fixture *fixture, const sr_item *parent,
                                   const char *value);

#endif
