#include "finetune_options.h"

#include "cmd.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOM = 72 };

static const char USAGE[] =
    "usage: medtl finetune --data labels.csv --task TASK -o RUN_FOLDER [options]\n"
    "\n"
    "Trains a network on labelled images and writes RUN_FOLDER/model.safetensors with its class\n"
    "names, normaliser, calibration and provenance; checkpoint.bin, history.csv and metrics.json\n"
    "lie beside it. The same options and seed give the same model, bit for bit, whatever the\n"
    "number of threads, and however often the run was stopped and resumed.\n"
    "\n"
    "The table has one line for each image (PNG, JPEG, PGM, PPM or DICOM) with the columns\n"
    "file, label, group and fold; --columns maps other names. Images of one group (patient,\n"
    "lesion) must lie in one fold. Folds are for: testing later (never looked at here),\n"
    "validation (which epoch to keep, calibration), and training (all others).\n"
    "\n"
    "Examples:\n"
    "  medtl finetune --data skin/labels.csv --columns label=dx,group=lesion_id,fold=fold5 \\\n"
    "      --task dermoscopy --test-folds 0 --validation-folds 1 --epochs 40 -o run1/\n"
    "  medtl finetune --data breast/labels.csv --task mammography --label-map 0=no-cancer,1=cancer \\\n"
    "      --columns label=cancer,group=patient_id,photometric=inverted --augment mammography -o run2/\n"
    "  medtl finetune ... -o run1/ --resume      goes on where a stopped run was\n"
    "  medtl finetune ... -o run1/ --finish      makes a model of what a stopped run has so far\n";

