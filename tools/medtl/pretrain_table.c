/* The options of `medtl pretrain`: one table parses, explains, and is written into checkpoint and backbone. */
#include "pretrain_options.h"

#include "leaks.h"

#include "progress.h"

#include <string.h>

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
        {OPTION_HEADING, .help = "Leaks"},
        {OPTION_TEXT, "held-out", 0, "PATH", &p->held_out, 0, 0, SHAPES_NOTHING,
         "folder, list or table of images that will be tested on: none of them, and no other image of their groups, may be learned from"},
        {OPTION_TEXT, "held-out-root", 0, "FOLDER", &p->held_out_root, 0, 0, SHAPES_NOTHING,
         "folder that its relative files start from"},
        {OPTION_TEXT, "held-out-columns", 0, "group=A,...", &p->held_out_columns, 0, 0,
         SHAPES_NOTHING, "its columns of other names"},
        {OPTION_TEXT, "held-out-folds", 0, "FOLDS", &p->held_out_folds, 0, 0, SHAPES_NOTHING,
         "only these folds of it"},
        {OPTION_CHOICE, "leaks", 0, LEAK_POLICY_WORDS, &p->leaks, 0, 0, SHAPES_NOTHING,
         "what to do where a group of --data lies inside and outside of --folds, or where a held-out image or one of its group is learned from: stop, go on with a warning, or not look"},
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
         SHAPES_RESULT,
         "what is learned; without it free-label where --free-label is given, else vicreg"},
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
        {OPTION_REAL, "warmup", 0, "EPOCHS", &p->warmup, -1, 1e5, SHAPES_RESULT,
         "linear rise at the start (constant, cosine); below 0: a twentieth of all epochs"},
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

size_t pretrain_fill_table(pretrain_options *p, option *out)
{
    size_t count = fill_data(p, out);

    count += fill_output(p, out + count);
    count += fill_network(p, out + count);
    return count + fill_training(p, out + count);
}

void pretrain_set_defaults(pretrain_options *p)
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
    p->method = PRETRAIN_VICREG;
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
    p->warmup = -1.0;
    p->seed = 1;
}
