#include "look.h"

#include "pipeline.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *look_up(const void *context, const char *keyword)
{
    return medtl_instance_value(context, keyword);
}

static medtl_status ask_tasks(const medtl_config *config, look *l, medtl_error *err)
{
    const size_t count = medtl_config_task_count(config);

    l->verdicts = calloc(count + 1, sizeof *l->verdicts);
    if (l->verdicts == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu tasks", count);
    l->verdict_count = count;
    for (size_t i = 0; i < count; i++) {
        verdict *v = &l->verdicts[i];

        v->task = medtl_config_task(config, i);
        v->accepts = medtl_task_accepts(v->task, look_up, l->instance, v->reason, sizeof v->reason);
        if (v->accepts && l->task == NULL)
            l->task = v->task;
    }
    return MEDTL_OK;
}

/* ---- the pixel path in words -------------------------------------------------------------- */

static void add_step(look *l, const char *name, const char *format, ...) MEDTL_PRINTF(3, 4);

static void add_step(look *l, const char *name, const char *format, ...)
{
    va_list arguments;

    if (l->step_count == STEP_LIMIT)
        return;
    l->steps[l->step_count].name = name;
    va_start(arguments, format);
    (void)vsnprintf(l->steps[l->step_count].what, STEP_SIZE, format, arguments);
    va_end(arguments);
    l->step_count++;
}

static void say_decoding(look *l)
{
    static const char *const photometric[] = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB",
                                              "YBR_FULL"};
    const medtl_image *image = l->image;

    add_step(l, "decode", "%u x %u pixels, %u %s of %u bits, %s", (unsigned)image->columns,
             (unsigned)image->rows, (unsigned)image->samples,
             image->samples == 1 ? "sample" : "samples", (unsigned)image->bits_stored,
             photometric[image->photometric]);
}

static void say_values(look *l)
{
    const medtl_image *image = l->image;

    if (image->photometric == MEDTL_PALETTE_COLOR)
        add_step(l, "palette", "%u colours to RGB", (unsigned)image->palette[0].count);
    else if (image->samples == 3)
        add_step(l, "colour", "%s",
                 image->photometric == MEDTL_YBR_FULL ? "YBR to RGB" : "RGB as it is");
    else if (image->modality_lut.entries != NULL)
        add_step(l, "modality", "look-up table of %u entries from stored value %d",
                 (unsigned)image->modality_lut.count, (int)image->modality_lut.first);
    else
        add_step(l, "modality", "times %g, plus %g%s", image->rescale_slope,
                 image->rescale_intercept,
                 image->counts_exposure ? "; logarithm, since the image counts X-rays" : "");
    if (image->has_padding)
        add_step(l, "padding", "stored values %d to %d are no image", (int)image->padding_first,
                 (int)image->padding_last);
    else
        add_step(l, "padding", "none stated");
}

static void say_window(look *l)
{
    static const char *const functions[] = {"LINEAR", "LINEAR_EXACT", "SIGMOID"};
    const medtl_image *image = l->image;

    switch (l->task->normaliser.voi) {
    case MEDTL_VOI_PERCENTILE:
        add_step(l, "contrast", "0.5 to 99.5 percent of the pixels inside the crop become 0 to 1");
        break;
    case MEDTL_VOI_FULL_RANGE:
        add_step(l, "contrast", "smallest to largest pixel become 0 to 1");
        break;
    default:
        if (image->has_window)
            add_step(l, "contrast", "the image's window: centre %g, width %g, %s",
                     image->window_center, image->window_width, functions[image->voi_function]);
        else if (image->voi_lut.entries != NULL)
            add_step(l, "contrast", "the image's VOI table of %u entries",
                     (unsigned)image->voi_lut.count);
        else
            add_step(l, "contrast", "the image states none: the full range of its pixels");
    }
}

static void say_polarity(look *l)
{
    const bool first = l->image->photometric == MEDTL_MONOCHROME1;
    const bool inverse = l->image->inverse_presentation_lut;

    if (l->image->samples == 1)
        add_step(l, "polarity", "%s%s", first || inverse ? "inverted" : "as it is",
                 first && inverse ? " (MONOCHROME1 and an inverse presentation LUT)"
                 : first          ? " (MONOCHROME1: low is white)"
                 : inverse        ? " (inverse presentation LUT)"
                                  : "");
}

