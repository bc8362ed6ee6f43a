/* Which tensors of a file are which parameters of a network, and what fits. */
#ifndef MEDTL_NN_NETWORK_MATCH_H
#define MEDTL_NN_NETWORK_MATCH_H

#include "network.h"
#include "safetensors.h"

typedef enum medtl_match_kind {
    MEDTL_MATCHED,  /* same name and shape, of a type that we read */
    MEDTL_SUMMED,   /* a first convolution of 3 input channels, to be summed for 1, as timm does */
    MEDTL_REPEATED, /* likewise for n: channel c takes 3/n of channel c modulo 3, as timm does */
    MEDTL_RESHAPED, /* same name, another shape */
    MEDTL_WRONG_TYPE, /* same name, but none of F32, F16, BF16 */
    MEDTL_MISSING,    /* of the network, not in the file */
    MEDTL_UNEXPECTED, /* in the file, not of the network */
    MEDTL_COUNTER, /* in the file: PyTorch's num_batches_tracked, which is known and not needed */
    MEDTL_MATCH_KINDS
} medtl_match_kind;

/** One parameter with its tensor, or a tensor without a parameter. Borrows from network and file. */
typedef struct medtl_match {
    medtl_match_kind kind;
    const medtl_parameter *parameter; /* NULL: unexpected, counter */
    const medtl_stored *stored;       /* NULL: missing */
    bool
        head; /* of the last stage, missing or of another number of classes: may keep its first values */
} medtl_match;

typedef struct medtl_matches {
    medtl_match *list; /* parameters in the network's order, then tensors in the file's */
    size_t count;
    size_t kinds[MEDTL_MATCH_KINDS]; /* how many of each */
    size_t kept;                     /* how many are `head` */
} medtl_matches;

/** Compare by names, shapes and types; values are not looked at.
 *  @param[out] out  Given to medtl_matches_clear(). @return MEDTL_OK or MEDTL_E_MEMORY. */
medtl_status medtl_network_match(const medtl_network *network, const medtl_safetensors *file,
                                 medtl_matches *out, medtl_error *err);
void medtl_matches_clear(medtl_matches *matches); /* all zero is allowed */

/** "matched", "summed over input channels", "repeated over input channels", ... */
const char *medtl_match_kind_name(medtl_match_kind kind);

/** "[64, 3, 7, 7]", cut at the end where `size` is too small. @return `text`. */
char *medtl_shape_text(const size_t *shape, size_t dimensions, char *text, size_t size);

/** Misfits that the caller accepts. */
enum {
    MEDTL_ALLOW_SUMMED = 1, /* MEDTL_SUMMED, MEDTL_REPEATED */
    MEDTL_ALLOW_HEAD = 2,   /* those marked `head` */
    MEDTL_ALLOW_EXTRA = 4,  /* MEDTL_UNEXPECTED */
    MEDTL_ADOPT_IN_PLACE =
        8 /* saves a copy of the weights; after a failure the network's values are mixed */
};

/** Copy the values of everything that fits into the network. All that is refused is refused before the first
 *  value changes: a misfit that `allowed` does not have (the message names the first one and says how many there
 *  are), a value that is not finite, a negative variance.
 *  @param path  For messages only. */
medtl_status medtl_network_adopt(medtl_network *network, const char *path,
                                 const medtl_matches *matches, unsigned allowed, medtl_error *err);

/** What medtl_network_load() accepts, of a file that has been read and compared already: the trunk must fit, the
 *  head need not, and other tensors do not matter. */
medtl_status medtl_network_start_from(medtl_network *network, const char *path,
                                      const medtl_matches *matches, medtl_error *err);

#endif
