/* The options of `medtl finetune`: names, defaults, and what the help says. */
#include "finetune_options.h"
#include "labels_options.h"

#include "progress.h"

#include <string.h>

#define PUT(rows, out) (memcpy(out, rows, sizeof(rows)), sizeof(rows) / sizeof((rows)[0]))

static const char STRATEGIES[] = "all|scratch|features|hybrid|top|gradual|block-search";

static size_t put_data(finetune_options *f, option *out)
{
    const option rows[] = {
        {OPTION_HEADING, .help = "Data"},
        {OPTION_TEXT, "data", 0, "FILE", &f->labels.data, 0, 0, SHAPES_NOTHING,
         "CSV table of the images"},
        {OPTION_TEXT, "labels-from-sr", 0, "FOLDER", &f->reports, 0, 0, SHAPES_NOTHING,
         "instead of --data: images with Structured Reports that say their classes (see medtl labels)"},
        {OPTION_TEXT, "label-codes", 0, "FILE.csv", &f->label_codes, 0, 0, SHAPES_NOTHING,
         "of --labels-from-sr: which code means which class (value, scheme, class)"},
        {OPTION_FLAG, "algorithm-reports", 0, "", &f->from_reports.algorithms, 0, 0, SHAPES_NOTHING,
         "of --labels-from-sr: take what an algorithm said where no person said anything"},
        {OPTION_TEXT, "prefer", 0, "A,B,...", &f->from_reports.prefer, 0, 0, SHAPES_NOTHING,
         "of --labels-from-sr: of several classes said of one image, the first of these"},
        {OPTION_WHOLE, "folds", 0, "N", &f->from_reports.folds, 1, 1000, SHAPES_NOTHING,
         "of --labels-from-sr: deal the groups into so many folds"},
        labels_root_option(&f->labels),
        labels_columns_option(&f->labels, SHAPES_RESULT),
        labels_map_option(&f->labels, SHAPES_RESULT),
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
        {OPTION_CHOICE, "leaks", 0, LEAK_POLICY_WORDS, &f->leaks, 0, 0, SHAPES_NOTHING,
         LEAK_POLICY_HELP},
        {OPTION_FLAG, "allow-empty-classes", 0, "", &f->allow_empty, 0, 0, SHAPES_IF_CHANGED,
         "train although some classes have no training image; the model will hardly ever answer them"},
    };

    return PUT(rows, out);
}

static size_t put_output(finetune_options *f, option *out)
{
    const option rows[] = {
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "output", 'o', "FOLDER", &f->run_folder, 0, 0, SHAPES_NOTHING, "run folder"},
        {OPTION_FLAG, "resume", 0, "", &f->resume, 0, 0, SHAPES_NOTHING,
         "go on from the folder's checkpoint, if there is one"},
        {OPTION_FLAG, "force", 0, "", &f->force, 0, 0, SHAPES_NOTHING,
         "start anew in a folder that holds a run"},
        {OPTION_WHOLE, "stop-after", 0, "EPOCHS", &f->stop_after, 0, 1e6, SHAPES_NOTHING,
         "stop once so many epochs are done, to be resumed later; 0: go on"},
        {OPTION_FLAG, "finish", 0, "", &f->finish, 0, 0, SHAPES_NOTHING,
         "train no more; make the model of the best epoch that the folder's checkpoint holds (block-search: of the depths begun so far)"},
        {OPTION_TEXT, "name", 0, "NAME", &f->name, 0, 0, SHAPES_NOTHING, "model name"},
        {OPTION_TEXT, "model-version", 0, "VERSION", &f->version, 0, 0, SHAPES_NOTHING,
         "model version"},
        {OPTION_FLAG, "f16", 0, "", &f->f16, 0, 0, SHAPES_NOTHING,
         "store 16-bit weights: half the size"},
        {OPTION_FLAG, "quiet", 'q', "", &f->quiet, 0, 0, SHAPES_NOTHING, "no progress line"},
    };

    return PUT(rows, out);
}

static size_t put_network(finetune_options *f, option *out)
{
    const option rows[] = {
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
         "start from this model's weights (the head too, where it fits); batch norms that the file has folded are put back where the architecture has them"},
    };

    return PUT(rows, out);
}

