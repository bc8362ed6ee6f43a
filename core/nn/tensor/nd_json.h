/* Graphs as JSON text, the way our model files keep them (docs/MODEL_FORMAT.md): nodes, inputs, outputs, and constants
 * of whole numbers and truth values. Constants of floats are tensors of the file. */
#ifndef MEDTL_ND_JSON_H
#define MEDTL_ND_JSON_H

#include "nd.h"

#include <jansson.h>

/** A graph that has not been planned. @param[out] out  A reference of the caller's. */
medtl_status medtl_nd_json_write(const medtl_nd_graph *graph, json_t **out, medtl_error *err);

/** Inputs, constants, nodes and outputs, into a graph that has its float constants already. */
medtl_status medtl_nd_json_read(const json_t *json, medtl_nd_graph *graph, medtl_error *err);

/** The opset that `json` names; 0 where it names none. */
int64_t medtl_nd_json_opset(const json_t *json);

#endif
