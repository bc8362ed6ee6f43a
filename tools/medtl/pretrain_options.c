#include "pretrain_options.h"

#include "cmd.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOM = 72, METHOD_UNSET = -1 };

/* The order of the words in the option table. */
enum { METHOD_BYOL, METHOD_VICREG, METHOD_SIMCLR, METHOD_BARLOW, METHOD_FREE_LABEL, METHOD_COUNT };
static const char *const method_names[METHOD_COUNT] = {"byol", "vicreg", "simclr", "barlow",
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

static size_t fill_data(pretrain_options *p, option *out)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Data"},
        {OPTION_TEXT, "data", 0, "PATH", &p->data, 0, 0, SHAPES_NOTHING,
         "folder of images, list of their paths, or CSV table"},
        {OPTION_TEXT, "root", 0, "FOLDER", &p->root, 0, 0, SHAPES_NOTHING,
         "folder that relative files start from, if not the list's or table's"},
        {OPTION_TEXT, "columns", 0, "file=A,fold=B,...", &p->columns, 0, 0, SHAPES_RESULT,
         "columns of other names in the table; of file, group, fold, photometric"},
        {OPTION_TEXT, "folds", 0, "FOLDS", &p->folds, 0, 0, SHAPES_RESULT,
         "use only these folds of the table; others are not opened"},
        {OPTION_TEXT, "task", 0, "NAME|FILE.xml", &p->task, 0, 0, SHAPES_NOTHING,
         "task that gives the normaliser"},
        {OPTION_TEXT, "normaliser", 0, "TEXT", &p->normaliser, 0, 0, SHAPES_NOTHING,
         "normaliser in its canonical spelling, instead of the task's"},
        {OPTION_WHOLE, "size", 0, "PIXELS", &p->size, 0, 4096, SHAPES_RESULT,
         "height and width of the input; 0: the normaliser's"},
        {OPTION_REAL, "max-unreadable", 0, "SHARE", &p->max_unreadable, 0, 1, SHAPES_NOTHING,
         "stop if more of the images than this cannot be read"},
        {OPTION_WHOLE, "cache", 0, "MIB", &p->cache_megabytes, 0, 1e7, SHAPES_NOTHING,
         "memory for normalised images; the rest is read again each time"},
        {OPTION_HEADING, .help = "Probe"},
        {OPTION_TEXT, "probe", 0, "TABLE", &p->probe, 0, 0, SHAPES_NOTHING,
         "CSV table of labelled images (file, label, group) that chooses the epoch; none: the last is kept"},
        {OPTION_TEXT, "probe-root", 0, "FOLDER", &p->probe_root, 0, 0, SHAPES_NOTHING,
         "folder that its relative files start from"},
        {OPTION_TEXT, "probe-columns", 0, "label=A,group=B,...", &p->probe_columns, 0, 0,
         SHAPES_RESULT, "its columns of other names"},
        {OPTION_TEXT, "probe-label-map", 0, "VALUE=CLASS,...", &p->probe_label_map, 0, 0,
         SHAPES_RESULT, "which class a value of its label column means"},
        {OPTION_TEXT, "probe-folds", 0, "FOLDS", &p->probe_folds, 0, 0, SHAPES_RESULT,
         "use only these folds of it: never those that will be tested on"},
        {OPTION_WHOLE, "probe-every", 0, "EPOCHS", &p->probe_every, 1, 1e5, SHAPES_RESULT,
         "from one probe to the next; the last epoch has one in any case"},
        {OPTION_WHOLE, "neighbours", 0, "K", &p->neighbours, 1, 10000, SHAPES_RESULT,
         "that vote, by their similarity"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static size_t fill_output(pretrain_options *p, option *out)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "output", 'o', "FOLDER", &p->run_folder, 0, 0, SHAPES_NOTHING, "run folder"},
        {OPTION_FLAG, "resume", 0, "", &p->resume, 0, 0, SHAPES_NOTHING,
         "go on from the folder's checkpoint, if there is one"},
        {OPTION_FLAG, "force", 0, "", &p->force, 0, 0, SHAPES_NOTHING,
         "start anew in a folder that holds a run"},
        {OPTION_FLAG, "finish", 0, "", &p->finish, 0, 0, SHAPES_NOTHING,
         "train no more; write the weights of the best epoch that the folder's checkpoint holds"},
        {OPTION_REAL, "checkpoint-every", 0, "MINUTES", &p->checkpoint_minutes, 0, 1e5,
         SHAPES_NOTHING,
         "from one checkpoint to the next: what a killed run loses at most; 0: after each step"},
        {OPTION_FLAG, "quiet", 'q', "", &p->quiet, 0, 0, SHAPES_NOTHING, "no progress line"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static size_t fill_network(pretrain_options *p, option *out)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Network and method"},
        {OPTION_TEXT, "architecture", 0, "NAME", &p->architecture, 0, 0, SHAPES_RESULT,
         "resnet18, hybrid2 ..."},
        {OPTION_WHOLE, "width", 0, "CHANNELS", &p->width, 0, 4096, SHAPES_RESULT,
         "base width; 0: the architecture's own"},
        {OPTION_TEXT, "init", 0, "WEIGHTS", &p->init, 0, 0, SHAPES_NOTHING,
         "go on from these weights (continual pretraining); their head does not matter"},
        {OPTION_CHOICE, "method", 0, "byol|vicreg|simclr|barlow|free-label", &p->method, 0, 0,
         SHAPES_RESULT, "what is learned"},
        {OPTION_TEXT, "free-label", 0, "rotation|NAME", &p->free_label, 0, 0, SHAPES_RESULT,
         "label that comes for free: quarter turns, a column of the table, or of a folder or list a DICOM keyword (view, side, photometric and patient are short for some)"},
        {OPTION_WHOLE, "hidden", 0, "N", &p->hidden, 0, 16384, SHAPES_RESULT,
         "outputs of the projector's hidden layers; 0: 512"},
        {OPTION_WHOLE, "embedding", 0, "N", &p->embedding, 0, 16384, SHAPES_RESULT,
         "outputs of the projector; 0: the method's own (128; vicreg, barlow 512)"},
        {OPTION_REAL, "target-momentum", 0, "TAU", &p->target_momentum, 0, 1, SHAPES_RESULT,
         "of byol: how slowly the target network follows at first; rises to 1"},
        {OPTION_REAL, "temperature", 0, "T", &p->temperature, 0.001, 100, SHAPES_RESULT,
         "of simclr"},
        {OPTION_REAL, "off-diagonal", 0, "X", &p->off_diagonal, 0, 1, SHAPES_RESULT, "of barlow"},
        {OPTION_REAL, "invariance", 0, "X", &p->invariance, 0, 1e6, SHAPES_RESULT,
         "of vicreg: weight of the views' mean squared distance"},
        {OPTION_REAL, "variance", 0, "X", &p->variance, 0, 1e6, SHAPES_RESULT,
         "of vicreg: weight of each output's spread over the batch"},
        {OPTION_REAL, "covariance", 0, "X", &p->covariance, 0, 1e6, SHAPES_RESULT,
         "of vicreg: weight of what outputs have in common"},
        {OPTION_REAL, "label-smoothing", 0, "X", &p->smoothing, 0, 0.99, SHAPES_RESULT,
         "of free-label"},
        {OPTION_TEXT, "augment", 0, "PRESET[,KEY=X...]", &p->augment_text, 0, 0, SHAPES_RESULT,
         "how views differ: dermoscopy-views, mammography-views, or a preset of finetune, which are milder (those are the defaults of free-label); keys as there, and blur, blur_sigma"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static size_t fill_training(pretrain_options *p, option *out)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Training"},
        {OPTION_WHOLE, "epochs", 0, "N", &p->epochs, 1, 1e5, SHAPES_RESULT,
         "times that each image is shown"},
        {OPTION_WHOLE, "batch", 0, "N", &p->batch, 1, 32768, SHAPES_RESULT,
         "images in a step (twice as many views)"},
        {OPTION_CHOICE, "optimizer", 0, "sgd|adamw|adam|lars|momentum", &p->optimizer, 0, 0,
         SHAPES_RESULT, "sgd is with Nesterov's momentum, momentum with the classical one"},
        {OPTION_REAL, "lr", 0, "RATE", &p->rate, 0, 100, SHAPES_RESULT, "highest learning rate"},
        {OPTION_REAL, "weight-decay", 0, "X", &p->weight_decay, 0, 100, SHAPES_RESULT,
         "on the weights of convolutions and linear layers"},
        {OPTION_REAL, "bias-decay", 0, "X", &p->bias_decay, 0, 100, SHAPES_RESULT,
         "the same on biases, and on scale and shift of norms"},
        {OPTION_REAL, "momentum", 0, "X", &p->momentum, 0, 0.99999, SHAPES_RESULT,
         "of sgd, momentum, lars; beta1 of adam, adamw"},
        {OPTION_REAL, "beta2", 0, "X", &p->beta2, 0, 0.9999999, SHAPES_RESULT, "of adam, adamw"},
        {OPTION_REAL, "trust", 0, "X", &p->trust, 1e-6, 10, SHAPES_RESULT,
         "of lars: the part of a layer's length that a step may be"},
        {OPTION_REAL, "clip", 0, "LENGTH", &p->clip, 0, 1e9, SHAPES_RESULT,
         "longest gradient; 0: no limit"},
        {OPTION_CHOICE, "schedule", 0, "constant|cosine|one-cycle", &p->schedule, 0, 0,
         SHAPES_RESULT, "of the learning rate"},
        {OPTION_REAL, "warmup", 0, "EPOCHS", &p->warmup, 0, 1e5, SHAPES_RESULT,
         "linear rise at the start (constant, cosine)"},
        {OPTION_WHOLE, "seed", 0, "N", &p->seed, 0, 9e15, SHAPES_RESULT, "of everything random"},
        {OPTION_WHOLE, "threads", 0, "N", &p->threads, 1, 1024, SHAPES_NOTHING, "for arithmetic"},
        {OPTION_WHOLE, "loader-threads", 0, "N", &p->loader_threads, 1, 1024, SHAPES_NOTHING,
         "for reading and augmentation"},
        {OPTION_FLAG, "recompute", 0, "", &p->recompute, 0, 0, SHAPES_NOTHING,
         "compute activations a second time rather than keep them: the same weights in less memory, a step takes longer"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static size_t fill_table(pretrain_options *p, option *out)
{
    size_t count = fill_data(p, out);

    count += fill_output(p, out + count);
    count += fill_network(p, out + count);
    return count + fill_training(p, out + count);
}

static void set_defaults(pretrain_options *p)
{
    memset(p, 0, sizeof *p);
    p->threads = available_threads();
    p->loader_threads = (p->threads + 3) / 4;
    p->max_unreadable = 0.01;
    p->cache_megabytes = 4096;
    p->checkpoint_minutes = 3.0;
    p->probe_every = 5;
    p->neighbours = 20;
    p->architecture = "resnet18";
    p->method = METHOD_VICREG;
    p->target_momentum = 0.99;
    p->temperature = 0.2;
    p->off_diagonal = 0.005;
    p->invariance = p->variance = 25.0;
    p->covariance = 1.0;
    p->epochs = 100;
    p->batch = 64;
    p->optimizer = MEDTL_OPTIMIZER_ADAMW;
    p->rate = 0.001;
    p->weight_decay = 0.01;
    p->momentum = 0.9;
    p->beta2 = 0.999;
    p->trust = 0.001;
    p->schedule = MEDTL_SCHEDULE_COSINE;
    p->warmup = 5.0;
    p->seed = 1;
}

medtl_pretext_kind pretrain_kind(const pretrain_options *o)
{
    static const medtl_pretext_kind kinds[METHOD_COUNT] = {
        MEDTL_PRETEXT_BYOL, MEDTL_PRETEXT_VICREG, MEDTL_PRETEXT_SIMCLR, MEDTL_PRETEXT_BARLOW,
        MEDTL_PRETEXT_LABELS};

    if (o->method == METHOD_FREE_LABEL && strcmp(o->free_label, "rotation") == 0)
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
        p->method = METHOD_FREE_LABEL;
    if (p->free_label == NULL && p->method == METHOD_FREE_LABEL)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--method free-label: which one? --free-label rotation, or a column");
    if (p->free_label != NULL && p->method != METHOD_FREE_LABEL)
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
    return check_method(p, method_given, err);
}

void pretrain_parse(int argc, char **argv, pretrain_options *out, int *exit_code)
{
    option table[OPTION_ROOM], default_table[OPTION_ROOM];
    pretrain_options defaults;
    size_t count;
    bool help = false, method_given;
    medtl_error err = {0};
    medtl_status status;

    set_defaults(out);
    set_defaults(&defaults);
    count = fill_table(out, table);
    (void)fill_table(&defaults, default_table);
    *exit_code = -1;
    out->method = METHOD_UNSET;
    status = options_parse(table, count, argc, argv, &help, &err);
    if (help) {
        set_defaults(out);
        fputs(USAGE, stdout);
        options_print(table, count);
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

    *out = (medtl_pretrain_options){.learner = {.pretext = pretext_of(o),
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
                                    .warmup = o->warmup,
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
