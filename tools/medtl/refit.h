/* A model changed after training, by predictions for images that it has not learned from: what balance and temper
 * have in common. */
#ifndef MEDTL_TOOL_REFIT_H
#define MEDTL_TOOL_REFIT_H

#include "options.h"
#include "scored.h"

#include "core/nn/model_parts.h"
#include "core/nn/network.h"

#include <jansson.h>

typedef struct refit {
    const char *model_path, *out, *name, *version, *json; /* from the command line */
    option_words predictions;                             /* files */
    bool half;
    medtl_model *model;
    medtl_network *network;
    scored cases; /* of all files */
} refit;

/* Rows of a table of options. */
/* clang-format off */
#define REFIT_INPUT_OPTIONS(r) \
    {OPTION_HEADING, .help = "What"}, \
    {OPTION_WORD, "model", 0, "MODEL", &(r)->model_path, 0, 0, SHAPES_NOTHING, "model file"}, \
    {OPTION_TEXTS, "predictions", 0, "FILE.csv", &(r)->predictions, 0, 0, SHAPES_NOTHING, \
     "predictions with their labels, of images that were not trained on; as often as needed"}
#define REFIT_OUTPUT_OPTIONS(r, json_help) \
    {OPTION_HEADING, .help = "Output"}, \
    {OPTION_TEXT, "output", 'o', "FILE", &(r)->out, 0, 0, SHAPES_NOTHING, \
     "the model to be written; an old one is replaced"}, \
    {OPTION_TEXT, "name", 0, "NAME", &(r)->name, 0, 0, SHAPES_NOTHING, "model name, if not the old one's"}, \
    {OPTION_TEXT, "model-version", 0, "VERSION", &(r)->version, 0, 0, SHAPES_NOTHING, \
     "its version, if not the old one's"}, \
    {OPTION_FLAG, "f16", 0, "", &(r)->half, 0, 0, SHAPES_NOTHING, "store 16-bit weights: half the size"}, \
    {OPTION_TEXT, "json", 0, "FILE", &(r)->json, 0, 0, SHAPES_NOTHING, json_help}
/* clang-format on */

/** Are the model, --predictions and -o there? */
medtl_status refit_check(const refit *r, medtl_error *err);

/** Read the predictions and the model, which must be of the same classes. Give it to refit_clear() in any case. */
medtl_status refit_open(refit *r, medtl_error *err);

/** Write r->network as r->out, with its history: {VERB: {found..., "images": N, "predictions_sha256": [...]},
 *  "model": {"sha256": ..., "provenance": {...}}}.
 *  @param found  What was found, an object; taken over, also on failure. NULL: no memory. */
medtl_status refit_save(const refit *r, float temperature, const char *verb, json_t *found,
                        medtl_error *err);

void refit_clear(refit *r); /* all zero is allowed */

#endif
