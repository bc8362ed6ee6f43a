/* A network that can be trained: a graph built by name, its parameters, and passes over it.
 * Inference goes through include/medtl/model.h; both share graph, layers and kernels. */
#ifndef MEDTL_NN_NETWORK_H
#define MEDTL_NN_NETWORK_H

#include "medtl/error.h"
#include "medtl/model.h"
#include "views.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MEDTL_MOST_NEIGHBOURS = 255 };

/** What the last layer is. The other kinds than linear are classical classifiers on the features of a trunk that was
 *  trained before ("hybrid" transfer): they are fitted by core/train/hybrid.h and not trained by gradients. */
typedef enum medtl_classifier_kind {
    MEDTL_CLASSIFIER_LINEAR,
    MEDTL_CLASSIFIER_NEIGHBOURS, /* the classes of the nearest of some vectors (node_neighbours.c) */
    MEDTL_CLASSIFIER_KERNEL      /* a support vector machine with Gaussian kernel (node_kernel.c) */
} medtl_classifier_kind;

typedef struct medtl_classifier {
    medtl_classifier_kind kind;
    uint32_t vectors;    /* of NEIGHBOURS and KERNEL */
    uint32_t neighbours; /* of NEIGHBOURS: how many vote, 1 to 255 and to vectors */
} medtl_classifier;

/** What to build. */
typedef struct medtl_network_spec {
    char architecture[32]; /* medtl_architecture_name(i): "hybrid2", "resnet18", ... */
    uint32_t width;        /* base width (hybrid2: 32; resnet18: 64; 0: the architecture's own) */
    uint32_t channels, height, width_px; /* of the input */
    uint32_t classes;
    float dropout;    /* before the last layer; negative: the architecture's own */
    uint32_t members; /* networks side by side whose logits are added (an ensemble); 0 and 1: one */
    medtl_classifier classifier; /* all zero: linear */
} medtl_network_spec;

/** A linear layer beside the main one, on the same features: "heads.NAME.weight", and an output NAME. */
typedef struct medtl_head {
    char name[32];
    uint32_t classes;
} medtl_head;

typedef struct medtl_network medtl_network;

/** How a parameter takes part in training. */
typedef enum medtl_parameter_role {
    MEDTL_PARAMETER_WEIGHT,   /* of a convolution or linear layer: weight decay applies */
    MEDTL_PARAMETER_BIAS,     /* biases, and the scale and shift of norms: no weight decay */
    MEDTL_PARAMETER_STATISTIC /* running mean and variance: not trained by gradients */
} medtl_parameter_role;

typedef struct medtl_parameter {
    const char *name; /* PyTorch's, e.g. "layer1.0.conv1.weight" */
    float *value;     /* size floats, PyTorch layout */
    size_t size;
    size_t shape[4];
    size_t dimensions; /* 0 to 4 */
    medtl_parameter_role role;
    uint32_t stage; /* 0: stem ... stage_count-1: head; for freezing and learning rates */
} medtl_parameter;

size_t medtl_architecture_count(void);
const char *medtl_architecture_name(size_t index);

/** Build and initialise (He for convolutions before ReLU as torchvision's ResNet; Glorot for hybrid2
 *  as published), from the seed alone. */
medtl_status medtl_network_create(const medtl_network_spec *spec, uint64_t seed,
                                  medtl_network **out, medtl_error *err);

/** As medtl_network_create(), with `count` more heads on the trunk (at most 8), for several tasks at once. Model
 *  files carry the main head alone. */
medtl_status medtl_network_create_with_heads(const medtl_network_spec *spec,
                                             const medtl_head *heads, size_t count, uint64_t seed,
                                             medtl_network **out, medtl_error *err);
void medtl_network_destroy(medtl_network *network); /* NULL is allowed */

/** The last layer of a network, alone, as a network of its own: its input is the features ([size][1][1]), dropout and
 *  linear layer are the same, and it has the present weights. For training on stored features; medtl_network_take_head()
 *  brings the weights back. @return MEDTL_E_UNSUPPORTED for an ensemble or a head that is not linear. */
