// The process answers in the order of the questions: the first question without an answer is the file that ended it.
#include "isolate/ahead.h"

#include <algorithm>

namespace medtl_dicom
{
namespace
{

constexpr size_t questions = 32;
// Questions and answers must not wait for each other: all questions fit into the socket at once.
constexpr size_t question_bytes = 64 * 1024;

size_t size_of_question(const std::vector<wanted_keyword> &wanted)
{
    size_t size = 1024;

    for (const wanted_keyword &keyword : wanted)
        size += keyword.first.size() + 16;
    return size;
}

} // namespace

headers_ahead::headers_ahead(isolation &from, const std::vector<wanted_keyword> &wanted)
    : from_(from), wanted_(wanted),
      most_(std::min(questions, question_bytes / size_of_question(wanted)))
{
}

headers_ahead::~headers_ahead()
{
    if (worker_ && asked_.empty())
        from_.give_back(std::move(worker_));
}

void headers_ahead::want(const std::string &path)
{
    const object_input input = {&path, nullptr, 0};

    try {
        if (!worker_)
            worker_ = from_.take();
        asked_.push_back(path);
        if (from_.send(*worker_,
                       {message_kind::read_header, input, &wanted_, nullptr, 0, nullptr, false},
                       from_.deadline()) == channel_result::good)
            return;
        asked_.pop_back();
        if (asked_.empty()) // it died while it was idle; otherwise take() finds on which file
            from_.forget(std::move(worker_));
    } catch (const failure &) {
        if (!asked_.empty() && asked_.back() == path)
            asked_.pop_back();
    }
}

std::unique_ptr<medtl_instance> headers_ahead::take(const std::string &path)
{
    const object_input input = {&path, nullptr, 0};

    while (std::find(asked_.begin(), asked_.end(), path) != asked_.end()) {
        const bool is_this = asked_.front() == path;
        message reply;

        asked_.pop_front();
        try {
            reply = from_.receive(*worker_, from_.deadline());
        } catch (const failure &) {
            // The others that were asked for are read at their turn.
            asked_.clear();
            worker_.reset();
            if (is_this)
                throw;
        }
        if (is_this)
            return instance_in(reply);
    }
    return from_.read_header(input, wanted_);
}

} // namespace medtl_dicom
