#include "pretrain_options.h"

#include "cmd.h"
#include "leaks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METHOD_UNSET = -1 };

static const char *const method_names[PRETRAIN_METHODS] = {"byol", "vicreg", "simclr", "barlow",
                                                           "free-label"};

static const char USAGE[] =
    "usage: medtl pretrain --data FOLDER|LIST|TABLE.csv --task TASK -o RUN_FOLDER [options]\n"
    "\n"
    "Trains a network on images that nobody has labelled and writes RUN_FOLDER/backbone.safetensors,\n"
    "which 'medtl finetune --init' starts from; checkpoint.bin, history.csv, metrics.json and\n"
    "curve.png lie beside it. Two random views of each image shall be told to be the same image\n"
    "(byol, vicreg, simclr, barlow), or a label is learned that every image carries anyway\n"
    "(free-label). The same options and seed give the same weights, bit for bit, whatever the number\n"
    "of threads, and however often the run was stopped and resumed.\n"
    "\n"
    "Images are PNG, JPEG, PGM, PPM or DICOM: all below a folder, those of a list of paths (one on\n"
    "each line), or those of a CSV table with a file column. With --probe, a table of a few labelled\n"
    "images, features are asked every few epochs what an image's nearest neighbours of OTHER groups\n"
    "(patients, lesions) say it is, and the weights of the best epoch are kept.\n"
    "\n"
    "Examples:\n"
    "  medtl pretrain --data skin/ --task dermoscopy --method byol --epochs 100 \\\n"
    "      --probe few.csv -o skin-byol/\n"
    "  medtl pretrain --data mammograms/labels.csv --columns fold=fold4 --folds 1,2,3 \\\n"
    "      --task mammography --size 128 --method vicreg -o breast-vicreg/\n"
    "  medtl pretrain --data dicom/ --task mammography --free-label view -o by-view/\n"
    "  medtl pretrain --data skin/ --task dermoscopy --init imagenet.safetensors -o continued/\n"
    "  medtl pretrain ... -o run/ --resume      goes on where a stopped run was\n"
    "  medtl finetune ... --init run/backbone.safetensors\n";

medtl_pretext_kind pretrain_kind(const pretrain_options *o)
{
    static const medtl_pretext_kind kinds[PRETRAIN_METHODS] = {
        MEDTL_PRETEXT_BYOL, MEDTL_PRETEXT_VICREG, MEDTL_PRETEXT_SIMCLR, MEDTL_PRETEXT_BARLOW,
        MEDTL_PRETEXT_LABELS};

    if (o->method == PRETRAIN_FREE_LABEL && strcmp(o->free_label, "rotation") == 0)
        return MEDTL_PRETEXT_ROTATION;
    return kinds[o->method];
}

const char *pretrain_method_name(const pretrain_options *o) { return method_names[o->method]; }

const char *pretrain_augment_text(const pretrain_options *o, uint32_t channels)
{
    const bool colour = channels == 3;

    if (o->augment_text != NULL)
        return o->augment_text;
    switch (pretrain_kind(o)) {
    case MEDTL_PRETEXT_ROTATION: /* a picture turned by chance would not tell its quarter turns */
        return colour ? "dermoscopy,rotation=10" : "mammography,rotation=10";
    case MEDTL_PRETEXT_LABELS:
        return colour ? "dermoscopy" : "mammography";
    default:
        return colour ? "dermoscopy-views" : "mammography-views";
    }
}

static medtl_status check_method(pretrain_options *p, bool method_given, medtl_error *err)
{
    if (p->free_label != NULL && !method_given)
        p->method = PRETRAIN_FREE_LABEL;
    if (p->free_label == NULL && p->method == PRETRAIN_FREE_LABEL)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--method free-label: which one? --free-label rotation, or a column");
    if (p->free_label != NULL && p->method != PRETRAIN_FREE_LABEL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--free-label does not go with --method %s",
                          method_names[p->method]);
    return MEDTL_OK;
}

static medtl_status check(pretrain_options *p, bool method_given, medtl_error *err)
{
    bool known = false;

    for (size_t i = 0; i < medtl_architecture_count(); i++)
        known = known || strcmp(p->architecture, medtl_architecture_name(i)) == 0;
    if (!known)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--architecture: there is no '%s'",
                          p->architecture);
    if (p->data == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--data is needed (see --help)");
    if (p->run_folder == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "-o RUN_FOLDER is needed (see --help)");
    p->resume = p->resume || p->finish;
    if (p->resume && p->force)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--force excludes --resume and --finish");
    if (p->probe == NULL && (p->probe_columns != NULL || p->probe_folds != NULL ||
                             p->probe_label_map != NULL || p->probe_root != NULL))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "options of the probe, but no --probe");
    if (p->held_out == NULL &&
        (p->held_out_columns != NULL || p->held_out_folds != NULL || p->held_out_root != NULL))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "options of images held out, but no --held-out");
    return check_method(p, method_given, err);
}