medtl_status medtl_network_create_head(const medtl_network *network, medtl_network **out,
                                       medtl_error *err);

/** Copy the last layer of `head`, a network from medtl_network_create_head() or any other whose last layer is linear and of
 *  the same shape, into that of `network`. */
void medtl_network_take_head(medtl_network *network, medtl_network *head);

/** Add shift[k] to every logit of class k from now on, by the bias of the last layer; the members of an ensemble take
 *  equal shares. @param shift  [classes].
 *  @return MEDTL_E_UNSUPPORTED, with nothing changed, where the last layer is not linear. */
medtl_status medtl_network_shift_logits(medtl_network *network, const float *shift,
                                        medtl_error *err);

/** The architecture that `architecture` becomes when its batch norms are folded into the convolutions before them;
 *  NULL if we have none. Static. */
const char *medtl_architecture_folded(const char *architecture);

/** Weights from a network whose batch norms have been folded away into one that has them: the folded biases become
 *  the norms' shifts, and the norms leave everything else as it is, so that both compute the same. Running statistics are
 *  those of nothing yet (mean 0, variance 1): medtl_trainer_pass_settle_norms() comes next.
 *  @param folded  Of medtl_architecture_folded(), the spec else equal. @return MEDTL_E_ARGUMENT if it is not. */
medtl_status medtl_network_unfold(medtl_network *network, const medtl_network *folded,
                                  medtl_error *err);

const medtl_network_spec *medtl_network_get_spec(const medtl_network *network);
size_t medtl_network_parameter_count(const medtl_network *network);
medtl_parameter *medtl_network_parameter(medtl_network *network, size_t index); /* borrowed */
uint32_t medtl_network_stage_count(const medtl_network *network);

/** Values of output `name` of one image ("features"); 0 if the network has no such output. */
size_t medtl_network_output_size(const medtl_network *network, const char *name);

/** Copy weights from a model file by name. The head may differ in classes: then it keeps its
 *  initial values. @param report  May be NULL; else receives "62 tensors matched, 2 reshaped ..." */
medtl_status medtl_network_load(medtl_network *network, const char *path, char *report,
                                size_t report_size, medtl_error *err);

struct medtl_ranges;

/** Everything a model file says beside its weights. NULL strings count as "". */
typedef struct medtl_model_description {
    const char *name, *version;
    const char *const *class_names; /* spec.classes labels */
    const char *normaliser;
    float temperature;
    medtl_views views;                 /* which the model averages over (views.h) */
    const char *provenance;            /* a JSON object as text, or NULL */
    const struct medtl_ranges *ranges; /* for inference in whole numbers (ranges.h), or NULL */
} medtl_model_description;

/** Write a model file (safetensors with our metadata), by temporary file and rename.
 *  @param half  Store F16 (rounded to nearest even) instead of F32. */
medtl_status medtl_network_save(medtl_network *network, const medtl_model_description *description,
                                bool half, const char *path, medtl_error *err);

/** Memory and threads for training passes over batches of one size. */
typedef struct medtl_trainer_pass medtl_trainer_pass;

/** @param batch  Largest number of images in one pass. */
medtl_status medtl_trainer_pass_create(medtl_network *network, size_t batch, size_t threads,
                                       medtl_trainer_pass **out, medtl_error *err);

/** As medtl_trainer_pass_create(), for deep networks in little memory: most activations are not kept from forward to
 *  backward but computed again. Results are the same, bit for bit; a step takes about a third longer. */
medtl_status medtl_trainer_pass_create_recomputing(medtl_network *network, size_t batch,
                                                   size_t threads, medtl_trainer_pass **out,
                                                   medtl_error *err);
void medtl_trainer_pass_destroy(medtl_trainer_pass *pass); /* NULL is allowed */

