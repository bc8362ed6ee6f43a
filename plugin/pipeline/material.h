/* What the reports of one group are made of. */
#ifndef MEDTL_PIPELINE_MATERIAL_H
#define MEDTL_PIPELINE_MATERIAL_H

#include "batch.h"

/* The images of a group as the report writer wants them, with the earlier reports of their study. Borrows from
 * the batch. */
typedef struct medtl_material {
    medtl_image_result *results;
    size_t result_count;
    size_t images[3]; /* by medtl_result_state: an image may have several results, one a frame */
    const medtl_instance **earlier;
    size_t earlier_count;
    medtl_instance **named; /* those of `earlier` that the caller named, and that are owned here */
    size_t named_count;
    const medtl_pipeline *pipeline;      /* whose reader opens them */
    bool out_of_memory;                  /* while earlier reports were listed */
    const medtl_instance **predecessors; /* room for those of `earlier` that one report replaces */
} medtl_material;

void medtl_material_clear(medtl_material *m);

/** Study Instance UID. Borrowed from the batch. */
const char *medtl_group_study(const medtl_batch *batch, const medtl_group *group);

/** One result for each image or frame: of the copy that was analysed, else of the first. Headers that were dropped are
 *  read again. Before the analysis, results have no probabilities, and name the report all the same.
 *  @return MEDTL_OK, MEDTL_E_MEMORY, or why a header could not be read again. */
medtl_status medtl_material_collect_results(medtl_batch *batch, const medtl_group *group,
                                            medtl_material *m, medtl_error *err);

/** The reports of medtl's that the study has already: among the objects of the run, and those that the caller names.
 *  @return MEDTL_OK or MEDTL_E_MEMORY; one that cannot be read is only not named. */
medtl_status medtl_material_collect_earlier(medtl_batch *batch, const medtl_group *group,
                                            medtl_material *m, medtl_error *err);

/** The request for one profile. Borrows from all of them; good until the next. */
medtl_report_request medtl_material_request(const medtl_batch *batch, const medtl_group *group,
                                            medtl_material *m, medtl_report_profile profile);

#endif
