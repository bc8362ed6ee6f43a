/* Two classifiers on the same cases: is one right where the other is wrong more often than chance would have it?
 * McNemar, Psychometrika 1947;12:153. The cases must be independent of one another: where patients have several images,
 * believe the bootstrap by groups instead. */
#ifndef MEDTL_EVAL_MCNEMAR_H
#define MEDTL_EVAL_MCNEMAR_H

#include <stdint.h>

typedef struct medtl_mcnemar {
    uint64_t first_only, second_only; /* cases that only one of the two gets right */
    double exact; /* two-sided p of the binomial with one half; 1 where nothing differs */
    double mid_p; /* the same, the observed outcome counting half (less conservative) */
    double chi2;  /* with Edwards' continuity correction, one degree of freedom */
    double p;     /* of chi2: for many cases */
} medtl_mcnemar;

medtl_mcnemar medtl_mcnemar_test(uint64_t first_only, uint64_t second_only);

#endif
