/* What a stopped run leaves behind, and going on from it. */
#include "core/train/checkpoint.h"
#include "train_parts.h"

#include <stdlib.h>
#include <unistd.h>

/* Everything that the next epoch depends on, in a fixed order. */
static medtl_status list_blocks(medtl_train_run *r, medtl_block **out, size_t *count,
                                medtl_error *err)
{
    const size_t parameters = medtl_network_parameter_count(r->network);
    const size_t states = medtl_optimizer_block_count(r->optimizer);
    medtl_block *blocks = calloc(2 + 2 * parameters + states, sizeof *blocks), *next = blocks;

    *out = blocks;
    *count = 2 + 2 * parameters + states;
    if (blocks == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a checkpoint");
    *next++ = (medtl_block){&r->progress, sizeof r->progress};
    *next++ = (medtl_block){r->history, r->options->epochs * sizeof *r->history};
    for (size_t i = 0; i < parameters; i++) {
        const medtl_parameter *p = medtl_network_parameter(r->network, i);

        *next++ = (medtl_block){p->value, p->size * sizeof(float)};
        *next++ = (medtl_block){r->kept[i], p->size * sizeof(float)};
    }
    for (size_t i = 0; i < states; i++, next++)
        next->bytes = medtl_optimizer_block(r->optimizer, i, &next->size);
    return MEDTL_OK;
}

medtl_status medtl_train_save(medtl_train_run *r, medtl_error *err)
{
    medtl_block *blocks = NULL;
    size_t count = 0;
    medtl_status status;

    if (r->options->checkpoint == NULL)
        return MEDTL_OK;
    status = list_blocks(r, &blocks, &count, err);
    if (status == MEDTL_OK)
        status = medtl_checkpoint_write(r->options->checkpoint,
                                        r->options->run != NULL ? r->options->run : "", blocks,
                                        count, err);
    free(blocks);
    return status;
}

/* The text of this version first: what it says against a checkpoint is what the reader can act on. */
static medtl_status read_blocks(const medtl_train_options *o, const medtl_block *blocks,
                                size_t count, medtl_error *err)
{
    medtl_error why = {0};
    medtl_status status =
        medtl_checkpoint_read(o->checkpoint, o->run != NULL ? o->run : "", blocks, count, &why);

    if (status == MEDTL_E_CONFIG && o->earlier_run != NULL &&
        medtl_checkpoint_read(o->checkpoint, o->earlier_run, blocks, count, NULL) == MEDTL_OK)
        return MEDTL_OK;
    return status == MEDTL_OK ? MEDTL_OK : medtl_fail(err, status, "%s", why.message);
}

medtl_status medtl_train_restore(medtl_train_run *r, medtl_error *err)
{
    const medtl_train_options *o = r->options;
    medtl_block *blocks = NULL;
    size_t count = 0;
    medtl_status status;

    if (!o->resume || o->checkpoint == NULL || access(o->checkpoint, F_OK) != 0)
        return MEDTL_OK;
    status = list_blocks(r, &blocks, &count, err);
    if (status == MEDTL_OK)
        status = read_blocks(o, blocks, count, err);
    free(blocks);
    if (status == MEDTL_OK && (r->progress.done > o->epochs || r->progress.chosen > o->epochs))
        status = medtl_fail(err, MEDTL_E_CONFIG, "%s: holds more epochs than this run has",
                            o->checkpoint);
    return status;
}