/* One table: what is parsed, explained, and written into checkpoint and model. */
static size_t fill_table(finetune_options *f, option *out)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Data"},
        {OPTION_TEXT, "data", 0, "FILE", &f->labels.data, 0, 0, SHAPES_NOTHING,
         "CSV table of the images"},
        {OPTION_TEXT, "root", 0, "FOLDER", &f->labels.root, 0, 0, SHAPES_NOTHING,
         "folder that relative files start from, if not the table's"},
        {OPTION_TEXT, "columns", 0, "file=A,label=B,...", &f->labels.columns, 0, 0, SHAPES_RESULT,
         "columns of other names; of file, label, group, fold, photometric (1 or MONOCHROME1: stored inverted)"},
        {OPTION_TEXT, "label-map", 0, "VALUE=CLASS,...", &f->labels.label_map, 0, 0, SHAPES_RESULT,
         "which class a value of the label column means"},
        {OPTION_TEXT, "task", 0, "NAME|FILE.xml", &f->task, 0, 0, SHAPES_NOTHING,
         "task that gives normaliser and classes"},
        {OPTION_TEXT, "normaliser", 0, "TEXT", &f->normaliser, 0, 0, SHAPES_NOTHING,
         "normaliser in its canonical spelling, instead of the task's"},
        {OPTION_TEXT, "classes", 0, "A,B,...", &f->classes, 0, 0, SHAPES_NOTHING,
         "classes in the order of the outputs, instead of the task's"},
        {OPTION_TEXT, "test-folds", 0, "FOLDS", &f->test_folds, 0, 0, SHAPES_RESULT,
         "folds kept for evaluation; not opened"},
        {OPTION_TEXT, "validation-folds", 0, "FOLDS", &f->validation_folds, 0, 0, SHAPES_RESULT,
         "folds to choose the epoch and calibrate by; none: the last epoch is kept"},
        {OPTION_REAL, "max-unreadable", 0, "SHARE", &f->max_unreadable, 0, 1, SHAPES_NOTHING,
         "stop if more of the images than this cannot be read"},
        {OPTION_WHOLE, "cache", 0, "MIB", &f->cache_megabytes, 0, 1e7, SHAPES_NOTHING,
         "memory for normalised images; the rest is read again each time"},
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "output", 'o', "FOLDER", &f->run_folder, 0, 0, SHAPES_NOTHING, "run folder"},
        {OPTION_FLAG, "resume", 0, "", &f->resume, 0, 0, SHAPES_NOTHING,
         "go on from the folder's checkpoint, if there is one"},
        {OPTION_FLAG, "force", 0, "", &f->force, 0, 0, SHAPES_NOTHING,
         "start anew in a folder that holds a run"},
        {OPTION_WHOLE, "stop-after", 0, "EPOCHS", &f->stop_after, 0, 1e6, SHAPES_NOTHING,
         "stop once so many epochs are done, to be resumed later; 0: go on"},
        {OPTION_FLAG, "finish", 0, "", &f->finish, 0, 0, SHAPES_NOTHING,
         "train no more; make the model of the best epoch that the folder's checkpoint holds"},
        {OPTION_TEXT, "name", 0, "NAME", &f->name, 0, 0, SHAPES_NOTHING, "model name"},
        {OPTION_TEXT, "model-version", 0, "VERSION", &f->version, 0, 0, SHAPES_NOTHING,
         "model version"},
        {OPTION_FLAG, "f16", 0, "", &f->f16, 0, 0, SHAPES_NOTHING,
         "store 16-bit weights: half the size"},
        {OPTION_FLAG, "quiet", 'q', "", &f->quiet, 0, 0, SHAPES_NOTHING, "no progress line"},
        {OPTION_HEADING, .help = "Network"},
        {OPTION_TEXT, "architecture", 0, "NAME", &f->architecture, 0, 0, SHAPES_RESULT,
         "resnet18, hybrid2 ..."},
        {OPTION_WHOLE, "width", 0, "CHANNELS", &f->width, 0, 4096, SHAPES_RESULT,
         "base width; 0: the architecture's own"},
        {OPTION_TEXT, "views", 0, "one|flip-x|flip-y|flips|symmetries", &f->views_text, 0, 0,
         SHAPES_NOTHING,
         "mirror images and turns of an image whose logits the model averages when it is used; symmetries ask for square inputs"},
        {OPTION_REAL, "dropout", 0, "P", &f->dropout, -1, 0.95, SHAPES_RESULT,
         "before the last layer; below 0: the architecture's own"},
        {OPTION_TEXT, "init", 0, "MODEL", &f->init, 0, 0, SHAPES_NOTHING,
         "start from this model's weights (the head too, where it fits)"},
        {OPTION_WHOLE, "freeze-stages", 0, "N", &f->frozen_stages, 0, 1000, SHAPES_RESULT,
         "leave the first N stages' weights as they are (batch statistics still move)"},
        {OPTION_HEADING, .help = "Training"},
        {OPTION_WHOLE, "epochs", 0, "N", &f->epochs, 1, 1e5, SHAPES_RESULT,
         "times that the training images are shown"},
        {OPTION_WHOLE, "batch", 0, "N", &f->batch, 1, 65536, SHAPES_RESULT, "images in a step"},
        {OPTION_CHOICE, "optimizer", 0, "sgd|adamw|adam|lars|momentum", &f->optimizer, 0, 0,
         SHAPES_RESULT, "sgd is with Nesterov's momentum, momentum with the classical one"},
        {OPTION_REAL, "lr", 0, "RATE", &f->rate, 0, 100, SHAPES_RESULT, "highest learning rate"},
        {OPTION_REAL, "weight-decay", 0, "X", &f->weight_decay, 0, 100, SHAPES_RESULT,
         "on the weights of convolutions and linear layers"},
        {OPTION_REAL, "bias-decay", 0, "X", &f->bias_decay, 0, 100, SHAPES_IF_CHANGED,
         "the same on biases, and on scale and shift of norms"},
        {OPTION_REAL, "layer-decay", 0, "X", &f->layer_decay, 0.01, 1, SHAPES_IF_CHANGED,
         "each stage learns at this times the rate of the next one"},
        {OPTION_REAL, "head-rate", 0, "X", &f->head_rate, 0.001, 1000, SHAPES_IF_CHANGED,
         "the last stage learns at this times the rate"},
        {OPTION_REAL, "momentum", 0, "X", &f->momentum, 0, 0.99999, SHAPES_RESULT,
         "of sgd, momentum, lars; beta1 of adam, adamw"},
        {OPTION_REAL, "beta2", 0, "X", &f->beta2, 0, 0.9999999, SHAPES_RESULT, "of adam, adamw"},
        {OPTION_REAL, "trust", 0, "X", &f->trust, 1e-6, 10, SHAPES_IF_CHANGED,
         "of lars: the part of a layer's length that a step may be"},
        {OPTION_REAL, "clip", 0, "LENGTH", &f->clip, 0, 1e9, SHAPES_RESULT,
         "longest gradient; 0: no limit"},
        {OPTION_CHOICE, "schedule", 0, "constant|cosine|one-cycle", &f->schedule, 0, 0,
         SHAPES_RESULT, "of the learning rate"},
        {OPTION_REAL, "warmup", 0, "EPOCHS", &f->warmup, 0, 1e5, SHAPES_RESULT,
         "linear rise at the start (constant, cosine)"},
        {OPTION_CHOICE, "loss", 0, "cross-entropy|focal|bce", &f->loss, 0, 0, SHAPES_IF_CHANGED,
         "bce: each class against the rest, by itself. The model's probabilities come from a softmax in any case"},
        {OPTION_REAL, "focal-gamma", 0, "X", &f->focal_gamma, 0, 20, SHAPES_IF_CHANGED,
         "of the focal loss: how much less an image counts that is told apart well"},
        {OPTION_CHOICE, "class-weights", 0, "none|sqrt|balanced", &f->class_weights, 0, 0,
         SHAPES_RESULT, "of the loss, by how rare a class is"},
        {OPTION_CHOICE, "sampling", 0, "natural|sqrt|balanced", &f->sampling, 0, 0, SHAPES_RESULT,
         "of an epoch's images, by how rare a class is"},
        {OPTION_REAL, "label-smoothing", 0, "X", &f->label_smoothing, 0, 0.99, SHAPES_RESULT,
         "share of the target spread over all classes"},
        {OPTION_REAL, "mixup", 0, "ALPHA", &f->mixup, 0, 100, SHAPES_RESULT,
         "mix pairs of images; 0: do not"},
        {OPTION_REAL, "ema", 0, "DECAY", &f->average, 0, 0.9999999, SHAPES_RESULT,
         "running average of the weights, which is what is kept; 0: none"},
        {OPTION_TEXT, "augment", 0, "PRESET[,KEY=X...]", &f->augment_text, 0, 0, SHAPES_RESULT,
         "none, dermoscopy or mammography; keys: rotation flip_x flip_y area_min area_max aspect shear translate brightness contrast saturation tint gamma noise cutout cutout_side mirror_border"},
        {OPTION_CHOICE, "select", 0, "auc|balanced-accuracy|loss", &f->select, 0, 0, SHAPES_RESULT,
         "what the kept epoch is best in, on the validation folds"},
        {OPTION_WHOLE, "seed", 0, "N", &f->seed, 0, 9e15, SHAPES_RESULT, "of everything random"},
        {OPTION_WHOLE, "threads", 0, "N", &f->threads, 1, 1024, SHAPES_NOTHING, "for arithmetic"},
        {OPTION_WHOLE, "loader-threads", 0, "N", &f->loader_threads, 1, 1024, SHAPES_NOTHING,
         "for augmentation"},
        {OPTION_FLAG, "recompute", 0, "", &f->recompute, 0, 0, SHAPES_NOTHING,
         "compute activations a second time rather than keep them: the same model in less memory, a step takes longer"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static void set_defaults(finetune_options *f)
{
    memset(f, 0, sizeof *f);
    f->threads = available_threads();
    f->loader_threads = (f->threads + 3) / 4;
    f->max_unreadable = 0.01;
    f->cache_megabytes = 4096;
    f->name = "model";
    f->views_text = "one";
    f->version = "1.0.0";
    f->architecture = "resnet18";
    f->dropout = -1.0;
    f->epochs = 30;
    f->batch = 32;
    f->optimizer = MEDTL_OPTIMIZER_SGD;
    f->rate = 0.05;
    f->weight_decay = 5e-4;
    f->momentum = 0.9;
    f->beta2 = 0.999;
    f->layer_decay = 1.0;
    f->head_rate = 1.0;
    f->trust = 0.001;
    f->focal_gamma = 2.0;
    f->clip = 5.0;
    f->schedule = MEDTL_SCHEDULE_COSINE;
    f->warmup = 1.0;
    f->class_weights = WEIGHT_NONE;
    f->sampling = WEIGHT_NONE;
    f->average = 0.998;
    f->augment_text = "none";
    f->select = MEDTL_SELECT_AUC;
    f->seed = 1;
}

static medtl_status check_architecture(const char *name, medtl_error *err)
{
    char known[300] = "";

    for (size_t i = 0; i < medtl_architecture_count(); i++) {
        const size_t length = strlen(known);

        if (strcmp(name, medtl_architecture_name(i)) == 0)
            return MEDTL_OK;
        snprintf(known + length, sizeof known - length, "%s%s", length > 0 ? ", " : "",
                 medtl_architecture_name(i));
    }
    return medtl_fail(err, MEDTL_E_ARGUMENT, "--architecture: '%s' is none of %s", name, known);
}

static medtl_status check(finetune_options *f, medtl_error *err)
{
    medtl_status status = check_architecture(f->architecture, err);

    if (status != MEDTL_OK)
        return status;
    if (f->labels.data == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--data is needed (see --help)");
    if (f->run_folder == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "-o RUN_FOLDER is needed (see --help)");
    f->resume = f->resume || f->finish;
    if (f->resume && f->force)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--force excludes --resume and --finish");
    if (f->frozen_stages > 0 && f->init == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--freeze-stages without --init would freeze random weights");
    if (!medtl_views_parse(f->views_text, &f->views))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--views: '%s' is none of one, flip-x, flip-y, flips, symmetries",
                          f->views_text);
    return medtl_augment_parse(f->augment_text, &f->augment, err);
}

void finetune_parse(int argc, char **argv, finetune_options *out, int *exit_code)
{
    option table[OPTION_ROOM], default_table[OPTION_ROOM];
    finetune_options defaults;
    size_t count;
    bool help = false;
    medtl_error err = {0};
    medtl_status status;

    set_defaults(out);
    set_defaults(&defaults);
    count = fill_table(out, table);
    (void)fill_table(&defaults, default_table);
    *exit_code = -1;
    status = options_parse(table, count, argc, argv, &help, &err);
    if (help) {
        set_defaults(out);
        fputs(USAGE, stdout);
        options_print(table, count);
        *exit_code = EXIT_DONE;
        return;
    }
    if (status == MEDTL_OK)
        status = check(out, &err);
    if (status == MEDTL_OK && (out->run_text = options_text(table, default_table, count)) == NULL)
        status = medtl_fail(&err, MEDTL_E_MEMORY, "out of memory");
    if (status != MEDTL_OK)
        *exit_code = report_failure("finetune", &err);
}

void finetune_options_clear(finetune_options *o)
{
    free(o->run_text);
    o->run_text = NULL;
}

medtl_train_options finetune_train_options(const finetune_options *o, const char *checkpoint)
{
    static const double power[] = {0.0, 0.5, 1.0}; /* of WEIGHT_... */
    const medtl_train_options options = {
        .epochs = (size_t)o->epochs,
        .batch = (size_t)o->batch,
        .threads = (size_t)o->threads,
        .loader_threads = (size_t)o->loader_threads,
        .recompute = o->recompute,
        .optimizer = {.kind = (medtl_optimizer_kind)o->optimizer,
                      .momentum = o->momentum,
                      .beta2 = o->beta2,
                      .epsilon = 1e-8,
                      .trust = o->trust,
                      .weight_decay = o->weight_decay,
                      .bias_decay = o->bias_decay,
                      .layer_decay = o->layer_decay,
                      .head_rate = o->head_rate,
                      .clip = o->clip,
                      .frozen_stages = (uint32_t)o->frozen_stages,
                      .average = o->average},
        .rate = o->rate,
        .schedule = (medtl_schedule)o->schedule,
        .warmup = o->warmup,
        .loss = (medtl_loss_kind)o->loss,
        .focal_gamma = o->focal_gamma,
        .class_weights = power[o->class_weights],
        .sampling = power[o->sampling],
        .label_smoothing = o->label_smoothing,
        .mixup = o->mixup,
        .augment = o->augment,
        .select = (medtl_train_select)o->select,
        .seed = o->seed,
        .checkpoint = checkpoint,
        .run = o->run_text,
        .resume = o->resume,
        .stop_after = (size_t)o->stop_after,
        .finish = o->finish,
    };

    return options;
}
