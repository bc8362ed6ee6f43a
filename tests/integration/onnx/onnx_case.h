/* One case of ONNX's conformance data: a folder with model.onnx and test_data_set_N/{input,output}_K.pb. */
#ifndef MEDTL_TEST_ONNX_CASE_H
#define MEDTL_TEST_ONNX_CASE_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { CASE_OPS = 64 };

typedef enum verdict {
    VERDICT_PASSED,
    VERDICT_REFUSED, /* something that we do not claim, named in `why` */
    VERDICT_FAILED   /* anything else: `why` */
} verdict;

typedef struct onnx_case {
    char name[128];
    char ops[CASE_OPS][40]; /* each once */
    size_t op_count;
    bool lacks; /* an operator that is not in our table */
    verdict verdict;
    char why[MEDTL_MESSAGE_SIZE];
} onnx_case;

/** Run all data sets of a case three times: with its inputs as inputs, with all but the first as constants, and with
 *  all as constants. It passes if no result is wrong and one of the three could be planned.
 *  @param threads  Of the pool that runs it. */
void onnx_case_run(const char *folder, const char *name, size_t threads, onnx_case *out);

#endif
