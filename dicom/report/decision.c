#include "decision.h"

#include "medtl/report.h"

#include <math.h>

bool medtl_probabilities_are_valid(const float *probabilities, size_t count)
{
    double sum = 0.0;

    if (probabilities == NULL || count == 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!(probabilities[i] >= 0.0f && probabilities[i] <= 1.0f)) /* also refuses NaN */
            return false;
        sum += (double)probabilities[i];
    }
    return fabs(sum - 1.0) < 1e-3;
}

/* Insertion sort: a task has few classes, and equal ones must not change places. */
void medtl_order_by_probability(const float *probabilities, size_t count, size_t *order)
{
    for (size_t i = 0; i < count; i++) {
        size_t place = i;

        while (place > 0 && probabilities[order[place - 1]] < probabilities[i]) {
            order[place] = order[place - 1];
            place--;
        }
        order[place] = i;
    }
}

size_t medtl_report_decision(const medtl_task *task, const float *probabilities)
{
    const bool has_positive =
        task->positive_class >= 0 && (size_t)task->positive_class < task->class_count;
    const size_t positive = has_positive ? (size_t)task->positive_class : task->class_count;
    size_t best = task->class_count;

    if (has_positive && (double)probabilities[positive] >= task->threshold)
        return positive;
    for (size_t i = 0; i < task->class_count; i++)
        if (i != positive && (best == task->class_count || probabilities[i] > probabilities[best]))
            best = i;
    return best == task->class_count ? 0 : best; /* a task of one class */
}
