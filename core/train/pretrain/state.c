/* A run's state as a checkpoint. */
#include "run.h"

#include "core/train/checkpoint.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

double medtl_pretrain_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Everything that the next step depends on, in a fixed order. */
static medtl_status list_blocks(medtl_pretrain_run *run, medtl_block **out, size_t *count,
                                medtl_error *err)
{
    const size_t parameters = medtl_network_parameter_count(run->network);
    const size_t states = medtl_optimizer_block_count(run->optimizer);
    medtl_network *target = medtl_learner_target(run->learner);
    const size_t of_target = target != NULL ? medtl_network_parameter_count(target) : 0;
    medtl_block *blocks = calloc(2 + 2 * parameters + of_target + states, sizeof *blocks);
    medtl_block *next = blocks;

    *out = blocks;
    *count = 2 + 2 * parameters + of_target + states;
    if (blocks == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a checkpoint");
    *next++ = (medtl_block){&run->progress, sizeof run->progress};
    *next++ = (medtl_block){run->history, run->options->epochs * sizeof *run->history};
    for (size_t i = 0; i < parameters; i++) {
        const medtl_parameter *p = medtl_network_parameter(run->network, i);
        const size_t kept = run->kept[i] != NULL ? p->size * sizeof(float) : 0;

        *next++ = (medtl_block){p->value, p->size * sizeof(float)};
        *next++ = (medtl_block){run->kept[i], kept};
    }
    for (size_t i = 0; i < of_target; i++) {
        const medtl_parameter *p = medtl_network_parameter(target, i);

        *next++ = (medtl_block){p->value, p->size * sizeof(float)};
    }
    for (size_t i = 0; i < states; i++, next++)
        next->bytes = medtl_optimizer_block(run->optimizer, i, &next->size);
    return MEDTL_OK;
}

medtl_status medtl_pretrain_save(medtl_pretrain_run *run, medtl_error *err)
{
    const medtl_pretrain_options *o = run->options;
    medtl_block *blocks = NULL;
    size_t count = 0;
    medtl_status status;

    if (o->checkpoint == NULL)
        return MEDTL_OK;
    status = list_blocks(run, &blocks, &count, err);
    if (status == MEDTL_OK)
        status =
            medtl_checkpoint_write(o->checkpoint, o->run != NULL ? o->run : "", blocks, count, err);
    free(blocks);
    run->saved = medtl_pretrain_now();
    return status;
}

medtl_status medtl_pretrain_restore(medtl_pretrain_run *run, medtl_error *err)
{
    const medtl_pretrain_options *o = run->options;
    medtl_block *blocks = NULL;
    size_t count = 0;
    medtl_status status;

    if (!o->resume || o->checkpoint == NULL || access(o->checkpoint, F_OK) != 0)
        return MEDTL_OK;
    status = list_blocks(run, &blocks, &count, err);
    if (status == MEDTL_OK)
        status =
            medtl_checkpoint_read(o->checkpoint, o->run != NULL ? o->run : "", blocks, count, err);
    free(blocks);
    if (status == MEDTL_OK &&
        (run->progress.done > o->epochs || run->progress.chosen > run->progress.done ||
         run->progress.batches > run->batches))
        status = medtl_fail(err, MEDTL_E_CONFIG, "%s: holds more than this run has", o->checkpoint);
    return status;
}
