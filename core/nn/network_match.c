/* Comparing a network with a file, tensor by tensor. */
#include "network_match.h"

#include "network_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bool same_shape(const medtl_parameter *p, const medtl_stored *s, size_t from)
{
    if (s->dimensions != p->dimensions)
        return false;
    for (size_t i = from; i < p->dimensions; i++)
        if (s->shape[i] != p->shape[i])
            return false;
    return true;
}

/* A first convolution of other input channels that the file has with three. */
static bool can_be_adapted(const medtl_network *network, const medtl_parameter *p,
                           const medtl_stored *s)
{
    return p == &network->parameters[0] && p->dimensions == 4 && s->dimensions == 4 &&
           s->shape[0] == p->shape[0] && s->shape[1] == 3 && p->shape[1] != 3 &&
           s->shape[2] == p->shape[2] && s->shape[3] == p->shape[3];
}

static medtl_match judge(const medtl_network *network, const medtl_parameter *p,
                         const medtl_stored *s)
{
    const bool last = p->stage + 1 == network->stage_count;

    if (s == NULL)
        return (medtl_match){MEDTL_MISSING, p, NULL, last};
    if (!medtl_stored_is_float(s))
        return (medtl_match){MEDTL_WRONG_TYPE, p, s, false};
    if (same_shape(p, s, 0))
        return (medtl_match){MEDTL_MATCHED, p, s, false};
    if (can_be_adapted(network, p, s))
        return (medtl_match){p->shape[1] == 1 ? MEDTL_SUMMED : MEDTL_REPEATED, p, s, false};
    return (medtl_match){MEDTL_RESHAPED, p, s, last && same_shape(p, s, 1)};
}

static void add(medtl_matches *matches, medtl_match match)
{
    matches->list[matches->count++] = match;
    matches->kinds[match.kind]++;
    matches->kept += match.head;
}

medtl_status medtl_network_match(const medtl_network *network, const medtl_safetensors *file,
                                 medtl_matches *out, medtl_error *err)
{
    const size_t parameters = network->graph.declaration_count;
    const size_t tensors = medtl_safetensors_count(file);
    bool *used = calloc(tensors + 1, sizeof *used);

    memset(out, 0, sizeof *out);
    out->list = calloc(parameters + tensors + 1, sizeof *out->list);
    if (used == NULL || out->list == NULL) {
        free(used);
        medtl_matches_clear(out);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu tensors", tensors);
    }
    for (size_t i = 0; i < parameters; i++) {
        const medtl_parameter *p = &network->parameters[i];
        const medtl_stored *s = medtl_safetensors_find(file, p->name);

        if (s != NULL)
            used[s - medtl_safetensors_at(file, 0)] = true;
        add(out, judge(network, p, s));
    }
    for (size_t i = 0; i < tensors; i++) {
        const medtl_stored *s = medtl_safetensors_at(file, i);
        const bool counter = ends_with(s->name, ".num_batches_tracked");

        if (!used[i])
            add(out, (medtl_match){counter ? MEDTL_COUNTER : MEDTL_UNEXPECTED, NULL, s, false});
    }
    free(used);
    return MEDTL_OK;
}

void medtl_matches_clear(medtl_matches *matches)
{
    free(matches->list);
    memset(matches, 0, sizeof *matches);
}

const char *medtl_match_kind_name(medtl_match_kind kind)
{
    static const char *const names[MEDTL_MATCH_KINDS] = {
        [MEDTL_MATCHED] = "matched",
        [MEDTL_SUMMED] = "summed over input channels",
        [MEDTL_REPEATED] = "repeated over input channels",
        [MEDTL_RESHAPED] = "reshaped",
        [MEDTL_WRONG_TYPE] = "of a type that is not read",
        [MEDTL_MISSING] = "missing",
        [MEDTL_UNEXPECTED] = "unexpected",
        [MEDTL_COUNTER] = "counters, not needed"};

    return names[kind];
}

char *medtl_shape_text(const size_t *shape, size_t dimensions, char *text, size_t size)
{
    size_t at = (size_t)snprintf(text, size, "[");

    for (size_t i = 0; i < dimensions && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%zu", i > 0 ? ", " : "", shape[i]);
    if (at < size)
        snprintf(text + at, size - at, "]");
    return text;
}

static bool is_allowed(const medtl_match *match, unsigned allowed)
{
    switch (match->kind) {
    case MEDTL_MATCHED:
    case MEDTL_COUNTER:
        return true;
    case MEDTL_SUMMED:
    case MEDTL_REPEATED:
        return (allowed & MEDTL_ALLOW_SUMMED) != 0;
    case MEDTL_UNEXPECTED:
        return (allowed & MEDTL_ALLOW_EXTRA) != 0;
    case MEDTL_RESHAPED:
    case MEDTL_MISSING:
        return match->head && (allowed & MEDTL_ALLOW_HEAD) != 0;
    case MEDTL_WRONG_TYPE:
    case MEDTL_MATCH_KINDS:
        break;
    }
    return false;
}

static medtl_status refuse(const char *path, const medtl_match *match, size_t misfits,
                           medtl_error *err)
{
    const char *name = match->parameter != NULL ? match->parameter->name : match->stored->name;
    char why[160] = "", has[64], wants[64], more[64] = "";

    if (match->kind == MEDTL_MISSING)
        snprintf(why, sizeof why, "is missing");
    else if (match->kind == MEDTL_UNEXPECTED)
        snprintf(why, sizeof why, "is not one of this network");
    else if (match->kind == MEDTL_WRONG_TYPE)
        snprintf(why, sizeof why, "is %s; F32, F16 and BF16 are read", match->stored->type);
    else
        snprintf(why, sizeof why, "is %s, the network's %s",
                 medtl_shape_text(match->stored->shape, match->stored->dimensions, has, sizeof has),
                 medtl_shape_text(match->parameter->shape, match->parameter->dimensions, wants,
                                  sizeof wants));
    if (misfits > 1)
        snprintf(more, sizeof more, " (one of %zu tensors that do not fit)", misfits);
    return medtl_fail(err, MEDTL_E_FORMAT, "%s: tensor %.80s %s%s", path, name, why, more);
}

static medtl_status check_fits(const char *path, const medtl_matches *matches, unsigned allowed,
                               medtl_error *err)
{
    const medtl_match *first = NULL;
    size_t misfits = 0;

    for (size_t i = 0; i < matches->count; i++) {
        if (is_allowed(&matches->list[i], allowed))
            continue;
        misfits++;
        if (first == NULL)
            first = &matches->list[i];
    }
    return first == NULL ? MEDTL_OK : refuse(path, first, misfits, err);
}

static bool any_negative(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] < 0.0f)
            return true;
    return false;
}

