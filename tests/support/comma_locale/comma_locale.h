/* A host whose locale has a decimal comma: de_DE, which the build makes beside the tests, because few
 * machines have it installed. */
#ifndef COMMA_LOCALE_H
#define COMMA_LOCALE_H

#include <stdbool.h>

/** Make it the process's locale, as a host would. @return false: it is not there, or has no comma. */
bool comma_locale_set(void);

/** Is it still the calling thread's locale, unchanged? */
bool comma_locale_holds(void);

#endif
