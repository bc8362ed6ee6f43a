#include "arguments.h"

#include "cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool add_config(config_list *list, const char *path)
{
    if (list->count == CONFIG_LIMIT) {
        complain("--config is given more than %d times", CONFIG_LIMIT);
        return false;
    }
    list->paths[list->count++] = path;
    return true;
}

bool parse_number(const char *option, const char *text, long low, long high, long *out)
{
    char *end = NULL;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < low || value > high) {
        complain("%s takes a whole number from %ld to %ld, not '%s'", option, low, high, text);
        return false;
    }
    *out = value;
    return true;
}

int wrong_usage(const char *name, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "dcm-medtl %s: ", name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry 'dcm-medtl %s --help'.\n", name);
    return EXIT_USAGE;
}

void complain(const char *format, ...)
{
    va_list arguments;

    fputs("dcm-medtl: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int exit_code_of(medtl_status status)
{
    switch (status) {
    case MEDTL_OK:
        return EXIT_DONE;
    case MEDTL_E_MEMORY:
    case MEDTL_E_INTERNAL:
        return EXIT_CANNOT_RUN;
    default: /* tasks and models are the configuration, whatever is wrong with their files */
        return EXIT_USAGE;
    }
}
