#include "checkpoint.h"

#include "core/base/digest.h"
#include "core/base/file.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char MAGIC[8] = {'M', 'E', 'D', 'T', 'L', 'C', 'K', '1'};
enum { DIGEST = MEDTL_SHA256_TEXT_SIZE - 1 };
static const size_t LIMIT = (size_t)16 << 30; /* bytes of a checkpoint that are read at most */

static unsigned char *put(unsigned char *at, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(at, bytes, size);
    return at + size;
}

static unsigned char *put_sized(unsigned char *at, const void *bytes, size_t size)
{
    const uint64_t count = size;

    return put(put(at, &count, sizeof count), bytes, size);
}

medtl_status medtl_checkpoint_write(const char *path, const char *text, const medtl_block *blocks,
                                    size_t count, medtl_error *err)
{
    const uint64_t block_count = count;
    size_t size = sizeof MAGIC + 2 * sizeof(uint64_t) + strlen(text) + DIGEST;
    char digest[MEDTL_SHA256_TEXT_SIZE];
    unsigned char *bytes, *at;
    medtl_status status;

    for (size_t i = 0; i < count; i++)
        size += sizeof(uint64_t) + blocks[i].size;
    bytes = malloc(size);
    if (bytes == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for %zu bytes", path, size);
    at = put(bytes, MAGIC, sizeof MAGIC);
    at = put_sized(at, text, strlen(text));
    at = put(at, &block_count, sizeof block_count);
    for (size_t i = 0; i < count; i++)
        at = put_sized(at, blocks[i].bytes, blocks[i].size);
    medtl_sha256_text(bytes, size - DIGEST, digest);
    (void)put(at, digest, DIGEST);
    status = medtl_file_replace(path, bytes, size, err);
    free(bytes);
    return status;
}

typedef struct reader {
    const unsigned char *next, *end;
} reader;

static bool take_number(reader *r, uint64_t *out)
{
    if ((size_t)(r->end - r->next) < sizeof *out)
        return false;
    memcpy(out, r->next, sizeof *out);
    r->next += sizeof *out;
    return true;
}

static bool take_sized(reader *r, medtl_block *out)
{
    uint64_t size;

    if (!take_number(r, &size) || size > (uint64_t)(r->end - r->next))
        return false;
    *out = (medtl_block){(void *)r->next, (size_t)size};
    r->next += size;
    return true;
}

static medtl_status check_digest(const char *path, const unsigned char *bytes, size_t size,
                                 medtl_error *err)
{
    char digest[MEDTL_SHA256_TEXT_SIZE];

    if (size < sizeof MAGIC + DIGEST || memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: not a checkpoint", path);
    medtl_sha256_text(bytes, size - DIGEST, digest);
    if (memcmp(digest, bytes + size - DIGEST, DIGEST) != 0)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: the checkpoint is damaged", path);
    return MEDTL_OK;
}

/* Show the first line in which the two texts differ. */
static medtl_status check_text(const char *path, const char *text, medtl_block stored,
                               medtl_error *err)
{
    const char *old = stored.bytes;
    size_t same = 0, start, length;

    while (same < stored.size && text[same] != '\0' && text[same] == old[same])
        same++;
    if (same == stored.size && text[same] == '\0')
        return MEDTL_OK;
    for (start = same; start > 0 && old[start - 1] != '\n';)
        start--;
    for (length = 0; start + length < stored.size && old[start + length] != '\n';)
        length++;
    return medtl_fail(err, MEDTL_E_CONFIG, "%s: of another run: it has '%.*s', this one '%.*s'",
                      path, (int)(length < 150 ? length : 150), old + start,
                      (int)(strcspn(text + start, "\n") < 150 ? strcspn(text + start, "\n") : 150),
                      text + start);
}

/* Twice over the blocks: first every size is checked, then everything is copied. */
static medtl_status take_blocks(const char *path, reader r, const medtl_block *blocks, size_t count,
                                bool copy, medtl_error *err)
{
    uint64_t stored_count = 0;
    medtl_block stored = {0};

    if (!take_number(&r, &stored_count) || stored_count != count)
        return medtl_fail(err, MEDTL_E_CONFIG, "%s: of another network or optimiser", path);
    for (size_t i = 0; i < count; i++) {
        if (!take_sized(&r, &stored) || stored.size != blocks[i].size)
            return medtl_fail(err, MEDTL_E_CONFIG, "%s: of another network or optimiser", path);
        if (copy && stored.size > 0)
            memcpy(blocks[i].bytes, stored.bytes, stored.size);
    }
    return r.next == r.end ? MEDTL_OK
                           : medtl_fail(err, MEDTL_E_FORMAT, "%s: the checkpoint is damaged", path);
}

medtl_status medtl_checkpoint_read(const char *path, const char *text, const medtl_block *blocks,
                                   size_t count, medtl_error *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    medtl_block stored = {0};
    medtl_status status;
    reader r;

    if ((status = medtl_file_read(path, LIMIT, &bytes, &size, err)) != MEDTL_OK ||
        (status = check_digest(path, bytes, size, err)) != MEDTL_OK)
        goto done;
    r = (reader){bytes + sizeof MAGIC, bytes + size - DIGEST};
    if (!take_sized(&r, &stored)) {
        status = medtl_fail(err, MEDTL_E_FORMAT, "%s: the checkpoint is damaged", path);
        goto done;
    }
    if ((status = check_text(path, text, stored, err)) != MEDTL_OK ||
        (status = take_blocks(path, r, blocks, count, false, err)) != MEDTL_OK)
        goto done;
    status = take_blocks(path, r, blocks, count, true, err);
done:
    free(bytes);
    return status;
}
