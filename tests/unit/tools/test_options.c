/* The table that parses the command lines of both programs. */
#include "options.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>
#include <string.h>

typedef struct values {
    bool flag;
    const char *text, *word;
    option_words texts, words;
    uint64_t whole;
    double real;
    int choice;
} values;

enum { ROWS = 9, MOST_WORDS = 32 };

static void fill_table(values *v, option *out)
{
    const option table[ROWS] = {
        {OPTION_HEADING, .help = "What there is"},
        {OPTION_FLAG, "flag", 'f', "", &v->flag, 0, 0, SHAPES_NOTHING, "yes"},
        {OPTION_TEXT, "text", 't', "TEXT", &v->text, 0, 0, SHAPES_RESULT, "a text"},
        {OPTION_TEXTS, "each", 'e', "EACH", &v->texts, 0, 0, SHAPES_NOTHING, "several"},
        {OPTION_WHOLE, "whole", 0, "N", &v->whole, 1, 9, SHAPES_RESULT, "a whole number"},
        {OPTION_REAL, "real", 0, "X", &v->real, 0, 2, SHAPES_IF_CHANGED, "a number"},
        {OPTION_CHOICE, "choice", 0, "one|other", &v->choice, 0, 0, SHAPES_NOTHING, "which"},
        {OPTION_WORD, "word", 0, "WORD", &v->word, 0, 0, SHAPES_NOTHING, "the first"},
        {OPTION_WORDS, "words", 0, "WORDS...", &v->words, 0, 0, SHAPES_NOTHING, "the others"},
    };

    memcpy(out, table, sizeof table);
}

static values defaults(void) { return (values){.real = 0.5, .choice = -1}; }

static void clear(values *v)
{
    free(v->texts.items);
    free(v->words.items);
}

/* Parse "program LINE", whose words are parted by spaces. The texts point into `line`. */
static medtl_status parse(char *line, values *v, bool *help, medtl_error *err)
{
    char *argv[MOST_WORDS] = {(char *)"program"};
    option table[ROWS];

    *v = defaults();
    fill_table(v, table);
    return options_parse("usage: program\n", table, ROWS,
                         1 + (int)split_words(line, ' ', argv + 1, MOST_WORDS - 1), argv, help,
                         err);
}

Test(options, every_kind_is_taken_in_every_spelling)
{
    char line[] =
        "-f --text=a=b first -ex --whole 9 -e y second --real 2 --each=z --choice other -- "
        "--flag -";
    values v;
    bool help;
    medtl_error err = {0};

    cr_assert_eq(parse(line, &v, &help, &err), MEDTL_OK, "%s", err.message);
    cr_assert(!help && v.flag && v.whole == 9 && v.real == 2.0 && v.choice == 1);
    cr_assert_str_eq(v.text, "a=b");
    cr_assert_str_eq(v.word, "first");
    cr_assert_eq(v.texts.count, 3);
    cr_assert_str_eq(v.texts.items[0], "x");
    cr_assert_str_eq(v.texts.items[1], "y");
    cr_assert_str_eq(v.texts.items[2], "z");
    cr_assert_eq(v.words.count, 3, "all behind -- are words");
    cr_assert_str_eq(v.words.items[0], "second");
    cr_assert_str_eq(v.words.items[1], "--flag");
    clear(&v);
}

Test(options, what_is_wrong_is_named_with_what_would_be_right)
{
    static const char *const cases[][2] = {
        {"--whole 10", "--whole takes a whole number from 1 to 9, not '10'"},
        {"--whole -1", "--whole takes a whole number from 1 to 9, not '-1'"},
        {"--whole 1e0", "not '1e0'"},
        {"--whole 99999999999999999999", "from 1 to 9"},
        {"--real nan", "--real takes a number from 0 to 2, not 'nan'"},
        {"--real 1x", "not '1x'"},
        {"--choice on", "--choice takes one of one|other, not 'on'"},
        {"--flag=1", "--flag takes no value"},
        {"-fx", "there is no option -fx"},
        {"--text", "--text needs a value (TEXT)"},
        {"-t", "-t needs a value (TEXT)"},
        {"--tex a", "there is no option --tex"},
        {"--=a", "there is no option --"},
        {"-", "'-' is no option"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *line = strdup(cases[i][0]);
        values v;
        bool help;
        medtl_error err = {0};

        cr_assert_eq(parse(line, &v, &help, &err), MEDTL_E_ARGUMENT, "%s", cases[i][0]);
        cr_assert_not_null(strstr(err.message, cases[i][1]), "%s: %s", cases[i][0], err.message);
        cr_assert(!help);
        clear(&v);
        free(line);
    }
}

Test(options, help_shows_the_defaults_wherever_it_stands, .init = cr_redirect_stdout)
{
    char line[] = "--whole 3 --real 1 first --help";
    values v;
    bool help;

    cr_assert_eq(parse(line, &v, &help, NULL), MEDTL_OK);
    cr_assert(help && v.word == NULL, "nothing is parsed");
    fflush(stdout);
    cr_assert_stdout_eq_str(
        "usage: program\n"
        "\n"
        "What there is\n"
        "  -f, --flag                      yes\n"
        "  -t, --text TEXT                 a text\n"
        "  -e, --each EACH                 several\n"
        "  --whole N                       a whole number\n"
        "  --real X                        a number [0.5]\n"
        "  --choice one|other              which\n"
        "  WORD                            the first\n"
        "  WORDS...                        the others\n"
        "  --check-options                 only check the names and values of options\n"
        "  -h, --help\n");
    clear(&v);
}

Test(options, help_as_the_value_of_an_option_is_a_value)
{
    char line[] = "--text -h";
    values v;
    bool help;

    cr_assert_eq(parse(line, &v, &help, NULL), MEDTL_OK);
    cr_assert(!help);
    cr_assert_str_eq(v.text, "-h");
    clear(&v);
}

Test(options, a_check_takes_the_line_apart_and_leaves_nothing_to_do)
{
    char right[] = "--check-options --whole 9 first", wrong[] = "--whole nine --check-options",
         value[] = "--text --check-options";
    values v;
    bool help;

    cr_assert_eq(parse(right, &v, &help, NULL), MEDTL_OK);
    cr_assert(help && v.whole == 9);
    cr_assert_str_eq(v.word, "first");
    clear(&v);
    cr_assert_eq(parse(wrong, &v, &help, NULL), MEDTL_E_ARGUMENT);
    cr_assert_not(help);
    clear(&v);
    cr_assert_eq(parse(value, &v, &help, NULL), MEDTL_OK);
    cr_assert_not(help, "it is the value of an option");
    cr_assert_str_eq(v.text, "--check-options");
    clear(&v);
}

Test(options, only_what_shapes_a_result_is_written_down)
{
    char line[] = "--text a --whole 2 --flag", other_line[] = "--real 1";
    option table[ROWS], default_table[ROWS];
    values v, usual = defaults();
    bool help;
    char *text;

    fill_table(&usual, default_table);
    cr_assert_eq(parse(line, &v, &help, NULL), MEDTL_OK);
    fill_table(&v, table);
    text = options_text(table, default_table, ROWS);
    cr_assert_str_eq(text, "text=a\nwhole=2\n");
    free(text);
    cr_assert_eq(parse(other_line, &v, &help, NULL), MEDTL_OK);
    text = options_text(table, default_table, ROWS);
    cr_assert_str_eq(text, "text=\nwhole=\nreal=1\n");
    free(text);
}
