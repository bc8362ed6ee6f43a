#include "deal.h"

#include <stdlib.h>

static size_t group_of(const medtl_predictions *cases, size_t i)
{
    return cases->groups != NULL ? cases->groups[i] : i;
}

size_t *medtl_deal_cases(const medtl_predictions *cases, size_t parts)
{
    const size_t groups = cases->groups != NULL ? cases->group_count : cases->count;
    size_t *of_group = calloc(groups, sizeof *of_group),
           next = 0; /* 0: not dealt yet, else part + 1 */
    size_t *of_case = calloc(cases->count, sizeof *of_case);

    if (of_group == NULL || of_case == NULL) {
        free(of_group);
        free(of_case);
        return NULL;
    }
    for (uint32_t k = 0; k < cases->classes; k++)
        for (size_t i = 0; i < cases->count; i++)
            if (cases->labels[i] == k && of_group[group_of(cases, i)] == 0)
                of_group[group_of(cases, i)] = 1 + next++ % parts;
    for (size_t i = 0; i < cases->count; i++)
        of_case[i] = of_group[group_of(cases, i)] - 1;
    free(of_group);
    return of_case;
}