void pretrain_parse(int argc, char **argv, pretrain_options *out, int *exit_code)
{
    option table[PRETRAIN_OPTION_ROOM], default_table[PRETRAIN_OPTION_ROOM];
    pretrain_options defaults;
    size_t count;
    bool help = false, method_given;
    medtl_error err = {0};
    medtl_status status;

    pretrain_set_defaults(out);
    pretrain_set_defaults(&defaults);
    count = pretrain_fill_table(out, table);
    (void)pretrain_fill_table(&defaults, default_table);
    *exit_code = -1;
    out->method = METHOD_UNSET;
    status = options_parse(USAGE, table, count, argc, argv, &help, &err);
    if (help) {
        *exit_code = EXIT_DONE;
        return;
    }
    method_given = out->method != METHOD_UNSET;
    if (!method_given)
        out->method = defaults.method;
    if (status == MEDTL_OK)
        status = check(out, method_given, &err);
    if (status == MEDTL_OK && (out->run_text = options_text(table, default_table, count)) == NULL)
        status = medtl_fail(&err, MEDTL_E_MEMORY, "out of memory");
    if (status != MEDTL_OK)
        *exit_code = report_failure("pretrain", &err);
}

void pretrain_options_clear(pretrain_options *o)
{
    free(o->run_text);
    o->run_text = NULL;
}

/* VICReg's authors give 25, 25, 1 for a mean squared distance over images AND dimensions (their code); the
 * equation of their paper, which the loss follows, has no mean over dimensions. */
static medtl_pretext pretext_of(const pretrain_options *o)
{
    const medtl_pretext_kind kind = pretrain_kind(o);
    const bool wide = kind == MEDTL_PRETEXT_VICREG || kind == MEDTL_PRETEXT_BARLOW;
    const size_t embedding = o->embedding > 0 ? (size_t)o->embedding : wide ? 512 : 128;

    return (medtl_pretext){
        .kind = kind,
        .hidden = o->hidden > 0 ? (size_t)o->hidden : 512,
        .embedding = embedding,
        .momentum = o->target_momentum,
        .temperature = o->temperature,
        .off_diagonal = o->off_diagonal,
        .vicreg = {o->invariance / (double)embedding, o->variance, o->covariance, 1.0, 1e-4},
        .smoothing = o->smoothing};
}

medtl_status pretrain_loop_options(const pretrain_options *o, uint32_t channels,
                                   medtl_pretrain_options *out, medtl_error *err)
{
    const char *augment = pretrain_augment_text(o, channels);
    medtl_status status;

    *out =
        (medtl_pretrain_options){.learner = {.pretext = pretext_of(o),
                                             .batch = (size_t)o->batch,
                                             .threads = (size_t)o->threads,
                                             .recompute = o->recompute,
                                             .seed = o->seed},
                                 .epochs = (size_t)o->epochs,
                                 .loader_threads = (size_t)o->loader_threads,
                                 .optimizer = {.kind = (medtl_optimizer_kind)o->optimizer,
                                               .momentum = o->momentum,
                                               .beta2 = o->beta2,
                                               .epsilon = 1e-8,
                                               .trust = o->trust,
                                               .weight_decay = o->weight_decay,
                                               .bias_decay = o->bias_decay,
                                               .clip = o->clip},
                                 .rate = o->rate,
                                 .schedule = (medtl_schedule)o->schedule,
                                 .warmup = o->warmup < 0.0 ? 0.05 * (double)o->epochs : o->warmup,
                                 .seed = o->seed,
                                 .probe_every = (size_t)o->probe_every,
                                 .neighbours = (size_t)o->neighbours,
                                 .probe_temperature = 0.07,
                                 .checkpoint_seconds = 60.0 * o->checkpoint_minutes,
                                 .resume = o->resume,
                                 .finish = o->finish};
    if ((status = medtl_augment_parse(augment, &out->augment, err)) != MEDTL_OK)
        return status;
    if (out->learner.pretext.kind == MEDTL_PRETEXT_ROTATION && out->augment.rotation > 30.0)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--augment turns pictures by up to %g degrees: quarter turns cannot be "
                          "told then (30 at most)",
                          out->augment.rotation);
    return MEDTL_OK;
}

image_source_options pretrain_images(const pretrain_options *o)
{
    return (image_source_options){
        .command = "pretrain",
        .what = "image",
        .labels = {.data = o->data, .columns = o->columns, .root = o->root, .unlabelled = true},
        .folds = o->folds,
        .folds_option = "folds",
        .free_label = pretrain_kind(o) == MEDTL_PRETEXT_LABELS ? o->free_label : NULL,
        .max_unreadable = o->max_unreadable,
        .cache_megabytes = o->cache_megabytes,
        .threads = (size_t)o->threads,
        .prints = o->leaks != (int)LEAKS_IGNORE,
        .quiet = o->quiet};
}

image_source_options pretrain_held_out_images(const pretrain_options *o)
{
    return (image_source_options){.command = "pretrain",
                                  .what = "held-out image",
                                  .labels = {.data = o->held_out,
                                             .columns = o->held_out_columns,
                                             .root = o->held_out_root,
                                             .unlabelled = true},
                                  .folds = o->held_out_folds,
                                  .folds_option = "held-out-folds",
                                  .max_unreadable = o->max_unreadable,
                                  .threads = (size_t)o->threads,
                                  .prints = true,
                                  .quiet = o->quiet};
}

image_source_options pretrain_probe_images(const pretrain_options *o)
{
    return (image_source_options){.command = "pretrain",
                                  .what = "probe image",
                                  .labels = {.data = o->probe,
                                             .columns = o->probe_columns,
                                             .root = o->probe_root,
                                             .label_map = o->probe_label_map},
                                  .folds = o->probe_folds,
                                  .folds_option = "probe-folds",
                                  .max_unreadable = o->max_unreadable,
                                  .cache_megabytes = o->cache_megabytes,
                                  .threads = (size_t)o->threads,
                                  .quiet = o->quiet};
}
