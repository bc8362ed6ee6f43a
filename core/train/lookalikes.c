/* Finding pairs of images that look alike: all against all of other sides, by hash, then by correlation. */
#include "fingerprint.h"

#include "core/base/pool.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = MEDTL_FINGERPRINT_SIDE,
    CELLS = MEDTL_FINGERPRINT_CELLS,
    WORDS = (SIDE * (SIDE - 1) + 63) / 64,
    SYMMETRIES = 8,
    MIRROR_X = 1,
    MIRROR_Y = 2,
    TRANSPOSE = 4,
    CLEARLY = 4, /* levels of 255 by which a neighbour must be brighter: plain areas give no bits */
    MOST_BITS = 38, /* a tenth of the hash may differ */
    LEAST_BITS = 8, /* hashes with fewer bits set are of pictures with nothing in them */
    LEAST_DEVIATION = 6
};
static const double least_correlation = 0.995;

typedef struct hash {
    uint64_t words[WORDS];
} hash;

/* One picture as it is searched for: its hash in all symmetries, and in negative. */
typedef struct seeker {
    hash hashes[2 * SYMMETRIES];
} seeker;

typedef struct found {
    medtl_lookalike *pairs; /* owned */
    size_t count, room;
    bool failed;
} found;

typedef struct search {
    const medtl_fingerprint *prints;
    const int *sides;
    size_t count;
    seeker *seekers;
    bool *plain; /* nothing in it that could be compared */
    found *of;   /* for each worker */
} search;

static size_t cell_in(unsigned symmetry, size_t y, size_t x)
{
    const size_t row = symmetry & MIRROR_Y ? SIDE - 1 - y : y;
    const size_t column = symmetry & MIRROR_X ? SIDE - 1 - x : x;

    return symmetry & TRANSPOSE ? column * SIDE + row : row * SIDE + column;
}

static hash hash_of(const unsigned char *cells, unsigned symmetry, bool negative)
{
    hash h = {{0}};
    size_t bit = 0;

    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x + 1 < SIDE; x++, bit++) {
            const int left = cells[cell_in(symmetry, y, x)];
            const int right = cells[cell_in(symmetry, y, x + 1)];

            if ((negative ? left - right : right - left) > CLEARLY)
                h.words[bit / 64] |= UINT64_C(1) << bit % 64;
        }
    return h;
}

static unsigned bits_of(uint64_t word) { return (unsigned)__builtin_popcountll(word); }

static bool is_near(const hash *a, const hash *b)
{
    unsigned differ = 0;

    for (size_t w = 0; w < WORDS && differ <= MOST_BITS; w++)
        differ += bits_of(a->words[w] ^ b->words[w]);
    return differ <= MOST_BITS;
}

/* A picture of one tone: everything of its kind would look like it. */
static bool is_plain(const unsigned char *cells, const hash *h)
{
    double sum = 0.0, squares = 0.0;
    unsigned bits = 0;

    for (size_t i = 0; i < CELLS; i++) {
        sum += cells[i];
        squares += (double)cells[i] * cells[i];
    }
    for (size_t w = 0; w < WORDS; w++)
        bits += bits_of(h->words[w]);
    return bits < LEAST_BITS ||
           squares / CELLS - sum / CELLS * (sum / CELLS) < LEAST_DEVIATION * LEAST_DEVIATION;
}

static double correlation(const unsigned char *a, const unsigned char *b, unsigned symmetry)
{
    double ma = 0.0, mb = 0.0, ab = 0.0, aa = 0.0, bb = 0.0;

    for (size_t i = 0; i < CELLS; i++) {
        ma += a[i];
        mb += b[i];
    }
    ma /= CELLS;
    mb /= CELLS;
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++) {
            const double da = a[cell_in(symmetry, y, x)] - ma, db = b[y * SIDE + x] - mb;

            ab += da * db;
            aa += da * da;
            bb += db * db;
        }
    return aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : 0.0;
}

static void prepare(void *context, size_t i, size_t worker)
{
    search *s = context;
    const unsigned char *cells = s->prints[i].cells;

    (void)worker;
    for (unsigned k = 0; k < SYMMETRIES; k++) {
        s->seekers[i].hashes[k] = hash_of(cells, k, false);
        s->seekers[i].hashes[SYMMETRIES + k] = hash_of(cells, k, true);
    }
    s->plain[i] = is_plain(cells, &s->seekers[i].hashes[0]);
}

