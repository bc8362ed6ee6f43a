/* --strategy block-search: fine-tune the last layer and 0, 1, ... all of the stages below it, each from the same start,
 * and keep the depth that is best on the validation images (Kandel & Castelli, Appl. Sci. 10:3359, 2020). */
#include "finetune_session.h"

#include "core/base/file.h"
#include "finetune_output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct depth {
    medtl_train_epoch kept; /* the epoch that it kept */
    size_t epochs;
} depth;

/* One depth, with checkpoint and history of its own: a search that was stopped goes on where it was. */
static medtl_status train_depth(session *s, uint32_t stages, size_t blocks, medtl_network **network,
                                medtl_train_result *result, medtl_error *err)
{
    medtl_train_options options;
    char suffix[32];
    medtl_status status;

    snprintf(suffix, sizeof suffix, "-blocks-%zu", blocks);
    printf("\nblocks %zu of %u: %s\n", blocks, (unsigned)stages - 1,
           blocks == 0            ? "the last layer alone learns"
           : blocks + 1 == stages ? "every layer learns"
                                  : "the last stages learn");
    if ((status = session_build(s, false, network, err)) != MEDTL_OK ||
        (status = finetune_train_options(&s->options, stages, NULL, &options, err)) != MEDTL_OK)
        return status;
    options.optimizer.frozen_stages = stages - 1 - (uint32_t)blocks;
    if (blocks + 1 < s->options.unfreeze.groups) /* as many groups as there are stages for them */
        options.unfreeze.groups = blocks + 1;
    return session_train(s, *network, &options, suffix, result, err);
}

static medtl_status write_table(const session *s, const depth *depths, size_t count,
                                medtl_error *err)
{
    char *path = run_path(&s->options, "blocks.csv"), *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    medtl_status status = MEDTL_E_MEMORY;

    if (path == NULL || stream == NULL) {
        if (stream != NULL)
            fclose(stream);
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
        goto done;
    }
    fputs("blocks,kept_epoch,epochs,validation_loss,validation_auc,validation_accuracy,"
          "validation_balanced_accuracy\n",
          stream);
    for (size_t b = 0; b < count; b++)
        fprintf(stream, "%zu,%llu,%zu,%.6f,%.6f,%.6f,%.6f\n", b,
                (unsigned long long)depths[b].kept.epoch, depths[b].epochs,
                depths[b].kept.validation_loss, depths[b].kept.validation_auc,
                depths[b].kept.validation_accuracy, depths[b].kept.validation_balanced_accuracy);
    status = fclose(stream) == 0 ? medtl_file_replace(path, text, size, err)
                                 : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
done:
    free(path);
    free(text);
    return status;
}

/* {"block_search": {"chosen": 2, "validation_auc": [...]}} */
static json_t *details(const depth *depths, size_t count, size_t chosen)
{
    json_t *values = json_array();

    for (size_t b = 0; b < count; b++)
        if (json_array_append_new(values, isfinite(depths[b].kept.validation_auc)
                                              ? json_real(depths[b].kept.validation_auc)
                                              : json_null()) != 0) {
            json_decref(values);
            return NULL;
        }
    return json_pack("{s:{s:I, s:o}}", "block_search", "chosen", (json_int_t)chosen,
                     "validation_auc", values);
}

static medtl_status write_best(session *s, medtl_network *best, const medtl_train_result *result,
                               const depth *depths, size_t count, size_t chosen, medtl_error *err)
{
    json_t *more = details(depths, count, chosen);
    medtl_status status;

    if (more == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the model's provenance");
    printf("\n%-8s %10s %10s %20s\n", "blocks", "loss", "AUC", "balanced accuracy");
    for (size_t b = 0; b < count; b++)
        printf("%-8zu %10.4f %10.4f %20.4f%s\n", b, depths[b].kept.validation_loss,
               depths[b].kept.validation_auc, depths[b].kept.validation_balanced_accuracy,
               b == chosen ? "  kept" : "");
    if ((status = write_table(s, depths, count, err)) == MEDTL_OK)
        status = session_write(s, best, result, more, err);
    json_decref(more);
    return status;
}

/* With --finish the depths of which something was trained: a search that was stopped has no checkpoint of the others.
 * They come one after another, so the first gap ends them. */
static medtl_status count_depths(const session *s, size_t stages, size_t *count, medtl_error *err)
{
    bool begun = true;
    medtl_status status = MEDTL_OK;

    *count = s->options.finish ? 1 : stages; /* the first is there, or there is no run to finish */
    while (*count < stages && status == MEDTL_OK && begun) {
        char name[48];

        snprintf(name, sizeof name, "checkpoint-blocks-%zu.bin", *count);
        status = run_holds(&s->options, name, &begun, err);
        if (status == MEDTL_OK && begun)
            ++*count;
    }
    return status;
}

/* The best depth so far. */
typedef struct leader {
    medtl_network *network; /* NULL: none yet */
    medtl_train_result result;
    size_t depth;
} leader;

static void leader_clear(leader *l)
{
    medtl_network_destroy(l->network);
    free(l->result.history);
}

/* Train one depth, note what came of it, and keep its network where it is better than all before. */
static medtl_status try_depth(session *s, uint32_t stages, size_t blocks, depth *depths,
                              leader *best, medtl_error *err)
{
    const medtl_train_select select = (medtl_train_select)s->options.select;
    leader tried = {.depth = blocks};
    medtl_status status = train_depth(s, stages, blocks, &tried.network, &tried.result, err);

    if (status == MEDTL_OK) {
        depths[blocks] =
            (depth){tried.result.history[tried.result.chosen - 1], tried.result.epochs};
        if (best->network == NULL || medtl_train_score(select, &depths[blocks].kept) >
                                         medtl_train_score(select, &depths[best->depth].kept)) {
            const leader before = *best;

            *best = tried;
            tried = before;
        }
    }
    leader_clear(&tried);
    return status;
}

medtl_status finetune_block_search(session *s, medtl_error *err)
{
    const uint32_t stages = medtl_network_stage_count(s->network);
    depth *depths = calloc(stages, sizeof *depths);
    leader best = {0};
    size_t count = 0;
    medtl_status status;

    if (depths == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %u depths", (unsigned)stages);
    status = count_depths(s, stages, &count, err);
    for (size_t b = 0; b < count && status == MEDTL_OK; b++)
        status = try_depth(s, stages, b, depths, &best, err);
    if (status == MEDTL_OK && count < stages)
        printf("\nblocks %zu and more: not begun, left out\n", count);
    if (status == MEDTL_OK)
        status = write_best(s, best.network, &best.result, depths, count, best.depth, err);
    leader_clear(&best);
    free(depths);
    return status;
}
