#include "sample_evidence.h"

#include "sample_task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void heat(float *map, uint32_t height, uint32_t width)
{
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const double dx = ((double)x + 0.5) / width - 0.3,
                         dy = ((double)y + 0.5) / height - 0.4;

            map[(size_t)y * width + x] = (float)exp(-(dx * dx + dy * dy) / 0.02);
        }
}

bool sample_evidence_make(const medtl_task *task, medtl_instance *instance_taken,
                          sample_evidence *out)
{
    const medtl_normaliser *n = &task->normaliser;
    const medtl_facts *facts;
    medtl_evidence_request *r = &out->request;
    bool good;

    memset(out, 0, sizeof *out);
    if (instance_taken == NULL)
        return false;
    out->instance = instance_taken;
    facts = medtl_instance_facts(instance_taken);
    out->map = calloc((size_t)n->height * n->width, sizeof(float));
    if (out->map == NULL)
        return false;
    heat(out->map, n->height, n->width);
    out->probabilities[task->class_count - 1] = 1.0f;
    *r = (medtl_evidence_request){
        .task = task,
        .model_name = "sample-model",
        .model_version = "1.0.0",
        .model_sha256 = SAMPLE_DIGEST_A,
        .software_version = "0.1.0",
        .instance = instance_taken,
        .geometry = {0.0, 0.0, facts->columns, facts->rows, false, {0.0, 0.0, n->width, n->height}},
        .probabilities = out->probabilities,
        .class_index = task->class_count - 1,
        .map = {out->map, n->height, n->width},
        .level = 0.5,
        .picture = &out->picture,
        .content_date_time = "20261121120000"};
    good = medtl_picture_read(instance_taken, 0, false, n->voi, MEDTL_PICTURE_LONGEST,
                              &out->picture, NULL) == MEDTL_OK &&
           medtl_evidence_outline(&r->map, &r->geometry, n->height, n->width, facts->rows,
                                  facts->columns, r->level, &out->outline, &r->outline_count,
                                  NULL) == MEDTL_OK;
    r->outline = out->outline;
    return good && out->outline != NULL;
}

void sample_evidence_clear(sample_evidence *evidence)
{
    medtl_picture_clear(&evidence->picture);
    medtl_instance_destroy(evidence->instance);
    free(evidence->outline);
    free(evidence->map);
}
