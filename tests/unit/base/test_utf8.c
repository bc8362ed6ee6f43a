#include "core/base/utf8.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct text {
    char bytes[8];
    size_t length;
};

/* The rows of table 3-7 of The Unicode Standard 15, each at its first and last character and just outside of it. */
ParameterizedTestParameters(utf8, lengths_are_those_of_the_standard)
{
    static struct text texts[] = {
        {"", 1},
        {"a", 1},
        {"\x7F", 1},
        {"\x80", 0},
        {"\xBF", 0},
        {"\xC1\xBF", 0},
        {"\xC2\x80", 2},
        {"\xC2", 0},
        {"\xC2\x7F", 0},
        {"\xC2\xC0", 0},
        {"\xDF\xBF", 2},
        {"\xE0\x9F\xBF", 0},
        {"\xE0\xA0\x80", 3},
        {"\xE0\xA0", 0},
        {"\xE1\x80\x80", 3},
        {"\xEC\xBF\xBF", 3},
        {"\xED\x9F\xBF", 3},
        {"\xED\xA0\x80", 0},
        {"\xEE\x80\x80", 3},
        {"\xEF\xBF\xBF", 3},
        {"\xEF\xBF\xC0", 0},
        {"\xF0\x8F\xBF\xBF", 0},
        {"\xF0\x90\x80\x80", 4},
        {"\xF0\x90\x80", 0},
        {"\xF1\x80\x80\x80", 4},
        {"\xF4\x8F\xBF\xBF", 4},
        {"\xF4\x90\x80\x80", 0},
        {"\xF5\x80\x80\x80", 0},
        {"\xFF", 0},
    };

    return cr_make_param_array(struct text, texts, sizeof texts / sizeof texts[0]);
}

ParameterizedTest(struct text *t, utf8, lengths_are_those_of_the_standard)
{
    cr_assert_eq(medtl_utf8_length(t->bytes), t->length);
}

Test(utf8, a_text_is_as_good_as_its_worst_character)
{
    cr_assert(medtl_is_utf8(""));
    cr_assert(medtl_is_utf8("R\xC3\xBC"
                            "cken \xE2\x82\xAC \xF0\x9F\xA9\xBA"));
    cr_assert_not(medtl_is_utf8("R\xFC"
                                "cken"));
    cr_assert_not(medtl_is_utf8("ends within \xE2\x82"));
}
