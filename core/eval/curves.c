#include "curves.h"

size_t medtl_roc_points(const medtl_ranking *ranking, double *false_positive_rate,
                        double *sensitivity)
{
    double positives = 0.0, negatives = 0.0, found = 0.0, wrong = 0.0;
    size_t points = 1;

    for (size_t i = 0; i < ranking->count; i++)
        *(ranking->positive[i] ? &positives : &negatives) += 1.0;
    if (positives == 0.0 || negatives == 0.0)
        return 0;
    false_positive_rate[0] = sensitivity[0] = 0.0;
    for (size_t left = ranking->count; left > 0; left--) { /* the highest score first */
        *(ranking->positive[ranking->order[left - 1]] ? &found : &wrong) += 1.0;
        if (left > 1 && !ranking->ends_tie[left - 2])
            continue; /* the next one has the same score */
        false_positive_rate[points] = wrong / negatives;
        sensitivity[points] = found / positives;
        points++;
    }
    return points;
}

void medtl_reliability(const medtl_predictions *predictions,
                       medtl_reliability_bin bins[MEDTL_CALIBRATION_BINS])
{
    for (size_t b = 0; b < MEDTL_CALIBRATION_BINS; b++)
        bins[b] = (medtl_reliability_bin){0, 0.0, 0.0};
    for (size_t i = 0; i < predictions->count; i++) {
        const float *p = predictions->probabilities + i * predictions->classes;
        size_t best = 0, b;

        for (size_t k = 1; k < predictions->classes; k++)
            if (p[k] > p[best])
                best = k;
        b = (size_t)((double)p[best] * MEDTL_CALIBRATION_BINS);
        b = b < MEDTL_CALIBRATION_BINS ? b : MEDTL_CALIBRATION_BINS - 1;
        bins[b].count++;
        bins[b].confidence += (double)p[best];
        bins[b].accuracy += predictions->labels[i] == best;
    }
    for (size_t b = 0; b < MEDTL_CALIBRATION_BINS; b++) {
        bins[b].confidence /= (double)bins[b].count; /* 0 / 0: NAN, as promised */
        bins[b].accuracy /= (double)bins[b].count;
    }
}
