/* How activations in blocks of channels lie: [channels / 16][height][width][16] floats an image. */
#ifndef MEDTL_NN_BLOCK_H
#define MEDTL_NN_BLOCK_H

#include <stddef.h>

enum { MEDTL_BLOCK = 16 }; /* channels side by side: one vector of AVX-512 */

/** Channels filled up to whole blocks. */
static inline size_t medtl_whole_blocks(size_t channels)
{
    return (channels + MEDTL_BLOCK - 1) / MEDTL_BLOCK * MEDTL_BLOCK;
}

#endif
