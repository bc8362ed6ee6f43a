/* Several views of one exam: expected values by hand. */
#include "report_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static report_fixture fixture;

/* Samples 0 to 3 are R CC, L CC, R MLO, L MLO. */
static const float views[4][2] = {{0.9f, 0.1f}, {0.4f, 0.6f}, {0.5f, 0.5f}, {0.8f, 0.2f}};

static void set_up(void)
{
    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 4);
    for (size_t i = 0; i < 4; i++)
        fixture.results[i].probabilities = views[i];
    fixture.task.exam = MEDTL_EXAM_MEAN;
    fixture.task.threshold = 0.35;
}
static void tear_down(void) { fixture_tear_down(&fixture); }

TestSuite(exam, .init = set_up, .fini = tear_down);

static size_t exam_of(size_t count, medtl_exam_result out[MEDTL_EXAM_RESULT_LIMIT])
{
    return medtl_report_exam(&fixture.task, fixture.results, count, out);
}

static void expect(const medtl_exam_result *one, medtl_laterality side, size_t count, double mean,
                   double maximum, bool above)
{
    cr_assert_eq(one->side, side);
    cr_assert_eq(one->views, count);
    cr_assert_float_eq(one->mean, mean, 1e-6);
    cr_assert_float_eq(one->maximum, maximum, 1e-6);
    cr_assert_eq(one->above_threshold, above);
}

Test(exam, has_each_breast_and_the_larger_of_them)
{
    medtl_exam_result got[MEDTL_EXAM_RESULT_LIMIT];

    cr_assert_eq(exam_of(4, got), 3);
    expect(&got[0], MEDTL_LATERALITY_RIGHT, 2, 0.3, 0.5, false);
    expect(&got[1], MEDTL_LATERALITY_LEFT, 2, 0.4, 0.6, true);
    expect(&got[2], MEDTL_LATERALITY_BOTH, 4, 0.4, 0.6, true);
    fixture.task.exam = MEDTL_EXAM_MAXIMUM;
    cr_assert_eq(exam_of(4, got), 3);
    cr_assert(got[0].above_threshold, "0.5 reaches 0.35");
}

Test(exam, leaves_out_what_was_not_analysed)
{
    medtl_exam_result got[MEDTL_EXAM_RESULT_LIMIT];

    fixture.results[1].state = MEDTL_RESULT_FAILED;
    fixture.results[3].state = MEDTL_RESULT_NOT_ANALYSED;
    cr_assert_eq(exam_of(4, got), 2, "right breast and exam");
    expect(&got[0], MEDTL_LATERALITY_RIGHT, 2, 0.3, 0.5, false);
    expect(&got[1], MEDTL_LATERALITY_BOTH, 2, 0.3, 0.5, false);
    fixture.results[0].state = fixture.results[2].state = MEDTL_RESULT_FAILED;
    cr_assert_eq(exam_of(4, got), 0);
}

Test(exam, is_only_there_where_the_task_asks)
{
    medtl_exam_result got[MEDTL_EXAM_RESULT_LIMIT];

    fixture.task.exam = MEDTL_EXAM_NONE;
    cr_assert_eq(exam_of(4, got), 0);
    fixture.task.exam = MEDTL_EXAM_MEAN;
    fixture.task.positive_class = -1;
    cr_assert_eq(exam_of(4, got), 0);
}

/* PS3.16 TID 1420: mean and maximum of each, with side and derivation. */
Test(exam, stands_in_the_report_as_derived_measurements)
{
    static const char *const percent[] = {"30.00", "50.00", "40.00", "60.00", "40.00", "60.00"};
    static const char *const sides[] = {"24028007", "7771000", "51440002"};
    const sr_item *derived, *number, *site;

    fixture_make(&fixture);
    derived = fixture_item(&fixture, "126011", "DCM", 0);
    cr_assert_not_null(derived);
    for (size_t i = 0; i < 6; i++) {
        number = fixture_child(&fixture, derived, i);
        cr_assert_str_eq(number->name.value, "111047");
        cr_assert_str_eq(number->text, percent[i]);
        cr_assert_str_eq(fixture_child_named(&fixture, number, "121401")->code.value,
                         i % 2 == 0 ? "373098007" : "56851009");
        site = fixture_child_named(&fixture, number, "363698007");
        cr_assert_str_eq(fixture_child(&fixture, site, 0)->code.value, sides[i / 2]);
    }
    cr_assert_null(fixture_child(&fixture, derived, 6));
}
