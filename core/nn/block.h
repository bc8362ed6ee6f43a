/* How activations in blocks of channels lie: [channels / 16][height][width][16] floats an image. */
#ifndef MEDTL_NN_BLOCK_H
#define MEDTL_NN_BLOCK_H

enum { MEDTL_BLOCK = 16 }; /* channels side by side: one vector of AVX-512 */

#endif
