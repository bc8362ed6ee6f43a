/* Whether what a model is measured on is also what it learned from: images that look alike on two sides of a split.
 * (Groups on two sides are labels_check_leak()'s.) */
#ifndef MEDTL_TOOL_LEAKS_H
#define MEDTL_TOOL_LEAKS_H

#include "core/train/fingerprint.h"
#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>

/** What a leak does; the words of --leaks in this order. */
typedef enum leak_policy { LEAKS_STOP, LEAKS_WARN, LEAKS_IGNORE } leak_policy;
#define LEAK_POLICY_WORDS "stop|warn|ignore"
#define LEAK_POLICY_HELP                                                                           \
    "what to do where images of two sides have the same or nearly the same pixels, turned or "     \
    "inverted too: stop, go on with a warning, or not look"

typedef struct leak_images {
    const medtl_fingerprint *prints; /* [count]; those without a digest are left out */
    const char *const *files;        /* [count], as messages name them */
    const int *sides;                /* [count], index into side_names; negative: left out */
    size_t count;
    const char *const *side_names; /* "training", "validation", ... */
} leak_images;

/** Look for pairs of images on two sides, and name the first ten on standard error.
 *  @param command  Leads the messages: "medtl COMMAND: ".
 *  @param[out] pairs  How many there are; may be NULL.
 *  @return MEDTL_OK, also where a leak was found and the policy is to go on; MEDTL_E_ARGUMENT with counts where it is to
 *          stop; MEDTL_E_MEMORY. */
medtl_status leaks_check(const char *command, const leak_images *images, leak_policy policy,
                         size_t threads, size_t *pairs, medtl_error *err);

/** The fingerprints of what a model is made from are kept beside it, so that `medtl evaluate` can tell whether it is
 *  measured on the same pictures. A CSV table: side, file (without its folders), pixels_sha256, cells (hexadecimal gray
 *  levels of a picture of 20 x 20). */
#define FINGERPRINTS_FILE "fingerprints.csv"

/** The bytes of such a file, until the model is there that they are of. */
typedef struct fingerprint_text {
    char *text; /* owned; NULL: leaks were not looked for */
    size_t size;
} fingerprint_text;

/** @param earlier  A file of this kind, of what this training started from: its images are added at the end. None are where
 *                  it is NULL or not there.
 *  @param[out] out  free(out->text). */
medtl_status fingerprints_make(const leak_images *images, const char *earlier,
                               fingerprint_text *out, medtl_error *err);

/** Put them beside a model that is just about to be written. Whatever moment a run is killed at, no model shall lie beside
 *  another one's fingerprints: where the file does not say the same already, the old model is removed before it.
 *  @param text  Without any, the file shall not be there. */
medtl_status fingerprints_replace(const char *model, const fingerprint_text *text,
                                  medtl_error *err);

/** The fingerprints beside a model or backbone, whether they are there or not.
 *  @param model  NULL: none. @return owned (free); NULL for none, or without memory. */
char *fingerprints_beside(const char *model);

/** What fingerprints_replace() wrote. */
typedef struct fingerprint_list {
    medtl_fingerprint *prints;
    char **files;
    size_t count;
} fingerprint_list;
medtl_status fingerprints_read(const char *path, fingerprint_list *out, medtl_error *err);
void fingerprints_clear(fingerprint_list *list); /* all zero is allowed */

#endif
