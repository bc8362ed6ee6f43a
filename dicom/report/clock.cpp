#include "clock.h"

#include "dicom/bridge_internal.h"

#include <cstring>
#include <ctime>

namespace medtl_dicom
{
namespace
{

moment moment_of(const std::tm &parts)
{
    char date[16], time[16];

    std::strftime(date, sizeof date, "%Y%m%d", &parts);
    std::strftime(time, sizeof time, "%H%M%S", &parts);
    return {date, time};
}

bool is_offset(const std::string &zone)
{
    return zone.size() == 5 && (zone[0] == '+' || zone[0] == '-') &&
           zone.find_first_not_of("0123456789", 1) == std::string::npos;
}

moment now_in(const std::string &zone)
{
    std::time_t now = std::time(nullptr);
    std::tm parts = {};

    if (!is_offset(zone)) {
        localtime_r(&now, &parts);
        return moment_of(parts);
    }
    const long minutes = std::stol(zone.substr(1, 2)) * 60 + std::stol(zone.substr(3, 2));
    now += (zone[0] == '-' ? -minutes : minutes) * 60;
    gmtime_r(&now, &parts);
    return moment_of(parts);
}

} // namespace

moment content_moment(const char *given, const std::string &zone)
{
    std::tm parts = {};

    if (given == nullptr)
        return now_in(zone);
    const char *const end =
        std::strlen(given) == 14 ? strptime(given, "%Y%m%d%H%M%S", &parts) : nullptr;
    require(end != nullptr && *end == '\0', MEDTL_E_ARGUMENT,
            "content_date_time is not YYYYMMDDHHMMSS");
    return {std::string(given, 8), std::string(given + 8, 6)};
}

} // namespace medtl_dicom
