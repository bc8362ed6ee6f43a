#include "arguments.h"

#include "cmd.h"

#include <stdarg.h>
#include <stdio.h>

int take_arguments(const char *name, const char *help, const option *table, size_t count, int argc,
                   char **argv)
{
    medtl_error err = {MEDTL_OK, ""};
    bool help_wanted = false;

    if (options_parse(help, table, count, argc, argv, &help_wanted, &err) != MEDTL_OK) {
        fprintf(stderr, "dcm-medtl %s: %s\n", name, err.message);
        return EXIT_USAGE;
    }
    return help_wanted ? EXIT_DONE : -1;
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
