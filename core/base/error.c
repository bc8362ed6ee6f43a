/* The one place where failures are written down. */
#include "medtl/error.h"

#include "c_locale.h"

#include <stdarg.h>
#include <stddef.h>

medtl_status medtl_fail(medtl_error *err, medtl_status status, const char *format, ...)
{
    if (err != NULL) {
        va_list arguments;

        err->status = status;
        va_start(arguments, format);
        (void)medtl_vsnprintf(err->message, sizeof err->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

const char *medtl_status_name(medtl_status status)
{
    switch (status) {
    case MEDTL_OK:
        return "ok";
    case MEDTL_E_ARGUMENT:
        return "argument";
    case MEDTL_E_MEMORY:
        return "memory";
    case MEDTL_E_IO:
        return "io";
    case MEDTL_E_FORMAT:
        return "format";
    case MEDTL_E_UNSUPPORTED:
        return "unsupported";
    case MEDTL_E_CONFIG:
        return "configuration";
    case MEDTL_E_CANCELLED:
        return "cancelled";
    case MEDTL_E_NOT_DICOM:
        return "not-dicom";
    case MEDTL_E_INTERNAL:
        return "internal";
    }
    return "unknown";
}
