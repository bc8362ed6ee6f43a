/* The optimiser around the rules: which parameter has which state and rate, the gradient's length, the
 * average, and the split into runs for the pool. */
#include "optimizer_rule.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 14 }; /* values handled by one task of the pool */

/* One parameter's share of the state. Moments are NULL where it is not trained. */
typedef struct slot {
    medtl_parameter *parameter; /* borrowed from the network */
    size_t index;
    bool trained;
    uint64_t opens;        /* steps before it moves */
    double rate, decay;    /* of its group: a factor on the learning rate, weight decay */
    double trust;          /* of this step */
    float *first, *second; /* as the rule asks */
    float *average;
} slot;

/* A run of values of one parameter. */
typedef struct piece {
    size_t slot, start, count;
} piece;

struct medtl_optimizer {
    medtl_optimizer_options options;
    const medtl_optimizer_rule *rule;
    slot *slots;
    size_t slot_count;
    piece *pieces;
    size_t piece_count;
    uint64_t step;
    uint32_t stages;
};

/* One step as the pool's tasks see it. */
typedef struct update {
    medtl_optimizer *optimizer;
    const medtl_trainer_pass *pass;
    double rate, gradient_scale, average;
} update;

const medtl_optimizer_rule *medtl_optimizer_rule_of(medtl_optimizer_kind kind)
{
    static const medtl_optimizer_rule *const rules[] = {
        [MEDTL_OPTIMIZER_SGD] = &medtl_optimizer_sgd,
        [MEDTL_OPTIMIZER_ADAMW] = &medtl_optimizer_adamw,
        [MEDTL_OPTIMIZER_ADAM] = &medtl_optimizer_adam,
        [MEDTL_OPTIMIZER_LARS] = &medtl_optimizer_lars,
        [MEDTL_OPTIMIZER_MOMENTUM] = &medtl_optimizer_momentum,
    };

    return rules[kind];
}

static double group_rate(const medtl_optimizer_options *options, uint32_t stage, uint32_t stages)
{
    const double head = options->head_rate > 0.0 ? options->head_rate : 1.0;
    double rate = stage + 1 == stages ? head : 1.0;

    for (uint32_t s = stage; options->layer_decay > 0.0 && s + 1 < stages; s++)
        rate *= options->layer_decay;
    return rate;
}

static medtl_status make_slot(const medtl_optimizer *optimizer,
                              const medtl_optimizer_options *options, uint32_t stages, slot *s,
                              medtl_error *err)
{
    const medtl_parameter *p = s->parameter;
    const size_t size = p->size > 0 ? p->size : 1;

    s->trained = p->role != MEDTL_PARAMETER_STATISTIC && p->stage >= options->frozen_stages;
    s->opens = options->stage_opens != NULL ? options->stage_opens[p->stage] : 0;
    s->rate = group_rate(options, p->stage, stages) *
              (options->stage_rates != NULL ? options->stage_rates[p->stage] : 1.0);
    s->decay = p->role == MEDTL_PARAMETER_WEIGHT ? options->weight_decay : options->bias_decay;
    s->trust = 1.0;
    if (s->trained)
        s->first = calloc(size, sizeof *s->first);
    if (s->trained && optimizer->rule->moments > 1)
        s->second = calloc(size, sizeof *s->second);
    if (options->average > 0.0)
        s->average = malloc(size * sizeof *s->average);
    if ((s->trained && s->first == NULL) ||
        (s->trained && optimizer->rule->moments > 1 && s->second == NULL) ||
        (options->average > 0.0 && s->average == NULL))
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the optimiser's state");
    if (s->average != NULL)
        memcpy(s->average, p->value, p->size * sizeof *s->average);
    return MEDTL_OK;
}

