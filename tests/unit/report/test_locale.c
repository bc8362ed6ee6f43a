/* A report made in a host with a decimal comma has the bytes that it has in the C locale. */
#include "comma_locale.h"
#include "report_fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

struct example {
    sample_kind kind;
    medtl_report_profile profile;
    int positive_class;
};

ParameterizedTestParameters(report_locale, changes_no_byte)
{
    static struct example cases[] = {{SAMPLE_MAMMOGRAM, MEDTL_PROFILE_TID1500, 1},
                                     {SAMPLE_MAMMOGRAM, MEDTL_PROFILE_CAD, 1},
                                     {SAMPLE_MAMMOGRAM, MEDTL_PROFILE_TEXT, 1},
                                     {SAMPLE_DERMOSCOPY, MEDTL_PROFILE_TID1500, -1},
                                     {SAMPLE_DERMOSCOPY, MEDTL_PROFILE_AIR, -1}};

    return cr_make_param_array(struct example, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct example *c, report_locale, changes_no_byte)
{
    report_fixture fixture;
    unsigned char *expected;
    size_t size;

    fixture_set_up(&fixture, c->kind, 1);
    fixture.request.profile = c->profile;
    fixture.task.positive_class = c->positive_class;
    fixture.task.threshold = 0.25;
    fixture.task.min_probability = 0.015; /* the rule that gave the result is printed, too */
    fixture_make(&fixture);
    size = fixture.report->size;
    cr_assert_not_null(expected = malloc(size));
    memcpy(expected, fixture.report->bytes, size);

    cr_assert(comma_locale_set());
    fixture_make(&fixture);
    cr_expect_eq(fixture.report->size, size);
    for (size_t i = 0; i < sr_report_count(fixture.content); i++) {
        const sr_item *item = &sr_report_items(fixture.content)[i];

        cr_expect(strcmp(item->type, "NUM") != 0 || strchr(item->text, ',') == NULL, "%s is \"%s\"",
                  item->name.meaning, item->text);
    }
    cr_expect(fixture.report->size == size && memcmp(fixture.report->bytes, expected, size) == 0);
    cr_expect(comma_locale_holds(), "the host's locale was changed");
    free(expected);
    fixture_tear_down(&fixture);
}
