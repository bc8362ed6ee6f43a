/* From the command line of `medtl finetune` to the options of the training loop. */
#include "finetune_options.h"

/* Stages that never learn. */
static medtl_status frozen_stages(const finetune_options *o, uint32_t stages, uint32_t *out,
                                  medtl_error *err)
{
    *out = (uint32_t)o->frozen_stages;
    if (o->strategy != STRATEGY_TOP)
        return *out < stages
                   ? MEDTL_OK
                   : medtl_fail(err, MEDTL_E_ARGUMENT,
                                "--freeze-stages %u: %s has %u stages, and one must learn",
                                (unsigned)*out, o->architecture, (unsigned)stages);
    if (o->blocks + 1 > stages)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--blocks %llu: %s has %u stages below its last layer",
                          (unsigned long long)o->blocks, o->architecture, (unsigned)stages - 1);
    *out = stages - 1 - (uint32_t)o->blocks;
    return MEDTL_OK;
}

static bool keeps_norms(const finetune_options *o)
{
    return o->frozen_norms == NORMS_KEEP ||
           (o->frozen_norms == NORMS_AUTO &&
            (o->strategy == STRATEGY_TOP || o->strategy == STRATEGY_BLOCK_SEARCH));
}

static medtl_optimizer_options optimizer_options(const finetune_options *o)
{
    return (medtl_optimizer_options){.kind = (medtl_optimizer_kind)o->optimizer,
                                     .momentum = o->momentum,
                                     .beta2 = o->beta2,
                                     .epsilon = 1e-8,
                                     .trust = o->trust,
                                     .weight_decay = o->weight_decay,
                                     .bias_decay = o->bias_decay,
                                     .layer_decay = o->layer_decay,
                                     .head_rate = o->head_rate,
                                     .clip = o->clip,
                                     .average = o->average};
}

medtl_status finetune_train_options(const finetune_options *o, uint32_t stages,
                                    const char *checkpoint, medtl_train_options *out,
                                    medtl_error *err)
{
    static const double power[] = {0.0, 0.5, 1.0}; /* of WEIGHT_... */

    *out = (medtl_train_options){
        .epochs = (size_t)o->epochs,
        .batch = (size_t)o->batch,
        .threads = (size_t)o->threads,
        .loader_threads = (size_t)o->loader_threads,
        .recompute = o->recompute,
        .optimizer = optimizer_options(o),
        .rate = o->rate,
        .schedule = (medtl_schedule)o->schedule,
        .warmup = o->warmup,
        .step_epochs = (size_t)o->step_epochs,
        .step_factor = o->step_factor,
        .patience = (size_t)o->patience,
        .least_rate = o->least_rate,
        .unfreeze = o->unfreeze,
        .freeze_norms = keeps_norms(o),
        .early_stop = (size_t)o->early_stop,
        .loss = (medtl_loss_kind)o->loss,
        .focal_gamma = o->focal_gamma,
        .class_weights = power[o->class_weights],
        .sampling = power[o->sampling],
        .label_smoothing = o->label_smoothing,
        .logit_adjustment = o->logit_adjustment,
        .mixup = o->mixup,
        .augment = o->augment,
        .select = (medtl_train_select)o->select,
        .seed = o->seed,
        .checkpoint = checkpoint,
        .run = o->run_text,
        .earlier_run = o->earlier_run_text,
        .resume = o->resume,
        .stop_after = (size_t)o->stop_after,
        .finish = o->finish,
    };

    return frozen_stages(o, stages, &out->optimizer.frozen_stages, err);
}
