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

bool medtl_report_is_finding(const medtl_task *task, const float *probabilities)
{
    const size_t decision = medtl_report_decision(task, probabilities);

    if (task->positive_class >= 0 && (size_t)task->positive_class < task->class_count)
        return decision == (size_t)task->positive_class;
    return (double)probabilities[decision] >= task->min_probability;
}

size_t medtl_listed_classes(const medtl_task *task, const float *probabilities, size_t *order)
{
    const size_t decision = medtl_report_decision(task, probabilities);
    size_t ranked = 0, kept = 0;

    medtl_order_by_probability(probabilities, task->class_count, order);
    for (size_t i = 0; i < task->class_count; i++) {
        const size_t index = order[i];
        const bool always = index == decision || (int)index == task->positive_class;
        const bool probable = (double)probabilities[index] >= task->min_probability;

        if (always || (probable && (task->top_k == 0 || ranked < task->top_k)))
            order[kept++] = index;
        ranked++;
    }
    return kept;
}
