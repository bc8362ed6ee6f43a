// Dates: gone, or moved by the patient's number of days (Retain Longitudinal Temporal Information With Modified Dates).
#include "cleaner.h"

#include <cstdio>

namespace medtl_dicom
{
namespace
{

// Days since 1970-01-01 of a date of the Gregorian calendar, and back (Howard Hinnant, "chrono-compatible low-level date
// algorithms": years begin in March, so that the leap day is the last).
long days_of(long year, unsigned month, unsigned day)
{
    year -= month <= 2;
    const long era = (year >= 0 ? year : year - 399) / 400;
    const long of_era = year - era * 400;
    const long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

std::string date_of(long days)
{
    days += 719468;
    const long era = (days >= 0 ? days : days - 146096) / 146097;
    const long of_era = days - era * 146097;
    const long year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const long of_year = of_era - (365 * year + year / 4 - year / 100);
    const long month = (5 * of_year + 2) / 153;
    char text[80]; // room for any long, as the compiler sees it

    std::snprintf(text, sizeof text, "%04ld%02ld%02ld", year + era * 400 + (month >= 10),
                  month < 10 ? month + 3 : month - 9, of_year - (153 * month + 2) / 5 + 1);
    return text;
}

bool are_digits(const std::string &text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// "YYYYMMDD", or with the rest of a date-time behind it. "" where the value is not complete.
std::string moved(const std::string &value, unsigned days)
{
    if (value.size() < 8 || !are_digits(value.substr(0, 8)))
        return "";
    const long year = std::stol(value.substr(0, 4));
    const unsigned month = static_cast<unsigned>(std::stoul(value.substr(4, 2)));
    const unsigned day = static_cast<unsigned>(std::stoul(value.substr(6, 2)));

    if (year < 1000 || month < 1 || month > 12 || day < 1 || day > 31)
        return "";
    // Behind the date only what a time may be: digits, a fraction, an offset.
    if (value.find_first_not_of("0123456789.+-", 8) != std::string::npos)
        return "";
    return date_of(days_of(year, month, day) - static_cast<long>(days)) + value.substr(8);
}

std::string kept_time(const std::string &value)
{
    return value.find_first_not_of("0123456789.:") == std::string::npos ? value : "";
}

std::string cleaned_value(const std::string &value, DcmEVR vr, const subject &who)
{
    if (value.empty())
        return "";
    if (!who.options.shift_dates)
        return dummy_date(vr);
    return vr == EVR_TM ? kept_time(value) : moved(value, who.days);
}

std::string trimmed(std::string value)
{
    value.erase(value.find_last_not_of(" ") + 1);
    value.erase(0, value.find_first_not_of(" "));
    return value;
}

} // namespace

std::string dummy_date(DcmEVR vr)
{
    return vr == EVR_TM ? "000000" : vr == EVR_DA ? "19000101" : "19000101000000";
}

std::string cleaned_date(const std::string &values, DcmEVR vr, const subject &who)
{
    std::string all;

    for (size_t at = 0; at <= values.size();) {
        const size_t end = std::min(values.find('\\', at), values.size());

        all += (at > 0 ? "\\" : "") + cleaned_value(trimmed(values.substr(at, end - at)), vr, who);
        at = end + 1;
    }
    return all;
}

} // namespace medtl_dicom
