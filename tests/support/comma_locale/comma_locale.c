#include "comma_locale.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool comma_locale_holds(void)
{
    char text[8];

    (void)snprintf(text, sizeof text, "%.1f", 0.5);
    return uselocale((locale_t)0) == LC_GLOBAL_LOCALE && strcmp(text, "0,5") == 0;
}

bool comma_locale_set(void)
{
    return setenv("LOCPATH", COMMA_LOCALE_FOLDER, 1) == 0 &&
           setlocale(LC_ALL, "de_DE.UTF-8") != NULL && comma_locale_holds();
}
