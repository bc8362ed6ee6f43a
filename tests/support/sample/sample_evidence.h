/* An explained result of a sample image: a hot spot in the upper left quarter of it. */
#ifndef MEDTL_SAMPLE_EVIDENCE_H
#define MEDTL_SAMPLE_EVIDENCE_H

#include "medtl/evidence.h"

/** Everything that a request points to. For sample_evidence_clear(). */
typedef struct sample_evidence {
    medtl_evidence_request request;
    medtl_instance *instance;
    float *map;
    medtl_picture picture;
    medtl_point *outline;
    float probabilities[8];
} sample_evidence;

/** @return false where it could not be made. */
bool sample_evidence_make(const medtl_task *task, medtl_instance *instance_taken,
                          sample_evidence *out);
void sample_evidence_clear(sample_evidence *evidence);

#endif