static medtl_status make_pieces(medtl_optimizer *optimizer, medtl_error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < optimizer->slot_count; i++)
        count += (optimizer->slots[i].parameter->size + PIECE - 1) / PIECE;
    optimizer->pieces = calloc(count + 1, sizeof *optimizer->pieces);
    if (optimizer->pieces == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the optimiser's state");
    for (size_t i = 0; i < optimizer->slot_count; i++) {
        const size_t size = optimizer->slots[i].parameter->size;

        for (size_t start = 0; start < size; start += PIECE)
            optimizer->pieces[optimizer->piece_count++] =
                (piece){i, start, size - start < PIECE ? size - start : PIECE};
    }
    return MEDTL_OK;
}

medtl_status medtl_optimizer_create(medtl_network *network, const medtl_optimizer_options *options,
                                    medtl_optimizer **out, medtl_error *err)
{
    medtl_optimizer *optimizer = calloc(1, sizeof *optimizer);
    const size_t count = medtl_network_parameter_count(network);
    const uint32_t stages = medtl_network_stage_count(network);
    medtl_status status = MEDTL_OK;

    *out = NULL;
    if (optimizer == NULL || (optimizer->slots = calloc(count + 1, sizeof(slot))) == NULL) {
        free(optimizer);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the optimiser's state");
    }
    optimizer->options = *options;
    optimizer->options.stage_rates = NULL; /* the caller's */
    optimizer->options.stage_opens = NULL;
    optimizer->stages = stages;
    optimizer->rule = medtl_optimizer_rule_of(options->kind);
    optimizer->slot_count = count;
    for (size_t i = 0; i < count && status == MEDTL_OK; i++) {
        optimizer->slots[i].parameter = medtl_network_parameter(network, i);
        optimizer->slots[i].index = i;
        status = make_slot(optimizer, options, stages, &optimizer->slots[i], err);
    }
    if (status == MEDTL_OK)
        status = make_pieces(optimizer, err);
    if (status != MEDTL_OK) {
        medtl_optimizer_destroy(optimizer);
        return status;
    }
    *out = optimizer;
    return MEDTL_OK;
}

void medtl_optimizer_destroy(medtl_optimizer *optimizer)
{
    if (optimizer == NULL)
        return;
    for (size_t i = 0; i < optimizer->slot_count; i++) {
        free(optimizer->slots[i].first);
        free(optimizer->slots[i].second);
        free(optimizer->slots[i].average);
    }
    free(optimizer->slots);
    free(optimizer->pieces);
    free(optimizer);
}

/* In double, in an order that follows from the count alone. */
static double sum_of_squares(const float *values, size_t count)
{
    double part[4] = {0}; /* four chains: the additions need not wait for each other */
    size_t k = 0;

    for (; k + 4 <= count; k += 4)
        for (size_t lane = 0; lane < 4; lane++)
            part[lane] += (double)values[k + lane] * (double)values[k + lane];
    for (; k < count; k++)
        part[0] += (double)values[k] * (double)values[k];
    return (part[0] + part[1]) + (part[2] + part[3]);
}

/* Does the step behind `taken` ones move it? */
static bool moves(const slot *s, uint64_t taken) { return s->trained && taken >= s->opens; }

uint32_t medtl_optimizer_open_stage(const medtl_optimizer *optimizer)
{
    uint32_t lowest = optimizer->stages;

    for (size_t i = 0; i < optimizer->slot_count; i++) {
        const slot *s = &optimizer->slots[i];

        if (moves(s, optimizer->step) && s->parameter->stage < lowest)
            lowest = s->parameter->stage;
    }
    return lowest;
}

double medtl_optimizer_gradient_norm(const medtl_optimizer *optimizer,
                                     const medtl_trainer_pass *pass)
{
    double sum = 0.0;

    for (size_t i = 0; i < optimizer->slot_count; i++) {
        const slot *s = &optimizer->slots[i];
        const float *gradient =
            moves(s, optimizer->step) ? medtl_trainer_pass_gradient(pass, s->index) : NULL;

        if (gradient != NULL)
            sum += sum_of_squares(gradient, s->parameter->size);
    }
    return sqrt(sum);
}

