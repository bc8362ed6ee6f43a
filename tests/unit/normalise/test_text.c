#include "comma_locale.h"
#include "make.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char example[] =
    "v1 channels=3 size=160x120 voi=image crop=center side=keep fit=stretch "
    "constancy=none mean=0.5,0.25,0.485 sd=0.25,1,0.229";

Test(text, the_spelling_is_the_one_in_the_header)
{
    const medtl_normaliser n = {3,
                                120,
                                160,
                                MEDTL_VOI_IMAGE,
                                MEDTL_CROP_CENTER,
                                MEDTL_SIDE_KEEP,
                                MEDTL_FIT_STRETCH,
                                MEDTL_COLOR_CONSTANCY_NONE,
                                {0.5f, 0.25f, 0.485f},
                                {0.25f, 1.0f, 0.229f}};
    char text[MEDTL_NORMALISER_TEXT_SIZE];

    medtl_normaliser_text(&n, text);
    cr_assert_str_eq(text, example);
}

Test(text, every_choice_reads_back_as_itself)
{
    for (int i = 0; i < 2 * 3 * 3 * 2 * 2 * 2; i++) {
        medtl_normaliser n = {.channels = i % 2 ? 3 : 1,
                              .height = (uint32_t)(1 + i * 55),
                              .width = 4096,
                              .voi = (medtl_voi_choice)(i / 2 % 3),
                              .crop = (medtl_crop)(i / 6 % 3),
                              .side = (medtl_side)(i / 18 % 2),
                              .fit = (medtl_fit)(i / 36 % 2),
                              .color_constancy = (medtl_color_constancy)(i / 72),
                              .mean = {0.1f * (float)i, -1e-7f, 123456.789f},
                              .sd = {1.0f / 3.0f, 1e-20f, 3.4e38f}};
        medtl_normaliser back;
        medtl_error err = {0};
        char text[MEDTL_NORMALISER_TEXT_SIZE], again[MEDTL_NORMALISER_TEXT_SIZE];

        if (n.height > 4096)
            n.height = 4096;
        medtl_normaliser_text(&n, text);
        cr_assert_eq(medtl_normaliser_parse(text, &back, &err), MEDTL_OK, "%s: %s", text,
                     err.message);
        medtl_normaliser_text(&back, again);
        cr_assert_str_eq(text, again);
        cr_assert_eq(memcmp(n.mean, back.mean, sizeof n.mean), 0);
        cr_assert_eq(memcmp(n.sd, back.sd, sizeof n.sd), 0);
        cr_assert(n.channels == back.channels && n.height == back.height && n.width == back.width &&
                  n.voi == back.voi && n.crop == back.crop && n.side == back.side &&
                  n.fit == back.fit && n.color_constancy == back.color_constancy);
    }
}

Test(text, numbers_are_the_shortest_that_strtof_reads_back)
{
    const float values[] = {0.0f,        1.0f,    0.1f,  0.485f,       1.0f / 3.0f,     16777216.0f,
                            1e-20f,      3.4e38f, -2.5f, 0.299999982f, 1.17549435e-38f, 65504.f,
                            0.003921569f};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[MEDTL_NUMBER_SIZE];
        float back;

        medtl_number_text(values[i], text);
        cr_assert_eq(strtof(text, NULL), values[i], "%s", text); /* tests run in the C locale */
        cr_assert_not_null(medtl_number_parse(text, &back));
        cr_assert_eq(back, values[i], "%s", text);
    }
}

Test(text, a_hosts_decimal_comma_changes_nothing)
{
    medtl_normaliser n;
    char text[MEDTL_NORMALISER_TEXT_SIZE];

    cr_assert(comma_locale_set());
    cr_assert_eq(medtl_normaliser_parse(example, &n, NULL), MEDTL_OK);
    medtl_normaliser_text(&n, text);
    cr_assert_str_eq(text, example);
}

struct refused {
    char text[MEDTL_NORMALISER_TEXT_SIZE];
};

#define HEAD "v1 channels=1 size=8x8 voi=image crop=none side=keep fit=stretch constancy=none "

