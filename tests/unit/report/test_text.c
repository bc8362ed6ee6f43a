#include "dicom/report/text.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

struct ascii_case {
    char label[40];
    char text[80], expected[80];
};

ParameterizedTestParameters(text, keeps_to_printable_ascii)
{
    static struct ascii_case cases[] = {
        {"plain", "Malignant melanoma of skin", "Malignant melanoma of skin"},
        {"one mark for a character of two bytes", "n\xc3\xa6vus", "n?vus"},
        {"one mark for a character of four bytes", "x\xf0\x9f\x98\x80y", "x?y"},
        {"value delimiter", "a\\b", "a/b"},
        {"control characters", "a\tb\nc", "a b c"},
        {"an escape cannot start a character set", "a\033$Bb", "a $Bb"},
        {"outer spaces", "  a b  ", "a b"},
        {"nothing but spaces", " \n ", ""},
        {"empty", "", ""},
    };
    return cr_make_param_array(struct ascii_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct ascii_case *c, text, keeps_to_printable_ascii)
{
    char out[80];

    medtl_ascii_copy(c->text, out, sizeof out);
    cr_assert_str_eq(out, c->expected, "%s", c->label);
}

Test(text, cuts_what_does_not_fit)
{
    char out[5];

    medtl_ascii_copy("abcdefg", out, sizeof out);
    cr_assert_str_eq(out, "abcd");
    medtl_ascii_copy("abc defg", out, sizeof out);
    cr_assert_str_eq(out, "abc", "no space at the end after a cut");
    medtl_ascii_copy(NULL, out, sizeof out);
    cr_assert_str_eq(out, "");
}

/* PS3.5 6.2: SH holds 16 characters, and Code Value is an SH. */
struct label_case {
    char label[64];
    char expected[20]; /* "": only its form is checked */
};

ParameterizedTestParameters(text, gives_every_label_a_short_code)
{
    static struct label_case cases[] = {
        {"mel", "P_mel"},
        {"no-cancer", "P_no-cancer"},
        {"fourteen_chars", "P_fourteen_chars"},
        {"fifteen_charact", ""},
        {"", ""},
        {"with space", ""},
        {"back\\slash", ""},
        {"n\xc3\xa6vus", ""},
        {"a label that is much longer than any code value may be", ""},
    };
    return cr_make_param_array(struct label_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct label_case *c, text, gives_every_label_a_short_code)
{
    medtl_class class_info = {.code = {"1", "SCT", "Something"}};
    medtl_code code;

    snprintf(class_info.label, sizeof class_info.label, "%s", c->label);
    medtl_probability_concept(&class_info, &code);
    cr_assert(strncmp(code.value, "P_", 2) == 0 && strlen(code.value) <= 16, "'%s' gives '%s'",
              c->label, code.value);
    cr_assert(
        strspn(code.value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
            strlen(code.value),
        "'%s' gives '%s'", c->label, code.value);
    cr_assert_str_eq(code.scheme, "99MEDTL");
    cr_assert_str_eq(code.meaning, "P(Something)");
    if (c->expected[0] != '\0')
        cr_assert_str_eq(code.value, c->expected);
}

Test(text, tells_long_labels_with_the_same_start_apart)
{
    medtl_class one = {.label = "squamous cell carcinoma in situ"},
                other = {.label = "squamous cell carcinoma invasive"};
    medtl_code one_code, other_code;

    medtl_probability_concept(&one, &one_code);
    medtl_probability_concept(&other, &other_code);
    cr_assert_str_neq(one_code.value, other_code.value);
}

Test(text, names_a_probability_after_the_data_sets_own_word)
{
    medtl_class class_info = {.label = "vasc",
                              .code = {"95324001", "SCT", "Skin lesion"},
                              .private_code = {"vasc", "99HAM10000", "Vascular lesion"}};
    medtl_code code;

    medtl_probability_concept(&class_info, &code);
    cr_assert_str_eq(code.meaning, "P(Vascular lesion)");
}

struct percent_case {
    float probability;
    char expected[17];
};

ParameterizedTestParameters(text, writes_percent)
{
    static struct percent_case cases[] = {
        {0.0f, "0.00"},       {1.0f, "100.00"},    {0.5f, "50.00"},    {0.612f, "61.20"},
        {1e-6f, "0.0001"},    {4.1e-5f, "0.0041"}, {6e-5f, "0.01"},    {2.5e-9f, "2.5e-07"},
        {0.99996f, "100.00"}, {0.12344f, "12.34"}, {0.12346f, "12.35"}};
    return cr_make_param_array(struct percent_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct percent_case *c, text, writes_percent)
{
    char out[MEDTL_DS_SIZE];

    medtl_percent_text(c->probability, out);
    cr_assert_str_eq(out, c->expected);
}