static size_t put_strategy(finetune_options *f, option *out)
{
    const option rows[] = {
        {OPTION_HEADING, .help = "Strategy: what learns"},
        {OPTION_CHOICE, "strategy", 0, STRATEGIES, &f->strategy, 0, 0, SHAPES_IF_CHANGED,
         "all: every layer learns; scratch: the same from random weights; features: the trunk is frozen and the last layer learns on its stored features; hybrid: a classical classifier on these; top: the last --blocks stages learn; gradual: groups of stages open one after another from the top, at falling rates; block-search: every number of --blocks in turn, the best on the validation folds is kept"},
        {OPTION_WHOLE, "blocks", 0, "N", &f->blocks, 0, 1000, SHAPES_IF_CHANGED,
         "of top: stages that learn beside the last layer"},
        {OPTION_WHOLE, "groups", 0, "N", &f->groups, 0, MEDTL_MOST_GROUPS, SHAPES_IF_CHANGED,
         "groups that the stages are shared out into, the last layer being one; 0: 3 for gradual, else no groups"},
        {OPTION_REAL, "group-decay", 0, "X", &f->group_decay, 0, 1, SHAPES_IF_CHANGED,
         "each group learns at this times the rate of the one above it; 0: 1/3 for gradual, else 1"},
        {OPTION_TEXT, "open", 0, "SHARE,...", &f->open_text, 0, 0, SHAPES_IF_CHANGED,
         "share of all steps after which each group below the last layer opens, from the top; default 0.1,0.2,... for gradual, else 0"},
        {OPTION_CHOICE, "frozen-norms", 0, "auto|keep|move", &f->frozen_norms, 0, 0,
         SHAPES_IF_CHANGED,
         "batch norms of stages that do not learn keep their statistics, or follow the batches; auto: keep for top and block-search, else move"},
        {OPTION_WHOLE, "freeze-stages", 0, "N", &f->frozen_stages, 0, 1000, SHAPES_RESULT,
         "leave the first N stages' weights as they are (batch statistics still move)"},
        {OPTION_WHOLE, "probe-epochs", 0, "N", &f->probe_epochs, 0, 1e5, SHAPES_IF_CHANGED,
         "first train the last layer for N epochs on stored features, then go on with the strategy (all, top, gradual)"},
        {OPTION_WHOLE, "feature-variants", 0, "N", &f->feature_variants, 0, 1000, SHAPES_IF_CHANGED,
         "of features and hybrid: learn from N variants by --augment of each training image, too"},
        {OPTION_CHOICE, "classifier", 0, "logistic|svm|rbf-svm|neighbours", &f->classifier, 0, 0,
         SHAPES_IF_CHANGED, "of hybrid"},
        {OPTION_REAL, "cost", 0, "C", &f->cost, 0, 1e9, SHAPES_IF_CHANGED,
         "of logistic, svm, rbf-svm; 0: the best of 0.001 to 100 on the validation folds, or 1"},
        {OPTION_REAL, "gamma", 0, "X", &f->gamma, 0, 1e9, SHAPES_IF_CHANGED,
         "of rbf-svm; 0: the best of 1/4, 1 and 4 over the number of features on the validation folds, or 1 over it"},
        {OPTION_WHOLE, "neighbours", 0, "K", &f->neighbours, 0, MEDTL_MOST_NEIGHBOURS,
         SHAPES_IF_CHANGED, "of neighbours; 0: the best of 1 to 25 on the validation folds, or 5"},
    };

    return PUT(rows, out);
}

static size_t put_optimizer(finetune_options *f, option *out)
{
    const option rows[] = {
        {OPTION_HEADING, .help = "Steps"},
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
    };

    return PUT(rows, out);
}

static size_t put_schedule(finetune_options *f, option *out)
{
    const option rows[] = {
        {OPTION_HEADING, .help = "Learning rate over time"},
        {OPTION_CHOICE, "schedule", 0, "constant|cosine|one-cycle|step|plateau", &f->schedule, 0, 0,
         SHAPES_RESULT,
         "of the learning rate: step drops it every --step-epochs; plateau when validation loss has not fallen for --patience epochs"},
        {OPTION_REAL, "warmup", 0, "EPOCHS", &f->warmup, 0, 1e5, SHAPES_RESULT,
         "linear rise at the start (not of one-cycle, which has its own)"},
        {OPTION_WHOLE, "step-epochs", 0, "N", &f->step_epochs, 1, 1e5, SHAPES_IF_CHANGED,
         "of step: epochs between two drops"},
        {OPTION_REAL, "step-factor", 0, "X", &f->step_factor, 1e-6, 1, SHAPES_IF_CHANGED,
         "of step and plateau: what a drop makes of the rate"},
        {OPTION_WHOLE, "patience", 0, "N", &f->patience, 0, 1e5, SHAPES_IF_CHANGED,
         "of plateau: epochs in a row without a lower validation loss that are borne"},
        {OPTION_REAL, "least-rate", 0, "RATE", &f->least_rate, 0, 100, SHAPES_IF_CHANGED,
         "of plateau: end when the rate falls below this; 0: do not"},
        {OPTION_WHOLE, "early-stop", 0, "N", &f->early_stop, 0, 1e5, SHAPES_IF_CHANGED,
         "end after N epochs in a row that were not better on the validation folds; 0: do not"},
    };

    return PUT(rows, out);
}

