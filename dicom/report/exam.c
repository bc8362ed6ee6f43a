/* Several views of one exam: a breast's mean and maximum, and those of the exam. */
#include "medtl/report.h"

/* One breast, or the images that name none. */
typedef struct breast {
    size_t views;
    double sum, maximum;
} breast;

enum { RIGHT, LEFT, UNSIDED, BREAST_COUNT };

static int breast_of(const medtl_image_result *result)
{
    switch (medtl_instance_facts(result->instance)->laterality) {
    case MEDTL_LATERALITY_RIGHT:
        return RIGHT;
    case MEDTL_LATERALITY_LEFT:
        return LEFT;
    case MEDTL_LATERALITY_BOTH:
    case MEDTL_LATERALITY_NONE:
        break;
    }
    return UNSIDED;
}

static medtl_exam_result result_of(const medtl_task *task, medtl_laterality side, size_t views,
                                   double mean, double maximum)
{
    const double decides = task->exam == MEDTL_EXAM_MAXIMUM ? maximum : mean;

    return (medtl_exam_result){side, views, mean, maximum, decides >= task->threshold};
}

size_t medtl_report_exam(const medtl_task *task, const medtl_image_result *results, size_t count,
                         medtl_exam_result out[MEDTL_EXAM_RESULT_LIMIT])
{
    static const medtl_laterality sides[BREAST_COUNT] = {
        MEDTL_LATERALITY_RIGHT, MEDTL_LATERALITY_LEFT, MEDTL_LATERALITY_NONE};
    breast breasts[BREAST_COUNT] = {{0, 0.0, 0.0}};
    double mean = 0.0, maximum = 0.0;
    size_t views = 0, filled = 0;

    if (task->exam == MEDTL_EXAM_NONE || task->positive_class < 0 ||
        (size_t)task->positive_class >= task->class_count)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (results[i].state != MEDTL_RESULT_ANALYSED)
            continue;
        breast *one = &breasts[breast_of(&results[i])];
        const double probability = (double)results[i].probabilities[task->positive_class];

        one->views++;
        one->sum += probability;
        if (probability > one->maximum)
            one->maximum = probability;
    }
    for (int i = 0; i < BREAST_COUNT; i++) {
        const breast *one = &breasts[i];

        if (one->views == 0)
            continue;
        const double own_mean = one->sum / (double)one->views;

        if (i != UNSIDED)
            out[filled++] = result_of(task, sides[i], one->views, own_mean, one->maximum);
        views += one->views;
        if (own_mean > mean)
            mean = own_mean;
        if (one->maximum > maximum)
            maximum = one->maximum;
    }
    if (views > 0)
        out[filled++] = result_of(task, MEDTL_LATERALITY_BOTH, views, mean, maximum);
    return filled;
}
