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

/** Shows where in its input a model found what speaks for a class: Grad-CAM (Selvaraju et al. 2017, section 3), for the
 *  networks of our own architectures. It holds a copy of the model's weights and the memory of one training pass over one
 *  picture, so it is made only where heat maps are asked for. Threads may share it; they wait for one another. */
typedef struct medtl_explainer medtl_explainer;

/** @param path   The model file; medtl_explainer_get_info() says its digest.
 *  @param layer  NULL or "": the last feature map before pooling (vit_tiny: the patch tokens of the last block). Else a
 *                module by PyTorch's name, as "layer3" or "layer4.1.bn2".
 *  @param threads  Used inside a run, at least 1; the calling thread is one of them.
 *  @return As medtl_model_load(); MEDTL_E_ARGUMENT for a layer that the model lacks or that has no pixels;
 *          MEDTL_E_UNSUPPORTED for a network that came from ONNX, one that does not read pictures ("fusion"), or an
 *          ensemble of more than 12 members. */
medtl_status medtl_explainer_create(const char *path, const char *layer, size_t threads,
                                    medtl_explainer **out, medtl_error *err);

/** Release an explainer and its threads. NULL is allowed. */
void medtl_explainer_destroy(medtl_explainer *explainer);

/** What the model file says. Never NULL; borrowed. */
const medtl_model_info *medtl_explainer_get_info(const medtl_explainer *explainer);

/** The size of a heat map: the layer's pixels, evenly spread over the input (16x16 for resnet18 at 512x512, say). */
void medtl_explainer_map_size(const medtl_explainer *explainer, size_t *height, size_t *width);

/** The heat map of one picture. Where the model averages over views, their maps are turned back and averaged; an
 *  ensemble's map is of the sum of its members' logits. Arithmetic is float32 also where the model's is int8. Cannot fail
 *  but for the class.
 *  @param input        One normalised input, [channels][height][width].
 *  @param class_index  0-based.
 *  @param[out] map     [map height][map width], 0 and more. In units of the class's logit: where the network takes the
 *                      layer's mean and then only weighs it, the map (before it was cut at 0) adds up to the logit less
 *                      its bias. Divide by the largest for a picture. All zero where nothing speaks for the class.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for a class that the model does not have. */
medtl_status medtl_explainer_run(medtl_explainer *explainer, const float *input, size_t class_index,
                                 float *map, medtl_error *err);

/** A map enlarged to another size, bilinear, pixels being areas (PyTorch's interpolate with align_corners false).
 *  @param map  [height][width], each at least 1. @param out  [out_height][out_width], elsewhere. */
void medtl_heat_map_enlarge(const float *map, size_t height, size_t width, float *out,
                            size_t out_height, size_t out_width);

#ifdef __cplusplus
}
#endif
#endif