static size_t put_finder(finetune_options *f, option *out)
{
    const option rows[] = {
        {OPTION_HEADING, .help = "Learning-rate finder"},
        {OPTION_FLAG, "find-lr", 0, "", &f->find_rate, 0, 0, SHAPES_NOTHING,
         "train no model: raise the rate from --find-low to --find-high over --find-steps steps and draw the loss (rates.csv, rates.png)"},
        {OPTION_REAL, "find-low", 0, "RATE", &f->find_low, 1e-12, 100, SHAPES_NOTHING,
         "where it begins"},
        {OPTION_REAL, "find-high", 0, "RATE", &f->find_high, 1e-12, 1000, SHAPES_NOTHING,
         "where it ends"},
        {OPTION_WHOLE, "find-steps", 0, "N", &f->find_steps, 10, 1e5, SHAPES_NOTHING,
         "steps between"},
    };

    return PUT(rows, out);
}

static size_t put_loss(finetune_options *f, option *out)
{
    const option rows[] = {
        {OPTION_HEADING, .help = "Loss"},
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
        {OPTION_REAL, "logit-adjustment", 0, "TAU", &f->logit_adjustment, 0, 10, SHAPES_IF_CHANGED,
         "margin for rare classes while training, by how much less they count; 1: aims at balanced accuracy; not of bce"},
        {OPTION_REAL, "mixup", 0, "ALPHA", &f->mixup, 0, 100, SHAPES_RESULT,
         "mix pairs of images; 0: do not"},
    };

    return PUT(rows, out);
}

static size_t put_rest(finetune_options *f, option *out)
{
    const option rows[] = {
        {OPTION_HEADING, .help = "Images and choice"},
        {OPTION_REAL, "ema", 0, "DECAY", &f->average, 0, 0.9999999, SHAPES_RESULT,
         "running average of the weights, which is what is kept; 0: none"},
        {OPTION_TEXT, "augment", 0, "PRESET[,KEY=X...]", &f->augment_text, 0, 0, SHAPES_RESULT,
         "none, dermoscopy or mammography; keys: rotation flip_x flip_y area_min area_max aspect shear translate brightness contrast saturation tint gamma noise cutout cutout_side mirror_border"},
        {OPTION_CHOICE, "select", 0, "auc|balanced-accuracy|loss", &f->select, 0, 0, SHAPES_RESULT,
         "what the kept epoch is best in, on the validation folds"},
        {OPTION_WHOLE, "seed", 0, "N", &f->seed, 0, 9e15, SHAPES_RESULT, "of everything random"},
    };

    return PUT(rows, out);
}

static size_t put_machine(finetune_options *f, option *out)
{
    const option rows[] = {
        {OPTION_HEADING, .help = "Machine"},
        {OPTION_WHOLE, "threads", 0, "N", &f->threads, 1, 1024, SHAPES_NOTHING, "for arithmetic"},
        {OPTION_WHOLE, "loader-threads", 0, "N", &f->loader_threads, 1, 1024, SHAPES_NOTHING,
         "for augmentation"},
        {OPTION_FLAG, "recompute", 0, "", &f->recompute, 0, 0, SHAPES_NOTHING,
         "compute activations a second time rather than keep them: the same model in less memory, a step takes longer"},
    };

    return PUT(rows, out);
}

/* The order is that of the lines in checkpoints: new options have their default left out there. */
size_t finetune_table(finetune_options *f, option *out)
{
    static size_t (*const sections[])(finetune_options *, option *) = {
        put_data,     put_output, put_network, put_strategy, put_optimizer,
        put_schedule, put_finder, put_loss,    put_rest,     put_machine};
    size_t count = 0;

    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        count += sections[i](f, out + count);
    return count;
}

void finetune_defaults(finetune_options *f)
{
    memset(f, 0, sizeof *f);
    f->threads = available_threads();
    f->loader_threads = (f->threads + 3) / 4;
    f->max_unreadable = 0.01;
    f->from_reports.folds = 5;
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
    f->blocks = 1;
    f->step_epochs = 10;
    f->step_factor = 0.1;
    f->patience = 5;
    f->find_low = 1e-5;
    f->find_high = 1.0;
    f->find_steps = 100;
}
