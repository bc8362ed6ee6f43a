/* Running ONNX files with ONNX Runtime, by run_onnx.js. */
#ifndef MEDTL_TEST_RUN_ONNX_H
#define MEDTL_TEST_RUN_ONNX_H

#include <stddef.h>

enum { RUN_ONNX_IMAGES = 3, RUN_ONNX_NOT_INSTALLED = 77 };

/** Run a program found in PATH, and wait. @param arguments  NULL at the end. @return its exit status. */
int run_program(const char *const *arguments);

/** @param input   [RUN_ONNX_IMAGES][sizes[0]][sizes[1]][sizes[2]].
 *  @param output  [RUN_ONNX_IMAGES][outputs].
 *  @return 0; RUN_ONNX_NOT_INSTALLED; anything else: it refuses the file (and says why on standard error). */
int run_onnx(const char *path, const float *input, const size_t sizes[3], size_t outputs,
             float *output);

#endif
