/* From what reports say of an image to its label: persons before algorithms, and no label where they contradict. */
#include "labels.h"
#include "options.h"
#include "sr_labels.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct judge {
    const sr_labels_options *options;
    const sr_codes *codes;
    const sr_labels *l;
} judge;

/* What was said of one image, by persons and by algorithms: one class, several (SR_NO_LABEL), or none. */
typedef struct verdict {
    int of_class[2];
    int report[2];
} verdict;

static size_t rank_of(const judge *j, char *const *preferred, size_t count, int of_class)
{
    size_t rank = 0;

    while (rank < count && strcmp(preferred[rank], j->codes->classes[of_class]) != 0)
        rank++;
    return rank;
}

static void hear(const judge *j, char *const *preferred, size_t count, const sr_word *w, verdict *v)
{
    int *of_class = &v->of_class[w->by_person];
    size_t now, then;

    if (j->l->reports[w->report].left_out != NULL || *of_class == w->of_class)
        return;
    if (*of_class == SR_NOT_MAPPED) {
        *of_class = w->of_class;
        v->report[w->by_person] = (int)w->report;
        return;
    }
    now = rank_of(j, preferred, count, w->of_class);
    then = *of_class >= 0 ? rank_of(j, preferred, count, *of_class) : count;
    if (now < then) {
        *of_class = w->of_class;
        v->report[w->by_person] = (int)w->report;
    } else if (now == count && then == count) {
        *of_class = SR_NO_LABEL;
    }
}

static void decide(const judge *j, const verdict *v, sr_image *image)
{
    const bool person = v->of_class[true] != SR_NOT_MAPPED;
    const int chosen = v->of_class[person];

    image->by_person = person;
    image->overruled =
        person && v->of_class[false] != SR_NOT_MAPPED && v->of_class[false] != chosen;
    if (image->left_out != NULL)
        return;
    if (chosen == SR_NOT_MAPPED)
        image->left_out = "no report says a class of it";
    else if (!person && !j->options->algorithms)
        image->left_out = "only an algorithm says a class of it (--algorithm-reports takes that)";
    else if (access(image->path, F_OK) != 0)
        image->left_out = "lies in an archive, which training does not read: unpack it";
    else if (chosen == SR_NO_LABEL)
        image->left_out = "reports say several classes of it (--prefer chooses)";
    else {
        image->of_class = chosen;
        image->report = v->report[person];
    }
}

static medtl_status check_preferred(const judge *j, char *const *preferred, size_t count,
                                    medtl_error *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;

        while (k < j->codes->class_count && strcmp(j->codes->classes[k], preferred[i]) != 0)
            k++;
        if (k == j->codes->class_count)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "--prefer: '%s' is none of the classes",
                              preferred[i]);
    }
    return MEDTL_OK;
}

medtl_status sr_labels_decide(const sr_labels_options *options, const sr_codes *codes,
                              const sr_word *words, size_t word_count, sr_labels *l,
                              medtl_error *err)
{
    const judge j = {options, codes, l};
    verdict *verdicts = malloc((l->image_count + 1) * sizeof *verdicts);
    char *text = strdup(options->prefer != NULL ? options->prefer : "");
    char *preferred[CLASS_LIMIT];
    size_t count = 0;
    medtl_status status;

    if (verdicts == NULL || text == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
        goto done;
    }
    count = split_words(text, ',', preferred, CLASS_LIMIT);
    if ((status = check_preferred(&j, preferred, count, err)) != MEDTL_OK)
        goto done;
    for (size_t i = 0; i < l->image_count; i++)
        verdicts[i] = (verdict){{SR_NOT_MAPPED, SR_NOT_MAPPED}, {SR_NO_REPORT, SR_NO_REPORT}};
    for (size_t i = 0; i < word_count; i++)
        hear(&j, preferred, count, &words[i], &verdicts[words[i].image]);
    for (size_t i = 0; i < l->image_count; i++)
        decide(&j, &verdicts[i], &l->images[i]);
done:
    free(verdicts);
    free(text);
    return status;
}