ParameterizedTestParameters(text, anything_but_the_canonical_spelling_is_refused)
{
    static struct refused cases[] = {
        {""},
        {"v1"},
        {"v2 channels=1 size=8x8 voi=image crop=none side=keep fit=stretch constancy=none "
         "mean=0,0,0 sd=1,1,1"},
        {HEAD},
        {HEAD "mean=0,0,0"},
        {HEAD "mean=0,0,0 sd=1,1"},
        {HEAD "mean=0,0,0 sd=1,1,"},
        {HEAD "mean=0,0,0 sd=1,1,1 "},
        {HEAD "mean=0,0,0 sd=1,1,1,1"},
        {HEAD "mean=0,0,0  sd=1,1,1"},
        {HEAD "mean=0.0,0,0 sd=1,1,1"},
        {HEAD "mean=+0,0,0 sd=1,1,1"},
        {HEAD "mean=.5,0,0 sd=1,1,1"},
        {HEAD "mean=0.50,0,0 sd=1,1,1"},
        {HEAD "mean=0,0,0 sd=1e0,1,1"},
        {HEAD "mean=0,0,0 sd=0,1,1"},
        {HEAD "mean=0,0,0 sd=-1,1,1"},
        {HEAD "mean=nan,0,0 sd=1,1,1"},
        {HEAD "mean=0,0,0 sd=inf,1,1"},
        {HEAD "mean=0,0,0 sd=1e99,1,1"},
        {HEAD "mean=0,0,0 sd=0.11111111111111111111,1,1"},
        {HEAD "mean=0,0,0 sd=1e,1,1"},
        {HEAD "mean=0;0;0 sd=1,1,1"},
        {"v1 channels=2 size=8x8 voi=image crop=none side=keep fit=stretch constancy=none "
         "mean=0,0,0 sd=1,1,1"},
        {"v1 channels=01 size=8x8 voi=image crop=none side=keep fit=stretch constancy=none "
         "mean=0,0,0 sd=1,1,1"},
        {"v1 channels=1 size=0x8 voi=image crop=none side=keep fit=stretch constancy=none "
         "mean=0,0,0 sd=1,1,1"},
        {"v1 channels=1 size=8x99999999 voi=image crop=none side=keep fit=stretch constancy=none "
         "mean=0,0,0 sd=1,1,1"},
        {"v1 channels=1 size=8 voi=image crop=none side=keep fit=stretch constancy=none mean=0,0,0 "
         "sd=1,1,1"},
        {"v1 channels=1 size=8x8 voi=images crop=none side=keep fit=stretch constancy=none "
         "mean=0,0,0 sd=1,1,1"},
        {"v1 channels=1 size=8x8 voi=IMAGE crop=none side=keep fit=stretch constancy=none "
         "mean=0,0,0 sd=1,1,1"},
        {"v1 channels=1 size=8x8 crop=none voi=image side=keep fit=stretch constancy=none "
         "mean=0,0,0 sd=1,1,1"},
        {"v1 channels=1 size=8x8 voi=image crop=invalid side=keep fit=stretch constancy=none "
         "mean=0,0,0 sd=1,1,1"},
        {" v1 channels=1 size=8x8 voi=image crop=none side=keep fit=stretch constancy=none "
         "mean=0,0,0 sd=1,1,1"},
    };
    return cr_make_param_array(struct refused, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct refused *c, text, anything_but_the_canonical_spelling_is_refused)
{
    medtl_normaliser n;
    medtl_error err = {0};

    cr_assert_eq(medtl_normaliser_parse(c->text, &n, &err), MEDTL_E_FORMAT, "\"%s\"", c->text);
    cr_assert_eq(err.status, MEDTL_E_FORMAT);
}

struct explained {
    char text[MEDTL_NORMALISER_TEXT_SIZE], expected[80];
};

ParameterizedTestParameters(text, a_wrong_spelling_is_explained_and_a_right_one_shown)
{
    static struct explained cases[] = {
        {"none", "not spelled right at \"v1 channels=\", which takes 1 or 3"},
        {"v1 channels=3 size=224", "at \"size=\", which takes columns x rows"},
        {"v1 channels=3 size=8x8 voi=window crop=none", "at \"voi=\", which takes image, full"},
        {"v1 channels=3 size=8x8 voi=full fit=stretch", "at \"crop=\", which takes none, breast"},
        {"v1 channels=1 size=8x8 voi=image crop=none side=keep fit=stretch constancy=none "
         "mean=0.5 sd=0.5",
         "at \"mean=\", which takes three numbers"},
        {HEAD "mean=0,0,0 sd=1,1,1 ", "at \"sd=\", which takes three numbers"},
    };
    return cr_make_param_array(struct explained, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct explained *c, text, a_wrong_spelling_is_explained_and_a_right_one_shown)
{
    medtl_normaliser n;
    medtl_error err = {0};
    char *shown, *end;

    cr_assert_eq(medtl_normaliser_parse(c->text, &n, &err), MEDTL_E_FORMAT);
    cr_assert_not_null(strstr(err.message, c->expected), "%s", err.message);
    shown = strstr(err.message, "a right one is \"");
    cr_assert_not_null(shown, "%s", err.message);
    shown += strlen("a right one is \"");
    end = strchr(shown, '"');
    cr_assert_not_null(end, "%s", err.message);
    *end = '\0';
    cr_assert_eq(medtl_normaliser_parse(shown, &n, NULL), MEDTL_OK, "%s", shown);
}

Test(text, another_spelling_of_the_same_is_answered_with_the_right_one)
{
    medtl_normaliser n;
    medtl_error err = {0};

    cr_assert_eq(medtl_normaliser_parse(HEAD "mean=0.50,0,0 sd=1,1,1", &n, &err), MEDTL_E_FORMAT);
    cr_assert_not_null(strstr(err.message, "mean=0.5,"), "%s", err.message);
}
