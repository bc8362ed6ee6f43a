/* All there is to say about one file: what it is, what each task thinks of it, and how its pixels become a
 * result. Gathered here, printed by inspect_text.c and inspect_json.c. */
#ifndef DCM_MEDTL_LOOK_H
#define DCM_MEDTL_LOOK_H

#include "medtl/config.h"
#include "medtl/image.h"
#include "medtl/model.h"
#include "medtl/report.h"
#include "medtl/study.h"

enum { REASON_SIZE = 1024, STEP_LIMIT = 12, STEP_SIZE = 160 };

typedef struct verdict {
    const medtl_task *task;
    bool accepts;
    char reason[REASON_SIZE];
} verdict;

/** One step of the pixel path, in words: {"crop", "breast: columns 0 to 1200 ..."}. */
typedef struct pixel_step {
    const char *name;
    char what[STEP_SIZE];
} pixel_step;

typedef struct look {
    medtl_instance *instance;
    bool ours; /* a report that medtl wrote */
    verdict *verdicts;
    size_t verdict_count;
    const medtl_task *task; /* the first that accepts; NULL: none */
    medtl_image *image;     /* NULL: not read */
    pixel_step steps[STEP_LIMIT];
    size_t step_count;
    float *input; /* normalised; NULL: could not be made */
    medtl_geometry geometry;
    medtl_model *model;                   /* NULL: see model_error */
    medtl_error image_error, model_error; /* MEDTL_OK: none */
    float *probabilities;                 /* NULL: no model or no input */
} look;

/** @return MEDTL_OK where the file is DICOM, whatever else is wrong with it (image_error,
 *          model_error); else why it cannot be read. */
medtl_status look_at(const char *path, const medtl_config *config, look *out, medtl_error *err);
void look_clear(look *l);

#endif
