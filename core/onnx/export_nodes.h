/* From our nodes to ONNX operators (opset 17). */
#ifndef MEDTL_ONNX_EXPORT_NODES_H
#define MEDTL_ONNX_EXPORT_NODES_H

#include "core/nn/network_parts.h"
#include "graph_writer.h"

/** Append everything that the network computes, in evaluation mode: batch norms with their running statistics, no
 *  dropout. Tensors have the names of the network's parameters.
 *  @param input  Name of the graph's input, [N][channels][height][width].
 *  @return the name of the result, [N][classes]; the writer's status says whether it is good. A node kind that has no
 *          ONNX form ends in MEDTL_E_UNSUPPORTED and is named. */
const char *medtl_onnx_export_nodes(medtl_onnx_writer *writer, const medtl_network *network,
                                    const char *input);

#endif
