/* Command lines as tables: one table parses, explains itself and writes down what was chosen. */
#ifndef MEDTL_TOOL_OPTIONS_H
#define MEDTL_TOOL_OPTIONS_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_kind {
    OPTION_HEADING, /* of a section of the help; only `help` counts */
    OPTION_FLAG,    /* bool */
    OPTION_TEXT,    /* const char *, points into argv */
    OPTION_TEXTS,   /* option_words: one for each time that the option is given */
    OPTION_WHOLE,   /* uint64_t in low..high; below low: none yet */
    OPTION_REAL,    /* double in low..high */
    OPTION_CHOICE,  /* int, index of one of the words in `argument`, by '|'; below 0: none yet */
    OPTION_WORD,    /* const char *: a word without a name, in the order of the table */
    OPTION_WORDS    /* option_words: all further words without a name; last in the table */
} option_kind;

/** Any number of words. `items` is the caller's to free; its texts point into argv. */
typedef struct option_words {
    const char **items;
    size_t count;
} option_words;

/* Does an option go into options_text()? */
typedef enum option_weight {
    SHAPES_NOTHING,
    SHAPES_RESULT, /* another value gives another result */
    SHAPES_IF_CHANGED /* the same, but of a later version: its default says nothing, so that the text of runs
                         that never heard of it stays as it was */
} option_weight;

/* Kind and name first, as the tables write them; the order that would save eight bytes a row reads worse. */
typedef struct option { /* NOLINT(clang-analyzer-optin.performance.Padding) */
    option_kind kind;
    const char *name;     /* without the dashes */
    char letter;          /* or 0 */
    const char *argument; /* what the help calls its value, or the words of a choice */
    void *target;         /* holds the default when parsing starts */
    double low, high;
    option_weight weight;
    const char *help;
} option;

/** Parse all of argv[1..]. "--name value", "--name=value", "-x value", "-xvalue"; other words, and all
 *  behind "--", go to the OPTION_WORDs, and no others are allowed. Where --help or -h is among them nothing is parsed: `usage` and the
 *  table with its defaults are printed. With --check-options everything is parsed, and that is all.
 *  @param[out] help  Whether one of the two was so; the command then has nothing else to do.
 *  @return MEDTL_OK, or MEDTL_E_ARGUMENT naming the option and what it takes. */
medtl_status options_parse(const char *usage, const option *options, size_t count, int argc,
                           char **argv, bool *help, medtl_error *err);

/** "name=value" lines of everything that shapes the result, in the table's order.
 *  @param defaults  The same table over values that were never parsed into.
 *  @return owned by the caller (free); NULL without memory. */
char *options_text(const option *options, const option *defaults, size_t count);

/** Split "a,b,c" in place into at most `room` words; empty words are left out. @return how many there
 *  are, which may be more than `room`. */
size_t split_words(char *text, char separator, char **words, size_t room);

#endif
