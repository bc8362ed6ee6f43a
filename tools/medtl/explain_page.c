#include "explain_page.h"

#include "tools/plot/heat_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 4, SHOWN_CLASSES = 3, LINE_SIZE = 256 };

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* The normalised input as bytes, as `medtl_normalised_write_png()` shows it. */
static void draw_input(const explanation *e, unsigned char *rgb)
{
    const medtl_normaliser *n = e->normaliser;
    const size_t plane = (size_t)n->height * n->width;

    for (size_t i = 0; i < plane; i++)
        for (size_t c = 0; c < 3; c++) {
            const size_t channel = n->channels == 3 ? c : 0;
            const float v =
                255.0f * (e->input[channel * plane + i] * n->sd[channel] + n->mean[channel]);

            rgb[3 * i + c] = (unsigned char)(v > 0.0f ? (v < 255.0f ? v + 0.5f : 255.0f) : 0.0f);
        }
}

static float largest_of(const float *values, size_t count)
{
    float largest = 0.0f;

    for (size_t i = 0; i < count; i++)
        largest = values[i] > largest ? values[i] : largest;
    return largest;
}

/* "nv 0.912, mel 0.044, bkl 0.021": the most probable ones. */
static void list_classes(const explanation *e, char out[LINE_SIZE])
{
    size_t used = 0, last = e->info->class_count;

    for (size_t shown = 0; shown < SHOWN_CLASSES && shown < e->info->class_count; shown++) {
        size_t best = e->info->class_count;

        for (size_t k = 0; k < e->info->class_count; k++) {
            const bool above = last == e->info->class_count ||
                               e->probabilities[k] < e->probabilities[last] ||
                               (e->probabilities[k] == e->probabilities[last] && k > last);

            if (above &&
                (best == e->info->class_count || e->probabilities[k] > e->probabilities[best]))
                best = k;
        }
        used +=
            (size_t)snprintf(out + used, LINE_SIZE - used, "%s%.40s %.3f", shown > 0 ? ", " : "",
                             e->info->class_names[best], (double)e->probabilities[best]);
        last = best;
    }
}

medtl_status explain_page_write(const char *path, const explanation *e, medtl_error *err)
{
    const medtl_normaliser *n = e->normaliser;
    const size_t plane = (size_t)n->height * n->width;
    const float largest = largest_of(e->map, e->height * e->width);
    unsigned char *rgb = malloc(3 * plane);
    float *heat = malloc(plane * sizeof *heat);
    char lines[LINES][LINE_SIZE], title[LINE_SIZE], classes[LINE_SIZE];
    const char *const texts[LINES] = {lines[0], lines[1], lines[2], lines[3]};
    medtl_status status;

    if (rgb == NULL || heat == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for a heat map", path);
        goto done;
    }
    draw_input(e, rgb);
    medtl_heat_map_enlarge(e->map, e->height, e->width, heat, n->height, n->width);
    for (size_t i = 0; i < plane && largest > 0.0f; i++)
        heat[i] /= largest;
    list_classes(e, classes);
    snprintf(title, sizeof title, "What speaks for %.60s in %.120s",
             e->info->class_names[e->class_index], file_name(e->file));
    snprintf(lines[0], LINE_SIZE, "Probabilities: %.200s", classes);
    snprintf(lines[1], LINE_SIZE,
             "Grad-CAM of %s (%zu x %zu), enlarged; each page has its own scale%s",
             e->layer[0] != '\0' ? e->layer : "the last feature map", e->height, e->width,
             largest > 0.0f ? "" : ". Nothing speaks for this class");
    snprintf(lines[2], LINE_SIZE,
             "Model: %.60s %.30s, SHA-256 %.16s. Left: the picture as the model "
             "reads it",
             e->info->name, e->info->version, e->info->sha256);
    snprintf(lines[3], LINE_SIZE,
             "A heat map shows what moved the model, not where disease is. It does not diagnose");
    status = plot_heat_page(path,
                            &(heat_page){.title = title,
                                         .lines = texts,
                                         .line_count = LINES,
                                         .height = n->height,
                                         .width = n->width,
                                         .picture = rgb,
                                         .heat = heat},
                            err);
done:
    free(rgb);
    free(heat);
    return status;
}

json_t *explain_json(const explanation *e)
{
    json_t *rows = json_array();
    int failed = rows == NULL;

    for (size_t y = 0; y < e->height && !failed; y++) {
        json_t *row = json_array();

        failed = row == NULL;
        for (size_t x = 0; x < e->width && !failed; x++)
            failed = json_array_append_new(row, json_real((double)e->map[y * e->width + x]));
        failed |= json_array_append_new(rows, row);
    }
    if (failed) {
        json_decref(rows);
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:f, s:o}", "file", e->file, "page", e->page, "class",
                     e->info->class_names[e->class_index], "probability",
                     (double)e->probabilities[e->class_index], "map", rows);
}
