/* Floats as text and back, the same in any locale of the host. */
#include "steps.h"

#include "core/base/c_locale.h"

#include <math.h>

const char *medtl_number_parse(const char *text, float *value)
{
    const char *p = text;
    const bool negative = *p == '-';
    double mantissa = 0.0;
    int exponent = 0, digits = 0, power = 0;
    bool fraction = false;

    p += negative;
    for (; (*p >= '0' && *p <= '9') || (*p == '.' && !fraction); p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        if (++digits > 17) /* more than a double holds */
            return NULL;
        mantissa = 10.0 * mantissa + (*p - '0');
        exponent -= fraction;
    }
    if (digits == 0)
        return NULL;
    if (*p == 'e') {
        const bool minus = *++p == '-';

        p += *p == '-' || *p == '+';
        if (*p < '0' || *p > '9')
            return NULL;
        for (; *p >= '0' && *p <= '9' && power < 1000; p++)
            power = 10 * power + (*p - '0');
        exponent += minus ? -power : power;
    }
    /* Powers of ten up to 22 are exact in a double, so that the division rounds once. */
    mantissa = exponent < 0 ? mantissa / pow(10.0, -exponent) : mantissa * pow(10.0, exponent);
    *value = (float)(negative ? -mantissa : mantissa);
    return p;
}

void medtl_number_text(float value, char text[MEDTL_NUMBER_SIZE])
{
    for (int digits = 1; digits <= 17; digits++) {
        float back;

        medtl_snprintf(text, MEDTL_NUMBER_SIZE, "%.*g", digits, (double)value);
        if (medtl_number_parse(text, &back) != NULL && back == value)
            return;
    }
}