/* [out][3][h][w] -> [out][1][h][w]. */
static void sum_channels(const medtl_stored *s, const float *from, float *to)
{
    const size_t plane = s->shape[2] * s->shape[3];

    for (size_t k = 0; k < s->shape[0]; k++)
        for (size_t i = 0; i < plane; i++) {
            const float *at = from + k * s->shape[1] * plane + i;

            to[k * plane + i] = at[0] + at[plane] + at[2 * plane];
        }
}

/* [out][3][h][w] -> [out][n][h][w]: again and again, scaled so that sums over equal channels stay what they were. */
static void repeat_channels(const medtl_stored *s, const float *from, size_t channels, float *to)
{
    const size_t plane = s->shape[2] * s->shape[3];
    const float scale = 3.0f / (float)channels;

    for (size_t k = 0; k < s->shape[0]; k++)
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < plane; i++)
                to[(k * channels + c) * plane + i] = scale * from[(k * 3 + c % 3) * plane + i];
}

/* Read one tensor into `room` (large enough for the file's), and from there into its place. */
static medtl_status fetch(const char *path, const medtl_match *match, float *room, float *target,
                          medtl_error *err)
{
    const medtl_parameter *p = match->parameter;
    const bool variance =
        p->role == MEDTL_PARAMETER_STATISTIC && ends_with(p->name, ".running_var");

    if (!medtl_stored_floats(match->stored, room))
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: tensor %s has a value that is not finite", path,
                          p->name);
    if (variance && any_negative(room, match->stored->count))
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: tensor %s: a variance is negative", path,
                          p->name);
    if (match->kind == MEDTL_SUMMED)
        sum_channels(match->stored, room, target);
    else if (match->kind == MEDTL_REPEATED)
        repeat_channels(match->stored, room, p->shape[1], target);
    else
        memcpy(target, room, p->size * sizeof *target);
    return MEDTL_OK;
}

static bool is_copied(const medtl_match *match)
{
    return match->kind == MEDTL_MATCHED || match->kind == MEDTL_SUMMED ||
           match->kind == MEDTL_REPEATED;
}

/* @param values  The network's, or a block laid out like them. */
static medtl_status copy_all(const medtl_network *network, const char *path,
                             const medtl_matches *matches, float *values, float *room,
                             medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < matches->count && status == MEDTL_OK; i++) {
        const medtl_match *match = &matches->list[i];

        if (is_copied(match))
            status =
                fetch(path, match, room, values + (match->parameter->value - network->values), err);
    }
    return status;
}

/* By way of a second block that is swapped in at the end. */
static medtl_status copy_all_or_nothing(medtl_network *network, const char *path,
                                        const medtl_matches *matches, float *room, medtl_error *err)
{
    const size_t bytes = network->value_count * sizeof(float);
    float *fresh = medtl_floats_allocate(network->value_count);
    medtl_status status;

    if (fresh == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    memcpy(fresh, network->values, bytes);
    status = copy_all(network, path, matches, fresh, room, err);
    if (status == MEDTL_OK)
        memcpy(network->values, fresh, bytes);
    free(fresh);
    return status;
}

medtl_status medtl_network_adopt(medtl_network *network, const char *path,
                                 const medtl_matches *matches, unsigned allowed, medtl_error *err)
{
    float *room = NULL;
    size_t largest = 0;
    medtl_status status = check_fits(path, matches, allowed, err);

    if (status != MEDTL_OK)
        return status;
    for (size_t i = 0; i < matches->count; i++)
        if (is_copied(&matches->list[i]) && matches->list[i].stored->count > largest)
            largest = matches->list[i].stored->count;
    room = medtl_floats_allocate(largest);
    if (room == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    if ((allowed & MEDTL_ADOPT_IN_PLACE) != 0)
        status = copy_all(network, path, matches, network->values, room, err);
    else
        status = copy_all_or_nothing(network, path, matches, room, err);
    free(room);
    return status;
}

medtl_status medtl_network_start_from(medtl_network *network, const char *path,
                                      const medtl_matches *matches, medtl_error *err)
{
    if (matches->kinds[MEDTL_MATCHED] == 0)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: no tensor fits this network", path);
    return medtl_network_adopt(network, path, matches,
                               MEDTL_ALLOW_SUMMED | MEDTL_ALLOW_HEAD | MEDTL_ALLOW_EXTRA, err);
}