static void say_geometry(look *l)
{
    static const char *const crops[] = {"none", "breast", "center"};
    static const char *const fits[] = {"letterbox", "stretch"};
    static const char *const constancies[] = {"none", "shades of gray"};
    const medtl_normaliser *n = &l->task->normaliser;
    const medtl_geometry *g = &l->geometry;

    add_step(l, "crop", "%s: columns %.0f to %.0f, rows %.0f to %.0f", crops[n->crop], g->x0, g->x1,
             g->y0, g->y1);
    if (n->side == MEDTL_SIDE_LEFT)
        add_step(l, "side", "chest wall to the left: %s", g->flipped ? "mirrored" : "as it is");
    add_step(l, "size", "%u x %u pixels, %s", (unsigned)n->width, (unsigned)n->height,
             fits[n->fit]);
    add_step(l, "constancy", "%s", constancies[n->color_constancy]);
    if (n->channels == 3)
        add_step(l, "scale", "minus mean (%g, %g, %g), divided by sd (%g, %g, %g)",
                 (double)n->mean[0], (double)n->mean[1], (double)n->mean[2], (double)n->sd[0],
                 (double)n->sd[1], (double)n->sd[2]);
    else
        add_step(l, "scale", "minus mean %g, divided by sd %g", (double)n->mean[0],
                 (double)n->sd[0]);
}

static medtl_status read_pixels(look *l)
{
    const medtl_normaliser *n = &l->task->normaliser;
    const size_t size = (size_t)n->channels * n->height * n->width;
    uint32_t count;
    const uint32_t frame =
        medtl_pipeline_frames(l->task, medtl_instance_facts(l->instance)->frames, &count);
    medtl_status status =
        medtl_pipeline_read_image(l->task, l->instance, frame, &l->image, &l->image_error);

    if (status != MEDTL_OK)
        return status;
    say_decoding(l);
    l->input = calloc(size, sizeof *l->input);
    if (l->input == NULL)
        return medtl_fail(&l->image_error, MEDTL_E_MEMORY, "out of memory for %zu values", size);
    status = medtl_normalise(l->image, n, l->input, &l->geometry, NULL, &l->image_error);
    if (status != MEDTL_OK) {
        free(l->input);
        l->input = NULL;
        return status;
    }
    say_values(l);
    say_window(l);
    say_polarity(l);
    say_geometry(l);
    return MEDTL_OK;
}

/* ---- the model ------------------------------------------------------------------------- */

static void run_model(look *l)
{
    medtl_predictor *predictor = NULL;

    if (medtl_model_load(l->task->model_path, &l->model, &l->model_error) != MEDTL_OK)
        return;
    if (medtl_pipeline_check_model(l->task, medtl_model_get_info(l->model), &l->model_error) !=
            MEDTL_OK ||
        medtl_predictor_create(l->model, 1, 1, &predictor, &l->model_error) != MEDTL_OK) {
        medtl_model_destroy(l->model);
        l->model = NULL;
        return;
    }
    l->probabilities = calloc(l->task->class_count, sizeof *l->probabilities);
    if (l->probabilities != NULL && l->input != NULL) {
        medtl_predictor_run(predictor, l->input, 1, l->probabilities);
    } else {
        free(l->probabilities);
        l->probabilities = NULL;
    }
    medtl_predictor_destroy(predictor);
}

medtl_status look_at(const char *path, const medtl_config *config, look *l, medtl_error *err)
{
    size_t keyword_count = 0;
    const char *const *keywords = medtl_config_keywords(config, &keyword_count);
    medtl_status status;

    memset(l, 0, sizeof *l);
    status = medtl_instance_read(path, keywords, keyword_count, &l->instance, err);
    if (status != MEDTL_OK || (status = ask_tasks(config, l, err)) != MEDTL_OK)
        return status;
    l->ours = medtl_report_is_ours(l->instance);
    if (l->task == NULL)
        return MEDTL_OK;
    if (read_pixels(l) != MEDTL_OK)
        return MEDTL_OK; /* image_error says why; that is an answer too */
    run_model(l);
    return MEDTL_OK;
}

void look_clear(look *l)
{
    free(l->probabilities);
    medtl_model_destroy(l->model);
    free(l->input);
    medtl_image_destroy(l->image);
    free(l->verdicts);
    medtl_instance_destroy(l->instance);
}