/** Bytes that the pass has allocated, the network's parameters not counted: all of it, and the part that holds
 *  activations between forward and backward. */
size_t medtl_trainer_pass_memory(const medtl_trainer_pass *pass);
size_t medtl_trainer_pass_activation_memory(const medtl_trainer_pass *pass);

/** Forward in training mode: batch statistics (and running ones updated, momentum 0.1, unbiased variance as
 *  PyTorch), dropout from `dropout_seed`. @param input [count][c][h][w]. @return logits [count][classes],
 *  borrowed until the next call. Cannot fail. */
const float *medtl_trainer_pass_forward(medtl_trainer_pass *pass, const float *input, size_t count,
                                        uint64_t dropout_seed);

/** Forward in evaluation mode with the network's present parameters (running statistics, no dropout). */
const float *medtl_trainer_pass_evaluate(medtl_trainer_pass *pass, const float *input,
                                         size_t count);

/** Measure the norms' running statistics anew on a batch, and change each norm's scale and shift so that the network
 *  goes on computing what it did: afterwards a forward of this batch gives what evaluating it gave before. For networks whose
 *  statistics say nothing of the images to come. No norm may be frozen, and no convolution whose output a norm reads may
 *  have a bias other than zero (training passes leave that out).
 *  @param input [count][c][h][w]; as many values of each channel as make its mean and variance trustworthy. */
void medtl_trainer_pass_settle_norms(medtl_trainer_pass *pass, const float *input, size_t count);

/** Backward of the last forward. Gradients are overwritten, not accumulated.
 *  @param dlogits [count][classes]: derivative of the loss. */
void medtl_trainer_pass_backward(medtl_trainer_pass *pass, const float *dlogits);

/* Outputs by name, beside the logits: "features" (what the last layer reads, before dropout), the heads of
 * medtl_network_create_with_heads(), and "aux" (inception_v3's auxiliary logits). */

/** The values of output `name` after a forward or evaluate: image n's at result + n * *stride, `*size` of them
 *  as [c][h][w]. @return NULL if the network has no such output. Borrowed until the next call. */
const float *medtl_trainer_pass_output(const medtl_trainer_pass *pass, const char *name,
                                       size_t *size, size_t *stride);

/** The derivative of the loss by output `name`, which the next backward takes in beside dlogits and then forgets.
 *  @param gradient  [count][size], borrowed until then. @return false if there is no such output. */
bool medtl_trainer_pass_give_gradient(medtl_trainer_pass *pass, const char *name,
                                      const float *gradient);

/** The derivatives of sum(dlogits * logits) by the activation of output `name`, after a forward: the part of a backward
 *  that lies behind that output, and no more. Gradients of parameters are left undefined, what was given is forgotten. A pass that recomputes can do
 *  this once after each forward, any other as often as wanted.
 *  @param gradient  [count][size]. @return false if there is no such output, or it lies before what is trained. */
bool medtl_trainer_pass_output_gradient(medtl_trainer_pass *pass, const float *dlogits,
                                        const char *name, float *gradient);

/** Batch norms of the stages before `stage` use their running statistics in training, too, and leave them as
 *  they are. 0: none (the state on creation); UINT32_MAX: all. */
void medtl_trainer_pass_freeze_norms(medtl_trainer_pass *pass, uint32_t stage);

/** From the next forward on, backward stops at stage `stage`: gradients of parameters of the stages before it are not
 *  computed, nor are activations kept for them, and what medtl_trainer_pass_gradient() gives for them means nothing.
 *  medtl_trainer_pass_output_gradient() has no answer there. 0: all are (the state on creation). Not between a forward
 *  and its backward. */
void medtl_trainer_pass_train_from(medtl_trainer_pass *pass, uint32_t stage);

/** Gradient of parameter `index`, laid out as its value; NULL for statistics. Borrowed. */
const float *medtl_trainer_pass_gradient(const medtl_trainer_pass *pass, size_t index);

#endif
