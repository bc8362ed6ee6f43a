#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_COLUMN = 34, HELP_WIDTH = 100 };

static bool has_name(const option *o)
{
    return o->kind != OPTION_HEADING && o->kind != OPTION_WORD && o->kind != OPTION_WORDS;
}

static const option *find(const option *options, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (has_name(&options[i]) && strlen(options[i].name) == length &&
            memcmp(options[i].name, name, length) == 0)
            return &options[i];
    return NULL;
}

static const option *find_letter(const option *options, size_t count, char letter)
{
    for (size_t i = 0; i < count; i++)
        if (has_name(&options[i]) && options[i].letter == letter && letter != '\0')
            return &options[i];
    return NULL;
}

/* The index of `word` among "a|b|c", or -1. */
static int choice_index(const char *words, const char *word)
{
    const size_t length = strlen(word);

    for (int index = 0; words != NULL; index++) {
        const size_t here = strcspn(words, "|");

        if (here == length && memcmp(words, word, length) == 0)
            return index;
        words = words[here] == '|' ? words + here + 1 : NULL;
    }
    return -1;
}

static medtl_status add_word(option_words *words, const char *value, medtl_error *err)
{
    const char **items = realloc(words->items, (words->count + 1) * sizeof *items);

    if (items == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the command line");
    words->items = items;
    words->items[words->count++] = value;
    return MEDTL_OK;
}

static medtl_status set_whole(const option *o, const char *value, medtl_error *err)
{
    char *end = NULL;
    unsigned long long number;

    errno = 0;
    number = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || (double)number < o->low ||
        (double)number > o->high)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--%s takes a whole number from %.0f to %.0f, not '%s'", o->name, o->low,
                          o->high, value);
    *(uint64_t *)o->target = number;
    return MEDTL_OK;
}

static medtl_status set_real(const option *o, const char *value, medtl_error *err)
{
    char *end = NULL;
    const double number = strtod(value, &end);

    if (end == value || *end != '\0' || !(number >= o->low && number <= o->high))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--%s takes a number from %g to %g, not '%s'",
                          o->name, o->low, o->high, value);
    *(double *)o->target = number;
    return MEDTL_OK;
}

static medtl_status set(const option *o, const char *value, medtl_error *err)
{
    int index;

    switch (o->kind) {
    case OPTION_HEADING:
    case OPTION_FLAG:
        break;
    case OPTION_TEXT:
    case OPTION_WORD:
        *(const char **)o->target = value;
        break;
    case OPTION_TEXTS:
    case OPTION_WORDS:
        return add_word(o->target, value, err);
    case OPTION_WHOLE:
        return set_whole(o, value, err);
    case OPTION_REAL:
        return set_real(o, value, err);
    case OPTION_CHOICE:
        index = choice_index(o->argument, value);
        if (index < 0)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "--%s takes one of %s, not '%s'", o->name,
                              o->argument, value);
        *(int *)o->target = index;
        break;
    }
    return MEDTL_OK;
}

/* The first OPTION_WORD that has no value yet, or the one that takes any number. */
static const option *find_empty_word(const option *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (options[i].kind == OPTION_WORDS ||
            (options[i].kind == OPTION_WORD && *(const char **)options[i].target == NULL))
            return &options[i];
    return NULL;
}

/* The option that a word names; `*value` is what follows a '=', or NULL. */
static medtl_status recognise(const option *options, size_t count, const char *word,
                              const option **out, const char **value, medtl_error *err)
{
    *value = NULL;
    *out = NULL;
    if (word[0] == '-' && word[1] == '-') {
        const size_t length = strcspn(word + 2, "=");

        *out = find(options, count, word + 2, length);
        if (word[2 + length] == '=')
            *value = word + 2 + length + 1;
    } else if (word[0] == '-' && word[1] != '\0') {
        *out = find_letter(options, count, word[1]);
        if (word[2] != '\0' && *out != NULL && (*out)->kind == OPTION_FLAG)
            *out = NULL;
        if (word[2] != '\0')
            *value = word + 2;
    } else {
        return medtl_fail(err, MEDTL_E_ARGUMENT, "'%s' is no option (see --help)", word);
    }
    return *out != NULL ? MEDTL_OK
                        : medtl_fail(err, MEDTL_E_ARGUMENT, "there is no option %.*s (see --help)",
                                     (int)strcspn(word, "="), word);
}

/* Of every command, beside --help: takes the command line apart as always, and does nothing. */
static const char CHECK_OPTIONS[] = "--check-options";

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool is_check(const char *word) { return strcmp(word, CHECK_OPTIONS) == 0; }

/* Whether one of the words is such a one, and not the value of an option. */
static bool asks_for(bool (*is_such)(const char *word), const option *options, size_t count,
                     int argc, char **argv)
{
    const option *o;
    const char *value;

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_such(argv[i]))
            return true;
        if (argv[i][0] == '-' && recognise(options, count, argv[i], &o, &value, NULL) == MEDTL_OK &&
            o->kind != OPTION_FLAG && value == NULL)
            i++;
    }
    return false;
}

/* What is not an option goes to the first word that still wants one. */
static medtl_status take_word(const option *options, size_t count, const char *word,
                              medtl_error *err)
{
    const option *o = find_empty_word(options, count);

    return o != NULL ? set(o, word, err)
                     : medtl_fail(err, MEDTL_E_ARGUMENT, "'%s' is no option (see --help)", word);
}

