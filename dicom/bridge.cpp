// The one translator from exceptions to statuses, and the functions that throw.
#include "bridge_internal.h"

#include "core/base/c_locale.h"

#include <cstdarg>
#include <exception>
#include <new>

namespace medtl_dicom
{

void fail(medtl_status status, const char *format, ...)
{
    char text[MEDTL_MESSAGE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    medtl_vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    throw failure{status, text};
}

void require(const OFCondition &result, medtl_status status, const char *what)
{
    if (result.bad())
        fail(status, "%s (%s)", what, result.text());
}

void require(bool holds, medtl_status status, const char *what)
{
    if (!holds)
        fail(status, "%s", what);
}

medtl_status translate(medtl_error *err, const char *subject) noexcept
{
    const char *const name = subject == nullptr ? "" : subject;
    const char *const colon = subject == nullptr ? "" : ": ";

    try {
        throw;
    } catch (const failure &f) {
        return medtl_fail(err, f.status, "%s%s%s", name, colon, f.what.c_str());
    } catch (const std::bad_alloc &) {
        return medtl_fail(err, MEDTL_E_MEMORY, "%s%sout of memory", name, colon);
    } catch (const std::exception &e) {
        return medtl_fail(err, MEDTL_E_INTERNAL, "%s%s%s", name, colon, e.what());
    } catch (...) {
        return medtl_fail(err, MEDTL_E_INTERNAL, "%s%sunknown exception", name, colon);
    }
}

std::string tag_text(const DcmTagKey &tag)
{
    char text[16];

    std::snprintf(text, sizeof text, "(%04X,%04X)", static_cast<unsigned>(tag.getGroup()),
                  static_cast<unsigned>(tag.getElement()));
    return text;
}

} // namespace medtl_dicom
