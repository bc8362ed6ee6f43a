#include "clock.h"

#include "dicom/attributes.h"

#include <algorithm>
#include <ctime>

namespace medtl_dicom
{
namespace
{

const char no_moment[] = "19000101000000";

bool is_moment(const std::string &text)
{
    std::tm parts = {};
    const char *const end =
        text.size() == 14 ? strptime(text.c_str(), "%Y%m%d%H%M%S", &parts) : nullptr;

    return end != nullptr && *end == '\0';
}

// DA and TM, or a DT, as YYYYMMDDHHMMSS; what TM leaves out is zero. "" where they say no moment.
std::string joined(const std::string &date, const std::string &time)
{
    std::string text = date + time.substr(0, time.find_first_not_of("0123456789"));

    text = text.substr(0, 14);
    if (text.size() >= 8)
        text.resize(14, '0');
    return is_moment(text) ? text : "";
}

// The first that an image has: when it was taken, made, or when its series or study was.
std::string moment_of(DcmItem &header)
{
    static const struct {
        DcmTagKey date, time;
    } places[] = {
        {DCM_AcquisitionDate, DCM_AcquisitionTime},
        {DCM_ContentDate, DCM_ContentTime},
        {DCM_SeriesDate, DCM_SeriesTime},
        {DCM_StudyDate, DCM_StudyTime},
    };
    std::string found = joined("", text_value(header, DCM_AcquisitionDateTime));

    for (size_t i = 0; found.empty() && i < sizeof places / sizeof places[0]; i++)
        found = joined(text_value(header, places[i].date), text_value(header, places[i].time));
    return found;
}

} // namespace

moment content_moment(const medtl_report_request &request, headers &images)
{
    std::string text = no_moment;

    if (request.content_date_time != nullptr) {
        text = request.content_date_time;
        require(is_moment(text), MEDTL_E_ARGUMENT, "content_date_time is not YYYYMMDDHHMMSS");
    } else {
        for (size_t i = 0; i < request.result_count; i++)
            text = std::max(text, moment_of(images.of(*request.results[i].instance)));
    }
    return {text.substr(0, 8), text.substr(8)};
}

} // namespace medtl_dicom
