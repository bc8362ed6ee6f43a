/* Model files whose architecture is "graph": the network as an ONNX file described it. */
#ifndef MEDTL_ND_MODEL_H
#define MEDTL_ND_MODEL_H

#include "nd_plan.h"

#include "core/nn/metadata.h"
#include "core/nn/safetensors.h"

#define MEDTL_ND_ARCHITECTURE "graph"

/** Read the graph of a model file and plan it.
 *  @param text  The metadata. @param metadata  The same, parsed.
 *  @param[out] parameters  Values of all its float constants. */
medtl_status medtl_nd_model_read(const char *path, const medtl_safetensors *file, const char *text,
                                 const medtl_metadata *metadata, medtl_nd_plan *plan,
                                 uint64_t *parameters, medtl_error *err);

/** Make the input and output of a graph those of a model: one float32 input [1][c][h][w] and one output of
 *  `classes` logits. A softmax at its end is taken off, because the predictor has its own; further outputs are
 *  dropped. The graph has not been planned.
 *  @param output  Its output's name; NULL: the first. */
medtl_status medtl_nd_model_adapt(medtl_nd_graph *graph, const char *output, medtl_error *err);

/** Write a model file of a graph that has not been planned. @param spec  Input and classes are read.
 *  @param half  Store tensors of two and more dimensions as F16. */
medtl_status medtl_nd_model_write(const medtl_nd_graph *graph, const medtl_network_spec *spec,
                                  const medtl_model_description *description, bool half,
                                  const char *path, medtl_error *err);

/** Does the planned graph take the input and give the classes that the metadata say? */
medtl_status medtl_nd_model_check(const medtl_nd_graph *graph, const medtl_network_spec *spec,
                                  medtl_error *err);

#endif
