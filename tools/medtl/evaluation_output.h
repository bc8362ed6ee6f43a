/* An evaluation for people (a table) and for programs (JSON). */
#ifndef MEDTL_TOOL_EVALUATION_OUTPUT_H
#define MEDTL_TOOL_EVALUATION_OUTPUT_H

#include "core/eval/evaluation.h"

#include <jansson.h>
#include <stdio.h>

enum { EVALUATION_TEXT_SIZE = 64 };

/** "0.912 (0.880-0.941)", "0.912" without an interval, "-" where it is not defined. */
void evaluation_interval_text(const medtl_interval *interval, char text[EVALUATION_TEXT_SIZE]);

/** As JSON: {"value", "low", "high"}, null where not defined; NULL without memory. */
json_t *evaluation_interval_json(const medtl_interval *interval);

/** A number, or null where it is not finite. */
json_t *evaluation_number_json(double value);

/** Numbers with their 95 % intervals, classes and confusion matrix. */
void evaluation_print(FILE *stream, const medtl_evaluation *evaluation, const char *const *classes);

/** The same as a JSON object; undefined numbers are null. @return NULL without memory. */
json_t *evaluation_json(const medtl_evaluation *evaluation, const char *const *classes);

/** Write a JSON value with indent and final newline, by temporary file and rename. */
medtl_status json_write(const char *path, const json_t *value, medtl_error *err);

#endif
