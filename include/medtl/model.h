/* A trained network as a file, and running it. Implemented by core/nn. */
#ifndef MEDTL_MODEL_H
#define MEDTL_MODEL_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A loaded model: graph, weights and metadata. Immutable, so threads may share it. */
typedef struct medtl_model medtl_model;

/** What the file's metadata says. Strings are UTF-8, borrowed from the model. */
typedef struct medtl_model_info {
    const char *name;                   /* e.g. "dermoscopy-ham10000" */
    const char *version;                /* e.g. "1.0.0" */
    const char *architecture;           /* e.g. "hybrid2", "resnet18" */
    const char *architecture_arguments; /* compact JSON, e.g. {"width":32} */
    uint32_t channels, height, width;   /* of the input */
    uint32_t class_count;
    const char *const *class_names; /* class_count labels, in the order of the outputs */
    const char *normaliser;         /* canonical text (image.h), or "" */
    float temperature; /* logits are divided by it before softmax; 1 where not fitted */
    const char *views; /* mirror images and turns of the input whose logits are averaged:
                                 "one" (none but the input itself), "flip-x", "flip-y", "flips", "symmetries" */
    const char *
        arithmetic; /* of inference: "float32"; "int8": convolutions whose input ranges the file gives are
                                 computed in whole numbers of 8 bits, the rest in float32 */
    const char *provenance;   /* JSON text: data, seed, folds, software; "" where absent */
    const char *sha256;       /* of the file, 64 lower-case hex digits */
    uint64_t parameter_count; /* trainable values */
} medtl_model_info;

/** Load a safetensors file with our metadata (docs/MODEL_FORMAT.md).
 *  @return MEDTL_OK; MEDTL_E_IO; MEDTL_E_FORMAT for a file whose sizes, offsets, types, names or
 *          metadata do not check out; MEDTL_E_UNSUPPORTED for an architecture we lack;
 *          MEDTL_E_MEMORY. */
medtl_status medtl_model_load(const char *path, medtl_model **out, medtl_error *err);

/** Release a model. NULL is allowed. No predictor of it may be left. */
void medtl_model_destroy(medtl_model *model);

/** Never NULL; borrowed. */
const medtl_model_info *medtl_model_get_info(const medtl_model *model);

/** A plan for running a model: shapes, algorithms, packed weights and one arena. For one thread
 *  of the caller at a time; make one for each thread that runs. */
typedef struct medtl_predictor medtl_predictor;

/** @param batch    Largest number of images in one run, at least 1.
 *  @param threads  Threads used inside a run, at least 1; the calling thread is one of them. */
medtl_status medtl_predictor_create(const medtl_model *model, size_t batch, size_t threads,
                                    medtl_predictor **out, medtl_error *err);

/** Release a predictor and its threads. NULL is allowed. */
void medtl_predictor_destroy(medtl_predictor *predictor);

/** Probabilities of normalised inputs. Cannot fail. The same input gives the same bits whatever
 *  the thread count, the batch and the place in it.
 *  @param input          [count][channels][height][width].
 *  @param count          1 to the batch given on creation.
 *  @param probabilities  [count][class_count]; each row sums to 1. */
void medtl_predictor_run(medtl_predictor *predictor, const float *input, size_t count,
                         float *probabilities);

/** As medtl_predictor_run(), but the logits before temperature and softmax (the mean over the
 *  model's views, where it has several). */
void medtl_predictor_run_logits(medtl_predictor *predictor, const float *input, size_t count,
                                float *logits);

/** Values of the output `name` of one image beside its logits: "features" is what the network's last
 *  layer reads. @return 0 if the model has no such output. */
size_t medtl_model_output_size(const medtl_model *model, const char *name);

/** As medtl_predictor_run_logits() on the input alone (whatever the model's views), but output `name`:
 *  [count][medtl_model_output_size()]. @return false if the model has no such output. */
bool medtl_predictor_run_output(medtl_predictor *predictor, const float *input, size_t count,
                                const char *name, float *values);

#ifdef __cplusplus
}
#endif
#endif
