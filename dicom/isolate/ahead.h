// Headers that are asked for before they are needed: a decoding process reads the next files of a scan while its
// host is busy with one, so that neither waits for the other.
#ifndef MEDTL_DICOM_ISOLATE_AHEAD_H
#define MEDTL_DICOM_ISOLATE_AHEAD_H

#include "isolate/isolation.h"

#include <deque>

namespace medtl_dicom
{

/// Has a process of its own while there are questions. Not for two threads at once.
class headers_ahead
{
  public:
    /// Both arguments outlive the object.
    headers_ahead(isolation &from, const std::vector<wanted_keyword> &wanted);
    /// Ends the process where answers are still to come.
    ~headers_ahead();
    headers_ahead(const headers_ahead &) = delete;
    headers_ahead &operator=(const headers_ahead &) = delete;

    /// Is it time for more questions? Half of the room is filled at a time, which spares many a change of process.
    bool is_low() const { return 2 * asked_.size() <= most_; }
    bool has_room() const { return asked_.size() < most_; }

    /// Ask for the header of a file. What hinders that is said when its turn comes.
    void want(const std::string &path);

    /// As isolation::read_header(). Waits for the answer where the file was asked for; answers to what was asked
    /// before it are dropped.
    std::unique_ptr<medtl_instance> take(const std::string &path);

  private:
    isolation &from_;
    const std::vector<wanted_keyword> &wanted_;
    const size_t most_;
    std::unique_ptr<child> worker_;
    std::deque<std::string> asked_; ///< not answered yet, in the order of the answers
};

} // namespace medtl_dicom

#endif
