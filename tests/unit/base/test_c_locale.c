/* Numbers as text in a host with a decimal comma. Expected: what C's own printf and strtod give in the C locale. */
#include "comma_locale.h"

#include "core/base/c_locale.h"
#include "medtl/error.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void host_with_a_comma(void)
{
    cr_assert(comma_locale_set(), "the locale made for the tests is not there");
}

TestSuite(c_locale, .init = host_with_a_comma);

Test(c_locale, prints_with_a_full_stop_and_leaves_the_hosts_locale)
{
    char text[16];

    cr_expect_eq(medtl_snprintf(text, sizeof text, "%.2f %s", 55.108, "Blöße"), 13, "bytes");
    cr_expect_str_eq(text, "55.11 Blöße");
    cr_expect_eq(medtl_snprintf(text, 5, "%.4f", 0.1234), 6, "as snprintf: the whole length");
    cr_expect_str_eq(text, "0.12");
    cr_expect_eq(medtl_snprintf(NULL, 0, "%.9g", 0.07), 4);
    cr_expect(comma_locale_holds());
}

Test(c_locale, reads_with_a_full_stop_and_stops_at_a_comma)
{
    char *end = NULL;
    const char *text = "0.75x";

    cr_expect_eq(medtl_strtod(text, &end), 0.75);
    cr_expect_str_eq(end, "x");
    cr_expect_eq(medtl_strtod("0,75", &end), 0.0);
    cr_expect_str_eq(end, ",75");
    text = "none";
    cr_expect_eq(medtl_strtod(text, &end), 0.0);
    cr_expect_eq(end, text);
    cr_expect_eq(medtl_strtod("-2.5e-3", NULL), -2.5e-3);
    cr_expect(comma_locale_holds());
}

Test(c_locale, messages_have_full_stops_too)
{
    medtl_error err;

    medtl_fail(&err, MEDTL_E_CONFIG, "threshold %g is larger than %g", 1.5, 1.0);
    cr_expect_str_eq(err.message, "threshold 1.5 is larger than 1");
    cr_expect(comma_locale_holds());
}