/* Option argv[*at], and its value where that is the next word. */
static medtl_status take_option(const option *options, size_t count, int argc, char **argv, int *at,
                                medtl_error *err)
{
    const char *given = argv[*at], *value = NULL;
    const option *o = NULL;
    const medtl_status status = recognise(options, count, given, &o, &value, err);

    if (status != MEDTL_OK)
        return status;
    if (o->kind == OPTION_FLAG && value != NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--%s takes no value", o->name);
    if (o->kind == OPTION_FLAG) {
        *(bool *)o->target = true;
        return MEDTL_OK;
    }
    if (value == NULL && *at + 1 == argc)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s needs a value (%s)", given, o->argument);
    return set(o, value != NULL ? value : argv[++*at], err);
}

static medtl_status parse_all(const option *options, size_t count, int argc, char **argv,
                              medtl_error *err)
{
    bool only_words = false; /* behind "--" */
    medtl_status status = MEDTL_OK;

    for (int i = 1; i < argc && status == MEDTL_OK; i++) {
        if (only_words || argv[i][0] != '-')
            status = take_word(options, count, argv[i], err);
        else if (strcmp(argv[i], "--") == 0)
            only_words = true;
        else if (!is_check(argv[i]))
            status = take_option(options, count, argc, argv, &i, err);
    }
    return status;
}

/* The present value as text. */
static void show(const option *o, char *out, size_t size)
{
    const char *words = o->argument;

    out[0] = '\0';
    switch (o->kind) {
    case OPTION_HEADING:
        break;
    case OPTION_FLAG:
        snprintf(out, size, "%s", *(bool *)o->target ? "yes" : "no");
        break;
    case OPTION_TEXT:
    case OPTION_WORD:
        snprintf(out, size, "%s",
                 *(const char **)o->target != NULL ? *(const char **)o->target : "");
        break;
    case OPTION_TEXTS:
    case OPTION_WORDS:
        break;
    case OPTION_WHOLE:
        if ((double)*(uint64_t *)o->target >= o->low)
            snprintf(out, size, "%llu", (unsigned long long)*(uint64_t *)o->target);
        break;
    case OPTION_REAL:
        snprintf(out, size, "%.12g", *(double *)o->target);
        break;
    case OPTION_CHOICE:
        if (*(int *)o->target < 0)
            break;
        for (int i = 0; i < *(int *)o->target; i++)
            words += strcspn(words, "|") + 1;
        snprintf(out, size, "%.*s", (int)strcspn(words, "|"), words);
        break;
    }
}

/* Words from `column` on, broken before HELP_WIDTH. */
static void print_wrapped(const char *text, size_t column)
{
    size_t at = column;

    while (*text != '\0') {
        const size_t word = strcspn(text, " ");

        if (at + word > HELP_WIDTH) {
            printf("\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            putchar(' ');
        }
        printf("%.*s", (int)word, text);
        at += word + 1;
        text += word;
        if (*text == ' ')
            text++;
    }
    putchar('\n');
}

static void print_help(const char *usage, const option *options, size_t count)
{
    fputs(usage, stdout);
    for (size_t i = 0; i < count; i++) {
        const option *o = &options[i];
        char letter[8] = "", left[160], value[64], text[600];

        if (o->kind == OPTION_HEADING) {
            printf("\n%s\n", o->help);
            continue;
        }
        if (o->letter != '\0')
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        if (o->kind == OPTION_WORD || o->kind == OPTION_WORDS)
            snprintf(left, sizeof left, "  %s", o->argument);
        else
            snprintf(left, sizeof left, "  %s--%s %s", letter, o->name,
                     o->kind == OPTION_FLAG ? "" : o->argument);
        show(o, value, sizeof value);
        if (o->kind == OPTION_FLAG || value[0] == '\0')
            snprintf(text, sizeof text, "%s", o->help);
        else
            snprintf(text, sizeof text, "%s [%s]", o->help, value);
        if (strlen(left) >= HELP_COLUMN)
            printf("%s\n%*s", left, HELP_COLUMN, "");
        else
            printf("%-*s", HELP_COLUMN, left);
        print_wrapped(text, HELP_COLUMN);
    }
    printf("  %-*s%s\n", HELP_COLUMN - 2, CHECK_OPTIONS,
           "only check the names and values of options");
    printf("  -h, --help\n");
}

medtl_status options_parse(const char *usage, const option *options, size_t count, int argc,
                           char **argv, bool *help, medtl_error *err)
{
    medtl_status status;

    *help = asks_for(is_help, options, count, argc, argv);
    if (*help) {
        print_help(usage, options, count);
        return MEDTL_OK;
    }
    status = parse_all(options, count, argc, argv, err);
    *help = status == MEDTL_OK && asks_for(is_check, options, count, argc, argv);
    return status;
}

char *options_text(const option *options, const option *defaults, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        char value[1024], usual[1024];

        if (options[i].kind == OPTION_HEADING || options[i].weight == SHAPES_NOTHING)
            continue;
        show(&options[i], value, sizeof value);
        show(&defaults[i], usual, sizeof usual);
        if (options[i].weight == SHAPES_IF_CHANGED && strcmp(value, usual) == 0)
            continue;
        fprintf(stream, "%s=%s\n", options[i].name, value);
    }
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

size_t split_words(char *text, char separator, char **words, size_t room)
{
    size_t count = 0;

    while (*text != '\0') {
        char *end = strchr(text, separator);

        if (end != NULL)
            *end = '\0';
        if (*text != '\0') {
            if (count < room)
                words[count] = text;
            count++;
        }
        if (end == NULL)
            break;
        text = end + 1;
    }
    return count;
}
