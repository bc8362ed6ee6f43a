#include "c_locale.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

/* glibc and musl keep the C locale ready: nothing is allocated, and freelocale() frees nothing. */
static locale_t c_locale(void) { return newlocale(LC_ALL_MASK, "C", (locale_t)0); }

int medtl_vsnprintf(char *out, size_t size, const char *format, va_list arguments)
{
    const locale_t c = c_locale();
    int length = -1;

    if (c != (locale_t)0) {
        const locale_t host = uselocale(c);

        length = vsnprintf(out, size, format, arguments);
        (void)uselocale(host);
        freelocale(c);
    }
    if (length < 0 && size > 0)
        out[0] = '\0';
    return length;
}

int medtl_snprintf(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = medtl_vsnprintf(out, size, format, arguments);
    va_end(arguments);
    return length;
}

double medtl_strtod(const char *text, char **end)
{
    const locale_t c = c_locale();
    double number = 0.0;

    if (end != NULL)
        *end = (char *)text; /* nothing read, as strtod() says it */
    if (c != (locale_t)0) {
        number = strtod_l(text, end, c);
        freelocale(c);
    }
    return number;
}