static void keep(found *f, medtl_lookalike pair)
{
    if (f->count == f->room) {
        const size_t room = f->room > 0 ? 2 * f->room : 64;
        medtl_lookalike *pairs = realloc(f->pairs, room * sizeof *pairs);

        if (pairs == NULL) {
            f->failed = true;
            return;
        }
        f->pairs = pairs;
        f->room = room;
    }
    f->pairs[f->count++] = pair;
}

/* The best correlation of the symmetries whose hashes are near; 0 where none is. */
static double compare(const search *s, size_t i, size_t j)
{
    double best = 0.0;

    if (s->plain[i] || s->plain[j])
        return 0.0;
    for (unsigned k = 0; k < 2 * SYMMETRIES; k++)
        if (is_near(&s->seekers[i].hashes[k], &s->seekers[j].hashes[0])) {
            const double r = correlation(s->prints[i].cells, s->prints[j].cells, k % SYMMETRIES);

            if (fabs(r) > fabs(best))
                best = r;
        }
    return fabs(best) >= least_correlation ? best : 0.0;
}

static bool takes_part(const search *s, size_t i)
{
    return s->sides[i] >= 0 && s->prints[i].digest[0] != '\0';
}

static void seek(void *context, size_t i, size_t worker)
{
    search *s = context;

    for (size_t j = i + 1; j < s->count && takes_part(s, i); j++) {
        medtl_lookalike pair = {i, j, 0, 1.0};

        if (s->sides[i] == s->sides[j] || !takes_part(s, j))
            continue;
        pair.equal = strcmp(s->prints[i].digest, s->prints[j].digest) == 0;
        if (!pair.equal)
            pair.correlation = compare(s, i, j);
        if (pair.equal || pair.correlation != 0.0)
            keep(&s->of[worker], pair);
    }
}

static int by_kind_and_index(const void *left, const void *right)
{
    const medtl_lookalike *a = left, *b = right;

    if (a->equal != b->equal)
        return a->equal ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return a->second < b->second ? -1 : a->second > b->second;
}

/* What the workers found, in one list whose order does not depend on them. */
static medtl_status gather(search *s, size_t threads, medtl_lookalike *out, size_t most,
                           size_t *equal, size_t *near, medtl_error *err)
{
    size_t count = 0;
    medtl_lookalike *all;

    for (size_t t = 0; t < threads; t++) {
        if (s->of[t].failed)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for images that look alike");
        count += s->of[t].count;
    }
    all = calloc(count + 1, sizeof *all);
    if (all == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for images that look alike");
    count = 0;
    for (size_t t = 0; t < threads; t++) {
        if (s->of[t].count > 0)
            memcpy(all + count, s->of[t].pairs, s->of[t].count * sizeof *all);
        count += s->of[t].count;
    }
    qsort(all, count, sizeof *all, by_kind_and_index);
    *equal = *near = 0;
    for (size_t i = 0; i < count; i++) {
        *(all[i].equal ? equal : near) += 1;
        if (i < most)
            out[i] = all[i];
    }
    free(all);
    return MEDTL_OK;
}

medtl_status medtl_find_lookalikes(const medtl_fingerprint *prints, const int *sides, size_t count,
                                   size_t threads, medtl_lookalike *out, size_t most, size_t *equal,
                                   size_t *near, medtl_error *err)
{
    search s = {.prints = prints, .sides = sides, .count = count};
    medtl_pool *pool = NULL;
    medtl_status status;

    s.seekers = calloc(count + 1, sizeof *s.seekers);
    s.plain = calloc(count + 1, sizeof *s.plain);
    s.of = calloc(threads + 1, sizeof *s.of);
    if (s.seekers == NULL || s.plain == NULL || s.of == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for comparing %zu images", count);
        goto done;
    }
    if ((status = medtl_pool_create(threads, &pool, err)) != MEDTL_OK)
        goto done;
    medtl_pool_for(pool, count, prepare, &s);
    medtl_pool_for(pool, count, seek, &s);
    status = gather(&s, threads, out, most, equal, near, err);
done:
    medtl_pool_destroy(pool);
    for (size_t t = 0; s.of != NULL && t < threads; t++)
        free(s.of[t].pairs);
    free(s.of);
    free(s.plain);
    free(s.seekers);
    return status;
}