/* One parameter's trust, for rules that have it. */
static void find_trust(void *context, size_t index, size_t worker)
{
    const update *u = context;
    const medtl_optimizer_options *options = &u->optimizer->options;
    slot *s = &u->optimizer->slots[index];
    const float *gradient =
        moves(s, u->optimizer->step - 1) ? medtl_trainer_pass_gradient(u->pass, s->index) : NULL;

    (void)worker;
    if (gradient != NULL && s->parameter->role == MEDTL_PARAMETER_WEIGHT)
        s->trust = u->optimizer->rule->trust(
            options, s->decay, sqrt(sum_of_squares(s->parameter->value, s->parameter->size)),
            u->gradient_scale * sqrt(sum_of_squares(gradient, s->parameter->size)));
}

static void step_piece(void *context, size_t index, size_t worker)
{
    const update *u = context;
    const medtl_optimizer *optimizer = u->optimizer;
    const piece *p = &optimizer->pieces[index];
    const slot *s = &optimizer->slots[p->slot];
    const float *gradient =
        moves(s, optimizer->step - 1) ? medtl_trainer_pass_gradient(u->pass, s->index) : NULL;

    (void)worker;
    if (gradient != NULL) {
        const medtl_run run = {.value = s->parameter->value + p->start,
                               .gradient = gradient + p->start,
                               .first = s->first + p->start,
                               .second = s->second != NULL ? s->second + p->start : NULL,
                               .count = p->count,
                               .gradient_scale = u->gradient_scale,
                               .rate = u->rate * s->rate,
                               .decay = s->decay,
                               .trust = s->trust,
                               .step = optimizer->step - s->opens};

        optimizer->rule->step(&optimizer->options, &run);
    }
    if (s->average != NULL) {
        const float keep = (float)u->average;
        const float *w = s->parameter->value + p->start;
        float *a = s->average + p->start;

        for (size_t i = 0; i < p->count; i++)
            a[i] += (1.0f - keep) * (w[i] - a[i]);
    }
}

void medtl_optimizer_step(medtl_optimizer *optimizer, const medtl_trainer_pass *pass, double rate,
                          double norm, medtl_pool *pool)
{
    const double clip = optimizer->options.clip;
    const double young = (1.0 + (double)optimizer->step) / (10.0 + (double)optimizer->step);
    update u = {optimizer, pass, rate, clip > 0.0 && norm > clip ? clip / norm : 1.0,
                young < optimizer->options.average ? young : optimizer->options.average};

    optimizer->step++;
    if (optimizer->rule->trust != NULL)
        medtl_pool_for(pool, optimizer->slot_count, find_trust, &u);
    medtl_pool_for(pool, optimizer->piece_count, step_piece, &u);
}

void medtl_optimizer_swap_average(medtl_optimizer *optimizer)
{
    for (size_t i = 0; i < optimizer->slot_count; i++) {
        slot *s = &optimizer->slots[i];

        for (size_t k = 0; s->average != NULL && k < s->parameter->size; k++) {
            const float value = s->parameter->value[k];

            s->parameter->value[k] = s->average[k];
            s->average[k] = value;
        }
    }
}

/* Block 0 is the step count; then three for each parameter, of size 0 where it has none. */
size_t medtl_optimizer_block_count(const medtl_optimizer *optimizer)
{
    return 1 + 3 * optimizer->slot_count;
}

void *medtl_optimizer_block(medtl_optimizer *optimizer, size_t index, size_t *size)
{
    slot *s;
    void *block;

    if (index == 0) {
        *size = sizeof optimizer->step;
        return &optimizer->step;
    }
    s = &optimizer->slots[(index - 1) / 3];
    block = (index - 1) % 3 == 0 ? s->first : (index - 1) % 3 == 1 ? s->second : s->average;
    *size = block != NULL ? s->parameter->size * sizeof(float) : 0;
    return block;
}
