/* Parameters of nodes whose channels a training graph filled up to whole blocks: a few of MobileNetV2's. */
#include "trainer_pass.h"

#include <string.h>

static medtl_filling filling_of(const medtl_trainer_pass *pass, size_t index, size_t k)
{
    return medtl_training_graph_filling(&pass->training, &pass->network->graph, index, k);
}

static medtl_parameter *parameter_of(const medtl_trainer_pass *pass, size_t index, size_t k)
{
    return &pass->network->parameters[pass->runs[index].node->parameters[k]];
}

/* Is it not the network's own array? */
static bool is_filled(const medtl_trainer_pass *pass, size_t index, size_t k)
{
    return pass->runs[index].parameters[k] != parameter_of(pass, index, k)->value;
}

void medtl_trainer_pass_fill(medtl_trainer_pass *pass)
{
    for (size_t i = 0; i < medtl_trainer_pass_graph(pass)->node_count; i++)
        for (size_t k = 0; k < pass->runs[i].node->parameter_count; k++) {
            const medtl_filling f = filling_of(pass, i, k);

            for (size_t row = 0; is_filled(pass, i, k) && row < f.rows; row++)
                memcpy(pass->runs[i].parameters[k] + row * f.filled_row,
                       parameter_of(pass, i, k)->value + row * f.row, f.row * sizeof(float));
        }
}

/* A norm that settles has moved its scale and shift, too. */
void medtl_trainer_pass_take_statistics(medtl_trainer_pass *pass)
{
    for (size_t i = 0; i < medtl_trainer_pass_graph(pass)->node_count; i++)
        for (size_t k = 0; k < pass->runs[i].node->parameter_count; k++) {
            medtl_parameter *p = parameter_of(pass, i, k);

            if (is_filled(pass, i, k) &&
                (p->role == MEDTL_PARAMETER_STATISTIC || pass->runs[i].settles))
                memcpy(p->value, pass->runs[i].parameters[k], p->size * sizeof(float));
        }
}

void medtl_trainer_pass_take_gradients(medtl_trainer_pass *pass, size_t index)
{
    for (size_t k = 0; k < pass->runs[index].node->parameter_count; k++) {
        const medtl_filling f = filling_of(pass, index, k);
        float *gradient = pass->runs[index].gradients[k];

        for (size_t row = 1; gradient != NULL && is_filled(pass, index, k) && row < f.rows; row++)
            memmove(gradient + row * f.row, gradient + row * f.filled_row, f.row * sizeof(float));
    }
}
