/* The canonical spelling of a normaliser. */
#include "steps.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The words of each choice, by enumerator. */
static const char *const voi_words[] = {"image", "full", "percentile"};
static const char *const crop_words[] = {"none", "breast", "center"};
static const char *const side_words[] = {"keep", "left"};
static const char *const fit_words[] = {"letterbox", "stretch"};
static const char *const constancy_words[] = {"none", "shades-of-gray"};

static const char *word(const char *const *words, size_t count, unsigned choice)
{
    return choice < count ? words[choice] : "invalid";
}
#define WORD(words, choice) word(words, sizeof(words) / sizeof *(words), (unsigned)(choice))

/* "a,b,c" */
static void triple(const float values[3], char text[3 * MEDTL_NUMBER_SIZE])
{
    char parts[3][MEDTL_NUMBER_SIZE];

    for (int i = 0; i < 3; i++)
        medtl_number_text(values[i], parts[i]);
    snprintf(text, 3 * MEDTL_NUMBER_SIZE, "%s,%s,%s", parts[0], parts[1], parts[2]);
}

void medtl_normaliser_text(const medtl_normaliser *n, char text[MEDTL_NORMALISER_TEXT_SIZE])
{
    char mean[3 * MEDTL_NUMBER_SIZE], sd[3 * MEDTL_NUMBER_SIZE];

    triple(n->mean, mean);
    triple(n->sd, sd);
    snprintf(text, MEDTL_NORMALISER_TEXT_SIZE,
             "v1 channels=%u size=%ux%u voi=%s crop=%s side=%s fit=%s constancy=%s mean=%s sd=%s",
             n->channels, n->width, n->height, WORD(voi_words, n->voi), WORD(crop_words, n->crop),
             WORD(side_words, n->side), WORD(fit_words, n->fit),
             WORD(constancy_words, n->color_constancy), mean, sd);
}

/* Step over `expected`. NULL in, NULL out, so that calls can follow each other unchecked. */
static const char *skip(const char *text, const char *expected)
{
    const size_t length = strlen(expected);

    return text != NULL && strncmp(text, expected, length) == 0 ? text + length : NULL;
}

static const char *parse_count(const char *text, uint32_t *value)
{
    const char *p = text;

    *value = 0;
    for (; p != NULL && *p >= '0' && *p <= '9' && p - text < 6; p++)
        *value = 10 * *value + (uint32_t)(*p - '0');
    return p == text ? NULL : p;
}

static const char *parse_word(const char *text, const char *const *words, size_t count,
                              unsigned *choice)
{
    for (unsigned i = 0; text != NULL && i < count; i++) {
        const char *end = skip(text, words[i]);

        if (end != NULL && *end == ' ') {
            *choice = i;
            return end;
        }
    }
    return NULL;
}
#define PARSE_WORD(text, words, choice)                                                            \
    parse_word(text, words, sizeof(words) / sizeof *(words), choice)

static const char *parse_triple(const char *text, float values[3])
{
    for (int i = 0; i < 3 && text != NULL; i++) {
        text = medtl_number_parse(text, &values[i]);
        if (i < 2)
            text = skip(text, ",");
    }
    return text;
}

/* One that is right, for messages. */
#define EXAMPLE                                                                                    \
    "v1 channels=1 size=160x256 voi=full crop=none side=keep fit=letterbox constancy=none "        \
    "mean=0.5,0.5,0.5 sd=0.25,0.25,0.25"

/* One part "key=value" of the text: where it starts, and what its value may be. */
typedef struct part {
    const char *start, *takes;
} part;

static const char *parse_size(const char *text, medtl_normaliser *n)
{
    return parse_count(skip(parse_count(text, &n->width), "x"), &n->height);
}

static const char *parse_value(size_t key, const char *p, medtl_normaliser *n, unsigned choice[5])
{
    switch (key) {
    case 0:
        return parse_count(p, &n->channels);
    case 1:
        return parse_size(p, n);
    case 2:
        return PARSE_WORD(p, voi_words, &choice[0]);
    case 3:
        return PARSE_WORD(p, crop_words, &choice[1]);
    case 4:
        return PARSE_WORD(p, side_words, &choice[2]);
    case 5:
        return PARSE_WORD(p, fit_words, &choice[3]);
    case 6:
        return PARSE_WORD(p, constancy_words, &choice[4]);
    case 7:
        return parse_triple(p, n->mean);
    default:
        return parse_triple(p, n->sd);
    }
}

/* The parts in their only order. @param[out] wrong  The first that is not as it must be, from `start` on. */
static bool parse_parts(const char *text, medtl_normaliser *n, unsigned choice[5], part *wrong)
{
    static const part parts[] = {
        {"v1 channels=", "1 or 3"},
        {" size=", "columns x rows, e.g. 160x256"},
        {" voi=", "image, full or percentile"},
        {" crop=", "none, breast or center"},
        {" side=", "keep or left"},
        {" fit=", "letterbox or stretch"},
        {" constancy=", "none or shades-of-gray"},
        {" mean=", "three numbers with commas"},
        {" sd=", "three numbers with commas"},
    };
    const size_t count = sizeof parts / sizeof parts[0];
    const char *p = text;

    for (size_t i = 0; i < count; i++) {
        const char *end = parse_value(i, skip(p, parts[i].start), n, choice);

        /* A value ends where the next part begins. */
        if (end == NULL || *end != (i + 1 < count ? ' ' : '\0')) {
            *wrong = parts[i];
            return false;
        }
        p = end;
    }
    return true;
}

medtl_status medtl_normaliser_parse(const char *text, medtl_normaliser *out, medtl_error *err)
{
    medtl_normaliser n = {0};
    char again[MEDTL_NORMALISER_TEXT_SIZE];
    unsigned choice[5] = {0};
    medtl_error reason = {0};
    part wrong;

    if (!parse_parts(text, &n, choice, &wrong))
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "the normaliser is not spelled right at \"%s\", which takes %s; "
                          "a right one is \"" EXAMPLE "\"",
                          wrong.start + (wrong.start[0] == ' '), wrong.takes);
    n.voi = (medtl_voi_choice)choice[0];
    n.crop = (medtl_crop)choice[1];
    n.side = (medtl_side)choice[2];
    n.fit = (medtl_fit)choice[3];
    n.color_constancy = (medtl_color_constancy)choice[4];
    if (medtl_normaliser_check(&n, &reason) != MEDTL_OK)
        return medtl_fail(err, MEDTL_E_FORMAT, "a value of the normaliser is out of its range: %s",
                          reason.message);
    /* There is one spelling: "0.50" or "+1" would make two texts of one normaliser. */
    medtl_normaliser_text(&n, again);
    if (strcmp(text, again) != 0)
        return medtl_fail(err, MEDTL_E_FORMAT, "the one spelling of this normaliser is \"%s\"",
                          again);
    *out = n;
    return MEDTL_OK;
}
